// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What encryption costs on the same engine: inserts and finds of the same documents through the
// encrypting runner and in the clear (P18, P21), and how an encrypted find grows with the
// collection (P22: 100,000 documents against 10,000).
#include <filesystem>
#include <memory>
#include <string>

#include "benchmarks/harness.h"
#include "client/encrypted_collection.h"
#include "client/encrypting_runner.h"
#include "engine/engine_runner.h"
#include "keyvault/key_cache.h"
#include "keyvault/key_vault.h"
#include "kms/local.h"
#include "quern/bson/json.h"
#include "quern/command/reply.h"

namespace quern::bench {
namespace {

constexpr int kSmall = 10'000;
constexpr int kLarge = 100'000;
constexpr int kRound = 1'000;  // operations a round
constexpr std::string_view kDatabase = "bench";

std::string ssn(int number) { return std::to_string(100'000'000 + number); }

bson::Document insert_command(std::string_view collection, int number) {
  bson::Builder command;
  command.append("insert", collection).open_array("documents").push_document();
  command.append("ssn", ssn(number)).append("name", "a name that is stored in the clear");
  return command.close().close().finish();
}

bson::Document find_command(std::string_view collection, int number) {
  return bson::doc("find", collection, "filter", bson::doc("ssn", ssn(number)));
}

class Bench {
 public:
  explicit Bench(const std::filesystem::path& directory)
      : engine_({.directory = directory, .durability = {}}),
        vault_(engine_, Namespace{std::string(kDatabase), "__keyVault"}, registry()),
        cache_(vault_),
        encrypting_(engine_, cache_, {}) {
    for (const std::string_view name : {"inserts", "small", "large"}) {
      client::create_encrypted_collection(
          encrypting_, vault_, Namespace{std::string(kDatabase), "enc_" + std::string(name)},
          bson::from_json(R"({"fields": [{"path": "ssn", "bsonType": "string",
                              "queries": {"queryType": "equality", "contention": 8}}]})"));
      run(engine_, bson::from_json(R"({"createIndexes": "plain_)" + std::string(name) +
                                   R"(", "indexes": [{"name": "ssn_1", "key": {"ssn": 1}}]})"));
    }
  }

  void measure() {
    int next = 0;
    const auto insert = [&](CommandRunner& runner, std::string_view collection) {
      return [&, collection] {
        for (int i = 0; i < kRound; ++i) run(runner, insert_command(collection, next++));
      };
    };
    const auto inserts =
        interleave({{"plain insert", insert(engine_, "plain_inserts"), kRound},
                    {"encrypted insert", insert(encrypting_, "enc_inserts"), kRound}});

    for (int i = 0; i < kLarge; ++i) {
      run(engine_, insert_command("plain_large", i));
      run(encrypting_, insert_command("enc_large", i));
      if (i < kSmall) run(encrypting_, insert_command("enc_small", i));
    }
    const auto find = [&](CommandRunner& runner, std::string_view collection, int count) {
      return [this, &runner, collection, count] {
        for (int i = 0; i < kRound; ++i) {
          const int number = static_cast<int>((i * 7919LL) % count);
          const bson::Document reply = run(runner, find_command(collection, number));
          if (reply["cursor"].as_document()["firstBatch"].as_array().count() != 1) {
            throw std::runtime_error("a find did not find its document");
          }
        }
      };
    };
    const auto finds = interleave(
        {{"plain find, 100,000 documents", find(engine_, "plain_large", kLarge), kRound},
         {"encrypted find, 100,000 documents", find(encrypting_, "enc_large", kLarge), kRound},
         {"encrypted find, 10,000 documents", find(encrypting_, "enc_small", kSmall), kRound}});
    print_ratio("P18", inserts[1] / inserts[0], 3.0);
    print_ratio("P21", finds[1] / finds[0], 3.0);
    print_ratio("P22", finds[1] / finds[2], 1.3);
  }

 private:
  static std::shared_ptr<const kms::KmsRegistry> registry() {
    SecretBytes key(96);
    for (std::uint8_t& byte : key.mutable_bytes()) byte = 0x4b;
    auto registry = std::make_shared<kms::KmsRegistry>();
    registry->add(std::make_unique<kms::LocalKms>(std::move(key)));
    return registry;
  }

  static bson::Document run(CommandRunner& runner, const bson::Document& command) {
    return run_checked(runner, kDatabase, command);
  }

  engine::EngineRunner engine_;
  keyvault::KeyVault vault_;
  keyvault::KeyCache cache_;
  client::EncryptingRunner encrypting_;
};

}  // namespace
}  // namespace quern::bench

int main() {
  const auto directory = std::filesystem::temp_directory_path() / "quern-encryption-bench";
  std::filesystem::remove_all(directory);
  quern::bench::Bench(directory).measure();
  std::filesystem::remove_all(directory);
}
