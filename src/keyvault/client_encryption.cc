// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "keyvault/client_encryption.h"

#include <fmt/format.h>

#include "crypto/decrypt.h"
#include "crypto/query_algorithm.h"
#include "quern/base/error.h"
#include "quern/bson/blob_subtype.h"

namespace quern::keyvault {
namespace {

[[noreturn]] void bad(const std::string& what) { throw Error(ErrorCode::kBadValue, what); }

void check(const EncryptOptions& options) {
  if (options.key_id.has_value() == options.key_alt_name.has_value()) {
    bad("explicit encryption takes either a key id or a key alternate name");
  }
  const schema::AlgorithmFacts& facts = schema::algorithm_facts(options.algorithm);
  const std::string_view name = facts.explicit_name;
  if (!facts.find) {
    if (options.contention) bad(fmt::format("algorithm {} takes no contention factor", name));
    if (options.query) bad(fmt::format("algorithm {} cannot be queried: use Indexed", name));
    if (options.index_key_id) bad(fmt::format("algorithm {} takes no index key", name));
    return;
  }
  if (!options.contention) bad(fmt::format("algorithm {} needs a contention factor", name));
  if (*options.contention < 0 || *options.contention == INT64_MAX) {
    bad(fmt::format("the contention factor must be in [0, 2^63 - 2], not {}", *options.contention));
  }
}

}  // namespace

Algorithm parse_algorithm(std::string_view name) {
  const schema::AlgorithmFacts* facts = schema::algorithm_from_explicit_name(name);
  if (facts != nullptr && facts->supported) return facts->algorithm;
  if (facts != nullptr || name == "TextPreview" ||
      name.starts_with("AEAD_AES_256_CBC_HMAC_SHA_512-")) {
    throw NotSupported(fmt::format(
        "explicit encryption with algorithm {} is not supported: use Unindexed or Indexed", name));
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
  const Uuid index_id = options.index_key_id.value_or(id);
  const KeyCache::Key index_key = index_id == id ? key : keys_.resolve(index_id, kNeededBy);
  const crypto::EncryptRequest request{
      .value = value,
      .index_key = *index_key,
      .index_key_id = index_id,
      .user_key = *key,
      .user_key_id = id,
      .max_contention = options.contention.value_or(0),
  };
  const crypto::QueryAlgorithm& algorithm = crypto::query_algorithm(options.algorithm);
  const Bytes blob = options.query ? algorithm.find(request) : algorithm.insert(request, random_);
  return bson::Value::of(bson::Binary{bson::BinarySubtype::kEncrypted, blob});
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
