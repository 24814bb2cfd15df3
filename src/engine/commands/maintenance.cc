// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// compact, validate.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "engine/catalog/consistency.h"
#include "engine/commands/commands.h"
#include "engine/qe/consistency.h"
#include "engine/rules/command_reader.h"
#include "engine/rules/validator.h"
#include "engine/session/engine.h"
#include "quern/base/error.h"
#include "storage/table_range.h"

namespace quern::engine {
namespace {

[[noreturn]] void throw_no_collection(const Namespace& ns, std::string_view purpose) {
  throw DatabaseError(ErrorCode::kNamespaceNotFound,
                      fmt::format("Collection '{}' does not exist to {}", ns.to_string(), purpose));
}

std::int64_t stored_size(storage::Store& store, const Collection& collection) {
  std::uint64_t size = 0;
  for (const std::uint32_t table : collection.tables()) {
    size += store.approximate_size(storage::TableRange(table));
  }
  return static_cast<std::int64_t>(size);
}

}  // namespace

void CompactCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(operation.command(), name(),
                                {"force", "freeSpaceTargetMB", "dryRun"});
  arguments.boolean("force", false);  // nothing is kept from reading or writing meanwhile
  for (const char* member : {"freeSpaceTargetMB", "dryRun"}) {
    if (arguments.value(member)) {
      throw NotSupported(fmt::format("compact with {} is not supported: leave it out", member));
    }
  }
  const Namespace ns = operation.ns(arguments.collection());
  const Collection* collection = operation.latest_collection(ns);
  if (collection == nullptr) throw_no_collection(ns, "compact");
  storage::Store& store = operation.store();
  const std::int64_t before = stored_size(store, *collection);
  for (const std::uint32_t table : collection->tables()) {
    store.compact(storage::TableRange(table), [&] { operation.check_interrupt_now(); });
  }
  reply.append("bytesFreed", std::max<std::int64_t>(0, before - stored_size(store, *collection)));
}

namespace {

// What is found in a collection and, where it is encrypted, in its state collections.
class Validation {
 public:
  Validation(Operation& operation, const Collection& collection)
      : operation_(operation), collection_(collection) {}

  // Reads every block of the files that hold the collection.
  void verify_files() {
    std::vector<const Collection*> collections = {&collection_};
    if (const auto* fields = collection_.encrypted_fields()) {
      for (const std::string& name : {fields->esc_collection(), fields->ecoc_collection()}) {
        const Collection* state = operation_.collection({collection_.ns().database, name});
        if (state != nullptr) collections.push_back(state);
      }
    }
    for (const Collection* collection : collections) {
      for (const std::uint32_t table : collection->tables()) {
        for (const std::string& damaged : operation_.store().damaged_files(
                 storage::TableRange(table), [&] { operation_.check_interrupt_now(); })) {
          if (std::ranges::find(errors_, damaged) == errors_.end()) errors_.push_back(damaged);
        }
      }
    }
  }

  void look() try {
    check_ = check_records_and_indexes(operation_, collection_);
    const std::vector<std::string> faults = check_.all_faults();
    if (check_.invalid_records != 0 || collection_.encrypted_fields() == nullptr) {
      errors_.insert(errors_.end(), faults.begin(), faults.end());
    } else {
      look_at_encryption();
    }
    if (check_.invalid_records == 0) count_outside_validator();
  } catch (const DatabaseError& error) {
    if (!error.is(ErrorCode::kInternalError)) throw;
    errors_.emplace_back(error.what());
  }

