// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $group, and the stages that are short for it: equal values of an encrypted field have different
// ciphertexts, so that nothing encrypted can be grouped by or accumulated.
#include <fmt/format.h>

#include <algorithm>

#include "analysis/constants.h"
#include "analysis/expression.h"
#include "analysis/refusal.h"
#include "analysis/stage.h"
#include "language/operators.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::ValueView;
using bson::View;

struct AccumulatorRow {
  std::string_view name;
  bool refused = false;
};
constexpr AccumulatorRow kAccumulators[] = {
    {"$sum"},
    {"$avg"},
    {"$min"},
    {"$max"},
    {"$first"},
    {"$last"},
    {"$push"},
    {"$count"},
    {"$addToSet"},
    {"$stdDevPop"},
    {"$mergeObjects"},
    {"$firstN"},
    {"$lastN"},
    {"$minN"},
    {"$maxN"},
    {"$stdDevSamp"},
    {"$top"},
    {"$topN"},
    {"$bottom"},
    {"$median"},
    {"$bottomN"},
    {"$percentile"},
    {"$accumulator", true},  // runs JavaScript
};
static_assert(language::is_complete(language::kAccumulators, kAccumulators));

// The field of $sortByCount, and of a bucket that does not say what it wants.
constexpr std::string_view kCount = "count";

// Returns the tree of the key.
EncryptionTree group_by(const StageAnalysis& stage, std::string_view key, ValueView expression) {
  Outcome id = analyse_output(stage.context, stage.tree, key,
                              language::parse_expression(expression), stage.out);
  if (!id.tree.encrypts()) return std::move(id.tree);
  const std::string below = id.tree.first_encrypted_path();
  refuse::operation(fmt::format(
      "Cannot group on field '_id{}{}' which is encrypted with the random algorithm or whose "
      "encryption properties are not known until runtime",
      below.empty() ? "" : ".", below));
}

// {$sum: 1}
bool counts(const Element& accumulator) {
  return accumulator.key() == "$sum" && accumulator.whole_number() == 1;
}

// What is accumulated: the argument itself, or one of several, of which the others say how.
ValueView accumulated(const Element& accumulator) {
  struct Named {
    std::string_view accumulator;
    std::string_view value;
    std::string_view other;
  };
  static constexpr Named kNamed[] = {
      {"$top", "output", "sortBy"},    {"$topN", "output", "sortBy"},
      {"$bottom", "output", "sortBy"}, {"$bottomN", "output", "sortBy"},
      {"$firstN", "input", "n"},       {"$lastN", "input", "n"},
      {"$minN", "input", "n"},         {"$maxN", "input", "n"},
      {"$median", "input", "method"},  {"$percentile", "input", "method"},
  };
  const auto row = std::ranges::find(kNamed, accumulator.key(), &Named::accumulator);
  if (row == std::end(kNamed)) return accumulator;
  const ValueView value =
      accumulator.is_document() ? accumulator.as_document()[row->value] : ValueView();
  if (value.missing()) {
    refuse::malformed(fmt::format("Accumulator {} needs '{}'", accumulator.key(), row->value));
  }
  const std::string_view known[] = {row->value, row->other, "n", "p"};
  refuse::check_options(accumulator.key(), accumulator.as_document(), known);
  return value;
}

// What a group has under a name comes in place of what the documents had there.
void assign(const StageAnalysis& stage, std::string_view name, EncryptionTree value,
            EncryptionTree& output) {
  refuse_constants(stage.tree, name, value);
  output.assign(name, std::move(value));
}

