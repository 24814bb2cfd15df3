// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/plan/index_keys.h"

#include <algorithm>

#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "query/value/path_walk.h"
#include "query/value/values.h"

namespace quern::query {
namespace {

// Where one path has got to: a value and the components still to go.
struct Position {
  bson::ValueView value;
  std::size_t depth = 0;
};

// Follows path through documents and, by number, through arrays, until its end, a dead end or an
// array whose members all have to be taken. The value is an array only in that last case.
Position advance(Position at, const FieldPath& path, bool& through_array) {
  while (at.depth < path.size()) {
    if (at.value.is_document()) {
      at.value = find_field(at.value.as_document(), path[at.depth].field);
    } else if (at.value.is_array()) {
      through_array = true;
      if (!path[at.depth].index) return at;
      const bson::Element member = find_field(at.value.as_array(), path[at.depth].field);
      if (member.missing()) return at;
      at.value = member.value();
    } else {
      at.value = {};
    }
    ++at.depth;
    if (at.value.missing()) return {{}, path.size()};
  }
  return at;
}

class KeyGenerator {
 public:
  KeyGenerator(std::span<const FieldPath> paths, std::vector<std::vector<bson::ValueView>>& keys)
      : paths_(paths), keys_(keys) {}

  void generate(std::vector<Position> positions) {
    bson::ValueView array;
    for (std::size_t i = 0; i < positions.size(); ++i) {
      positions[i] = advance(positions[i], paths_[i], multikey);
      const bson::ValueView value = positions[i].value;
      if (!value.is_array()) continue;
      multikey = true;
      if (array.missing()) array = value;
      if (array.bytes().data() != value.bytes().data()) {
        throw Error(171, "cannot index parallel arrays: '" + paths_[i].text() +
                             "' and another part of the key lead through different arrays");
      }
    }
    if (array.missing()) return emit(positions);
    if (array.as_array().empty()) {
      for (std::size_t i = 0; i < positions.size(); ++i) {
        if (!positions[i].value.is_array()) continue;
        positions[i] = {positions[i].depth == paths_[i].size() ? kUndefined : bson::ValueView(),
                        paths_[i].size()};
      }
      return emit(positions);
    }
    for (const bson::Element& member : array.as_array()) {
      std::vector<Position> next = positions;
      std::vector<std::size_t> whole;
      for (std::size_t i = 0; i < positions.size(); ++i) {
        if (!positions[i].value.is_array()) continue;
        next[i].value = member.value();
        if (positions[i].depth == paths_[i].size()) {
          whole.push_back(i);  // a member of the indexed array is a key as it is, array or not
        } else if (!member.is_document()) {
          next[i] = {{}, paths_[i].size()};
        }
      }
      if (whole.empty()) {
        generate(std::move(next));
      } else {
        generate_members(std::move(next), whole);
      }
    }
  }

  bool multikey = false;
  bool all_missing = true;

 private:
  // Some parts have arrived at a member of their array, the others may have further to go.
  void generate_members(std::vector<Position> positions, const std::vector<std::size_t>& arrived) {
    std::vector<bson::ValueView> fixed(positions.size());
    for (const std::size_t i : arrived) {
      fixed[i] = positions[i].value;
      positions[i] = {kNull, paths_[i].size()};
    }
    const std::size_t first = keys_.size();
    generate(std::move(positions));
    for (std::size_t k = first; k < keys_.size(); ++k) {
      for (const std::size_t i : arrived) keys_[k][i] = fixed[i];
    }
  }

  void emit(const std::vector<Position>& positions) {
    std::vector<bson::ValueView> key;
    key.reserve(positions.size());
    for (const Position& at : positions) {
      if (!at.value.missing()) all_missing = false;
      key.push_back(at.value.missing() ? kNull : at.value);
    }
    keys_.push_back(std::move(key));
  }

  std::span<const FieldPath> paths_;
  std::vector<std::vector<bson::ValueView>>& keys_;
};

bool less(const std::vector<bson::ValueView>& a, const std::vector<bson::ValueView>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto order = bson::compare(a[i], b[i]);
    if (order != 0) return order < 0;
  }
  return false;
}

}  // namespace

IndexKeyPattern::IndexKeyPattern(bson::View key) {
  for (const bson::Element& part : key) paths_.emplace_back(part.key());
}

IndexKeyPattern::Outcome IndexKeyPattern::keys(
    bson::View document, const std::function<void(std::span<const bson::ValueView>)>& emit) const {
  std::vector<std::vector<bson::ValueView>> keys;
  KeyGenerator generator(paths_, keys);
  generator.generate(std::vector<Position>(paths_.size(), {document.as_value(), 0}));
  if (keys.size() > 1) {
    std::sort(keys.begin(), keys.end(), less);
    keys.erase(std::unique(keys.begin(), keys.end(),
                           [](const auto& a, const auto& b) { return !less(a, b) && !less(b, a); }),
               keys.end());
  }
  for (const auto& key : keys) emit(key);
  return {generator.multikey, generator.all_missing};
}

}  // namespace quern::query
