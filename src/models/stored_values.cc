// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "models/stored_values.h"

#include <algorithm>

#include "base/random.h"
#include "base/secret_bytes.h"
#include "protocol/hmac.h"

namespace quern::internal {
namespace {

const protocol::HmacSha256Key& process_key() {
  static const auto& key = *[] {
    SecretArray<32> bytes;
    random_bytes(bytes.mutable_bytes());
    return new protocol::HmacSha256Key(bytes.bytes());
  }();
  return key;
}

}  // namespace

bool Origin::holds_for(const Origin& other) const {
  if (this == &other) return true;
  if (session != nullptr && !committed) return false;
  const Origin* mine = session ? session.get() : this;
  const Origin* its = other.session ? other.session.get() : &other;
  return mine == its;
}

StoredValues::Mac StoredValues::mac(bson::ValueView value) {
  const auto type = static_cast<std::uint8_t>(value.type());
  Mac out;
  process_key().mac({BytesView(&type, 1), value.bytes()}, out);
  return out;
}

StoredValues StoredValues::of_document(const ModelInfo& model, const DecryptedView& document) {
  StoredValues out;
  if (model.has_encrypted_fields()) out.collect(model, document, "");
  return out;
}

void StoredValues::collect(const ModelInfo& model, const DecryptedView& document,
                           const std::string& prefix) {
  for (const FieldInfo& field : model.fields) {
    const DecryptedElement stored = document[field.column];
    if (field.encrypted) {
      if (stored.is_decrypted()) set(prefix + field.column, mac(stored.plaintext()));
    } else if (field.embedded != nullptr && field.embedded->has_encrypted_fields() &&
               stored.raw().is_document()) {
      collect(*field.embedded, stored.document(), prefix + field.column + ".");
    }
  }
}

bool StoredValues::holds(std::string_view path, const Mac& value) const {
  const auto found = by_path_.find(path);
  return found != by_path_.end() && found->second == value;
}

void StoredValues::set(std::string_view path, const Mac& value) {
  by_path_.insert_or_assign(std::string(path), value);
}

void StoredValues::erase(std::string_view path) {
  std::erase_if(by_path_, [&](const auto& entry) {
    const std::string_view at = entry.first;
    return at.starts_with(path) && (at.size() == path.size() || at[path.size()] == '.');
  });
}

}  // namespace quern::internal
