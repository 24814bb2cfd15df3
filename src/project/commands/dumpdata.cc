// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <ostream>
#include <set>

#include "migrations/history.h"
#include "project/commands/commands.h"
#include "project/commands/progress.h"
#include "project/dump.h"
#include "project/project_core.h"
#include "project/project_runner.h"
#include "quern/base/error.h"
#include "quern/command/reply.h"
#include "schema/encrypted_fields.h"
#include "storage/staged_directory.h"

namespace quern::internal {
namespace {

// What a database has, and which of it is not the application's: state collections, keys, history.
struct Inventory {
  std::vector<DumpedCollection> collections;
  std::set<std::string> state;
};

Inventory take_inventory(Connection& connection) {
  Inventory out;
  const bson::Document list = bson::doc("listCollections", std::int32_t{1});
  for_each(connection.plain(), connection.database(), list, [&](bson::View info) {
    const std::string_view type = info["type"].is_string() ? info["type"].as_string() : "";
    if (type == "view") return true;
    DumpedCollection& collection = out.collections.emplace_back();
    collection.name = info["name"].as_string();
    collection.options = bson::Document(info["options"].as_document());
    if (const bson::Element encrypted = collection.options["encryptedFields"]) {
      const auto fields = schema::EncryptedFields::parse(encrypted.value(), collection.name);
      out.state.insert({fields.esc_collection(), fields.ecoc_collection(),
                        fields.ecoc_collection() + ".compact"});
    }
    return true;
  });
  for (DumpedCollection& collection : out.collections) {
    const bson::Document indexes = bson::doc("listIndexes", collection.name);
    for_each(connection.plain(), connection.database(), indexes, [&](bson::View index) {
      if (index["name"].as_string() != "_id_") collection.indexes.emplace_back(index);
      return true;
    });
  }
  // Documents before the counters of their values: whoever writes meanwhile leaves at worst counters
  // that are ahead, which no value is lost by.
  const auto is_state = [&](const DumpedCollection& each) { return out.state.contains(each.name); };
  std::ranges::sort(out.collections, {}, &DumpedCollection::name);
  std::ranges::stable_partition(out.collections, std::not_fn(is_state));
  return out;
}

class Dump {
 public:
  Dump(CommandContext& context, Connection& connection, const Target& target)
      : context_(context),
        connection_(connection),
        decrypted_(core_of(context.project), target),
        clear_(context.arguments.has("decrypted")) {}

  std::int64_t write(const std::filesystem::path& directory) {
    DumpManifest manifest{.decrypted = clear_};
    Inventory inventory = take_inventory(connection_);
    const std::string vault = connection_.key_vault_collection();
    std::int64_t total = 0;
    for (DumpedCollection& collection : inventory.collections) {
      const bool is_vault = collection.name == vault;
      if (clear_ && (is_vault || inventory.state.contains(collection.name) ||
                     collection.name == migrations::History::kCollection)) {
        continue;
      }
      if (is_vault) manifest.key_vault = vault;
      write_documents(collection, directory / collection.file());
      total += collection.documents;
      manifest.collections.push_back(std::move(collection));
    }
    storage::replace_file(directory / DumpManifest::kFile, as_bytes(manifest.to_json()));
    return total;
  }

 private:
  void write_documents(DumpedCollection& collection, const std::filesystem::path& file) {
    Progress progress(context_.console, collection.file());
    DumpWriter writer(file);
    const auto write = [&](bson::View document) {
      writer.write(document);
      progress.count(++collection.documents);
      return true;
    };
    const bson::Document find = bson::doc("find", collection.name);
    if (clear_) {
      for_each_decrypted(decrypted_, connection_.database(), find,
                         [&](const DecryptedView& document) {
                           return write(without_tags(document.plaintext_document()));
                         });
    } else {
      for_each(connection_.plain(), connection_.database(), find, write);
    }
    writer.finish();
  }

  CommandContext& context_;
  Connection& connection_;
  ProjectRunner decrypted_;
  const bool clear_;
};

ExitCode run(CommandContext& context) {
  ProjectCore& core = core_of(context.project);
  const std::string& alias = context.arguments.text("database");
  Connection& connection = core.connection(alias);
  if (!connection.exists()) {
    throw ImproperlyConfigured(
        fmt::format("the database '{}' does not exist yet: there is nothing to dump", alias));
  }
  storage::StagedDirectory staged(context.arguments.text("directory"));
  staged.check_vacant();
  storage::make_private_directory(staged.path());
  if (context.arguments.has("decrypted")) {
    context.console.err << fmt::format(
        "Warning: {} will hold in the clear what '{}' keeps encrypted. Whoever reads it needs no "
        "key.\n",
        staged.place().string(), alias);
  }
  const Target target = core.target(alias);
  const std::int64_t documents = Dump(context, connection, target).write(staged.path());
  staged.publish();
  context.console.out << fmt::format("Dumped {} document{} of '{}' to {}.\n", documents,
                                     documents == 1 ? "" : "s", alias,
                                     context.arguments.text("directory"));
  return ExitCode::kOk;
}

}  // namespace

Command dumpdata_command() {
  return {
      .name = "dumpdata",
      .summary = "Write a database's documents as Extended JSON, encrypted as they are.",
      .options = {database_option(),
                  {.name = "--decrypted",
                   .help = "In the clear: without keys, counters and the history of migrations."},
                  {.name = "directory",
                   .help = "Where to: a directory that is not there yet, or empty.",
                   .value = "DIRECTORY",
                   .required = true}},
      .examples = {"dumpdata --database encrypted dump"},
      .run = run};
}

}  // namespace quern::internal
