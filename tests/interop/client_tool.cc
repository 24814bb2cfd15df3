// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Automatic encryption on a pipe, for tests that compare it with another implementation. Reads
// requests as lines of Extended JSON, answers each with one line: its result, or {error, code}.
// Commands and replies travel as BSON in binaries.
//
//   {op: "setup", kek, map, keys: [document…]}        {}
//   {op: "mark", db, command}                         {reply}        as the query analysis replies
//   {op: "run", db, command, random?, reply?}         {sent, reply}  what the server would get, and
//                                                                    what the application gets
//
// random holds the bytes to use for randomness; they must be used up exactly. reply is what the
// server answers; every ciphertext in its documents is decrypted.
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "analysis/analyse.h"
#include "client/encrypting_runner.h"
#include "kms/local.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"

namespace quern {
namespace {

// Keeps the key vault, and the one command that was sent to it besides.
class Deployment final : public CommandRunner {
 public:
  Reply do_run(std::string_view, bson::View command, const RunContext&) override {
    if (command.front().key() != "find" || command.front().as_string() != "__keyVault") {
      sent = bson::Document(command);
      return reply;
    }
    bson::Builder builder;
    builder.open_document("cursor").append("id", std::int64_t{0}).append("ns", "x.__keyVault");
    builder.open_array("firstBatch");
    const bson::View filter = command["filter"].as_document();
    for (const bson::Document& key : keys) {
      if (is_one_of(key["_id"], filter.at_path("$or.0._id.$in"))) builder.push(key);
    }
    builder.close().close().append("ok", 1.0);
    return builder.finish();
  }

  // There is no catalog here to look at after a write.
  bool heeds_expected_schemas() const override { return true; }

  std::vector<bson::Document> keys;
  bson::Document sent;
  bson::Document reply;

 private:
  static bool is_one_of(const bson::Element& id, const bson::Element& wanted) {
    return std::ranges::any_of(wanted.as_array(), [&](const bson::Element& each) {
      return each.as_uuid() == id.as_uuid();
    });
  }
};

// Gives out the bytes it is told to, or the system's.
class SwitchableRandom final : public RandomSource {
 public:
  void fill(std::span<std::uint8_t> out) override {
    if (!pinned) return random_bytes(out);
    if (out.size() > pinned->size()) throw Error(ErrorCode::kBadValue, "too few random bytes");
    std::copy_n(pinned->begin(), out.size(), out.begin());
    pinned = pinned->subspan(out.size());
  }
  std::optional<BytesView> pinned;
};

bson::Binary generic(BytesView bytes) { return {bson::BinarySubtype::kGeneric, bytes}; }

bson::View document_in(const bson::Element& binary) {
  return bson::View::parse(binary.as_binary().bytes);
}

class Tool {
 public:
  bson::Document answer(bson::View request) {
    const std::string_view op = request["op"].as_string();
    if (op == "setup") return setup(request);
    const std::string_view database = request["db"].as_string();
    const bson::View command = document_in(request["command"]);
    if (op == "mark") return mark(database, command);
    if (op == "run") return run(database, command, request["random"], request["reply"]);
    throw Error(ErrorCode::kBadValue, "unknown op '" + std::string(op) + "'");
  }

 private:
  bson::Document setup(bson::View request) {
    auto kms = std::make_shared<kms::KmsRegistry>();
    kms->add(
        std::make_unique<kms::LocalKms>(SecretBytes::copy_of(request["kek"].as_binary().bytes)));
    for (const bson::Element& key : request["keys"].as_array()) {
      deployment_.keys.emplace_back(document_in(key));
    }
    const auto map = schema::EncryptedFieldsMap::parse(document_in(request["map"]));
    for (const auto& [ns, fields] : map.entries()) schemas_.emplace(ns, fields);
    vault_.emplace(deployment_, Namespace{"x", "__keyVault"}, kms);
    keys_.emplace(*vault_);
    runner_.emplace(deployment_, *keys_,
                    client::EncryptingOptions{.map = map,
                                              .ask_server = false,
                                              .decrypt = client::Decrypt::kAnywhere,
                                              .random = &random_});
    return bson::doc();
  }

  bson::Document mark(std::string_view database, bson::View command) {
    const analysis::Analysis analysis = analysis::analyse(database, command, schemas_);
    const bson::Document reply =
        bson::doc("hasEncryptionPlaceholders", analysis.has_encryption_placeholders,
                  "schemaRequiresEncryption", analysis.schema_requires_encryption, "result",
                  analysis.result, "ok", 1.0);
    return bson::doc("reply", generic(reply.bytes()));
  }

  bson::Document run(std::string_view database, bson::View command, const bson::Element& random,
                     const bson::Element& reply) {
    random_.pinned.reset();
    if (random) random_.pinned = random.as_binary().bytes;
    deployment_.sent = bson::Document();
    deployment_.reply = reply ? bson::Document(document_in(reply)) : bson::doc("ok", 1.0);
    const Reply answer = runner_->run(database, command);
    const bson::Document got = answer.decrypted().plaintext_document();
    if (random_.pinned && !random_.pinned->empty()) {
      throw Error(ErrorCode::kBadValue, "too many random bytes");
    }
    return bson::doc("sent", generic(deployment_.sent.bytes()), "reply", generic(got.bytes()));
  }

  Deployment deployment_;
  SwitchableRandom random_;
  analysis::SchemaMap schemas_;
  std::optional<keyvault::KeyVault> vault_;
  std::optional<keyvault::KeyCache> keys_;
  std::optional<client::EncryptingRunner> runner_;
};

}  // namespace
}  // namespace quern

int main() {
  quern::Tool tool;
  for (std::string line; std::getline(std::cin, line);) {
    quern::bson::Document answer;
    try {
      const quern::bson::Document request = quern::bson::from_json(line);
      answer = tool.answer(request.view());
    } catch (const quern::Error& error) {
      answer = quern::bson::doc("error", error.what(), "code", error.code());
    } catch (const std::exception& error) {
      answer = quern::bson::doc("error", error.what());
    }
    std::cout << quern::bson::to_json(answer.view()) << std::endl;
  }
  return 0;
}
