// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The keys that one command or one reply needs: asked from the cache once each, then at hand
// without a lock.
#ifndef QUERN_CLIENT_KEY_LOOKUP_H_
#define QUERN_CLIENT_KEY_LOOKUP_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "keyvault/key_cache.h"

namespace quern::client {

// Not thread-safe; lives as long as one call. Borrows cache and context.
class KeyLookup {
 public:
  // needed_by says in words what a key is needed for; it is called only when a key cannot be had.
  KeyLookup(keyvault::KeyCache& cache, const RunContext& context,
            std::function<std::string(const Uuid&)> needed_by)
      : cache_(cache), context_(context), needed_by_(std::move(needed_by)) {}

  // Throws what KeyCache::resolve throws.
  keyvault::KeyCache::Key operator()(const Uuid& id) {
    for (const auto& [known, key] : keys_) {
      if (known == id) return key;
    }
    keyvault::KeyCache::Key key = cache_.cached(id);
    if (!key) key = cache_.resolve(id, needed_by_(id), context_);
    return keys_.emplace_back(id, std::move(key)).second;
  }

 private:
  keyvault::KeyCache& cache_;
  const RunContext& context_;
  std::function<std::string(const Uuid&)> needed_by_;
  std::vector<std::pair<Uuid, keyvault::KeyCache::Key>> keys_;
};

}  // namespace quern::client

#endif  // QUERN_CLIENT_KEY_LOOKUP_H_
