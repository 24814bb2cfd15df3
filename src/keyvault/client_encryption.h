// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Explicit encryption: single values are encrypted and decrypted by hand, and data keys are
// managed. The operations and their rules are those of the drivers' ClientEncryption.
#ifndef QUERN_KEYVAULT_CLIENT_ENCRYPTION_H_
#define QUERN_KEYVAULT_CLIENT_ENCRYPTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "keyvault/key_cache.h"
#include "keyvault/key_vault.h"
#include "schema/query_type.h"

namespace quern::keyvault {

using schema::Algorithm;

// "Unindexed" or "Indexed", which can be queried by equality. Error(BadValue) for an unknown
// algorithm, NotSupported for "Range", "String" and the two AEAD_AES_256_CBC_HMAC_SHA_512 ones.
Algorithm parse_algorithm(std::string_view name);

struct EncryptOptions {
  Algorithm algorithm = Algorithm::kUnindexed;
  std::optional<Uuid> key_id = {};               // exactly one of key_id
  std::optional<std::string> key_alt_name = {};  // and key_alt_name
  std::optional<Uuid> index_key_id = {};         // kEquality only; the key itself when not given
  bool query = false;  // kEquality only: a value to compare with, not to store
  std::optional<std::int64_t> contention = {};  // kEquality only, and required there
};

// Thread-safe. Borrows keys and its vault, and random.
class ClientEncryption {
 public:
  explicit ClientEncryption(KeyCache& keys, RandomSource& random = RandomSource::system());

  Uuid create_data_key(DataKeyOptions options = {});

  // The binary (subtype 6) that stands for value in a document or a filter. Throws Error(BadValue)
  // for options that do not fit together and for types that cannot be encrypted.
  bson::Value encrypt(bson::ValueView value, const EncryptOptions& options);
  // Undoes encrypt(query = false), also after a server has stored it. Throws Error(BadValue) when
  // value is not such a binary.
  bson::Value decrypt(bson::ValueView value);

  std::optional<DataKeyDocument> get_key(const Uuid& id);
  std::optional<DataKeyDocument> get_key_by_alt_name(std::string_view alt_name);
  std::vector<DataKeyDocument> get_keys();
  std::optional<DataKeyDocument> add_key_alt_name(const Uuid& id, std::string_view alt_name);
  std::optional<DataKeyDocument> remove_key_alt_name(const Uuid& id, std::string_view alt_name);
  bool delete_key(const Uuid& id);
  RewrapResult rewrap_many_data_key(bson::View filter, std::string_view provider = {},
                                    bson::View master_key = {});

 private:
  KeyCache& keys_;
  RandomSource& random_;
};

}  // namespace quern::keyvault

#endif  // QUERN_KEYVAULT_CLIENT_ENCRYPTION_H_
