// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Data keys in the clear, cached for a while so that the vault and the KMS are not asked for every
// command. A key that was removed from the vault, or whose KMS access was revoked, stops working
// when its entry expires; whoever holds a pointer keeps the key alive until letting go of it.
#ifndef QUERN_KEYVAULT_KEY_CACHE_H_
#define QUERN_KEYVAULT_KEY_CACHE_H_

#include <chrono>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/text_map.h"
#include "crypto/data_key.h"
#include "keyvault/key_vault.h"

namespace quern::keyvault {

// Thread-safe. Borrows vault and clock; both must outlive it.
class KeyCache {
 public:
  using Key = std::shared_ptr<const crypto::DataKey>;
  static constexpr std::chrono::milliseconds kDefaultLifetime{60'000};

  // lifetime: zero means that keys never expire.
  explicit KeyCache(KeyVault& vault, std::chrono::milliseconds lifetime = kDefaultLifetime,
                    Clock& clock = Clock::system());

  // The key, from the cache or the vault. needed_by goes into the message of a failure, such as
  // "field 'ssn' of clinic.patients". Throws Error(KeyNotFound) when the vault has no such key, and
  // what KeyVault::unwrap throws. The vault is asked with the context of the caller; the answer
  // serves other callers, too.
  Key resolve(const Uuid& id, std::string_view needed_by = {}, const RunContext& context = {});
  Key resolve(std::string_view alt_name, std::string_view needed_by = {},
              const RunContext& context = {});
  Uuid id_of(std::string_view alt_name, std::string_view needed_by = {},
             const RunContext& context = {});

  // The key if it is cached, else null.
  Key cached(const Uuid& id) const;

  // Loads those of ids that are not cached with one query. Never fails: what cannot be had is left
  // for resolve() to report.
  void preload(std::span<const Uuid> ids, const RunContext& context = {});

  // Forgets all keys.
  void clear();

  KeyVault& vault() { return vault_; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Entry {
    Key key;
    Time expires;
  };
  struct Name {
    Uuid id;
    Time expires;
  };

  Key store(const DataKeyDocument& document);

  KeyVault& vault_;
  const std::chrono::milliseconds lifetime_;
  Clock& clock_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<Uuid, Entry> keys_;
  TextMap<Name> names_;
};

}  // namespace quern::keyvault

#endif  // QUERN_KEYVAULT_KEY_CACHE_H_
