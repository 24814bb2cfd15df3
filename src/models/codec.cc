// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/internal/codec.h"

#include <algorithm>

#include "models/decode_error.h"
#include "models/encode_error.h"
#include "models/member_codec.h"

namespace quern::internal {
namespace {

const void* member_of(const void* object, const FieldInfo& field) {
  return static_cast<const char*>(object) + field.offset;
}
void* member_of(void* object, const FieldInfo& field) {
  return static_cast<char*>(object) + field.offset;
}

bool holds_encrypted(const FieldInfo& field) {
  return field.embedded != nullptr && !field.encrypted && field.embedded->has_encrypted_fields();
}

// True for members that are left out of a document: null would be no ciphertext, an unset Id no
// key.
bool left_out(const FieldInfo& field, const void* member) {
  return (field.primary_key || holds_encrypted(field)) &&
         field.value_type->content(member) == nullptr;
}

// Whether a path is wanted: all are if nothing is listed; a listed path takes its parents and
// children.
bool wanted(std::span<const std::string_view> only, std::string_view path) {
  const auto within = [](std::string_view inner, std::string_view outer) {
    return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '.');
  };
  return only.empty() || std::ranges::any_of(only, [&](std::string_view listed) {
           return within(path, listed) || within(listed, path);
         });
}

// Structs are set member by member, so that stored members that nobody here knows survive. An
// optional one is set whole, because what is stored may be null, unless it holds encrypted members:
// then it is never null. One that a codec stores another type as is not there to be looked into.
bool set_by_member(const FieldInfo& field) {
  return field.embedded != nullptr && !field.encrypted && field.value_type->is_stored_as_it_is() &&
         (!field.nullable || holds_encrypted(field));
}

void encode_member(const FieldInfo& field, const void* member, bson::Builder& out,
                   std::string_view key) {
  encode_step(field.name, field.encrypted.has_value(),
              [&] { field.value_type->encode(member, out, key); });
}

bson::Value encoded_member(const FieldInfo& field, const void* member) {
  bson::Builder out;
  encode_member(field, member, out, "");
  const bson::Document document = out.finish();
  return bson::Value(document.view().front().value());
}

// Collects the members of a $set and an $unset.
class SetCollector {
 public:
  SetCollector(std::span<const std::string_view> only, const StoredValues* known)
      : only_(only), known_(known) {
    if (!only.empty() && known != nullptr) stored_ = *known;
  }

  void collect(const ModelInfo& model, const void* object, const std::string& prefix) {
    for (const FieldInfo& field : model.fields) {
      if (field.primary_key) continue;
      const std::string path = prefix + field.column;
      if (!wanted(only_, path)) continue;
      const void* member = member_of(object, field);
      if (left_out(field, member)) {
        unset_.append(path, "");
        stored_.erase(path);
      } else if (set_by_member(field)) {
        encode_step(field.name, false, [&] {
          collect(*field.embedded, field.value_type->content(member), path + ".");
        });
      } else if (field.encrypted) {
        set_encrypted(path, encoded_member(field, member));
      } else {
        encode_member(field, member, set_, path);
      }
    }
  }
  SetMembers finish() { return {set_.finish(), unset_.finish(), std::move(stored_)}; }

 private:
  void set_encrypted(const std::string& path, const bson::Value& value) {
    const StoredValues::Mac mac = StoredValues::mac(value);
    stored_.set(path, mac);
    if (!only_.empty() || known_ == nullptr || !known_->holds(path, mac)) set_.append(path, value);
  }

  const std::span<const std::string_view> only_;
  const StoredValues* const known_;
  bson::Builder set_;
  bson::Builder unset_;
  StoredValues stored_;
};

}  // namespace

void encode_members(const ModelInfo& model, const void* object, bson::Builder& out) {
  for (const FieldInfo& field : model.fields) {
    const void* member = member_of(object, field);
    if (!left_out(field, member)) encode_member(field, member, out, field.column);
  }
}

void append_object(const ModelInfo& model, const void* object, bson::Builder& out) {
  encode_step(model.name, false, [&] { encode_members(model, object, out); });
}

void decode_stored(const ValueType& type, bool encrypted, void* value,
                   const DecryptedElement& stored, const DecodePath& path) {
  if (!stored) return;
  const bool left_alone = stored.raw().is_null() && !type.info().nullable;
  if (left_alone && (!encrypted || stored.is_own())) return;
  if (!encrypted) return type.decode_member(value, stored, path);
  if (!stored.is_decrypted()) not_decrypted(path, stored.raw());
  if (!stored.is_own() && !path.is(stored.field())) of_other_field(path, stored.field());
  type.decode(value, stored.plaintext(), path);
}

void decode_members(const ModelInfo& model, void* object, const DecryptedView& document,
                    const DecodePath& path) {
  for (const FieldInfo& field : model.fields) {
    const bool encrypted = field.encrypted.has_value();
    decode_stored(*field.value_type, encrypted, member_of(object, field), document[field.column],
                  DecodePath{&path, field.column, 0, path.secret || encrypted});
  }
}

void validate_members(const ModelInfo& model, const void* object, Faults& faults,
                      std::span<const std::string_view> only, const std::string& prefix) {
  for (const FieldInfo& field : model.fields) {
    const std::string path = prefix + field.column;
    if (!wanted(only, path)) continue;
    const Faults::Scope scope(faults, field.name, field.encrypted.has_value());
    const void* member = member_of(object, field);
    if (set_by_member(field) && !left_out(field, member)) {
      validate_members(*field.embedded, field.value_type->content(member), faults, only,
                       path + ".");
    } else {
      field.value_type->validate(member, faults);
    }
  }
}

SetMembers set_members(const ModelInfo& model, const void* object,
                       std::span<const std::string_view> only, const StoredValues* known) {
  SetCollector collector(only, known);
  encode_step(model.name, false, [&] { collector.collect(model, object, ""); });
  return collector.finish();
}

StoredValues stored_values(const ModelInfo& model, const void* object) {
  if (!model.has_encrypted_fields()) return {};
  return set_members(model, object, {}).stored;
}

Id& id_of(const ModelInfo& model, void* object) {
  return *static_cast<Id*>(member_of(object, *model.primary_key()));
}

bson::Document encode_object(const ModelInfo& model, const void* object) {
  bson::Builder out;
  append_object(model, object, out);
  return out.finish();
}

void decode_object(const ModelInfo& model, void* object, const DecryptedView& document) {
  decode_members(model, object, document, DecodePath{nullptr, model.name});
}

void decode_object(const ModelInfo& model, void* object, bson::View document) {
  decode_object(model, object, DecryptedView::of_raw(document));
}

void validate_object(const ModelInfo& model, const void* object) {
  Faults faults;
  validate_members(model, object, faults);
  faults.raise_if_any();
}

}  // namespace quern::internal
