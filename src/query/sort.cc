// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/sort.h"

#include <algorithm>

#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "query/arena.h"
#include "query/path_walk.h"
#include "query/values.h"

namespace quern::query {
namespace {

// The least or greatest of the values that an index on the path would list document by.
class Extreme {
 public:
  explicit Extreme(bool greatest) : greatest_(greatest) {}

  void walk(bson::ValueView value, const Path& path, std::size_t depth) {
    for (; depth < path.size(); ++depth) {
      if (value.is_document()) {
        value = find_field(value.as_document(), path[depth].field);
      } else if (value.is_array()) {
        bson::Element member;
        if (path[depth].index) member = find_field(value.as_array(), path[depth].field);
        if (member.missing()) return walk_members(value.as_array(), path, depth);
        value = member.value();
      } else {
        return take(kNull);
      }
    }
    if (value.missing()) return take(kNull);
    if (!value.is_array()) return take(value);
    if (value.as_array().empty()) return take(kUndefined);
    for (const bson::Element& member : value.as_array()) take(member.value());
  }

  bson::ValueView result() const { return best_; }

 private:
  void walk_members(bson::View array, const Path& path, std::size_t depth) {
    if (array.empty()) return take(kNull);
    for (const bson::Element& member : array) {
      if (member.is_document()) {
        walk(member.value(), path, depth);
      } else {
        take(kNull);
      }
    }
  }

  void take(bson::ValueView value) {
    if (best_.missing()) {
      best_ = value;
      return;
    }
    const auto order = bson::compare(value, best_);
    if (greatest_ ? order > 0 : order < 0) best_ = value;
  }

  bool greatest_;
  bson::ValueView best_;
};

}  // namespace

SortPattern SortPattern::parse(bson::View spec, const ParseContext&) {
  constexpr std::size_t kMaxParts = 32;
  SortPattern pattern;
  for (const bson::Element& element : spec) {
    if (element.is_document()) {
      throw Error(ErrorCode::kBadValue,
                  "Illegal key in $sort specification: {$meta: …} is not supported by this engine");
    }
    if (!element.is_number()) {
      throw Error(15974, "Illegal key in $sort specification: " + std::string(element.key()) +
                             " must be 1 (for ascending) or -1 (for descending)");
    }
    const double direction = element.number();
    if (direction != 1 && direction != -1) {
      throw Error(15975, "$sort key ordering must be 1 (for ascending) or -1 (for descending)");
    }
    if (element.key().empty() || element.key().front() == '.' || element.key().back() == '.' ||
        element.key().find("..") != std::string_view::npos) {
      throw Error(15998, "FieldPath field names may not be empty strings.");
    }
    if (element.key().front() == '$') {
      throw Error(16410, "FieldPath field names may not start with '$'.");
    }
    for (const Part& part : pattern.parts_) {
      if (part.path.text() == element.key()) {
        throw Error(7472500, "$sort key must not contain duplicate keys (duplicate: '" +
                                 part.path.text() + "')");
      }
    }
    pattern.parts_.push_back({Path(element.key()), direction < 0});
  }
  if (pattern.parts_.size() > kMaxParts) {
    throw Error(13103, "too many compound keys: at most " + std::to_string(kMaxParts));
  }
  return pattern;
}

bson::ValueView SortPattern::key(bson::View document, const Part& part) const {
  Extreme extreme(part.descending);
  extreme.walk(document.as_value(), part.path, 0);
  return extreme.result();
}

std::weak_ordering SortPattern::compare(bson::View a, bson::View b) const {
  for (const Part& part : parts_) {
    const auto order = bson::compare(key(a, part), key(b, part));
    if (order != 0) return part.descending ? 0 <=> order : order;
  }
  return std::weak_ordering::equivalent;
}

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
