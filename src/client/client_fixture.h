// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// For the tests of this layer: an encrypting runner over a server that keeps collections' schemas
// and otherwise answers as it is told, and over a real key vault.
#ifndef QUERN_CLIENT_CLIENT_FIXTURE_H_
#define QUERN_CLIENT_CLIENT_FIXTURE_H_

#include <map>
#include <optional>
#include <string>

#include "client/encrypting_runner.h"
#include "command/recording_runner.h"
#include "keyvault/vault_fixture.h"
#include "protocol/indexed_value.h"
#include "quern/bson/blob_subtype.h"
#include "quern/bson/json.h"

namespace quern::client {

// clinic.patients has ssn (equality), record.note (unindexed) and age (equality, int).
class ClientTest : public keyvault::VaultTest {
 protected:
  ClientTest() {
    server.set_answer([this](std::string_view database, bson::View command) {
      return answer(database, command);
    });
    server_schemas["patients"] = fields();
    server_schemas["plain"] = std::nullopt;
  }

  // The encryptedFields of clinic.patients.
  bson::Document fields() const {
    bson::Builder builder;
    builder.open_array("fields");
    add_field(builder, "ssn", ssn_key, "string", "equality");
    add_field(builder, "record.note", note_key, "string", "");
    add_field(builder, "age", age_key, "int", "equality");
    builder.close();
    return builder.finish();
  }
  static void add_field(bson::Builder& builder, std::string_view path, const Uuid& key,
                        std::string_view type, std::string_view query) {
    builder.push_document().append("keyId", key).append("path", path).append("bsonType", type);
    if (!query.empty()) {
      builder.open_document("queries").append("queryType", query);
      builder.append("contention", std::int64_t{0}).close();
    }
    builder.close();
  }
  schema::EncryptedFieldsMap map() const {
    return schema::EncryptedFieldsMap::parse(bson::doc("clinic.patients", fields()));
  }
  EncryptingRunner make_runner(EncryptingOptions options) {
    options.clock = &clock;
    return EncryptingRunner(server, cache, std::move(options));
  }
  EncryptingRunner pinned_runner() { return make_runner({.map = map()}); }

  // The one command, of all that reached the server, that is not a question about schemas.
  bson::Document sent() {
    std::optional<bson::Document> command;
    for (auto& call : server.take_calls()) {
      if (call.name() == "listCollections") continue;
      EXPECT_FALSE(command) << "more than one command was sent";
      command = std::move(call.command);
    }
    EXPECT_TRUE(command) << "no command was sent";
    return command.value_or(bson::Document());
  }
  // Names of all commands that reached the server.
  std::vector<std::string> sent_names() {
    std::vector<std::string> names;
    for (const auto& call : server.take_calls()) names.emplace_back(call.name());
    return names;
  }

  // What a server stores for a document that it was sent.
  static bson::Document as_stored(bson::View sent) {
    bson::Builder out;
    append_stored(sent, out);
    return out.finish();
  }

  static std::optional<bson::BlobSubtype> blob(bson::View document, std::string_view path) {
    return bson::blob_subtype(document.at_path(path));
  }

  RecordingRunner server;
  // What the server's catalog says, by name (of collections in another database than clinic:
  // "database.name"); the value is the collection's encryptedFields, if any.
  std::map<std::string, std::optional<bson::Document>, std::less<>> server_schemas;
  std::string server_type = "collection";
  // The answer to everything but listCollections.
  bson::Document server_reply = bson::doc("ok", 1.0);

  keyvault::KeyCache cache{vault, keyvault::KeyCache::kDefaultLifetime, clock};
  const Uuid ssn_key = vault.create({.alt_names = {"patients.ssn"}});
  const Uuid note_key = vault.create();
  const Uuid age_key = vault.create();

 private:
  static void append_stored(bson::View from, bson::Builder& out) {
    for (const bson::Element& member : from) {
      if (member.is_document()) {
        append_stored(member.as_document(), out.open_document(member.key()));
        out.close();
      } else if (member.is_array()) {
        append_stored(member.as_array(), out.open_array(member.key()));
        out.close();
      } else if (bson::blob_subtype(member) == bson::BlobSubtype::kInsertUpdatePayloadV2) {
        const auto payload = protocol::InsertUpdatePayloadV2::parse(member.as_binary().bytes);
        const protocol::IndexedValue::Use use{&payload.tokens, 1, protocol::Tag{}};
        const Bytes value = protocol::IndexedValue::build(
            bson::BlobSubtype::kIndexedEqualityValueV2, payload, {&use, 1}, RandomSource::system());
        out.append(member.key(), bson::Binary{bson::BinarySubtype::kEncrypted, value});
      } else {
        out.append(member);
      }
    }
  }

  bson::Document answer(std::string_view database, bson::View command) {
    if (command.front().key() != "listCollections") return server_reply;
    bson::Builder builder;
    builder.open_document("cursor").append("id", std::int64_t{0});
    builder.append("ns", std::string(database) + ".$cmd.listCollections");
    builder.open_array("firstBatch");
    const bson::Element filter = command["filter"].as_document()["name"];
    for (const auto& [ns, schema] : server_schemas) {
      const std::size_t dot = ns.find('.');
      const std::string name = ns.substr(dot == ns.npos ? 0 : dot + 1);
      if (ns.substr(0, ns.size() - name.size()) !=
          (database == "clinic" ? "" : std::string(database) + "."))
        continue;
      if (!is_wanted(filter, name)) continue;
      builder.push_document().append("name", name).append("type", server_type);
      builder.open_document("options");
      if (schema) builder.append("encryptedFields", *schema);
      builder.close().close();
    }
    builder.close().close().append("ok", 1.0);
    return builder.finish();
  }

  static bool is_wanted(const bson::Element& filter, std::string_view name) {
    if (filter.is_string()) return filter.as_string() == name;
    for (const bson::Element& wanted : filter.as_document()["$in"].as_array()) {
      if (wanted.as_string() == name) return true;
    }
    return false;
  }
};

}  // namespace quern::client

#endif  // QUERN_CLIENT_CLIENT_FIXTURE_H_
