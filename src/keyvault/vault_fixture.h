// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// For the tests of this layer: a vault over canned answers, a clock that stands still, keys that
// are known.
#ifndef QUERN_KEYVAULT_VAULT_FIXTURE_H_
#define QUERN_KEYVAULT_VAULT_FIXTURE_H_

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <numeric>
#include <optional>

#include "base/testing/error_of.h"
#include "command/recording_runner.h"
#include "keyvault/key_cache.h"
#include "keyvault/key_vault.h"
#include "kms/local.h"
#include "quern/base/error.h"

namespace quern::keyvault {

class ManualClock : public Clock {
 public:
  std::chrono::steady_clock::time_point now() override { return now_; }
  std::chrono::sys_time<std::chrono::milliseconds> wall_now() override {
    return std::chrono::sys_time<std::chrono::milliseconds>(
        std::chrono::milliseconds(1'767'225'600'000));
  }
  void advance(std::chrono::milliseconds by) { now_ += by; }

 private:
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
};

inline SecretBytes counting_key(std::uint8_t first) {
  SecretBytes key(96);
  std::iota(key.mutable_bytes().begin(), key.mutable_bytes().end(), first);
  return key;
}

inline std::shared_ptr<kms::KmsRegistry> local_registry(std::uint8_t kek) {
  auto registry = std::make_shared<kms::KmsRegistry>();
  registry->add(std::make_unique<kms::LocalKms>(counting_key(kek)));
  return registry;
}

// The answer of a find that returns documents.
inline bson::Document found(std::span<const bson::Document> documents) {
  bson::Builder builder;
  builder.open_document("cursor").append("id", std::int64_t{0}).append("ns", "quern.__keyVault");
  builder.open_array("firstBatch");
  for (const bson::Document& document : documents) builder.push(document);
  builder.close().close().append("ok", 1.0);
  return builder.finish();
}

inline bson::Document duplicate_key_reply() {
  bson::Builder builder;
  builder.append("n", 0).open_array("writeErrors").push_document();
  builder.append("index", 0).append("code", 11000);
  builder.append("errmsg", "E11000 duplicate key error collection").close().close();
  builder.append("ok", 1.0);
  return builder.finish();
}

// The runner keeps what is inserted and finds it by the filter that KeyVault::fetch writes; answers
// queued with queue() come first.
class VaultTest : public ::testing::Test {
 protected:
  VaultTest() {
    runner.set_answer([this](std::string_view, bson::View command) { return answer(command); });
  }

  void queue(bson::Document answer) { queued.push_back(std::move(answer)); }

  DataKeyDocument stored_key(const Uuid& id) {
    for (const bson::Document& document : documents) {
      if (document["_id"].as_uuid() == id) return DataKeyDocument::parse(document, "test");
    }
    throw std::logic_error("no such key");
  }

  std::deque<bson::Document> queued;
  std::vector<bson::Document> documents;
  RecordingRunner runner;
  ManualClock clock;
  KeyVault vault{runner, Namespace{"quern", "__keyVault"}, local_registry(7), clock};

 private:
  bson::Document answer(bson::View command) {
    if (!queued.empty()) {
      bson::Document next = std::move(queued.front());
      queued.pop_front();
      return next;
    }
    const std::string_view name = command.front().key();
    if (name == "insert") {
      for (const bson::Element& document : command["documents"].as_array()) {
        documents.emplace_back(document.as_document());
      }
    }
    if (name != "find") return bson::doc("n", 1, "ok", 1.0);
    std::vector<bson::Document> matches;
    for (const bson::Document& document : documents) {
      if (matches_filter(document, command["filter"].as_document())) matches.push_back(document);
    }
    return found(matches);
  }

  static bool matches_filter(bson::View document, bson::View filter) {
    if (filter.empty()) return true;
    for (const bson::Element& id : filter.at_path("$or.0._id.$in").as_array()) {
      if (id.as_uuid() == document["_id"].as_uuid()) return true;
    }
    const bson::Element names = document["keyAltNames"];
    for (const bson::Element& wanted : filter.at_path("$or.1.keyAltNames.$in").as_array()) {
      if (!names) continue;
      for (const bson::Element& name : names.as_array()) {
        if (name.as_string() == wanted.as_string()) return true;
      }
    }
    return false;
  }
};

}  // namespace quern::keyvault

#endif  // QUERN_KEYVAULT_VAULT_FIXTURE_H_
