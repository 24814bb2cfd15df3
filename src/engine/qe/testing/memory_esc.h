// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// An ESC in a map, for tests of counters, compaction and cleanup without an engine.
#ifndef QUERN_ENGINE_QE_TESTING_MEMORY_ESC_H_
#define QUERN_ENGINE_QE_TESTING_MEMORY_ESC_H_

#include <map>
#include <stdexcept>

#include "engine/qe/esc_compaction.h"

namespace quern::engine::qe::testing {

class MemoryEsc : public EscStore {
 public:
  void exists(std::span<const crypto::EscId> ids, std::span<bool> found) override {
    ++calls;
    reads += static_cast<int>(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) found[i] = documents.contains(ids[i]);
  }
  std::optional<crypto::EscValue> value(const crypto::EscId& id) override {
    ++calls;
    ++reads;
    const auto at = documents.find(id);
    return at == documents.end() ? std::nullopt : at->second;
  }
  void insert_anchor(const crypto::EscId& id, const crypto::EscValue& value) override {
    insert(id, value);
  }
  void replace_anchor(const crypto::EscId& id, const crypto::EscValue& value) override {
    documents.at(id) = value;
  }
  void insert_non_anchor(const crypto::EscId& id) { insert(id, std::nullopt); }

  std::map<crypto::EscId, std::optional<crypto::EscValue>> documents;
  int calls = 0;
  int reads = 0;  // of single documents

 private:
  void insert(const crypto::EscId& id, std::optional<crypto::EscValue> value) {
    if (!documents.emplace(id, value).second) throw std::logic_error("an ESC id was used twice");
  }
};

inline crypto::EscDerivedFromDataTokenAndContentionFactor esc_token(std::uint8_t name) {
  return crypto::EscDerivedFromDataTokenAndContentionFactor::copy_of(Bytes(32, name));
}

}  // namespace quern::engine::qe::testing

#endif  // QUERN_ENGINE_QE_TESTING_MEMORY_ESC_H_
