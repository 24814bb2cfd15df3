// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/match/match_node.h"

namespace quern::query {

bool Predicate::implied_by(const Predicate& given) const {
  const auto inner = given.bounds();
  const auto outer = bounds();
  return inner && outer && inner->exact && outer->exact && contains(*outer, *inner);
}

bool Predicate::implies_existence() const {
  MatchState state{bson::View()};
  return !test({}, state);
}

std::optional<Bounds> Condition::bounds() const {
  if (negated) return std::nullopt;
  if (predicate != nullptr) {
    // A member that is itself an array is a key as a whole, so predicates of arrays say nothing.
    if (predicate->arrays() == LeafArrays::kWhole) return std::nullopt;
    return predicate->bounds();
  }
  std::optional<Bounds> result;
  for (const Condition& part : all) {
    auto more = part.bounds();
    if (!more) continue;
    result = result ? intersect(*result, *more) : std::move(*more);
  }
  return result;
}

bool Condition::holds(bson::ValueView value, MatchState& state) const {
  bool result = true;
  if (predicate != nullptr) {
    result = predicate->test(value, state);
  } else {
    for (const Condition& condition : all) {
      if (!condition.holds(value, state)) {
        result = false;
        break;
      }
    }
  }
  return result != negated;
}

bool PathNode::ask(bson::View document, MatchState& state) const {
  const std::size_t position = state.position;
  const bool result = holds(document, state);
  if (path_.text() == kTagsField) state.position = position;
  return result;
}

bool PathNode::holds(bson::View document, MatchState& state) const {
  bson::ValueView value;
  if (find_without_arrays(path_, document, value)) {  // most often: one value, found once
    for (const auto& predicate : predicates_) {
      if (!predicate->test(value, state)) return false;
    }
    return true;
  }
  for (const auto& predicate : predicates_) {
    const bool found = walk(path_, document, predicate->arrays(),
                            [&](bson::ValueView candidate, std::size_t index) {
                              if (!predicate->test(candidate, state)) return false;
                              if (index != kNoIndex) state.position = index;
                              return true;
                            });
    if (!found) return false;
  }
  return true;
}

bool AndNode::ask(bson::View document, MatchState& state) const {
  for (const auto& child : children_) {
    if (!child->matches(document, state)) return false;
  }
  return true;
}

bool OrNode::ask(bson::View document, MatchState& state) const {
  for (const auto& child : children_) {
    if (child->matches(document, state)) return true;
  }
  return false;
}

bool NotNode::ask(bson::View document, MatchState& state) const {
  return !child_->matches(document, state);
}

}  // namespace quern::query
