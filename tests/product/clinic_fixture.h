// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// For the tests of this folder: a database on disk with a key vault, and an encrypting runner over
// it whose traffic is recorded.
#ifndef QUERN_TESTS_PRODUCT_CLINIC_FIXTURE_H_
#define QUERN_TESTS_PRODUCT_CLINIC_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/testing/error_of.h"
#include "client/encrypted_collection.h"
#include "client/encrypting_runner.h"
#include "command/recording_runner.h"
#include "engine/engine_runner.h"
#include "keyvault/key_cache.h"
#include "keyvault/key_vault.h"
#include "kms/local.h"
#include "quern/bson/json.h"
#include "quern/command/reply.h"
#include "quern/testing/temporary_folder.h"

namespace quern::product {

inline bool holds(BytesView haystack, BytesView needle) {
  return std::search(haystack.begin(), haystack.end(), needle.begin(), needle.end()) !=
         haystack.end();
}

// Whether any file below the folder holds these bytes.
inline bool holds(const testing::TemporaryFolder& folder, BytesView needle) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(file)),
                              std::istreambuf_iterator<char>());
    if (holds(as_bytes(content), needle)) return true;
  }
  return false;
}

inline SecretBytes test_kek(std::uint8_t fill = 0x4b) {
  SecretBytes key(96);
  std::ranges::fill(key.mutable_bytes(), fill);
  return key;
}

// Everything between an application and its files. What leaves the encrypting runner is recorded.
class Stack {
 public:
  Stack(std::filesystem::path directory, client::EncryptingOptions options = {},
        SecretBytes kek = test_kek())
      : engine({.directory = std::move(directory), .durability = {}}),
        wire([this](std::string_view database, bson::View command) {
          return engine.run(database, command);
        }),
        registry(make_registry(std::move(kek))),
        vault(engine, Namespace{"clinic", "__keyVault"}, registry),
        cache(vault),
        encrypting(wire, cache, std::move(options)) {}

  engine::EngineRunner engine;
  RecordingRunner wire;
  std::shared_ptr<const kms::KmsRegistry> registry;
  keyvault::KeyVault vault;
  keyvault::KeyCache cache;
  client::EncryptingRunner encrypting;

 private:
  static std::shared_ptr<const kms::KmsRegistry> make_registry(SecretBytes kek) {
    auto registry = std::make_shared<kms::KmsRegistry>();
    registry->add(std::make_unique<kms::LocalKms>(std::move(kek)));
    return registry;
  }
};

class ClinicTest : public ::testing::Test {
 protected:
  ClinicTest() { reopen(); }

  // Closes the database and opens it again, with empty caches.
  void reopen(client::EncryptingOptions options = {}, SecretBytes kek = test_kek()) {
    stack.reset();
    stack = std::make_unique<Stack>(directory.path(), std::move(options), std::move(kek));
  }

  // patients: ssn and record.code by equality, record.note and record.billing (a document)
  // unindexed.
  void create_patients() {
    client::create_encrypted_collection(stack->encrypting, stack->vault, ns, fields);
  }

  // The reply with the plaintexts in place.
  bson::Document run(const bson::Document& command) {
    const Reply reply = run_checked(stack->encrypting, "clinic", command);
    return reply.decrypted().plaintext_document();
  }
  bson::Document run(std::string_view json) { return run(bson::from_json(json)); }
  // As somebody without keys sees it.
  bson::Document run_raw(std::string_view json) {
    return run_checked(stack->engine, "clinic", bson::from_json(json));
  }
  std::vector<bson::Document> find(std::string_view json) {
    std::vector<bson::Document> documents;
    for_each_decrypted(stack->encrypting, "clinic", bson::from_json(json),
                       [&](const DecryptedView& document) {
                         documents.push_back(document.plaintext_document());
                         return true;
                       });
    return documents;
  }

  const Namespace ns{"clinic", "patients"};
  const bson::Document fields = bson::from_json(R"({"fields": [
      {"path": "ssn", "bsonType": "string", "queries": {"queryType": "equality"}},
      {"path": "record.code", "bsonType": "int", "queries": {"queryType": "equality"}},
      {"path": "record.note", "bsonType": "string"},
      {"path": "record.billing", "bsonType": "object"}]})");
  testing::TemporaryFolder directory;
  std::unique_ptr<Stack> stack;
};

}  // namespace quern::product

#endif  // QUERN_TESTS_PRODUCT_CLINIC_FIXTURE_H_
