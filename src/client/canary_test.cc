// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A value of an encrypted field does not leave the client, whatever the command, whoever says what
// the schema is, and wherever the command claims to go: the commands of the query analysis' own
// test, seen by the server.
#include "analysis/canary.h"

#include <gmock/gmock.h>

#include "client/client_fixture.h"

namespace quern::client {
namespace {

using namespace analysis::testing;

// clinic.c and clinic.other have the fields of those tests; clinic.plain has none, nor has
// reports.plain.
class ClientCanaryTest : public ClientTest {
 protected:
  ClientCanaryTest() {
    server_schemas["c"] = server_schemas["other"] = canary_fields();
    server_schemas["reports.plain"] = std::nullopt;
    // A collection there of that name is a trap: it has nothing to do with the encrypted one.
    server_schemas["reports.c"] = std::nullopt;
  }

  bson::Document canary_fields() {
    bson::Builder builder;
    builder.open_array("fields");
    add_field(builder, "ssn", ssn_key, "string", "equality");
    add_field(builder, "a.b", vault.create(), "string", "equality");
    add_field(builder, "n", vault.create(), "long", "equality");
    add_field(builder, "a.d.e", vault.create(), "binData", "equality");
    add_field(builder, "billing", vault.create(), "object", "");
    add_field(builder, "note", note_key, "string", "");
    add_field(builder, "age", age_key, "int", "equality");
    add_field(builder, "title", vault.create(), "string", "");
    builder.close();
    return builder.finish();
  }

  // Who says what the schema is.
  EncryptingOptions pinned() const {
    return {.map = schema::EncryptedFieldsMap::parse(bson::doc(
                "clinic.c", *server_schemas.at("c"), "clinic.other", *server_schemas.at("other")))};
  }
  EncryptingOptions pinned_with_plain() const {
    const bson::Document none = bson::doc("fields", bson::array());
    return {.map = schema::EncryptedFieldsMap::parse(bson::doc(
                "clinic.c", *server_schemas.at("c"), "clinic.other", *server_schemas.at("other"),
                "clinic.plain", none, "reports.plain", none))};
  }

  // Nothing that reaches the server, and no message, holds the canary.
  void check(EncryptingRunner& runner, std::string_view database, const bson::Document& command,
             const Canary& canary) {
    ++tried;
    try {
      runner.run(database, command);
    } catch (const Error& error) {
      ++refused;
      ASSERT_FALSE(contains(as_bytes(error.what()), canary.trace)) << bson::to_json(command) << "\n"
                                                                   << error.what();
    }
    for (const auto& call : server.take_calls()) {
      ASSERT_FALSE(contains(call.command.bytes(), canary.trace))
          << database << ": " << bson::to_json(command) << "\nis sent to " << call.database
          << " as " << bson::to_json(call.command);
    }
  }

  // Each pattern with some of the paths and canaries, by turns.
  void check_some(const Templates& patterns, EncryptingOptions options, std::string_view database,
                  const std::function<bson::Document(bson::Document)>& change) {
    auto runner = make_runner(std::move(options));
    std::size_t turn = 0;
    for (const std::string& text : patterns) {
      const bson::Document pattern = parsed(text);
      const bool nests = text.find('N') != std::string::npos;
      for (const std::string_view path : kPaths) {
        if (nests && path.find_first_of("0$") != std::string_view::npos) continue;
        if (++turn % 2 != 0) continue;
        const Canary& canary = canaries()[turn / 2 % canaries().size()];
        check(runner, database, change(Filler(path, canary.value).fill(pattern)), canary);
        if (HasFatalFailure()) return;
      }
    }
  }

  static Templates patterns() {
    Templates result(std::begin(kMembers), std::end(kMembers));
    for (const std::string_view command : kFilterCommands) {
      for (const char* filter : {"{P: V}", "{P: {\"$in\": [V]}}", "N", "{\"$nor\": [{P: V}]}",
                                 "{\"$expr\": {\"$eq\": [D, V]}}"}) {
        result.push_back(in_command(command, filter));
      }
    }
    for (const std::string_view command : kUpdateCommands) {
      for (const std::string& update : updates()) result.push_back(in_command(command, update));
    }
    for (const Templates& some :
         {stages({R"({"$eq": [D, V]})"}), computed_stages(), stages_after_removal()}) {
      for (const std::string& stage : some) {
        result.push_back(R"({"aggregate": "c", "pipeline": [)" + stage + R"(], "cursor": {}})");
      }
    }
    return result;
  }

  // Pipelines over a plain collection that end in the encrypted one.
  static Templates outputs() {
    Templates result;
    for (const char* stage :
         {R"({"$addFields": {P: V}})", R"({"$set": N})", R"({"$project": {P: {"$literal": V}}})",
          R"({"$replaceWith": N})", R"({"$group": {"_id": null, "x": {"$first": V}}})",
          R"({"$match": {P: V}})"}) {
      for (
          const char* output :
          {R"({"$out": {"db": "clinic", "coll": "c"}})",
           R"({"$merge": {"into": {"db": "clinic", "coll": "c"}}})",
           R"({"$merge": {"into": {"coll": "c", "db": "clinic"}, "whenMatched": [{"$set": N}]}})"}) {
        result.push_back(std::string(R"({"aggregate": "plain", "cursor": {}, "pipeline": [)") +
                         stage + ", " + output + "]}");
      }
    }
    return result;
  }

  void check_all(const EncryptingOptions& options) {
    check_some(patterns(), options, "clinic", [&](bson::Document command) {
      // What is not pinned is encrypted because create says so.
      if (options.map || command.view().front().key() != "create") return command;
      bson::Builder builder;
      builder.append_all(command).append("encryptedFields", *server_schemas.at("c"));
      return builder.finish();
    });
    EXPECT_GT(tried, 3000u);
    EXPECT_LT(refused, tried) << "some are encrypted";
    if (HasFatalFailure()) return;
    tried = refused = 0;
    for (const char* database : {"reports", "clinic"}) {
      const std::string claimed = database == std::string_view("clinic") ? "reports" : "clinic";
      check_some(patterns(), options, database, [&](bson::Document command) {
        bson::Builder builder;
        builder.append_all(command).append("$db", claimed);
        return builder.finish();
      });
    }
    EXPECT_EQ(refused, tried);
    if (HasFatalFailure()) return;
    tried = refused = 0;
    check_some(outputs(), options, "reports", [](bson::Document command) { return command; });
    EXPECT_EQ(refused, tried);
    EXPECT_GT(tried, 50u);
  }

  std::size_t tried = 0;
  std::size_t refused = 0;
};

TEST_F(ClientCanaryTest, WithAPinnedSchemaNothingLeaves) { check_all(pinned()); }

TEST_F(ClientCanaryTest, WithTheServersSchemaNothingLeaves) { check_all({}); }

TEST_F(ClientCanaryTest, WithPlainCollectionsListedNothingLeaves) {
  check_all(pinned_with_plain());
}

TEST_F(ClientCanaryTest, AServerThatHidesItsSchemaGetsNothingOfAPinnedOne) {
  const EncryptingOptions options = pinned();
  server_schemas["c"] = server_schemas["other"] = std::nullopt;
  check_some(patterns(), options, "clinic", [](bson::Document command) { return command; });
  EXPECT_GT(tried, 3000u);
}

}  // namespace
}  // namespace quern::client
