// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/compact.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <unordered_set>
#include <vector>

#include "engine/engine.h"
#include "engine/qe/compaction_command.h"
#include "engine/qe/compaction_locks.h"
#include "engine/qe/esc_compaction.h"
#include "engine/qe/state_collections.h"
#include "engine/retry.h"

namespace quern::engine::qe {
namespace {

using crypto::EscId;

// Tokens, or deletions or records, a transaction.
constexpr std::size_t kTokensPerTransaction = 64;
constexpr std::size_t kDocumentsPerTransaction = 512;
// Ids of superfluous documents that are collected, and shuffled, before they are deleted: 2 MiB.
constexpr std::size_t kPendingDeletions = 64 * 1024;

struct Statistics {
  std::int64_t ecoc_read = 0;
  std::int64_t esc_read = 0;
  EscChanges esc;
  std::int64_t esc_deleted = 0;

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

// The distinct tokens of the records that a compaction found.
class TokenSet {
 public:
  void add(EscToken token) {
    const std::string_view bytes = as_text(token.bytes());  // stays in place when the token moves
    if (known_.insert(bytes).second) tokens_.push_back(std::move(token));
  }
  const std::vector<EscToken>& tokens() const { return tokens_; }

 private:
  std::unordered_set<std::string_view> known_;
  std::vector<EscToken> tokens_;
};

// One run of compact or cleanup. Its steps, each a transaction or several, leave a state that the
// next run can go on from:
//
//   1  ECOC becomes ECOC.compact, a new ECOC begins
//   2  fold the counters of every token recorded in ECOC.compact, 64 a transaction, and delete the
//      uses and anchors that the folds made superfluous: when there are many, else at the end
//   3  put records of tokens that the ESC doesn't know back into the ECOC
//   4  drop ECOC.compact
//
// Nothing is deleted but what an anchor stands for that is already committed, so that no counter
// depends on which records there were. A run that finds an ECOC.compact was interrupted before: it
// goes on with step 2, and deletes all that is superfluous of each token, since it can't know how
// much of it the other run has deleted.
class CompactionRun {
 public:
  CompactionRun(Operation& op, const Namespace& ns, const schema::EncryptedFields& fields,
                CompactionKind kind)
      : op_(op),
        ns_(ns),
        fields_(fields),
        kind_(kind),
        ecoc_{ns.database, fields.ecoc_collection()},
        temporary_{ns.database, fields.ecoc_collection() + ".compact"} {}

  Statistics run(const CompactionCommand& command) {
    const bool resumed = exists(temporary_);
    if (!resumed && !exists(ecoc_)) return statistics_;
    const CompactionCommand::Tokens ecoc_tokens = command.tokens(fields_);
    if (!resumed) catalog().rename(ecoc_, temporary_, false, &op_);
    create_ecoc();
    const TokenSet tokens = read_records(ecoc_tokens);
    fold(tokens, resumed ? EscLeftovers::kAll : EscLeftovers::kOfThisFold);
    delete_pending();
    if (problem_) put_back(ecoc_tokens);
    catalog().drop(temporary_, &op_);
    if (problem_) std::rethrow_exception(problem_);
    return statistics_;
  }

 private:
  Catalog& catalog() { return op_.engine().catalog(); }
  bool exists(const Namespace& ns) { return catalog().snapshot()->find(ns) != nullptr; }

  void create_ecoc() {
    try {
      catalog().create(ecoc_, state_collection_options());
    } catch (const Error& error) {
      if (!error.is(ErrorCode::kNamespaceExists)) throw;  // an insert was faster
    }
  }

  // Calls visit(document, path's token, value) for each record of a path that has a token; others
  // are of fields that the collection doesn't have.
  template <class Visit>
  void for_each_record(const CompactionCommand::Tokens& ecoc_tokens, const Visit& visit) {
    const Collection* temporary = op_.collection(temporary_);
    if (temporary == nullptr) return;
    RecordCursor cursor = temporary->scan(op_);
    while (cursor.next()) {
      op_.check_interrupt();
      const bson::Element path = cursor.document()["fieldName"];
      const bson::Element value = cursor.document()["value"];
      if (!path.is_string() || !value.is_binary(bson::BinarySubtype::kGeneric)) continue;
      const auto token = ecoc_tokens.find(path.as_string());
      if (token == ecoc_tokens.end()) continue;
      visit(cursor.document(), token->second, value.as_binary().bytes);
    }
  }

  TokenSet read_records(const CompactionCommand::Tokens& ecoc_tokens) {
    return write_transaction(op_, [&] {
      TokenSet tokens;
      std::int64_t read = 0;
      for_each_record(ecoc_tokens, [&](bson::View, const crypto::EcocToken& key, BytesView value) {
        ++read;
        if (auto token = decrypted(key, value)) tokens.add(std::move(*token));
      });
      statistics_.ecoc_read = read;
      return tokens;
    });
  }

  // Nothing, and a problem noted, for a value that isn't of an equality field.
  std::optional<EscToken> decrypted(const crypto::EcocToken& key, BytesView value) {
    try {
      return crypto::decrypt_ecoc_value(key, value);
    } catch (const Error&) {
      note_problem(std::current_exception());
      return std::nullopt;
    }
  }

  void note_problem(std::exception_ptr problem) {
    if (!problem_) problem_ = std::move(problem);
  }

