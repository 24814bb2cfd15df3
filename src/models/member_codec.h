// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Structs to documents and back, member by member: what codec.h stands on.
#ifndef QUERN_MODELS_MEMBER_CODEC_H_
#define QUERN_MODELS_MEMBER_CODEC_H_

#include <span>
#include <string_view>

#include "models/stored_values.h"
#include "models/value_type.h"
#include "quern/bson/document.h"
#include "quern/command/decrypted.h"
#include "quern/models/id.h"
#include "quern/models/model_info.h"
#include "quern/models/validation_error.h"

namespace quern::internal {

// Appends every member. An unset Id is left out, and so is an empty optional that has encrypted
// fields inside: null is no ciphertext. Throws EncodeError with the path for what cannot be stored.
void encode_members(const ModelInfo& model, const void* object, bson::Builder& out);
// The same for the outermost struct, whose name is the first of the path.
void append_object(const ModelInfo& model, const void* object, bson::Builder& out);
// Reads every known member of the document; unknown members are ignored, missing ones keep the
// value that the object has.
void decode_members(const ModelInfo& model, void* object, const DecryptedView& document,
                    const DecodePath& path);
// One value of it, encrypted or not. Nothing happens when it is missing, or null where null is no
// value.
void decode_stored(const ValueType& type, bool encrypted, void* value,
                   const DecryptedElement& stored, const DecodePath& path);
// only: as in set_members(); prefix: of the paths of these members, with its dot.
void validate_members(const ModelInfo& model, const void* object, Faults& faults,
                      std::span<const std::string_view> only = {}, const std::string& prefix = {});

// The members of a $set (by dotted path, without the Id) and of an $unset that make a stored
// document hold the object and leave members that the model doesn't know alone, and encrypted ones
// that are known to be stored.
struct SetMembers {
  bson::Document set;
  bson::Document unset;
  StoredValues stored;  // what is known after it
};
// only: dotted paths to limit it to, which are set whatever is known; empty means all. known: null
// for nothing.
SetMembers set_members(const ModelInfo& model, const void* object,
                       std::span<const std::string_view> only, const StoredValues* known = nullptr);
// What is known after an insert of the object.
StoredValues stored_values(const ModelInfo& model, const void* object);

// The Id of an object of a collection.
Id& id_of(const ModelInfo& model, void* object);

}  // namespace quern::internal

#endif  // QUERN_MODELS_MEMBER_CODEC_H_
