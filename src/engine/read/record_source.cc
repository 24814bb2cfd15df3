// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/read/record_source.h"

#include <string>
#include <unordered_set>

#include "quern/base/error.h"
#include "query/expression/evaluation.h"
#include "storage/key_format.h"

namespace quern::engine {
namespace {

// Stretches of a table as store keys, in scan order.
struct Stretch {
  std::string lower;
  std::string upper;
};

std::string edge(std::uint32_t table, const std::vector<bson::Value>& values, bson::View pattern,
                 bool after) {
  std::string key;
  storage::append_table(key, table);
  auto part = pattern.begin();
  for (const bson::Value& value : values) {
    storage::append_key(key, value.view(), part->is_number() && part->number() < 0);
    ++part;
  }
  if (after) storage::make_successor(key);
  return key;
}

std::vector<Stretch> stretches(std::uint32_t table, bson::View pattern,
                               const std::vector<query::IndexRange>& ranges) {
  std::vector<Stretch> result;
  for (const query::IndexRange& range : ranges) {
    const bool after_first = !range.first_inclusive && !range.first.empty();
    const bool after_last = range.last_inclusive || range.last.empty();
    result.push_back({edge(table, range.first, pattern, after_first),
                      edge(table, range.last, pattern, after_last)});
  }
  return result;
}

class EmptySource : public RecordSource {
 public:
  bool next() override { return false; }
  bson::View document() const override { return bson::View(); }
  BytesView record_id() const override { return {}; }
};

// Walks the stretches of one table, forwards or backwards. In a transaction that writes meanwhile,
// and after a rest, it goes on from the key where it was, through what there is by then.
class TableWalk : public RestingPlace {
 public:
  TableWalk(QueryContext& context, std::vector<Stretch> stretches, bool reverse)
      : context_(context),
        reader_(context.reader()),
        stretches_(std::move(stretches)),
        reverse_(reverse) {
    context_.enter(*this);
  }
  ~TableWalk() override { context_.leave(*this); }
  TableWalk(const TableWalk&) = delete;
  TableWalk& operator=(const TableWalk&) = delete;

  void rest() override {
    if (!iterator_) return;
    if (own_writes_ == 0) key_ = as_text(iterator_->key());
    iterator_.reset();
    resting_ = true;
  }

  bool next() {
    if ((iterator_ || resting_) && !step()) iterator_.reset();
    while (!iterator_ && at_ < stretches_.size()) {
      const Stretch& stretch = stretches_[at_++];
      if (stretch.lower >= stretch.upper) continue;
      open(stretch, reverse_ ? stretch.upper : stretch.lower);
      if (!iterator_->valid()) iterator_.reset();
    }
    if (!iterator_) return false;
    own_writes_ = reader_.own_writes();
    if (own_writes_ != 0) {
      key_ = as_text(iterator_->key());
      value_ = as_text(iterator_->value());
    }
    return true;
  }
  // Until next(), whatever is written before.
  BytesView key() const { return own_writes_ != 0 || resting_ ? as_bytes(key_) : iterator_->key(); }
  BytesView value() const { return own_writes_ != 0 ? as_bytes(value_) : iterator_->value(); }

 private:
  void open(const Stretch& stretch, const std::string& from) {
    iterator_ = reader_.iterator({as_bytes(stretch.lower), as_bytes(stretch.upper)});
    if (reverse_) {
      iterator_->seek_for_prev(as_bytes(from));
    } else {
      iterator_->seek(as_bytes(from));
    }
  }

  // False at the end of the stretch.
  bool step() {
    if (resting_ || reader_.own_writes() != own_writes_) {
      const std::string latest(as_text(key()));
      resting_ = false;
      open(stretches_[at_ - 1], latest);
      if (!iterator_->valid() || as_text(iterator_->key()) != latest) return iterator_->valid();
    }
    if (reverse_) {
      iterator_->prev();
    } else {
      iterator_->next();
    }
    return iterator_->valid();
  }

  QueryContext& context_;
  storage::Reader& reader_;
  std::vector<Stretch> stretches_;
  std::size_t at_ = 0;
  bool reverse_;
  std::unique_ptr<storage::Iterator> iterator_;
  std::uint64_t own_writes_ = 0;  // of the reader, when the iterator moved
  bool resting_ = false;          // at key_, in the stretch before at_
  std::string key_;               // copies, once there are own writes
  std::string value_;
};

// What every source does with a document: ask the filter, unless the plan decides alone.
class Filter {
 public:
  Filter(query::Matcher matcher, bool needed) : matcher_(std::move(matcher)), needed_(needed) {}

  bool passes(bson::View document, bool ask = false) {
    if (!needed_ && !ask) return true;
    evaluation_.reset();
    return matcher_.matches(document, evaluation_);
  }

 private:
  query::Matcher matcher_;
  bool needed_;
  query::Evaluation evaluation_;
};

// Over the records themselves: the whole collection, or stretches of _id.
class ScanSource : public RecordSource {
 public:
  ScanSource(QueryContext& context, std::vector<Stretch> stretches, bool reverse, Filter filter)
      : context_(context),
        walk_(context, std::move(stretches), reverse),
        filter_(std::move(filter)) {}

