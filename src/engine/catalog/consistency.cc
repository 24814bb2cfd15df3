// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/consistency.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "storage/table_range.h"

namespace quern::engine {
namespace {

// The keys in one index, as they should be by the records.
class ExpectedEntries {
 public:
  explicit ExpectedEntries(const Index& index) : index_(index) {}

  void add(bson::View document, BytesView record) {
    bool several = false;
    index_.keys(document, keys_, several);
    if (several && !index_.multikey()) multikey_missing_ = true;
    for (std::string& key : keys_) {
      if (!index_.unique()) key.append(as_text(record));
      entries_.push_back(std::move(key));
    }
  }

  void compare(Access& op, std::vector<std::string>& faults) {
    std::sort(entries_.begin(), entries_.end());
    const std::vector<std::string> found = stored(op);
    report(entries_, found, "lacks {} entries", faults);
    report(found, entries_, "has {} entries that no record has", faults);
    if (multikey_missing_) {
      faults.push_back(fmt::format("index '{}' is not known to be multikey", index_.name()));
    }
  }

 private:
  std::vector<std::string> stored(Access& op) const {
    const storage::TableRange range(index_.table());
    const auto iterator = op.reader().iterator(range);
    std::vector<std::string> entries;
    for (iterator->seek(range.lower()); iterator->valid(); iterator->next()) {
      entries.emplace_back(as_text(iterator->key()));
    }
    return entries;
  }

  void report(const std::vector<std::string>& all, const std::vector<std::string>& without,
              fmt::format_string<std::size_t> text, std::vector<std::string>& faults) const {
    std::vector<std::string> difference;
    std::set_difference(all.begin(), all.end(), without.begin(), without.end(),
                        std::back_inserter(difference));
    if (!difference.empty()) {
      faults.push_back(
          fmt::format("index '{}' {}", index_.name(), fmt::format(text, difference.size())));
    }
  }

  const Index& index_;
  std::vector<std::string> keys_;
  std::vector<std::string> entries_;
  bool multikey_missing_ = false;
};

}  // namespace

std::vector<std::string> check_records_and_indexes(Access& op, const Collection& collection) {
  std::vector<std::string> faults;
  std::vector<ExpectedEntries> indexes;
  for (const auto& index : collection.indexes()) indexes.emplace_back(*index);

  RecordCursor iterator = collection.scan(op);
  for (std::size_t position = 0; iterator.next(); ++position) {
    op.check_interrupt();
    const bson::View document = iterator.document();
    const bson::Element id = document["_id"];
    if (!id || !equal(record_id_of(id).bytes(), iterator.record_id())) {
      faults.push_back(fmt::format("record {} of '{}' stands under another key than its _id",
                                   position, collection.ns().to_string()));
    }
    for (ExpectedEntries& index : indexes) index.add(document, iterator.record_id());
  }
  for (ExpectedEntries& index : indexes) index.compare(op, faults);
  return faults;
}

}  // namespace quern::engine
