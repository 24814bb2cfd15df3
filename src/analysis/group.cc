// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $group, and the stages that are short for it: equal values of an encrypted field have different
// ciphertexts, so that nothing encrypted can be grouped by or accumulated.
#include <fmt/format.h>

#include <optional>
#include <vector>

#include "analysis/constants.h"
#include "analysis/expression.h"
#include "analysis/key_pattern.h"
#include "analysis/refusal.h"
#include "analysis/stage.h"
#include "language/accumulators.h"

namespace quern::analysis {
namespace {

using bson::Element;

struct Row {
  std::string_view name;
  std::string_view accumulated = {};  // the argument; of those that take one, that
  bool refused = false;
};
constexpr Row kAccumulators[] = {
    {"$accumulator", {}, true},  // runs JavaScript
    {"$addToSet"},
    {"$avg"},
    {"$bottom", "output"},
    {"$bottomN", "output"},
    {"$count"},
    {"$first"},
    {"$firstN", "input"},
    {"$last"},
    {"$lastN", "input"},
    {"$max"},
    {"$maxN", "input"},
    {"$median", "input"},
    {"$mergeObjects"},
    {"$min"},
    {"$minN", "input"},
    {"$percentile", "input"},
    {"$push"},
    {"$stdDevPop"},
    {"$stdDevSamp"},
    {"$sum"},
    {"$top", "output"},
    {"$topN", "output"},
};
static_assert(language::stand_beside_accumulators(kAccumulators));

// The field of $sortByCount, and of a bucket that does not say what it wants.
constexpr std::string_view kCount = "count";

// Returns the tree of the key.
EncryptionTree group_by(const StageAnalysis& stage, std::string_view key,
                        const language::Expression& expression) {
  Outcome id = analyse_output(stage.context, stage.tree, key, expression, stage.out);
  if (!id.tree.encrypts()) return std::move(id.tree);
  const std::string below = id.tree.first_encrypted_path();
  refuse::operation(fmt::format(
      "Cannot group on field '_id{}{}' which is encrypted with the random algorithm or whose "
      "encryption properties are not known until runtime",
      below.empty() ? "" : ".", below));
}

// What of the documents is accumulated; null when they are counted: {$sum: 1}, {$count: {}}.
const language::Expression* accumulated(const Row& row, const language::Call& call) {
  if (!row.accumulated.empty()) return call.argument(row.accumulated);
  const bool counts =
      call.arguments.empty() || (row.name == "$sum" && call[0].source.whole_number() == 1);
  return counts ? nullptr : &call[0];
}

// What a group has under a name comes in place of what the documents had there.
void assign(const StageAnalysis& stage, std::string_view name, EncryptionTree value,
            EncryptionTree& output) {
  refuse_constants(stage.tree, name, value);
  output.assign(name, std::move(value));
}

void accumulate(const StageAnalysis& stage, const language::AccumulatorSpec& field,
                EncryptionTree& output) {
  const language::Call& call = field.call;
  const Row& row = kAccumulators[language::accumulator_position(*call.op)];
  if (row.refused) {
    refuse::operation(
        fmt::format("Accumulator '{}' is not understood by automatic encryption", row.name));
  }
  stage.out.open_document(field.field);
  analyse_accumulator(stage.context, stage.tree, call, stage.out);
  stage.out.close();
  // One value or an array of them: paths lead through both.
  EncryptionTree value;
  if (const language::Expression* of = accumulated(row, call)) {
    value = EncryptionTree::array_of(tree_of_expression(stage.context, &stage.tree, *of));
  }
  assign(stage, field.field, std::move(value), output);
  // $top and its kind order by paths of the documents.
  if (const language::Expression* order = call.argument("sortBy")) {
    check_key_pattern(row.name, order->source.as_document());
    for (const Element& part : order->source.as_document()) {
      require_plain(stage.tree, part.key(), "The sort path");
    }
  }
}

void accumulate(const StageAnalysis& stage, const std::vector<language::AccumulatorSpec>& fields,
                EncryptionTree& output) {
  for (const language::AccumulatorSpec& field : fields) accumulate(stage, field, output);
}

// The output of a bucket.
void accumulate_output(const StageAnalysis& stage,
                       const std::optional<std::vector<language::AccumulatorSpec>>& fields,
                       EncryptionTree& output) {
  if (!fields) return output.assign(kCount, {});
  stage.out.open_document("output");
  accumulate(stage, *fields, output);
  stage.out.close();
}

}  // namespace

void analyse_group(const StageAnalysis& stage, const Element& operation) {
  const auto& group = stage.spec.as<language::GroupSpec>();
  // The key is judged before the accumulators, wherever it stands.
  EncryptionTree output = stage.tree.removed();
  stage.out.open_document(operation.key());
  assign(stage, "_id", group_by(stage, "_id", group.id), output);
  accumulate(stage, group.fields, output);
  stage.out.close();
  stage.tree = std::move(output);
}

void analyse_sort_by_count(const StageAnalysis& stage, const Element& operation) {
  EncryptionTree key =
      group_by(stage, operation.key(), stage.spec.as<language::SortByCountSpec>().expression);
  EncryptionTree output = stage.tree.removed();
  assign(stage, "_id", std::move(key), output);
  output.assign(kCount, {});
  stage.tree = std::move(output);
}

void analyse_bucket(const StageAnalysis& stage, const Element& operation) {
  const auto& bucket = stage.spec.as<language::BucketSpec>();
  EncryptionTree bounds;
  const auto bound = [&](std::string_view name, const language::Expression& value) {
    if (value.absent()) return;
    analyse_evaluated(stage.context, stage.tree, name, value, Comparisons::kRefused, stage.out);
    bounds.join(tree_of_expression(stage.context, &stage.tree, value));
  };
  EncryptionTree output = stage.tree.removed();
  stage.out.open_document(operation.key());
  EncryptionTree key = group_by(stage, "groupBy", bucket.group_by);
  bound("boundaries", bucket.boundaries);
  bound("default", bucket.otherwise);
  accumulate_output(stage, bucket.output, output);
  stage.out.close();
  refuse_compared_constants(key, "_id", bounds, {});
  key.join(bounds);
  assign(stage, "_id", std::move(key), output);
  stage.tree = std::move(output);
}

void analyse_bucket_auto(const StageAnalysis& stage, const Element& operation) {
  const auto& bucket = stage.spec.as<language::BucketAutoSpec>();
  EncryptionTree output = stage.tree.removed();
  stage.out.open_document(operation.key());
  const EncryptionTree key = group_by(stage, "groupBy", bucket.group_by);
  stage.out.append(bucket.buckets);
  if (bucket.granularity) stage.out.append(bucket.granularity);
  accumulate_output(stage, bucket.output, output);
  stage.out.close();
  EncryptionTree range;
  range.set_member("min", key);
  range.set_member("max", key);
  assign(stage, "_id", std::move(range), output);
  stage.tree = std::move(output);
}

}  // namespace quern::analysis