  bool next() override {
    while (walk_.next()) {
      context_.operation().check_interrupt();
      ++documents_examined_;
      if (filter_.passes(document())) return true;
    }
    return false;
  }
  bson::View document() const override { return bson::View(walk_.value().data()); }
  BytesView record_id() const override { return walk_.key().subspan(storage::kTableSize); }

 private:
  QueryContext& context_;
  TableWalk walk_;
  Filter filter_;
};

class IndexSource : public RecordSource {
 public:
  IndexSource(QueryContext& context, std::uint32_t record_table, const Index& index,
              std::vector<Stretch> stretches, bool reverse, Filter filter)
      : context_(context),
        index_(index),
        walk_(context, std::move(stretches), reverse),
        filter_(std::move(filter)) {
    storage::append_table(record_key_, record_table);
  }

  bool next() override {
    while (walk_.next()) {
      context_.operation().check_interrupt();
      ++keys_examined_;
      record_key_.resize(storage::kTableSize);
      record_key_.append(as_text(index_.record_of(walk_.key(), walk_.value())));
      // Perhaps only since the plan was made, by a write of the same transaction.
      const bool multikey = index_.multikey();
      if (multikey && !seen_.insert(record_key_).second) continue;
      if (!context_.reader().get(as_bytes(record_key_), document_)) {
        throw DatabaseError(ErrorCode::kInternalError,
                            "index " + index_.name() + " has an entry without a record");
      }
      ++documents_examined_;
      if (filter_.passes(document(), multikey)) return true;
    }
    return false;
  }
  bson::View document() const override { return bson::View(document_.bytes().data()); }
  BytesView record_id() const override {
    return as_bytes(record_key_).subspan(storage::kTableSize);
  }

 private:
  QueryContext& context_;
  const Index& index_;
  TableWalk walk_;
  Filter filter_;
  std::unordered_set<std::string> seen_;
  std::string record_key_;
  storage::PinnedValue document_;
};

class SourceStream : public query::DocumentStream {
 public:
  explicit SourceStream(std::unique_ptr<RecordSource> source) : source_(std::move(source)) {}
  std::optional<bson::View> next() override {
    if (!source_->next()) return std::nullopt;
    return source_->document();
  }

 private:
  std::unique_ptr<RecordSource> source_;
};

bson::Document hint_document(bson::ValueView hint) {
  if (hint.missing()) return bson::Document();
  if (hint.is_document()) return bson::Document(hint.as_document());
  if (hint.is_string()) return bson::doc("$hint", hint.as_string());
  throw DatabaseError(ErrorCode::kFailedToParse, "hint must be a string or an object");
}

}  // namespace

PlannedQuery::PlannedQuery(const Collection& collection, query::Matcher filter,
                           const query::SortPattern* sort, bson::ValueView hint)
    : collection_(collection), filter_(std::move(filter)) {
  const bson::Document wanted = hint_document(hint);
  plan_ = query::plan(filter_, sort, wanted, collection.plannable_indexes());
}

std::unique_ptr<RecordSource> PlannedQuery::open(QueryContext& context) const {
  if (plan_.empty) return std::make_unique<EmptySource>();
  Filter filter(filter_, !plan_.exact && !filter_.matches_everything());
  const query::PlannableIndex& id = collection_.plannable_indexes().front();
  if (plan_.index == nullptr || plan_.index == &id) {
    std::vector<query::IndexRange> everything(1);
    return std::make_unique<ScanSource>(
        context,
        stretches(collection_.table(), id.key, plan_.index == nullptr ? everything : plan_.ranges),
        plan_.reverse, std::move(filter));
  }
  const Index& index = *collection_.find_index(plan_.index->name);
  return std::make_unique<IndexSource>(context, collection_.table(), index,
                                       stretches(index.table(), index.key(), plan_.ranges),
                                       plan_.reverse, std::move(filter));
}

bson::Document PlannedQuery::explain(const query::SortPattern* sort) const {
  return query::explain(plan_, filter_, sort);
}

std::unique_ptr<query::DocumentStream> stream_of(std::unique_ptr<RecordSource> source) {
  return std::make_unique<SourceStream>(std::move(source));
}

std::optional<bson::ValueView> point_id(bson::View filter) {
  auto at = filter.begin();
  if (at == filter.end() || at->key() != "_id") return std::nullopt;
  bson::ValueView value = at->value();
  if (++at != filter.end()) return std::nullopt;
  if (value.is_document()) {
    const bson::View inner = value.as_document();
    auto member = inner.begin();
    if (member != inner.end() && member->key().starts_with('$')) {
      if (member->key() != "$eq") return std::nullopt;
      value = member->value();
      if (++member != inner.end()) return std::nullopt;
    }
  }
  switch (value.type()) {
    case bson::Type::kRegex:
    case bson::Type::kArray:
    case bson::Type::kUndefined:
      return std::nullopt;
    default:
      return value;
  }
}

}  // namespace quern::engine
