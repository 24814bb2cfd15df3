// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/consistency.h"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "quern/base/error.h"
#include "storage/table_range.h"

namespace quern::engine {

void Faults::add(std::string sentence) {
  constexpr std::size_t kMost = 100;
  if (sentences_.size() < kMost) {
    sentences_.push_back(std::move(sentence));
  } else {
    ++more_;
  }
}

std::vector<std::string> Faults::sentences() const {
  std::vector<std::string> all = sentences_;
  if (more_ != 0) all.push_back(fmt::format("and {} more of the kind", more_));
  return all;
}

std::vector<std::string> CollectionCheck::all_faults() const {
  std::vector<std::string> all = faults.sentences();
  for (const IndexCheck& index : indexes) {
    const std::vector<std::string> of_index = index.faults.sentences();
    all.insert(all.end(), of_index.begin(), of_index.end());
  }
  return all;
}

namespace {

// Looks for the entries that the records have in one index. Each record has entries of its own, so
// what there is beside those that were found belongs to none.
class IndexChecker {
 public:
  explicit IndexChecker(const Index& index) : index_(index) {}

  void add(Access& op, bson::View document, BytesView record) {
    bool several = false;
    index_.keys(document, keys_, several);
    if (several && !index_.multikey()) multikey_missing_ = true;
    for (std::string& key : keys_) {
      ++expected_;
      if (index_.unique()) {
        found_ += op.reader().get(as_bytes(key), value_) && equal(value_.bytes(), record) ? 1 : 0;
        continue;
      }
      key.append(as_text(record));
      pending_.push_back(std::move(key));
      if (pending_.size() == kBatch) look(op);
    }
  }

  IndexCheck finish(Access& op) {
    look(op);
    IndexCheck check{.name = index_.name()};
    const storage::TableRange range(index_.table());
    const auto iterator = op.reader().iterator(range);
    for (iterator->seek(range.lower()); iterator->valid(); iterator->next()) {
      op.check_interrupt();
      ++check.entries;
    }
    if (found_ != expected_) {
      check.faults.add(
          fmt::format("index '{}' lacks {} entries", index_.name(), expected_ - found_));
    }
    if (check.entries != found_) {
      check.faults.add(fmt::format("index '{}' has {} entries that no record has", index_.name(),
                                   check.entries - found_));
    }
    if (multikey_missing_) {
      check.faults.add(fmt::format("index '{}' is not known to be multikey", index_.name()));
    }
    return check;
  }

 private:
  static constexpr std::size_t kBatch = 256;

  void look(Access& op) {
    std::array<BytesView, kBatch> keys;
    std::array<bool, kBatch> found{};
    for (std::size_t i = 0; i < pending_.size(); ++i) keys[i] = as_bytes(pending_[i]);
    op.reader().contains({keys.data(), pending_.size()}, {found.data(), pending_.size()});
    for (std::size_t i = 0; i < pending_.size(); ++i) found_ += found[i] ? 1 : 0;
    pending_.clear();
  }

  const Index& index_;
  std::vector<std::string> keys_;
  std::vector<std::string> pending_;
  storage::PinnedValue value_;
  std::uint64_t expected_ = 0;
  std::uint64_t found_ = 0;
  bool multikey_missing_ = false;
};

constexpr std::int32_t kCannotIndexParallelArrays = 171;

std::optional<bson::View> parsed(BytesView bytes) try {
  return bson::View::parse(bytes);
} catch (const Error&) {
  return std::nullopt;
}

}  // namespace

CollectionCheck check_records_and_indexes(Access& op, const Collection& collection) {
  CollectionCheck check;
  // They hold what cannot be moved.
  std::vector<std::unique_ptr<IndexChecker>> indexes;
  for (const auto& index : collection.indexes()) {
    indexes.push_back(std::make_unique<IndexChecker>(*index));
  }
  const std::string name = collection.ns().to_string();
  const auto invalid = [&](std::string_view what) {
    ++check.invalid_records;
    check.faults.add(fmt::format("record {} of '{}' {}", check.records, name, what));
  };
  for (RecordCursor cursor = collection.scan(op); cursor.next(); ++check.records) {
    op.check_interrupt();
    const auto document = parsed(cursor.bytes());
    if (!document) {
      invalid("is no document");
      continue;
    }
    const bson::Element id = (*document)["_id"];
    if (!id || !equal(record_id_of(id).bytes(), cursor.record_id())) {
      invalid("stands under another key than its _id");
    }
    try {
      for (const auto& index : indexes) index->add(op, *document, cursor.record_id());
    } catch (const Error& error) {
      if (error.code() != kCannotIndexParallelArrays) throw;
      check.faults.add(
          fmt::format("record {} of '{}' has arrays that an index cannot hold beside "
                      "each other",
                      check.records, name));
    }
  }
  for (const auto& index : indexes) check.indexes.push_back(index->finish(op));
  return check;
}

}  // namespace quern::engine