void accumulate(const StageAnalysis& stage, const language::AccumulatorSpec& spec,
                EncryptionTree& output) {
  const Element& accumulator = spec.accumulator;
  const auto* known = std::ranges::find(kAccumulators, accumulator.key(), &AccumulatorRow::name);
  if (known == std::end(kAccumulators) || known->refused) {
    throw Error(ErrorCode::kInvalidPipelineOperator,
                fmt::format("Accumulator '{}' is not understood by automatic encryption",
                            accumulator.key()));
  }
  stage.out.open_document(spec.field);
  const Outcome arguments = analyse_output(stage.context, stage.tree, accumulator.key(),
                                           language::parse_expression(accumulator), stage.out);
  if (arguments.tree.encrypts()) {
    refuse::operation(
        fmt::format("Accumulator '{}' cannot aggregate encrypted fields.", accumulator.key()));
  }
  // One value or an array of them: paths lead through both.
  EncryptionTree value;
  if (!counts(accumulator)) {
    value = EncryptionTree::array_of(tree_of_expression(
        stage.context, &stage.tree, language::parse_expression(accumulated(accumulator))));
  }
  assign(stage, spec.field, std::move(value), output);
  if (accumulator.is_document()) {
    // $top and its kind order by paths of the documents.
    if (const Element order = accumulator.as_document()["sortBy"]; order.is_document()) {
      for (const Element& part : order.as_document()) {
        require_plain(stage.tree, part.key(), "The sort path");
      }
    }
  }
  stage.out.close();
}

}  // namespace

void analyse_group(const StageAnalysis& stage, const Element& operation) {
  const auto& group = stage.spec.as<language::GroupSpec>();
  // The key is judged before the accumulators, wherever it stands.
  EncryptionTree output = stage.tree.removed();
  stage.out.open_document(operation.key());
  assign(stage, group.id.key(), group_by(stage, group.id.key(), group.id), output);
  for (const language::AccumulatorSpec& field : group.fields) accumulate(stage, field, output);
  stage.out.close();
  stage.tree = std::move(output);
}

void analyse_sort_by_count(const StageAnalysis& stage, const Element& operation) {
  EncryptionTree key = group_by(stage, operation.key(), operation);
  EncryptionTree output = stage.tree.removed();
  assign(stage, "_id", std::move(key), output);
  output.assign(kCount, {});
  stage.tree = std::move(output);
}

namespace {

// Both bucket stages; other takes the options that the two do not share; id makes the output's _id
// of the key.
template <class Other, class Id>
void bucket(const StageAnalysis& stage, const Element& operation,
            const std::optional<std::vector<language::AccumulatorSpec>>& fields, const Other& other,
            const Id& id) {
  EncryptionTree output = stage.tree.removed();
  EncryptionTree key;
  if (!fields) output.assign(kCount, {});
  stage.out.open_document(operation.key());
  for (const Element& member : operation.as_document()) {
    if (member.key() == "groupBy") {
      key = group_by(stage, member.key(), member);
    } else if (member.key() == "output") {
      stage.out.open_document(member.key());
      for (const language::AccumulatorSpec& field : *fields) accumulate(stage, field, output);
      stage.out.close();
    } else {
      other(member);
    }
  }
  stage.out.close();
  assign(stage, "_id", id(std::move(key)), output);
  stage.tree = std::move(output);
}

}  // namespace

void analyse_bucket(const StageAnalysis& stage, const Element& operation) {
  EncryptionTree bounds;
  bucket(
      stage, operation, stage.spec.as<language::BucketSpec>().output,
      [&](const Element& member) {
        const auto bound = language::parse_expression(member);
        analyse_evaluated(stage.context, stage.tree, member.key(), bound, Comparisons::kRefused,
                          stage.out);
        bounds.join(tree_of_expression(stage.context, &stage.tree, bound));
      },
      [&](EncryptionTree key) {
        refuse_compared_constants(key, "_id", bounds, {});
        key.join(bounds);
        return key;
      });
}

void analyse_bucket_auto(const StageAnalysis& stage, const Element& operation) {
  bucket(
      stage, operation, stage.spec.as<language::BucketAutoSpec>().output,
      [&](const Element& member) { stage.out.append(member); },
      [](const EncryptionTree& key) {
        EncryptionTree range;
        range.set_member("min", key);
        range.set_member("max", key);
        return range;
      });
}

}  // namespace quern::analysis