  void fold(const TokenSet& tokens, EscLeftovers leftovers) {
    const auto& all = tokens.tokens();
    for (std::size_t from = 0; from < all.size(); from += kTokensPerTransaction) {
      const std::size_t to = std::min(from + kTokensPerTransaction, all.size());
      std::vector<EscFold> folds;
      std::uint64_t reads = 0;
      write_transaction(op_, [&] {
        folds.clear();
        StateCollections state(op_, ns_, fields_);
        for (std::size_t i = from; i < to; ++i) {
          op_.check_interrupt();
          folds.push_back(kind_ == CompactionKind::kCompact
                              ? compact_token(state, all[i], RandomSource::system(), leftovers)
                              : cleanup_token(state, all[i], RandomSource::system(), leftovers));
        }
        reads = state.reads();
      });
      statistics_.esc_read += static_cast<std::int64_t>(reads);
      for (std::size_t i = from; i < to; ++i) finish(all[i], folds[i - from]);
    }
  }

  // After the fold was committed.
  void finish(const EscToken& token, const EscFold& fold) {
    if (fold.unknown) {
      unknown_.insert(as_text(token.bytes()));
      note_problem(std::make_exception_ptr(unknown_token()));
      return;
    }
    statistics_.esc += fold.changes;
    const crypto::EscTwiceDerivedTagToken ids(token);
    for (std::uint64_t n = fold.uses.first; n <= fold.uses.last; ++n) {
      add_pending(ids.non_anchor_id(n));
    }
    for (std::uint64_t n = fold.anchors.first; n <= fold.anchors.last; ++n) {
      add_pending(ids.anchor_id(n));
    }
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

  void add_pending(const EscId& id) {
    pending_.push_back(id);
    if (pending_.size() == kPendingDeletions) delete_pending();
  }

  // In random order: which ids were deleted together doesn't tell which belong to one token.
  void delete_pending() {
    for (std::size_t left = pending_.size(); left > 1; --left) {
      std::array<std::uint8_t, 8> random;
      random_bytes(random);
      std::swap(pending_[left - 1], pending_[load_le<std::uint64_t>(random.data()) % left]);
    }
    for (std::size_t from = 0; from < pending_.size(); from += kDocumentsPerTransaction) {
      const std::size_t to = std::min(from + kDocumentsPerTransaction, pending_.size());
      std::int64_t deleted = 0;
      write_transaction(op_, [&] {
        deleted = 0;
        StateCollections state(op_, ns_, fields_);
        for (std::size_t i = from; i < to; ++i) {
          op_.check_interrupt();
          if (state.remove(pending_[i])) ++deleted;
        }
      });
      statistics_.esc_deleted += deleted;
      statistics_.esc_read += static_cast<std::int64_t>(to - from);
    }
    pending_.clear();
  }

  // Records that couldn't be folded are for the next run, which may have the right tokens.
  void put_back(const CompactionCommand::Tokens& ecoc_tokens) {
    std::vector<bson::Document> kept;
    write_transaction(op_, [&] {
      kept.clear();
      for_each_record(ecoc_tokens,
                      [&](bson::View record, const crypto::EcocToken& key, BytesView value) {
                        const auto token = decrypted(key, value);
                        if (!token || unknown_.contains(as_text(token->bytes()))) {
                          kept.emplace_back(record);
                        }
                      });
    });
    for (std::size_t from = 0; from < kept.size(); from += kDocumentsPerTransaction) {
      const std::size_t to = std::min(from + kDocumentsPerTransaction, kept.size());
      write_transaction(op_, [&] {
        const Collection& ecoc = op_.collection_or_create(ecoc_, state_collection_options());
        for (std::size_t i = from; i < to; ++i) {
          storage::PinnedValue pinned;  // there already if a run was killed after this step
          if (!ecoc.find_by_id(op_, kept[i]["_id"], pinned)) ecoc.insert(op_, kept[i]);
        }
      });
    }
  }

  Operation& op_;
  const Namespace& ns_;
  const schema::EncryptedFields& fields_;
  CompactionKind kind_;
  Namespace ecoc_;
  Namespace temporary_;
  std::vector<EscId> pending_;                    // superfluous, to be deleted
  std::unordered_set<std::string_view> unknown_;  // tokens that the ESC doesn't know
  std::exception_ptr problem_;                    // the first; thrown when all else is done
  Statistics statistics_;
};

bson::Document run(Operation& op, const Namespace& ns, const schema::EncryptedFields* stored,
                   bson::View command, CompactionKind kind) {
  const CompactionCommand parsed = CompactionCommand::parse(command, kind);
  if (stored == nullptr) {
    throw Error(6346807, fmt::format("'{}' is not an encrypted collection", ns.to_string()));
  }
  parsed.check_covers(*stored);
  const CompactionLocks::Guard guard(op.engine().compaction_locks(), op, ns);
  return CompactionRun(op, ns, *stored, kind).run(parsed).reply();
}

}  // namespace

bson::Document compact(Operation& op, const Namespace& ns, const schema::EncryptedFields* stored,
                       bson::View command) {
  return run(op, ns, stored, command, CompactionKind::kCompact);
}

bson::Document cleanup(Operation& op, const Namespace& ns, const schema::EncryptedFields* stored,
                       bson::View command) {
  return run(op, ns, stored, command, CompactionKind::kCleanup);
}

void check_compact_command(bson::View command) {
  CompactionCommand::parse(command, CompactionKind::kCompact);
}

void check_cleanup_command(bson::View command) {
  CompactionCommand::parse(command, CompactionKind::kCleanup);
}

}  // namespace quern::engine::qe
