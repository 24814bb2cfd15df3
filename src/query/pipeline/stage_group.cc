// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $group and $sortByCount.
#include <optional>

#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "query/expression/accumulator.h"
#include "query/expression/expression.h"
#include "query/expression/expression_node.h"
#include "query/pipeline/stage.h"
#include "query/value/values.h"

namespace quern::query {
namespace {

struct GroupField {
  std::string name;
  AccumulatorFactory make;
  std::optional<std::size_t> argument;  // position among the arguments; none of $count
};
struct Grouping {
  Expression id;
  std::vector<GroupField> fields = {};
  std::vector<Expression> arguments = {};  // each different one once
  std::vector<bson::Value> argument_specs = {};
};

struct Group {
  bson::ValueView key;
  std::size_t hash;
  std::vector<std::unique_ptr<Accumulator>> states;
};

class GroupStream : public DocumentStream {
 public:
  GroupStream(std::unique_ptr<DocumentStream> source, std::shared_ptr<const Grouping> spec,
              std::size_t memory_limit)
      : source_(std::move(source)),
        spec_(std::move(spec)),
        memory_limit_(memory_limit),
        arguments_(spec_->arguments.size()) {}

  std::optional<bson::View> next() override {
    if (source_ != nullptr) load();
    if (at_ == groups_.size()) return std::nullopt;
    Group& group = groups_[at_++];
    evaluation_.reset();
    out_.clear();
    out_.append("_id", group.key);
    for (std::size_t i = 0; i < spec_->fields.size(); ++i) {
      out_.append(spec_->fields[i].name, group.states[i]->result(evaluation_));
    }
    group.states.clear();
    return out_.finish();
  }

 private:
  void load() {
    while (const auto document = source_->next()) {
      evaluation_.reset();
      evaluation_.root = *document;
      Datum key = spec_->id.root().evaluate(evaluation_);
      if (key.missing()) key = Datum::null();
      Group& group = find(key.view());
      for (std::size_t i = 0; i < arguments_.size(); ++i) {
        arguments_[i] = spec_->arguments[i].root().evaluate(evaluation_);
      }
      for (std::size_t i = 0; i < spec_->fields.size(); ++i) {
        const auto argument = spec_->fields[i].argument;
        memory_ += group.states[i]->add(argument ? arguments_[*argument] : Datum());
      }
      if (memory_ > memory_limit_) {
        throw Error(ErrorCode::kExceededMemoryLimit,
                    "Exceeded memory limit of " + std::to_string(memory_limit_) +
                        " bytes for $group: group by fewer values, or collect less");
      }
    }
    source_.reset();
    table_.clear();
  }

  // Open addressing: 1 + position in groups_, or 0.
  Group& find(bson::ValueView key) {
    if (groups_.size() * 2 >= table_.size()) grow();
    const std::size_t hash = bson::hash(key);
    std::size_t slot = hash & (table_.size() - 1);
    for (; table_[slot] != 0; slot = (slot + 1) & (table_.size() - 1)) {
      Group& group = groups_[table_[slot] - 1];
      if (group.hash == hash && bson::compare(group.key, key) == 0) return group;
    }
    Group group{{key.type(), keys_.copy(key.bytes())}, hash, {}};
    for (const GroupField& field : spec_->fields) group.states.push_back(field.make());
    memory_ += sizeof(Group) + key.bytes().size() + spec_->fields.size() * kStateSize;
    groups_.push_back(std::move(group));
    table_[slot] = static_cast<std::uint32_t>(groups_.size());
    return groups_.back();
  }

  void grow() {
    table_.assign(std::max<std::size_t>(64, table_.size() * 2), 0);
    for (std::uint32_t i = 0; i < groups_.size(); ++i) {
      std::size_t slot = groups_[i].hash & (table_.size() - 1);
      while (table_[slot] != 0) slot = (slot + 1) & (table_.size() - 1);
      table_[slot] = i + 1;
    }
  }

  static constexpr std::size_t kStateSize = 128;  // about what one accumulator takes

  std::unique_ptr<DocumentStream> source_;  // null once it is read
  std::shared_ptr<const Grouping> spec_;
  std::size_t memory_limit_;
  std::vector<Datum> arguments_;
  std::size_t memory_ = 0;
  Arena keys_;
  std::vector<Group> groups_;
  std::vector<std::uint32_t> table_;
  std::size_t at_ = 0;
  Evaluation evaluation_;
  Writer out_;
};

class GroupStage : public Stage {
 public:
  GroupStage(std::shared_ptr<const Grouping> spec, std::size_t memory_limit,
             std::optional<SortPattern> order = {})
      : spec_(std::move(spec)), memory_limit_(memory_limit), order_(std::move(order)) {}
  std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source) const override {
    auto groups = std::make_unique<GroupStream>(std::move(source), spec_, memory_limit_);
    if (!order_) return groups;
    return sorted(std::move(groups), *order_, {}, memory_limit_);
  }

 private:
  std::shared_ptr<const Grouping> spec_;
  std::size_t memory_limit_;
  std::optional<SortPattern> order_;
};

std::size_t add_argument(const language::Expression& argument, Grouping& group,
                         const PipelineContext& context) {
  for (std::size_t i = 0; i < group.argument_specs.size(); ++i) {
    if (identical(group.argument_specs[i].view(), argument.source)) return i;
  }
  group.arguments.push_back(Expression::of(argument, context.parse));
  group.argument_specs.emplace_back(argument.source);
  return group.arguments.size() - 1;
}

void add_field(const language::AccumulatorSpec& field, Grouping& group,
               const PipelineContext& context) {
  const language::Call& call = field.call;
  const AccumulatorFactory make = accumulator_factory(*call.op);
  if (make == nullptr) {
    throw Error(15952, "the accumulator " + std::string(call.op->name) +
                           " is not supported by this engine");
  }
  group.fields.push_back({std::string(field.field), make, {}});
  if (!call.arguments.empty()) group.fields.back().argument = add_argument(call[0], group, context);
}

}  // namespace

StagePtr make_stage(const language::GroupSpec& spec, const PipelineContext& context) {
  auto grouping = std::make_shared<Grouping>(Grouping{Expression::of(spec.id, context.parse)});
  for (const language::AccumulatorSpec& field : spec.fields) add_field(field, *grouping, context);
  return std::make_unique<GroupStage>(std::move(grouping), context.memory_limit);
}

// The same as {$group: {_id: expression, count: {$sum: 1}}}, {$sort: {count: -1}}.
StagePtr make_stage(const language::SortByCountSpec& spec, const PipelineContext& context) {
  auto grouping =
      std::make_shared<Grouping>(Grouping{Expression::of(spec.expression, context.parse)});
  grouping->fields.push_back(
      {"count", accumulator_factory(*language::accumulator("$count")), std::nullopt});
  return std::make_unique<GroupStage>(std::move(grouping), context.memory_limit,
                                      SortPattern::parse(bson::doc("count", -1)));
}

}  // namespace quern::query
