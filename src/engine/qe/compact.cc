// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/compact.h"

#include <fmt/format.h>

#include <array>
#include <exception>
#include <optional>
#include <unordered_set>
#include <vector>

#include "engine/qe/compaction_command.h"
#include "engine/qe/esc_compaction.h"
#include "engine/qe/state_collections.h"
#include "engine/session/compaction_locks.h"
#include "engine/session/engine.h"
#include "engine/session/retry.h"

namespace quern::engine::qe {
namespace {

using protocol::EscId;

struct Statistics {
  std::int64_t ecoc_read = 0;
  std::int64_t esc_read = 0;
  EscChanges esc;
  std::int64_t esc_deleted = 0;

  Statistics& operator+=(const Statistics& other) {
    ecoc_read += other.ecoc_read;
    esc_read += other.esc_read;
    esc += other.esc;
    esc_deleted += other.esc_deleted;
    return *this;
  }

  bson::Document reply() const {
    bson::Builder b;
    b.open_document("stats");
    b.open_document("ecoc").append("read", ecoc_read).append("deleted", std::int64_t{0}).close();
    b.open_document("esc").append("read", esc_read).append("inserted", esc.inserted);
    b.append("updated", esc.updated).append("deleted", esc_deleted).close();
    b.close();
    return b.finish();
  }
};

class TokenSet {
 public:
  void add(EscToken token) {
    const std::string_view bytes = as_text(token.bytes());  // stays in place when the token moves
    if (known_.insert(bytes).second) tokens_.push_back(std::move(token));
  }
  void add(TokenSet&& other) {
    for (EscToken& token : other.tokens_) add(std::move(token));
  }
  bool contains(const EscToken& token) const { return known_.contains(as_text(token.bytes())); }

 private:
  std::unordered_set<std::string_view> known_;
  std::vector<EscToken> tokens_;
};

// One run of compact or cleanup:
//
//   1  ECOC becomes ECOC.compact, a new ECOC begins
//   2  for some records of ECOC.compact at a time, in one transaction: fold the counters of their
//      tokens, delete the uses and anchors that the folds made superfluous, and the records; those
//      of tokens that the ESC doesn't know go back into the ECOC
//   3  drop ECOC.compact, which is empty by now
//
// Each transaction leaves a state in which nothing is left over, so that a run which finds an
// ECOC.compact just goes on with step 2.
class CompactionRun {
 public:
  CompactionRun(Operation& op, const Namespace& ns, const schema::EncryptedFields& fields,
                CompactionKind kind, const CompactionLimits& limits)
      : op_(op),
        ns_(ns),
        fields_(fields),
        kind_(kind),
        limits_(limits),
        ecoc_{ns.database, fields.ecoc_collection()},
        temporary_{ns.database, fields.ecoc_collection() + ".compact"} {}

  Statistics run(const CompactionCommand& command) {
    const bool resumed = exists(temporary_);
    if (!resumed && !exists(ecoc_)) return statistics_;
    const CompactionCommand::Tokens ecoc_tokens = command.tokens(fields_);
    if (!resumed) catalog().rename(ecoc_, temporary_, false, &op_);
    create_ecoc();
    while (fold_next_records(ecoc_tokens)) {
    }
    catalog().drop(temporary_, &op_);
    if (problem_) std::rethrow_exception(problem_);
    return statistics_;
  }

 private:
  struct Record {
    bson::Document document;
    std::optional<EscToken> token;
    bool put_back = false;
  };
  // What one transaction does.
  struct Batch {
    std::vector<Record> records;  // that it has done with
    TokenSet folded;
    std::vector<EscId> superfluous;
    std::exception_ptr problem;
    Statistics statistics;
    bool last = false;
  };

  Catalog& catalog() { return op_.engine().catalog(); }
  bool exists(const Namespace& ns) { return catalog().snapshot()->find(ns) != nullptr; }

  void create_ecoc() {
    try {
      catalog().create(ecoc_, state_collection_options());
    } catch (const Error& error) {
      if (!error.is(ErrorCode::kNamespaceExists)) throw;  // an insert was faster
    }
  }

  // False when there are no more.
  bool fold_next_records(const CompactionCommand::Tokens& ecoc_tokens) {
    Batch batch = write_transaction(op_, [&] {
      Batch batch;
      const Collection* temporary = op_.collection(temporary_);
      batch.last = temporary == nullptr;  // dropped by somebody
      if (temporary == nullptr) return batch;
      read_records(*temporary, ecoc_tokens, batch);
      fold(batch);
      move_records(*temporary, batch);
      return batch;
    });
    if (!batch.records.empty()) done_ = record_id_of(batch.records.back().document["_id"]);
    folded_.add(std::move(batch.folded));
    statistics_ += batch.statistics;
    if (!problem_) problem_ = batch.problem;
    return !batch.last;
  }

  void read_records(const Collection& temporary, const CompactionCommand::Tokens& ecoc_tokens,
                    Batch& batch) {
    RecordCursor cursor = temporary.scan(op_, done_);
    while (batch.records.size() < limits_.records) {
      if (!cursor.next()) {
        batch.last = true;
        return;
      }
      op_.check_interrupt();
      Record& record = batch.records.emplace_back(Record{bson::Document(cursor.document()), {}});
      decrypt(ecoc_tokens, record, batch);
    }
  }

  // Finds the record's token. Those of fields that the collection doesn't have get none.
  void decrypt(const CompactionCommand::Tokens& ecoc_tokens, Record& record, Batch& batch) {
    const bson::Element path = record.document["fieldName"];
    const bson::Element value = record.document["value"];
    if (!path.is_string() || !value.is_binary(bson::BinarySubtype::kGeneric)) return;
    const auto key = ecoc_tokens.find(path.as_string());
    if (key == ecoc_tokens.end()) return;
    try {
      record.token = protocol::decrypt_ecoc_value(key->second.ecoc, value.as_binary().bytes,
                                                  key->second.record_extra)
                         .token;
    } catch (const Error&) {  // the value isn't of a field with this query type
      record.put_back = true;
      if (!batch.problem) batch.problem = std::current_exception();
    }
  }

