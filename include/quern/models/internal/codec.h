// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Structs to documents and back, by the field table of the model. In the documents that encode()
// makes encrypted fields are plaintext: the encrypting runner, further down, replaces them. What
// decode() reads is the document that the server sent and the plaintexts beside it: an encrypted
// member comes only from a value that was decrypted, and only from that of its own field; a plain
// member never comes from a ciphertext.
#ifndef QUERN_MODELS_INTERNAL_CODEC_H_
#define QUERN_MODELS_INTERNAL_CODEC_H_

#include <string_view>

#include "quern/base/export.h"
#include "quern/bson/document.h"
#include "quern/command/decrypted.h"
#include "quern/models/model.h"
#include "quern/models/validation_error.h"

namespace quern {

namespace internal {

// Appends every member. An unset Id is left out, and so is an empty optional that has encrypted
// fields inside: null is no ciphertext.
QUERN_EXPORT void encode_members(const ModelInfo& model, const void* object, bson::Builder& out);
// Reads every known member of the document; unknown members are ignored, missing ones keep the
// value that the object has.
QUERN_EXPORT void decode_members(const ModelInfo& model, void* object,
                                 const DecryptedView& document, const DecodePath& path);
// One value of it, encrypted or not. Nothing happens when it is missing, or null where null is no
// value.
QUERN_EXPORT void decode_stored(const ValueType& type, bool encrypted, void* value,
                                const DecryptedElement& stored, const DecodePath& path);
QUERN_EXPORT void validate_members(const ModelInfo& model, const void* object, Faults& faults);

// The members of a $set (by dotted path, without the Id) and of an $unset that make a stored
// document hold the object and leave members that the model doesn't know alone.
struct SetMembers {
  bson::Document set;
  bson::Document unset;
};
// only: dotted paths to limit it to; empty means all.
QUERN_EXPORT SetMembers set_members(const ModelInfo& model, const void* object,
                                    const std::vector<std::string>& only);

}  // namespace internal

template <class T>
bson::Document encode(const T& object) {
  bson::Builder out;
  internal::encode_members(model_info<T>(), &object, out);
  return out.finish();
}

// Throws Error(TypeMismatch or BadValue) that names the path for a value that doesn't fit its
// field, and for an encrypted field whose value was not decrypted.
//
//   decode<Patient>(reply.decrypted().at_path("cursor.firstBatch.0").document())
//   decode<Patient>(quern::DecryptedView::of_plaintext(quern::encode(patient)))
template <class T>
T decode(const DecryptedView& document) {
  T object{};
  const ModelInfo& model = model_info<T>();
  internal::decode_members(model, &object, document, DecodePath{nullptr, model.name});
  return object;
}
// The same for a document of which nothing was decrypted.
template <class T>
T decode(bson::View document) {
  return decode<T>(DecryptedView::of_raw(document));
}

// Throws ValidationError with all faults of the object.
template <class T>
void validate(const T& object) {
  Faults faults;
  internal::validate_members(model_info<T>(), &object, faults);
  faults.raise_if_any();
}

}  // namespace quern

#endif  // QUERN_MODELS_INTERNAL_CODEC_H_