  void report(bson::Builder& reply) const {
    reply.append("ns", collection_.ns().to_string()).append("uuid", collection_.uuid());
    reply.append("nInvalidDocuments", static_cast<std::int64_t>(check_.invalid_records));
    reply.append("nNonCompliantDocuments", static_cast<std::int64_t>(outside_validator_));
    reply.append("nrecords", static_cast<std::int64_t>(check_.records));
    const bool has_id_index = !collection_.is_clustered();
    reply.append("nIndexes",
                 static_cast<std::int32_t>(collection_.indexes().size() + (has_id_index ? 1 : 0)));
    reply.open_document("keysPerIndex");
    if (has_id_index) reply.append("_id_", static_cast<std::int64_t>(check_.records));
    for (const IndexCheck& index : check_.indexes) {
      reply.append(index.name, static_cast<std::int64_t>(index.entries));
    }
    reply.close();
    reply.open_document("indexDetails");
    if (has_id_index) append_details(reply, "_id_", check_.faults);
    for (const IndexCheck& index : check_.indexes) append_details(reply, index.name, index.faults);
    reply.close();
    reply.append("valid", errors_.empty()).append("repaired", false);
    append_texts(reply, "warnings", warnings_);
    append_texts(reply, "errors", errors_);
  }

 private:
  static void append_details(bson::Builder& reply, const std::string& name, const Faults& faults) {
    reply.open_document(name).append("valid", faults.empty());
    if (!faults.empty()) append_texts(reply, "errors", faults.sentences());
    reply.close();
  }
  static void append_texts(bson::Builder& reply, std::string_view name,
                           const std::vector<std::string>& texts) {
    reply.open_array(name);
    for (const std::string& text : texts) reply.push(text);
    reply.close();
  }

  // Looks at records and indexes once more, and at the state collections.
  void look_at_encryption() {
    const qe::ConsistencyReport report = qe::check_consistency(operation_, collection_.ns());
    Faults faults;
    for (const std::string& fault : report.faults) faults.add(fault);
    for (const std::string& fault : faults.sentences()) errors_.push_back(fault);
    if (report.stale_tags != 0) {
      warnings_.push_back(fmt::format(
          "{} tags in __safeContent__ are of values that a client without encryption took away or "
          "moved: queries find their documents still, until these are updated with encryption",
          report.stale_tags));
    }
    if (report.misplaced_values != 0) {
      warnings_.push_back(fmt::format(
          "{} encrypted values are at paths that are not those of their fields, where a client "
          "without encryption put them: no query looks for them",
          report.misplaced_values));
    }
  }

  void count_outside_validator() {
    if (collection_.validator() == nullptr) return;
    for (RecordCursor cursor = collection_.scan(operation_); cursor.next();) {
      operation_.check_interrupt();
      if (!collection_.validator()->accepts(cursor.document(), operation_.now())) {
        ++outside_validator_;
      }
    }
    if (outside_validator_ != 0) {
      warnings_.push_back(
          fmt::format("{} documents do not match the collection's validator", outside_validator_));
    }
  }

  Operation& operation_;
  const Collection& collection_;
  CollectionCheck check_;
  std::uint64_t outside_validator_ = 0;
  std::vector<std::string> warnings_;
  std::vector<std::string> errors_;
};

}  // namespace

void ValidateCommand::run(Operation& operation, bson::Builder& reply) const {
  const CommandReader arguments(
      operation.command(), name(),
      {"full", "repair", "metadata", "checkBSONConformance", "background"});
  const bool full = arguments.boolean("full", false);
  // Both always: documents are validated as BSON, and nobody has to wait.
  arguments.boolean("checkBSONConformance", false);
  arguments.boolean("background", false);
  if (arguments.boolean("repair", false)) {
    throw NotSupported(
        "validate repairs nothing: drop an index that is wrong and create it again, or restore a "
        "backup");
  }
  if (arguments.boolean("metadata", false)) {
    throw NotSupported("validate of the metadata alone is not supported: leave metadata out");
  }
  const Namespace ns = operation.ns(arguments.collection());
  const Collection* collection = operation.collection(ns);
  if (collection == nullptr) throw_no_collection(ns, "validate");
  Validation validation(operation, *collection);
  if (full) validation.verify_files();
  validation.look();
  validation.report(reply);
}

}  // namespace quern::engine
