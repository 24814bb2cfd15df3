// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The plan as explain shows it.
#include "quern/bson/json.h"
#include "query/plan/planner.h"

namespace quern::query {
namespace {

std::string text_of(bson::ValueView value) {
  switch (value.type()) {
    case bson::Type::kMinKey:
      return "MinKey";
    case bson::Type::kMaxKey:
      return "MaxKey";
    case bson::Type::kUndefined:
      return "undefined";
    default:
      break;
  }
  // {"v":…} without its wrapping.
  const bson::Document wrapped = bson::doc("v", value);
  const std::string json = bson::to_json(wrapped);
  const std::size_t first = json.find_first_not_of(' ', json.find(':') + 1);
  const std::size_t last = json.find_last_not_of(' ', json.rfind('}') - 1);
  return json.substr(first, last + 1 - first);
}

std::string text_of(const Interval& interval) {
  return std::string(interval.low_inclusive ? "[" : "(") + text_of(interval.low.view()) + ", " +
         text_of(interval.high.view()) + (interval.high_inclusive ? "]" : ")");
}

bson::Document index_scan(const Plan& plan) {
  bson::Builder out;
  out.append("stage", "IXSCAN")
      .append("keyPattern", plan.index->key)
      .append("indexName", plan.index->name)
      .append("isMultiKey", plan.index->multikey())
      .append("isUnique", plan.index->unique)
      .append("isSparse", plan.index->sparse)
      .append("isPartial", plan.index->partial.has_value())
      .append("direction", plan.reverse ? "backward" : "forward");
  out.open_document("indexBounds");
  std::size_t i = 0;
  for (const bson::Element& part : plan.index->key) {
    out.open_array(part.key());
    for (const Interval& interval : plan.bounds[i]) out.push(text_of(interval));
    out.close();
    ++i;
  }
  out.close();
  return out.finish();
}

}  // namespace

bson::Document explain(const Plan& plan, const Matcher& filter, const SortPattern* sort) {
  if (plan.empty) return bson::doc("stage", "EOF");
  bson::Builder out;
  if (plan.index == nullptr) {
    out.append("stage", "COLLSCAN");
    if (!filter.matches_everything()) out.append("filter", filter.filter());
    out.append("direction", plan.reverse ? "backward" : "forward");
  } else {
    out.append("stage", "FETCH");
    if (!plan.exact) out.append("filter", filter.filter());
    out.append("inputStage", index_scan(plan));
  }
  bson::Document access = out.finish();
  if (sort == nullptr || sort->empty() || plan.provides_sort) return access;
  out.append("stage", "SORT");
  out.open_document("sortPattern");
  for (const SortPattern::Part& part : sort->parts()) {
    out.append(part.path.text(), part.descending ? -1 : 1);
  }
  out.close();
  out.append("memLimit", static_cast<std::int64_t>(kStageMemoryLimit)).append("inputStage", access);
  return out.finish();
}

}  // namespace quern::query
