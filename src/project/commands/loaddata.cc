// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "project/commands/commands.h"
#include "project/commands/progress.h"
#include "project/dump.h"
#include "project/project_core.h"
#include "project/project_runner.h"
#include "quern/base/error.h"
#include "quern/command/reply.h"
#include "schema/encrypted_fields.h"

namespace quern::internal {
namespace {

constexpr std::size_t kBatchDocuments = 500;
constexpr std::size_t kBatchBytes = 4 << 20;

// Documents with the lines that they stand in.
struct Batch {
  std::vector<bson::Document> documents;
  std::vector<std::string> places;
  std::size_t bytes = 0;

  void add(bson::Document document, std::string place) {
    bytes += document.size();
    documents.push_back(std::move(document));
    places.push_back(std::move(place));
  }
  bool is_full() const { return documents.size() >= kBatchDocuments || bytes >= kBatchBytes; }
};

// Faults of the database are told by their code and the place: their words may quote values.
[[noreturn]] void refuse(const std::string& place, const Error& error) {
  throw DatabaseError(error.code(), fmt::format("{}: the database does not take the document ({})",
                                                place, error.code_name()));
}

class Load {
 public:
  Load(CommandContext& context, const std::filesystem::path& directory)
      : context_(context),
        core_(core_of(context.project)),
        connection_(core_.connection(context.arguments.text("database"))),
        directory_(directory),
        manifest_(DumpManifest::read(directory)),
        resumes_(context.arguments.has("resume")) {}

  // Reads everything once, and changes nothing.
  void check() {
    check_keys();
    for (const DumpedCollection& collection : manifest_.collections) check_file(collection);
    for (const DumpedCollection& collection : manifest_.collections) check_target(collection);
  }

  // How many documents were stored that were not there before.
  std::int64_t run() {
    // As drivers do it: an encrypted collection comes after its state collections.
    for (const bool encrypted : {false, true}) {
      for (const DumpedCollection& collection : manifest_.collections) {
        if (collection.is_encrypted() == encrypted && !is_migrated(collection)) create(collection);
      }
    }
    connection_.forget_schemas();
    std::int64_t stored = 0;
    for (const DumpedCollection& collection : manifest_.collections) {
      stored += load_documents(collection);
      // After the documents, which is faster.
      if (!collection.indexes.empty() && !is_migrated(collection)) create_indexes(collection);
    }
    return stored;
  }

 private:
  CommandRunner& plain() { return connection_.plain(); }
  const std::string& database() const { return connection_.database(); }
  // Whether it is there, with keys of its own.
  bool is_migrated(const DumpedCollection& collection) const {
    return manifest_.decrypted && collection.is_encrypted();
  }
  // What documents are read and written with.
  CommandRunner& runner() {
    if (!manifest_.decrypted) return plain();
    if (!project_) project_.emplace(core_, target_.emplace(core_.target(connection_.alias())));
    return *project_;
  }

  // Data keys in another collection than the settings say would not be found.
  void check_keys() const {
    const std::string vault = connection_.key_vault_collection();
    if (manifest_.key_vault.empty() || manifest_.key_vault == vault) return;
    throw ImproperlyConfigured(fmt::format(
        "the dump has its data keys in the collection '{}', and databases.{}.auto_encryption.{}",
        in_plain_letters(manifest_.key_vault), connection_.alias(),
        vault.empty() ? "key_vault_namespace is missing"
                      : fmt::format("key_vault_namespace says '{}'", vault)));
  }

  void check_file(const DumpedCollection& collection) {
    Progress progress(context_.console, "checking " + collection.file(), collection.documents);
    DumpReader reader(directory_ / collection.file());
    std::int64_t documents = 0;
    while (reader.next()) progress.count(++documents);
    if (documents == collection.documents) return;
    throw Error(
        ErrorCode::kFailedToParse,
        fmt::format("{} has {} documents, and {} says {}: it was cut, or changed",
                    collection.file(), documents, DumpManifest::kFile, collection.documents));
  }

  void check_target(const DumpedCollection& collection) {
    const bool is_there = connection_.has_collection(collection.name);
    if (manifest_.decrypted) check_encryption(collection, is_there);
    if (!is_there || resumes_) return;
    bool is_empty = true;
    const bson::Document one = bson::doc("find", collection.name, "limit", std::int32_t{1});
    for_each(plain(), database(), one, [&](bson::View) { return is_empty = false; });
    if (is_empty) return;
    throw DatabaseError(
        ErrorCode::kNamespaceExists,
        fmt::format("the collection of {} is there already, with documents. Nothing was changed. "
                    "--resume goes on with a load that was interrupted",
                    collection.file()));
  }

  // What was encrypted where the dump was made is encrypted here, too.
  void check_encryption(const DumpedCollection& collection, bool is_there) {
    if (!collection.is_encrypted()) return;
    const auto wanted = schema::EncryptedFields::parse(
        collection.options["encryptedFields"].value(), collection.name);
    const schema::EncryptedFields there = connection_.encrypted_fields_of(collection.name);
    for (const schema::EncryptedField& field : wanted.fields()) {
      const schema::EncryptedField* same = there.find(field.path);
      if (is_there && connection_.is_encrypted() && same != nullptr &&
          same->bson_type == field.bson_type) {
        continue;
      }
      throw ImproperlyConfigured(fmt::format(
          "{} has '{}', which was encrypted, in the clear, and the database '{}' would not encrypt "
          "it. Nothing was changed. Load it into a database that encrypts, after 'migrate'",
          collection.file(), in_plain_letters(field.path), connection_.alias()));
    }
  }

