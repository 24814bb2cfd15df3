// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {f: filter, k: key pattern, s: sort, d: [documents]}: a filter matches a document the same way
// every time, and what a plan finds through an index on k is what a scan of the documents finds.
#include <algorithm>
#include <atomic>
#include <set>

#include "quern/bson/compare.h"
#include "query/expression/evaluation.h"
#include "query/plan/index_keys.h"
#include "query/plan/planner.h"
#include "tests/fuzz/query_input.h"

namespace {

using namespace quern;
using namespace quern::query;

struct Entry {
  std::vector<bson::Value> key;
  std::size_t document;
};

std::weak_ordering order(bson::View pattern, const std::vector<bson::Value>& a,
                         const std::vector<bson::Value>& b, std::size_t parts) {
  auto part = pattern.begin();
  for (std::size_t i = 0; i < parts; ++i, ++part) {
    const auto result = bson::compare(a[i].view(), b[i].view());
    if (result != 0) return part->number() < 0 ? 0 <=> result : result;
  }
  return std::weak_ordering::equivalent;
}

const std::atomic<bool> kMultikey = true;

void check_index(bson::View key, const Matcher& matcher, const SortPattern* sort,
                 const std::vector<bson::Document>& documents) {
  PlannableIndex info;
  info.name = "k";
  info.key = bson::Document(key);
  if (info.key.empty()) return;
  for (const bson::Element& part : info.key) {
    if (!part.is_number() || part.key().empty()) return;
  }
  const IndexKeyPattern pattern(info.key);
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const auto outcome = pattern.keys(documents[i], [&](std::span<const bson::ValueView> values) {
      entries.push_back({{values.begin(), values.end()}, i});
    });
    if (outcome.multikey) info.multikey_flag = &kMultikey;
    if (entries.size() > 1000) return;
  }
  const Plan p = plan(matcher, sort, {}, {&info, 1});
  bson::validate(explain(p, matcher, sort).bytes());
  std::set<std::size_t> expected;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (matcher.matches(documents[i])) expected.insert(i);
  }
  if (p.empty) fuzz::require(expected.empty(), "an empty plan finds all there is");
  if (p.index == nullptr || p.ranges.size() > 1000) return;
  std::set<std::size_t> found;
  for (const IndexRange& range : p.ranges) {
    for (const Entry& entry : entries) {
      const auto low = order(key, entry.key, range.first, range.first.size());
      const auto high = order(key, entry.key, range.last, range.last.size());
      if (low < 0 || (low == 0 && !range.first_inclusive)) continue;
      if (high > 0 || (high == 0 && !range.last_inclusive)) continue;
      const bool matches = matcher.matches(documents[entry.document]);
      fuzz::require(matches || !p.exact, "an exact plan finds only matches");
      if (matches) found.insert(entry.document);
    }
  }
  fuzz::require(found == expected, "a plan finds what a scan finds");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::read_input(data, size);
  if (!input) return 0;
  try {
    const Matcher matcher = Matcher::parse(fuzz::document_or_empty((*input)["f"]));
    const auto documents = fuzz::documents_of((*input)["d"]);
    Evaluation evaluation;
    for (const bson::Document& document : documents) {
      fuzz::require(matcher.matches(document) == matcher.matches(document, evaluation),
                    "matching is repeatable");
    }
    SortPattern sort;
    if ((*input)["s"].is_document()) sort = SortPattern::parse((*input)["s"].as_document());
    check_index(fuzz::document_or_empty((*input)["k"]), matcher, &sort, documents);
  } catch (const Error&) {
  }
  return 0;
}
