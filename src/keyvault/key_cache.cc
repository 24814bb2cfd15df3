// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "keyvault/key_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "quern/base/error.h"

namespace quern::keyvault {
namespace {

[[noreturn]] void not_found(std::string_view key, std::string_view needed_by,
                            const std::string& vault) {
  throw Error(ErrorCode::kKeyNotFound, fmt::format("{}{}{}{} was not found in the key vault {}",
                                                   key, needed_by.empty() ? "" : ", needed by ",
                                                   needed_by, needed_by.empty() ? "" : ",", vault));
}

}  // namespace

KeyCache::KeyCache(KeyVault& vault, std::chrono::milliseconds lifetime, Clock& clock)
    : vault_(vault), lifetime_(lifetime), clock_(clock) {}

KeyCache::Key KeyCache::cached(const Uuid& id) const {
  const Time now = clock_.now();
  const std::shared_lock lock(mutex_);
  const auto found = keys_.find(id);
  if (found == keys_.end() || found->second.expires <= now) return nullptr;
  return found->second.key;
}

KeyCache::Key KeyCache::store(const DataKeyDocument& document) {
  auto key = std::make_shared<const crypto::DataKey>(vault_.unwrap(document));
  const Time now = clock_.now();
  const Time expires = lifetime_ == lifetime_.zero() ? Time::max() : now + lifetime_;
  const std::unique_lock lock(mutex_);
  const auto expired = [now](const auto& entry) { return entry.second.expires <= now; };
  std::erase_if(keys_, expired);
  std::erase_if(names_, expired);
  keys_[document.id] = {key, expires};
  for (const std::string& name : document.alt_names) names_[name] = {document.id, expires};
  return key;
}

KeyCache::Key KeyCache::resolve(const Uuid& id, std::string_view needed_by,
                                const RunContext& context) {
  if (Key key = cached(id)) return key;
  const auto document = vault_.find(id, context);
  if (!document) {
    not_found(fmt::format("data key {}", id.to_string()), needed_by, vault_.name());
  }
  return store(*document);
}

Uuid KeyCache::id_of(std::string_view alt_name, std::string_view needed_by,
                     const RunContext& context) {
  {
    const Time now = clock_.now();
    const std::shared_lock lock(mutex_);
    const auto found = names_.find(alt_name);
    if (found != names_.end() && found->second.expires > now) return found->second.id;
  }
  const auto document = vault_.find(alt_name, context);
  if (!document) {
    not_found(fmt::format("data key with alternate name '{}'", alt_name), needed_by, vault_.name());
  }
  store(*document);
  return document->id;
}

KeyCache::Key KeyCache::resolve(std::string_view alt_name, std::string_view needed_by,
                                const RunContext& context) {
  return resolve(id_of(alt_name, needed_by, context), needed_by, context);
}

void KeyCache::preload(std::span<const Uuid> ids, const RunContext& context) {
  std::vector<Uuid> missing;
  for (const Uuid& id : ids) {
    if (!cached(id)) missing.push_back(id);
  }
  if (missing.empty()) return;
  try {
    for (const DataKeyDocument& document : vault_.fetch(missing, {}, context)) store(document);
  } catch (const Error&) {
    // resolve() meets the same fault again and can say what the key is needed for.
  }
}

void KeyCache::clear() {
  const std::unique_lock lock(mutex_);
  keys_.clear();
  names_.clear();
}

}  // namespace quern::keyvault