  // Folds the tokens of the batch's records, as far as its deletions reach: the records from there
  // on leave the batch.
  void fold(Batch& batch) {
    StateCollections state(op_, ns_, fields_);
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      op_.check_interrupt();
      if (!fold(state, batch.records[i], batch)) {
        batch.records.resize(i);
        batch.last = false;
      }
    }
    for (const Record& record : batch.records) {
      if (record.token || record.put_back) ++batch.statistics.ecoc_read;
    }
    shuffle(batch.superfluous);
    for (const EscId& id : batch.superfluous) {
      op_.check_interrupt();
      if (state.remove(id)) ++batch.statistics.esc_deleted;
    }
    batch.statistics.esc_read +=
        static_cast<std::int64_t>(state.reads() + batch.superfluous.size());
  }

  // False when the record must be looked at again, in another batch.
  bool fold(StateCollections& state, Record& record, Batch& batch) {
    if (!record.token || folded_.contains(*record.token) || batch.folded.contains(*record.token)) {
      return true;
    }
    const std::size_t left = limits_.deletions - batch.superfluous.size();
    if (left == 0) return false;
    const EscFold fold = kind_ == CompactionKind::kCompact
                             ? compact_token(state, *record.token, op_.engine().random(), left)
                             : cleanup_token(state, *record.token, op_.engine().random(), left);
    if (fold.unknown) {
      record.put_back = true;
      if (!batch.problem) batch.problem = std::make_exception_ptr(unknown_token());
      return true;
    }
    batch.statistics.esc += fold.changes;
    const protocol::EscTwiceDerivedTagToken ids(*record.token);
    for (std::uint64_t n = fold.uses.first; n <= fold.uses.last; ++n) {
      batch.superfluous.push_back(ids.non_anchor_id(n));
    }
    for (std::uint64_t n = fold.anchors.first; n <= fold.anchors.last; ++n) {
      batch.superfluous.push_back(ids.anchor_id(n));
    }
    if (fold.more) return false;
    batch.folded.add(*std::move(record.token));
    return true;
  }

  Error unknown_token() const {
    const bool compact = kind_ == CompactionKind::kCompact;
    return Error(
        compact ? 7666502 : 7618816,
        fmt::format("The encrypted state collection knows nothing of a value that was to "
                    "be {}: the {} tokens belong to other keys, or a client wrote a "
                    "record that is none; what could be done was done, and such records "
                    "are kept",
                    compact ? "compacted" : "cleaned up", compact ? "compaction" : "cleanup"));
  }

  // Which ids were deleted one after the other doesn't tell which belong to one token.
  void shuffle(std::vector<EscId>& ids) {
    for (std::size_t left = ids.size(); left > 1; --left) {
      std::array<std::uint8_t, 8> random;
      op_.engine().random().fill(random);
      std::swap(ids[left - 1], ids[load_le<std::uint64_t>(random.data()) % left]);
    }
  }

  // Deletes the records that were dealt with. Those that couldn't be folded go back into the ECOC,
  // for a run that may have the right tokens.
  void move_records(const Collection& temporary, const Batch& batch) {
    for (const Record& record : batch.records) {
      op_.check_interrupt();
      const bson::ValueView id = record.document["_id"].value();
      temporary.remove(op_, record_id_of(id), record.document);
      if (!record.put_back) continue;
      const Collection& ecoc = op_.collection_or_create(ecoc_, state_collection_options());
      storage::PinnedValue pinned;  // a restored dump may have it in both
      if (!ecoc.find_by_id(op_, id, pinned)) ecoc.insert(op_, record.document);
    }
  }

  Operation& op_;
  const Namespace& ns_;
  const schema::EncryptedFields& fields_;
  CompactionKind kind_;
  CompactionLimits limits_;
  Namespace ecoc_;
  Namespace temporary_;
  RecordId done_;               // the last record that was dealt with
  TokenSet folded_;             // by this run
  std::exception_ptr problem_;  // the first; thrown when all else is done
  Statistics statistics_;
};

bson::Document run(Operation& op, const Namespace& ns, const schema::EncryptedFields* stored,
                   bson::View command, CompactionKind kind, const CompactionLimits& limits) {
  const CompactionCommand parsed = CompactionCommand::parse(command, kind);
  if (stored == nullptr) {
    throw Error(6346807, fmt::format("'{}' is not an encrypted collection", ns.to_string()));
  }
  parsed.check_covers(*stored);
  const CompactionLocks::Guard guard(op.engine().compaction_locks(), op, ns);
  return CompactionRun(op, ns, *stored, kind, limits).run(parsed).reply();
}

}  // namespace

bson::Document compact(Operation& op, const Namespace& ns, const schema::EncryptedFields* stored,
                       bson::View command, const CompactionLimits& limits) {
  return run(op, ns, stored, command, CompactionKind::kCompact, limits);
}

bson::Document cleanup(Operation& op, const Namespace& ns, const schema::EncryptedFields* stored,
                       bson::View command, const CompactionLimits& limits) {
  return run(op, ns, stored, command, CompactionKind::kCleanup, limits);
}

void check_compact_command(bson::View command) {
  CompactionCommand::parse(command, CompactionKind::kCompact);
}

void check_cleanup_command(bson::View command) {
  CompactionCommand::parse(command, CompactionKind::kCleanup);
}

}  // namespace quern::engine::qe
