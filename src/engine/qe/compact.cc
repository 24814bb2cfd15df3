// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/compact.h"

#include <fmt/format.h>

#include <algorithm>
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

using crypto::EscDerivedFromDataTokenAndContentionFactor;
using crypto::EscId;

// Ids that one run deletes at most, and anchors too: MongoDB's maxCompactionSize of 256 MiB.
constexpr std::size_t kMaxDeletions = (std::size_t{256} << 20) / sizeof(EscId);
// Tokens, or deletions, a transaction.
constexpr std::size_t kTokensPerTransaction = 64;
constexpr std::size_t kDeletionsPerTransaction = 512;

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
  void add(EscDerivedFromDataTokenAndContentionFactor token) {
    const std::string_view bytes = as_text(token.bytes());  // stays in place when the token moves
    if (known_.insert(bytes).second) tokens_.push_back(std::move(token));
  }
  const std::vector<EscDerivedFromDataTokenAndContentionFactor>& tokens() const { return tokens_; }

 private:
  std::unordered_set<std::string_view> known_;
  std::vector<EscDerivedFromDataTokenAndContentionFactor> tokens_;
};

// One run of compact or cleanup. Its steps, each a transaction or several, leave a state that the
// next run can go on from:
//
//   1  note the non-anchors that are there          (they are deleted in step 4)
//   2  ECOC becomes ECOC.compact, a new ECOC begins
//   3  fold the counters of every token recorded in ECOC.compact
//   4  delete the noted non-anchors, and anchors that cleanup replaced
//   5  drop ECOC.compact
//
// Each noted non-anchor has its record in ECOC.compact, because 1 comes before 2 and because step 2
// waits for transactions that write to the ECOC: after step 3 its token has an anchor that stands
// for it. A run that finds an ECOC.compact was interrupted before; it goes on with step 3 and
// deletes nothing in step 4.
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
    if (!resumed) {
      note_non_anchors();
      catalog().rename(ecoc_, temporary_);
    }
    create_ecoc();
    fold(read_records(ecoc_tokens));
    remove(deletable_);
    remove(obsolete_);
    catalog().drop(temporary_);
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

  void note_non_anchors() {
    write_transaction(op_, [&] {
      deletable_.clear();
      const Collection* esc = op_.collection({ns_.database, fields_.esc_collection()});
      if (esc == nullptr) return;
      RecordCursor cursor = esc->scan(op_);
      while (deletable_.size() < kMaxDeletions && cursor.next()) {
        op_.check_interrupt();
        const bson::View document = cursor.document();
        const bson::Element id = document["_id"];
        if (document.contains("value") || !id.is_binary(bson::BinarySubtype::kGeneric)) continue;
        const BytesView bytes = id.as_binary().bytes;
        EscId& noted = deletable_.emplace_back();
        if (bytes.size() != noted.size()) {
          deletable_.pop_back();
          continue;
        }
        std::copy(bytes.begin(), bytes.end(), noted.begin());
      }
    });
    statistics_.esc_read += static_cast<std::int64_t>(deletable_.size());
  }

  TokenSet read_records(const CompactionCommand::Tokens& ecoc_tokens) {
    return write_transaction(op_, [&] {
      TokenSet tokens;
      std::int64_t read = 0;
      const Collection* temporary = op_.collection(temporary_);
      if (temporary == nullptr) return tokens;
      RecordCursor cursor = temporary->scan(op_);
      while (cursor.next()) {
        op_.check_interrupt();
        const bson::Element path = cursor.document()["fieldName"];
        const bson::Element value = cursor.document()["value"];
        if (!path.is_string() || !value.is_binary(bson::BinarySubtype::kGeneric)) continue;
        const auto token = ecoc_tokens.find(path.as_string());
        if (token == ecoc_tokens.end()) continue;
        ++read;
        tokens.add(crypto::decrypt_ecoc_value(token->second, value.as_binary().bytes));
      }
      statistics_.ecoc_read = read;
      return tokens;
    });
  }

  void fold(const TokenSet& tokens) {
    const auto& all = tokens.tokens();
    for (std::size_t from = 0; from < all.size(); from += kTokensPerTransaction) {
      const std::size_t to = std::min(from + kTokensPerTransaction, all.size());
      std::vector<EscId> obsolete;
      EscChanges changes;
      std::uint64_t reads = 0;
      write_transaction(op_, [&] {
        obsolete.clear();
        changes = {};
        StateCollections state(op_, ns_, fields_);
        for (std::size_t i = from; i < to; ++i) {
          op_.check_interrupt();
          changes += kind_ == CompactionKind::kCompact
                         ? compact_token(state, all[i], RandomSource::system())
                         : cleanup_token(state, all[i], RandomSource::system(), obsolete);
        }
        reads = state.reads();
      });
      statistics_.esc += changes;
      statistics_.esc_read += static_cast<std::int64_t>(reads);
      const std::size_t room = kMaxDeletions - obsolete_.size();
      obsolete.resize(std::min(obsolete.size(), room));  // the rest stays as harmless garbage
      obsolete_.insert(obsolete_.end(), obsolete.begin(), obsolete.end());
    }
  }

  void remove(const std::vector<EscId>& ids) {
    for (std::size_t from = 0; from < ids.size(); from += kDeletionsPerTransaction) {
      const std::size_t to = std::min(from + kDeletionsPerTransaction, ids.size());
      std::int64_t deleted = 0;
      write_transaction(op_, [&] {
        deleted = 0;
        StateCollections state(op_, ns_, fields_);
        for (std::size_t i = from; i < to; ++i) {
          op_.check_interrupt();
          if (state.remove(ids[i])) ++deleted;
        }
      });
      statistics_.esc_deleted += deleted;
    }
  }

  Operation& op_;
  const Namespace& ns_;
  const schema::EncryptedFields& fields_;
  CompactionKind kind_;
  Namespace ecoc_;
  Namespace temporary_;
  std::vector<EscId> deletable_;
  std::vector<EscId> obsolete_;
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
