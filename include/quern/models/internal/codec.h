// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Structs to documents and back, by the field table of the model. In the documents that encode()
// makes encrypted fields are plaintext: the encrypting runner, further down, replaces them. What
// decode() reads is the document that the server sent and the plaintexts beside it: an encrypted
// member comes only from a value that was decrypted, and only from that of its own field; a plain
// member never comes from a ciphertext.
#ifndef QUERN_MODELS_INTERNAL_CODEC_H_
#define QUERN_MODELS_INTERNAL_CODEC_H_

#include "quern/base/export.h"
#include "quern/models/model.h"

namespace quern {

class DecryptedView;
namespace bson {
class Document;
class View;
}  // namespace bson

namespace internal {

QUERN_EXPORT bson::Document encode_object(const ModelInfo& model, const void* object);
QUERN_EXPORT void decode_object(const ModelInfo& model, void* object,
                                const DecryptedView& document);
QUERN_EXPORT void decode_object(const ModelInfo& model, void* object, bson::View document);
// Throws ValidationError with all faults of the object.
QUERN_EXPORT void validate_object(const ModelInfo& model, const void* object);

}  // namespace internal

template <class T>
auto encode(const T& object) {
  return internal::encode_object(model_info<T>(), &object);
}

// Throws Error(TypeMismatch or BadValue) that names the path for a value that doesn't fit its
// field, and for an encrypted field whose value was not decrypted.
//
//   decode<Patient>(reply.decrypted().at_path("cursor.firstBatch.0").document())
//   decode<Patient>(quern::DecryptedView::of_plaintext(quern::encode(patient)))
template <class T>
T decode(const DecryptedView& document) {
  T object{};
  internal::decode_object(model_info<T>(), &object, document);
  return object;
}
// The same for a document of which nothing was decrypted.
template <class T>
T decode(const bson::View& document) {
  T object{};
  internal::decode_object(model_info<T>(), &object, document);
  return object;
}

// Throws ValidationError with all faults of the object.
template <class T>
void validate(const T& object) {
  internal::validate_object(model_info<T>(), &object);
}

}  // namespace quern

#endif  // QUERN_MODELS_INTERNAL_CODEC_H_
