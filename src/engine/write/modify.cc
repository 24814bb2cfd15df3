// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/write/modify.h"

#include <vector>

#include "engine/catalog/duplicate_key.h"
#include "engine/qe/encryption_information.h"
#include "engine/qe/rewrite.h"
#include "engine/qe/update.h"
#include "engine/read/record_source.h"
#include "engine/session/engine.h"
#include "engine/session/query_context.h"
#include "engine/session/retry.h"
#include "engine/session/retryable_write.h"
#include "engine/write/write_rules.h"
#include "quern/base/error.h"
#include "query/match/match.h"
#include "query/update/update.h"
#include "query/value/sort.h"

namespace quern::engine {
namespace {

// So many records of a multi statement are known before they are written.
constexpr std::size_t kChunk = 10'000;
// How often an upsert is tried again that finds nothing to update and then something in its way.
constexpr int kUpsertAttempts = 10;

// A selection, ready to be looked for. Encrypted filters are rewritten anew in every attempt, since
// their tags depend on counters.
class Search {
 public:
  Search(Operation& operation, const Namespace& ns, const Selection& selection)
      : selection_(selection) {
    bson::View filter = selection.filter;
    if (selection.fields != nullptr) {
      rewritten_ =
          qe::rewrite_filter(operation, ns, *selection.fields, filter, selection.too_many_tags);
      filter = rewritten_;
    }
    matcher_ = query::Matcher::parse(filter, selection.context);
    if (!selection.sort.empty()) sort_ = query::SortPattern::parse(selection.sort);
    point_ = point_id(filter);
    if (selection.hint) point_.reset();
  }

  const query::Matcher& matcher() const { return matcher_; }
  // The filter is nothing but an _id: there is at most one document, and no need to search.
  bool is_point() const { return point_.has_value(); }

  // The record to write, if there is one; not yet locked.
  std::optional<RecordId> first(Operation& operation, const Collection& collection) const {
    if (point_) return record_id_of(*point_);
    const query::SortPattern* sort = sort_ ? &*sort_ : nullptr;
    const PlannedQuery query(collection, matcher_, sort, selection_.hint);
    QueryContext context(operation, operation.reader());
    const auto source = query.open(context);
    std::optional<RecordId> best;
    bson::Document best_document;
    while (source->next()) {
      if (!best || sort->compare(source->document(), best_document) < 0) {
        best.emplace(source->record_id());
        if (sort == nullptr || query.plan().provides_sort) break;
        best_document = bson::Document(source->document());
      }
    }
    return best;
  }

  bson::ValueView hint() const { return selection_.hint; }

 private:
  const Selection& selection_;
  bson::Document rewritten_;
  query::Matcher matcher_;
  std::optional<query::SortPattern> sort_;
  std::optional<bson::ValueView> point_;
};

// The records of a multi statement, from one snapshot, a chunk at a time; writes may come between.
// A transaction of the client's would see them, and meet again what it has moved ahead: its records
// are one chunk.
class Chunks {
 public:
  Chunks(Operation& operation, const Collection& collection, const Search& search)
      : limit_(operation.in_session_transaction() ? SIZE_MAX : kChunk),
        context_(operation.query_context()),
        source_(
            PlannedQuery(collection, search.matcher(), nullptr, search.hint()).open(*context_)) {
    context_->keep();
  }

  // Empty at the end.
  const std::vector<RecordId>& next() {
    records_.clear();
    while (records_.size() < limit_ && source_->next()) records_.emplace_back(source_->record_id());
    return records_;
  }

