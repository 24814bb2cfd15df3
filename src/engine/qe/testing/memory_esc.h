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
  void exists(std::span<const protocol::EscId> ids, std::span<bool> found) override {
    ++calls;
    reads += static_cast<int>(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) found[i] = documents.contains(ids[i]);
  }
  std::optional<protocol::EscValue> value(const protocol::EscId& id) override {
    ++calls;
    ++reads;
    const auto at = documents.find(id);
    return at == documents.end() ? std::nullopt : at->second;
  }
  void insert_anchor(const protocol::EscId& id, const protocol::EscValue& value) override {
    insert(id, value);
  }
  void replace_anchor(const protocol::EscId& id, const protocol::EscValue& value) override {
    documents.at(id) = value;
  }
  void insert_non_anchor(const protocol::EscId& id) { insert(id, std::nullopt); }

  std::map<protocol::EscId, std::optional<protocol::EscValue>> documents;
  int calls = 0;
  int reads = 0;  // of single documents

 private:
  void insert(const protocol::EscId& id, std::optional<protocol::EscValue> value) {
    if (!documents.emplace(id, value).second) throw std::logic_error("an ESC id was used twice");
  }
};

inline protocol::EscDerivedFromDataTokenAndContentionFactor esc_token(std::uint8_t name) {
  return protocol::EscDerivedFromDataTokenAndContentionFactor::copy_of(Bytes(32, name));
}

}  // namespace quern::engine::qe::testing

#endif  // QUERN_ENGINE_QE_TESTING_MEMORY_ESC_H_