  void create(const DumpedCollection& collection) {
    if (connection_.has_collection(collection.name)) {
      if (!collection.is_encrypted()) return;
      const auto wanted = schema::EncryptedFields::parse(
          collection.options["encryptedFields"].value(), collection.name);
      if (wanted.to_bson() == connection_.encrypted_fields_of(collection.name).to_bson()) return;
      throw DatabaseError(ErrorCode::kNamespaceExists,
                          fmt::format("the collection of {} is there already, and encrypts other "
                                      "fields, or with other keys",
                                      collection.file()));
    }
    bson::Builder command;
    command.append("create", collection.name).append_all(collection.options);
    run_checked(plain(), database(), command.finish());
  }

  std::int64_t load_documents(const DumpedCollection& collection) {
    Progress progress(context_.console, collection.file(), collection.documents);
    DumpReader reader(directory_ / collection.file());
    std::int64_t stored = 0;
    std::int64_t read = 0;
    for (bool more = true; more;) {
      Batch batch;
      while (!batch.is_full()) {
        std::optional<bson::Document> document = reader.next();
        more = document.has_value();
        if (!more) break;
        batch.add(std::move(*document), reader.where());
      }
      read += static_cast<std::int64_t>(batch.documents.size());
      if (resumes_) leave_out_stored(collection, batch);
      insert(collection, batch);
      stored += static_cast<std::int64_t>(batch.documents.size());
      progress.count(read);
    }
    return stored;
  }

  void leave_out_stored(const DumpedCollection& collection, Batch& batch) {
    if (batch.documents.empty()) return;
    bson::Builder find;
    find.append("find", collection.name).open_document("filter").open_document("_id");
    find.open_array("$in");
    for (const bson::Document& document : batch.documents) find.push(document["_id"].value());
    find.close().close().close();
    std::map<Bytes, bson::Document> stored;  // by _id
    for_each_decrypted(runner(), database(), find.finish(), [&](const DecryptedView& document) {
      const BytesView id = document.raw()["_id"].value().bytes();
      stored.emplace(Bytes(id.begin(), id.end()), manifest_.decrypted
                                                      ? without_tags(document.plaintext_document())
                                                      : bson::Document(document.raw()));
      return true;
    });
    Batch rest;
    for (std::size_t i = 0; i < batch.documents.size(); ++i) {
      const BytesView id = batch.documents[i]["_id"].value().bytes();
      const auto found = stored.find(Bytes(id.begin(), id.end()));
      if (found == stored.end()) {
        rest.add(std::move(batch.documents[i]), std::move(batch.places[i]));
      } else if (found->second != batch.documents[i]) {
        throw DatabaseError(
            ErrorCode::kDuplicateKey,
            fmt::format("{}: the database has another document with the same _id. Those before it "
                        "are loaded",
                        batch.places[i]));
      }
    }
    batch = std::move(rest);
  }

  void insert(const DumpedCollection& collection, Batch& batch) {
    if (batch.documents.empty()) return;
    bson::Builder insert;
    insert.append("insert", collection.name);
    // What was stored is stored again as it was: tags, and what a validator may not take any more.
    if (!manifest_.decrypted) insert.append("bypassDocumentValidation", true);
    insert.open_array("documents");
    for (const bson::Document& document : batch.documents) insert.push(document);
    insert.close();
    try {
      run_checked(runner(), database(), insert.finish());
    } catch (const WriteIntegrityError& error) {
      refuse(batch.places.at(static_cast<std::size_t>(error.index())), error);
    } catch (const Error& error) {
      if (batch.documents.size() == 1) refuse(batch.places.front(), error);
      insert_one_by_one(collection, batch);
    }
  }

  // To find out which is not taken; none of them is there, or those before it.
  void insert_one_by_one(const DumpedCollection& collection, Batch& batch) {
    leave_out_stored(collection, batch);
    for (std::size_t i = 0; i < batch.documents.size(); ++i) {
      Batch one;
      one.add(std::move(batch.documents[i]), std::move(batch.places[i]));
      insert(collection, one);
    }
  }

  void create_indexes(const DumpedCollection& collection) {
    bson::Builder create;
    create.append("createIndexes", collection.name).open_array("indexes");
    for (const bson::Document& index : collection.indexes) create.push(index);
    create.close();
    try {
      run_checked(plain(), database(), create.finish());
    } catch (const Error& error) {
      throw DatabaseError(error.code(),
                          fmt::format("the documents of {} are loaded, and one of its indexes "
                                      "cannot be made ({})",
                                      collection.file(), error.code_name()));
    }
  }

  CommandContext& context_;
  ProjectCore& core_;
  Connection& connection_;
  const std::filesystem::path directory_;
  const DumpManifest manifest_;
  const bool resumes_;
  // Opened only when all of the dump was read.
  std::optional<Target> target_;
  std::optional<ProjectRunner> project_;
};

ExitCode run(CommandContext& context) {
  Load load(context, context.arguments.text("directory"));
  load.check();
  const std::int64_t stored = load.run();
  context.console.out << fmt::format("Loaded {} document{} into '{}'.\n", stored,
                                     stored == 1 ? "" : "s", context.arguments.text("database"));
  return ExitCode::kOk;
}

}  // namespace

Command loaddata_command() {
  return {.name = "loaddata",
          .summary = "Load a dump, after reading all of it; one in the clear is encrypted again.",
          .options = {database_option(),
                      {.name = "--resume",
                       .help = "Go on with a load that was interrupted: documents that are there "
                               "already must be the same."},
                      {.name = "directory",
                       .help = "What dumpdata has written.",
                       .value = "DIRECTORY",
                       .required = true}},
          .examples = {"loaddata --database encrypted dump"},
          .run = run};
}

}  // namespace quern::internal