 private:
  std::size_t limit_;
  std::shared_ptr<QueryContext> context_;
  std::unique_ptr<RecordSource> source_;
  std::vector<RecordId> records_;
};

// Runs write for each record, a write body each.
template <class Write>
void write_each(Operation& operation, const Collection& collection, const Search& search,
                Write write) {
  Chunks chunks(operation, collection, search);
  for (const auto* records = &chunks.next(); !records->empty(); records = &chunks.next()) {
    for (const RecordId& record : *records) {
      operation.check_interrupt();
      write(record);
    }
  }
}

// Inside the write body of a statement.
void remember(Operation& operation, const ModifyResult& result) {
  if (operation.retryable() == nullptr) return;
  bson::Builder remembered;
  remembered.append("n", result.matched).append("nModified", result.modified);
  if (result.upserted_id) remembered.append("upserted", *result.upserted_id);
  if (result.image) remembered.append("value", *result.image);
  operation.retryable()->remember(operation.transaction(), remembered.finish());
}

// What the statement did when it was sent before.
std::optional<ModifyResult> recall(Operation& operation, const Selection& selection) {
  if (operation.retryable() == nullptr) return std::nullopt;
  if (selection.multi) {
    throw DatabaseError(ErrorCode::kInvalidOptions,
                        "Cannot use retryable writes with multi=true or limit=0: leave the "
                        "txnNumber out");
  }
  const auto remembered = operation.retryable()->recall();
  if (!remembered) return std::nullopt;
  ModifyResult result;
  result.matched = (*remembered)["n"].as_int64();
  result.modified = (*remembered)["nModified"].as_int64();
  if (const bson::Element id = (*remembered)["upserted"]) result.upserted_id.emplace(id.value());
  if (const bson::Element image = (*remembered)["value"]) {
    result.image.emplace(image.as_document());
  }
  return result;
}

// Does a record still have to match when it is locked? Not if it was found in the snapshot that the
// lock is checked against, or by nothing but its _id.
enum class Recheck { kNo, kYes };

class Updater {
 public:
  Updater(Operation& operation, const Namespace& ns, const UpdateStatement& statement)
      : operation_(operation), ns_(ns), statement_(statement) {
    checks_.bypass = statement.bypass_validation;
    checks_.now = operation.now();
    checks_.encryption_processed = statement.selection.fields != nullptr;
  }

  ModifyResult run() {
    if (fields() != nullptr) {
      run_single(nullptr, nullptr);
      return std::move(result_);
    }
    const Search search(operation_, ns_, statement_.selection);
    const query::Update update = parse(statement_.update);
    if (!statement_.selection.multi) {
      run_single(&search, &update);
      return std::move(result_);
    }
    run_multi(search, update);
    if (result_.matched == 0 && statement_.upsert) run_single(&search, &update);
    return std::move(result_);
  }

 private:
  const schema::EncryptedFields* fields() const { return statement_.selection.fields; }

  query::Update parse(bson::ValueView update) const {
    return query::Update::parse(update, statement_.array_filters, statement_.selection.context);
  }

  void run_single(const Search* search, const query::Update* update) {
    const bool by_id = search != nullptr && search->is_point();
    const storage::TransactionOptions options = {.snapshot = !by_id};
    for (int attempt = 1;; ++attempt) {
      try {
        write_transaction(
            operation_,
            [&] {
              result_ = {};
              if (search != nullptr) {
                single(*search, *update);
                return remember(operation_, result_);
              }
              const Search rewritten(operation_, ns_, statement_.selection);
              const bson::Value prepared =
                  qe::prepare_update(operation_, ns_, *fields(), statement_.update, checks_.bypass);
              single(rewritten, parse(prepared));
              remember(operation_, result_);
            },
            options);
        return;
      } catch (const DuplicateKeyError&) {
        // Somebody inserted what this upsert was about to insert: it may be there to update now.
        if (!upserting_ || operation_.in_session_transaction() || attempt == kUpsertAttempts) {
          throw;
        }
      }
    }
  }

  void single(const Search& search, const query::Update& update) {
    upserting_ = false;
    const Collection* collection = operation_.collection(ns_);
    if (collection == nullptr) {
      if (!statement_.upsert) return;
      collection = fields() != nullptr ? &qe::existing_collection(operation_, ns_)
                                       : &operation_.collection_or_create(ns_);
    }
    if (const auto record = search.first(operation_, *collection)) {
      if (modify(*collection, *record, search, update, Recheck::kNo)) return;
      if (!search.is_point()) {
        throw Error(ErrorCode::kInternalError, "a record vanished from its own snapshot");
      }
    }
    if (statement_.upsert) insert(*collection, search, update);
  }

  // False when the record is not there, or does not match, any more.
  bool modify(const Collection& collection, const RecordId& record, const Search& search,
              const query::Update& update, Recheck recheck) {
    storage::PinnedValue pinned;
    const auto before = collection.lock(operation_, record, pinned);
    if (!before) return false;
    if (recheck == Recheck::kYes && !search.matcher().matches(*before)) return false;
    query::Update::Outcome outcome = update.apply(*before, search.matcher());
    if (fields() != nullptr) {
      const schema::EncryptedFields* stored = collection.encrypted_fields();
      outcome.document = qe::finish_update(stored ? *stored : *fields(), outcome.document);
      outcome.modified = true;
    }
    if (outcome.modified) {
      check_update(collection, *before, outcome.document, checks_);
      collection.update(operation_, record, *before, outcome.document);
    }
    ++result_.matched;
    result_.modified += outcome.modified ? 1 : 0;
    if (statement_.image == Image::kBefore) result_.image.emplace(*before);
    if (statement_.image == Image::kAfter) result_.image = std::move(outcome.document);
    return true;
  }

