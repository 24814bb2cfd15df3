// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/pipeline/sorted_stream.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "quern/base/error.h"
#include "quern/bson/compare.h"

namespace quern::query {
namespace {

// A document held in memory and the values it sorts by, which point into it.
struct Held {
  Bytes document;
  std::vector<bson::ValueView> key;
  std::uint64_t arrival = 0;  // equal keys keep the order in which they came

  std::size_t memory() const {
    return sizeof(Held) + document.capacity() + key.capacity() * sizeof(bson::ValueView);
  }
};

class SortedStream : public DocumentStream {
 public:
  SortedStream(std::unique_ptr<DocumentStream> source, SortPattern pattern,
               std::optional<std::int64_t> limit, std::size_t memory_limit)
      : source_(std::move(source)),
        pattern_(std::move(pattern)),
        limit_(limit),
        memory_limit_(memory_limit) {}

  std::optional<bson::View> next() override {
    if (source_ != nullptr) load();
    if (at_ == held_.size()) return std::nullopt;
    return bson::View(held_[at_++].document.data());
  }

 private:
  void load() {
    const auto before = [this](const Held& a, const Held& b) { return less(a, b); };
    while (const auto document = source_->next()) {
      Held held;
      held.document.assign(document->bytes().begin(), document->bytes().end());
      const bson::View copy(held.document.data());
      for (const SortPattern::Part& part : pattern_.parts()) {
        held.key.push_back(pattern_.key(copy, part));
      }
      held.arrival = arrivals_++;
      // With a limit, held_ is a heap with the last of the kept documents on top.
      const bool full = limit_ && held_.size() == static_cast<std::uint64_t>(*limit_);
      if (full && (held_.empty() || !less(held, held_.front()))) continue;
      if (full) {
        std::pop_heap(held_.begin(), held_.end(), before);
        memory_ -= held_.back().memory();
        held_.pop_back();
      }
      memory_ += held.memory();
      if (memory_ > memory_limit_) {
        throw Error(ErrorCode::kExceededMemoryLimit,
                    "Sort exceeded memory limit of " + std::to_string(memory_limit_) +
                        " bytes: add an index for the sort, a limit, or a narrower filter");
      }
      held_.push_back(std::move(held));
      if (limit_) std::push_heap(held_.begin(), held_.end(), before);
    }
    std::sort(held_.begin(), held_.end(), before);
    source_.reset();
  }

  bool less(const Held& a, const Held& b) const {
    for (std::size_t i = 0; i < a.key.size(); ++i) {
      const auto order = bson::compare(a.key[i], b.key[i]);
      if (order != 0) return pattern_.parts()[i].descending ? order > 0 : order < 0;
    }
    return a.arrival < b.arrival;
  }

  std::unique_ptr<DocumentStream> source_;  // null once it is read
  SortPattern pattern_;
  std::optional<std::int64_t> limit_;
  std::size_t memory_limit_;
  std::vector<Held> held_;
  std::size_t memory_ = 0;
  std::size_t at_ = 0;
  std::uint64_t arrivals_ = 0;
};

}  // namespace

std::unique_ptr<DocumentStream> sorted(std::unique_ptr<DocumentStream> source, SortPattern pattern,
                                       std::optional<std::int64_t> limit,
                                       std::size_t memory_limit) {
  return std::make_unique<SortedStream>(std::move(source), std::move(pattern), limit, memory_limit);
}

}  // namespace quern::query
