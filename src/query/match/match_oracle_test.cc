// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The matcher against a second implementation that shares nothing with it but the order of values:
// it writes out all values of a path, then asks about each.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "quern/bson/compare.h"
#include "quern/bson/json.h"
#include "query/match/match.h"
#include "query/value/random_documents.h"

namespace quern::query {
namespace {

using Values = std::vector<bson::ValueView>;  // a missing view where a document lacks the field

bool is_index(std::string_view name) {
  return !name.empty() && name.find_first_not_of("0123456789") == name.npos;
}

// whole: don't take the array at the end of the path apart.
void values_at(bson::ValueView from, std::string_view path, bool whole, bool by_index,
               Values& out) {
  if (path.empty()) {
    if (from.is_array() && !whole && !by_index) {
      for (const bson::Element& member : from.as_array()) out.push_back(member.value());
    }
    out.push_back(from);
    return;
  }
  const std::string_view head = path.substr(0, path.find('.'));
  const std::string_view tail = head.size() == path.size() ? "" : path.substr(head.size() + 1);
  if (from.is_document()) {
    const bson::Element next = from.as_document()[head];
    if (next.missing()) {
      out.push_back({});
    } else {
      values_at(next.value(), tail, whole, false, out);
    }
  } else if (from.is_array()) {
    for (const bson::Element& member : from.as_array()) {
      if (member.is_document()) values_at(member.value(), path, whole, false, out);
      if (is_index(head) && member.key() == head) {
        if (tail.empty() || member.is_document() || member.is_array()) {
          values_at(member.value(), tail, whole, true, out);
        }
      }
    }
  } else {
    out.push_back({});
  }
}

bool nothing(bson::ValueView v) { return v.missing() || v.is_null(); }
bool equal_values(bson::ValueView v, bson::ValueView wanted) {
  if (wanted.is_null()) return nothing(v);
  return !v.missing() && bson::compare(v, wanted) == 0;
}
bool is_key(bson::ValueView v) {
  return v.type() == bson::Type::kMinKey || v.type() == bson::Type::kMaxKey;
}
bool is_nan(bson::ValueView v) { return v.is_number() && std::isnan(v.number()); }

// Does $lt, $lte, $gt or $gte accept the value?
bool ordered(std::string_view name, bson::ValueView v, bson::ValueView wanted) {
  const bool or_equal = name.ends_with('e');
  if (wanted.is_null()) return or_equal && nothing(v);
  const auto order = bson::compare(v, wanted);
  if (!is_key(wanted)) {
    if (v.missing()) return false;
    if (bson::canonical_rank(v.type()) != bson::canonical_rank(wanted.type())) return false;
    if (is_nan(v) || is_nan(wanted)) return or_equal && order == 0;
  }
  if (order == 0) return or_equal;
  return name.starts_with("$gt") ? order > 0 : order < 0;
}

bool holds(const bson::Element& op, bson::ValueView v);

bool all_hold(bson::View operators, bson::ValueView v) {
  for (const bson::Element& op : operators) {
    if (!holds(op, v)) return false;
  }
  return true;
}

bool naive(bson::View filter, bson::View document);

// One operator about one value.
bool holds(const bson::Element& op, bson::ValueView v) {
  const std::string_view name = op.key();
  const bson::ValueView wanted = op.value();
  if (name == "$eq") return equal_values(v, wanted);
  if (name == "$gt" || name == "$gte" || name == "$lt" || name == "$lte") {
    return ordered(name, v, wanted);
  }
  if (name == "$type") {
    return wanted.as_string() == "number" ? v.is_number()
                                          : bson::alias(v.type()) == wanted.as_string();
  }
  if (name == "$mod") {
    if (!v.is_number() || !std::isfinite(v.number())) return false;
    return std::fmod(std::trunc(v.number()), op.as_array()["0"].number()) ==
           op.as_array()["1"].number();
  }
  if (name == "$in") {
    for (const bson::Element& member : op.as_array()) {
      if (equal_values(v, member.value())) return true;
    }
    return false;
  }
  if (name == "$exists") return !v.missing();
  if (name == "$size") {
    return v.is_array() &&
           static_cast<std::int64_t>(v.as_array().count()) == *wanted.whole_number();
  }
  if (name == "$elemMatch") {
    if (!v.is_array()) return false;
    const bool about_values = op.as_document().front().key().starts_with('$');
    for (const bson::Element& member : v.as_array()) {
      if (about_values) {
        if (all_hold(op.as_document(), member.value())) return true;
      } else if (member.is_document() || member.is_array()) {
        if (naive(op.as_document(), member.as_document_or_array())) return true;
      }
    }
    return false;
  }
  ADD_FAILURE() << "the oracle doesn't know " << name;
  return false;
}

bool any_holds(bson::View document, std::string_view path, const bson::Element& op) {
  const std::string_view name = op.key();
  const bool whole = name == "$exists" || name == "$size" || name == "$elemMatch";
  Values values;
  values_at(document.as_value(), path, whole, false, values);
  for (const bson::ValueView v : values) {
    if (holds(op, v)) return true;
  }
  return false;
}

bool field_matches(bson::View document, std::string_view path, bson::View operators) {
  for (const bson::Element& op : operators) {
    bool result = true;
    if (op.key() == "$ne") {
      const bson::Document eq = bson::doc("$eq", op.value());
      result = !any_holds(document, path, eq.view().front());
    } else if (op.key() == "$nin") {
      const bson::Document in = bson::doc("$in", op.value());
      result = !any_holds(document, path, in.view().front());
    } else if (op.key() == "$not") {
      result = !field_matches(document, path, op.as_document());
    } else if (op.key() == "$exists") {
      result = any_holds(document, path, op) == op.truthy();
    } else if (op.key() == "$all") {
      result = !op.as_array().empty();
      for (const bson::Element& member : op.as_array()) {
        const bson::Document eq = bson::doc("$eq", member.value());
        result = result && any_holds(document, path, eq.view().front());
      }
    } else {
      result = any_holds(document, path, op);
    }
    if (!result) return false;
  }
  return true;
}

bool naive(bson::View filter, bson::View document) {
  for (const bson::Element& element : filter) {
    bool result = false;
    if (element.key() == "$and" || element.key() == "$or" || element.key() == "$nor") {
      int matched = 0;
      int total = 0;
      for (const bson::Element& member : element.as_array()) {
        matched += naive(member.as_document(), document) ? 1 : 0;
        ++total;
      }
      result = element.key() == "$and"  ? matched == total
               : element.key() == "$or" ? matched > 0
                                        : matched == 0;
    } else if (element.is_document() && element.as_document().front().key().starts_with('$')) {
      result = field_matches(document, element.key(), element.as_document());
    } else {
      const bson::Document eq = bson::doc("$eq", element.value());
      result = any_holds(document, element.key(), eq.view().front());
    }
    if (!result) return false;
  }
  return true;
}

TEST(MatchOracle, AgreesOnRandomFiltersAndDocuments) {
  RandomDocuments random(20240601);
  int matched = 0;
  for (int i = 0; i < 4000; ++i) {
    const bson::Document filter = random.filter(2);
    const Matcher matcher = Matcher::parse(filter);
    for (int j = 0; j < 15; ++j) {
      const bson::Document document = random.document(j);
      const bool expected = naive(filter, document);
      ASSERT_EQ(matcher.matches(document), expected)
          << bson::to_json(filter) << " on " << bson::to_json(document);
      matched += expected ? 1 : 0;
    }
  }
  EXPECT_GT(matched, 5000);  // the test sees both answers
  EXPECT_LT(matched, 55000);
}

}  // namespace
}  // namespace quern::query