  void insert(const Collection& collection, const Search& search, const query::Update& update) {
    upserting_ = true;
    bson::Document document = update.apply_upsert(search.matcher());
    if (fields() != nullptr && !checks_.bypass) qe::check_upserted(*fields(), document);
    bson::Document scratch;
    const bson::View complete = with_id(document, operation_.engine().object_ids(), scratch);
    check_insert(collection, complete, checks_);
    collection.insert(operation_, complete);
    result_.upserted_id.emplace(complete.front().value());
    if (statement_.image == Image::kAfter) result_.image.emplace(complete);
  }

  void run_multi(const Search& search, const query::Update& update) {
    const Collection* found = operation_.collection(ns_);
    if (found == nullptr) return;
    write_each(operation_, *found, search, [&](const RecordId& record) {
      const std::int64_t matched = result_.matched;
      const std::int64_t modified = result_.modified;
      write_transaction(operation_,
                        [&] {
                          result_.matched = matched;
                          result_.modified = modified;
                          if (const Collection* collection = operation_.collection(ns_)) {
                            modify(*collection, record, search, update, Recheck::kYes);
                          }
                        },
                        {.snapshot = false});
    });
  }

  Operation& operation_;
  const Namespace& ns_;
  const UpdateStatement& statement_;
  WriteChecks checks_;
  bool upserting_ = false;
  ModifyResult result_;
};

class Deleter {
 public:
  Deleter(Operation& operation, const Namespace& ns, const Selection& selection, Image image)
      : operation_(operation), ns_(ns), selection_(selection), image_(image) {}

  ModifyResult run() {
    if (selection_.multi) {
      multi(Search(operation_, ns_, selection_));
    } else if (selection_.fields != nullptr) {
      write_transaction(operation_, [&] { single(Search(operation_, ns_, selection_)); });
    } else {
      const Search search(operation_, ns_, selection_);
      write_transaction(operation_, [&] { single(search); }, {.snapshot = !search.is_point()});
    }
    return std::move(result_);
  }

 private:
  void single(const Search& search) {
    result_ = {};
    if (const Collection* collection = operation_.collection(ns_)) {
      if (const auto record = search.first(operation_, *collection)) {
        remove(*collection, *record, search, Recheck::kNo);
      }
    }
    remember(operation_, result_);
  }

  void multi(const Search& search) {
    const Collection* found = operation_.collection(ns_);
    if (found == nullptr) return;
    write_each(operation_, *found, search, [&](const RecordId& record) {
      const std::int64_t before = result_.matched;
      write_transaction(operation_,
                        [&] {
                          result_.matched = before;
                          if (const Collection* collection = operation_.collection(ns_)) {
                            remove(*collection, record, search, Recheck::kYes);
                          }
                        },
                        {.snapshot = false});
    });
  }

  void remove(const Collection& collection, const RecordId& record, const Search& search,
              Recheck recheck) {
    storage::PinnedValue pinned;
    const auto before = collection.lock(operation_, record, pinned);
    if (!before) return;
    if (recheck == Recheck::kYes && !search.matcher().matches(*before)) return;
    collection.remove(operation_, record, *before);
    ++result_.matched;
    if (image_ == Image::kBefore) result_.image.emplace(*before);
  }

  Operation& operation_;
  const Namespace& ns_;
  const Selection& selection_;
  const Image image_;
  ModifyResult result_;
};

}  // namespace

ModifyResult update_documents(Operation& operation, const Namespace& ns,
                              const UpdateStatement& statement) {
  if (const auto earlier = recall(operation, statement.selection)) return *earlier;
  return Updater(operation, ns, statement).run();
}

ModifyResult delete_documents(Operation& operation, const Namespace& ns, const Selection& selection,
                              Image image) {
  if (const auto earlier = recall(operation, selection)) return *earlier;
  return Deleter(operation, ns, selection, image).run();
}

}  // namespace quern::engine
