// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "keyvault/client_encryption.h"

#include <fmt/format.h>

#include "crypto/decrypt.h"
#include "crypto/encrypt.h"
#include "quern/base/error.h"
#include "quern/bson/blob_subtype.h"

namespace quern::keyvault {
namespace {

[[noreturn]] void bad(const std::string& what) { throw Error(ErrorCode::kBadValue, what); }

void check(const EncryptOptions& options) {
  if (options.key_id.has_value() == options.key_alt_name.has_value()) {
    bad("explicit encryption takes either a key id or a key alternate name");
  }
  if (options.algorithm == Algorithm::kUnindexed) {
    if (options.contention) bad("algorithm Unindexed takes no contention factor");
    if (options.query) bad("algorithm Unindexed cannot be queried: use Indexed");
    if (options.index_key_id) bad("algorithm Unindexed takes no index key");
    return;
  }
  if (!options.contention) bad("algorithm Indexed needs a contention factor");
  if (*options.contention < 0 || *options.contention == INT64_MAX) {
    bad(fmt::format("the contention factor must be in [0, 2^63 - 2], not {}", *options.contention));
  }
}

bson::Value encrypted(Bytes blob) {
  return bson::Value::of(bson::Binary{bson::BinarySubtype::kEncrypted, blob});
}

}  // namespace

Algorithm parse_algorithm(std::string_view name) {
  if (name == "Unindexed") return Algorithm::kUnindexed;
  if (name == "Indexed") return Algorithm::kIndexed;
  for (const std::string_view known :
       {"Range", "String", "TextPreview", "AEAD_AES_256_CBC_HMAC_SHA_512-Deterministic",
        "AEAD_AES_256_CBC_HMAC_SHA_512-Random"}) {
    if (name == known) {
      throw NotSupported(fmt::format(
          "explicit encryption with algorithm {} is not supported: use Unindexed or Indexed",
          name));
    }
  }
  bad(fmt::format("unknown encryption algorithm '{}': use Unindexed or Indexed", name));
}

ClientEncryption::ClientEncryption(KeyCache& keys, RandomSource& random)
    : keys_(keys), random_(random) {}

Uuid ClientEncryption::create_data_key(DataKeyOptions options) {
  return keys_.vault().create(std::move(options));
}

bson::Value ClientEncryption::encrypt(bson::ValueView value, const EncryptOptions& options) {
  check(options);
  constexpr std::string_view kNeededBy = "explicit encryption";
  const Uuid id = options.key_id ? *options.key_id : keys_.id_of(*options.key_alt_name, kNeededBy);
  const KeyCache::Key key = keys_.resolve(id, kNeededBy);
  if (options.algorithm == Algorithm::kUnindexed) {
    return encrypted(crypto::unindexed_value(*key, id, value, random_));
  }
  const Uuid index_id = options.index_key_id.value_or(id);
  const KeyCache::Key index_key = index_id == id ? key : keys_.resolve(index_id, kNeededBy);
  if (options.query) {
    return encrypted(crypto::find_equality_payload(*index_key, value, *options.contention));
  }
  return encrypted(crypto::insert_equality_payload(*index_key, index_id, *key, id, value,
                                                   *options.contention, random_));
}

bson::Value ClientEncryption::decrypt(bson::ValueView value) {
  const auto subtype = bson::blob_subtype(value);
  if (!subtype || !bson::is_ciphertext(*subtype)) {
    bad(fmt::format(
        "only a ciphertext (binary of subtype 6) can be decrypted, not a value of type "
        "'{}'{}",
        bson::alias(value.type()),
        subtype ? fmt::format(" with blob subtype {}", static_cast<int>(*subtype)) : ""));
  }
  return crypto::decrypt_value(value.as_binary().bytes, [this](const Uuid& id) {
    return keys_.resolve(id, "explicit decryption");
  });
}

std::optional<DataKeyDocument> ClientEncryption::get_key(const Uuid& id) {
  return keys_.vault().find(id);
}
std::optional<DataKeyDocument> ClientEncryption::get_key_by_alt_name(std::string_view alt_name) {
  return keys_.vault().find(alt_name);
}
std::vector<DataKeyDocument> ClientEncryption::get_keys() { return keys_.vault().all(); }

std::optional<DataKeyDocument> ClientEncryption::add_key_alt_name(const Uuid& id,
                                                                  std::string_view alt_name) {
  return keys_.vault().add_alt_name(id, alt_name);
}
std::optional<DataKeyDocument> ClientEncryption::remove_key_alt_name(const Uuid& id,
                                                                     std::string_view alt_name) {
  return keys_.vault().remove_alt_name(id, alt_name);
}
bool ClientEncryption::delete_key(const Uuid& id) { return keys_.vault().remove(id); }

RewrapResult ClientEncryption::rewrap_many_data_key(bson::View filter, std::string_view provider,
                                                    bson::View master_key) {
  return keys_.vault().rewrap_many(filter, provider, master_key);
}

}  // namespace quern::keyvault
