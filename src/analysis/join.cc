// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $lookup and $graphLookup: fields are compared by the server, so they must be plain.
#include <fmt/format.h>

#include "analysis/constants.h"
#include "analysis/expression.h"
#include "analysis/match.h"
#include "analysis/pipeline.h"
#include "analysis/refusal.h"
#include "analysis/stage.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::View;

std::string_view required_string(const Element& operation, std::string_view name) {
  const Element member = stage_document(operation)[name];
  if (!member.is_string()) {
    refuse::malformed(fmt::format("{} needs a string '{}'", operation.key(), name));
  }
  return member.as_string();
}

void join_as(const StageAnalysis& stage, std::string_view path, std::string_view what,
             EncryptionTree joined) {
  require_plain(stage.tree, path, what);
  const EncryptionTree array = EncryptionTree::array_of(std::move(joined));
  refuse_constants(stage.tree, path, array);
  stage.tree.assign(path, array);
}

}  // namespace

void check_lookup_let(const Element& operation) {
  const Element let = stage_document(operation)["let"];
  if (let && !(let.is_document() && let.as_document().empty())) {
    refuse::operation(
        "Non-empty 'let' field is not allowed in the $lookup aggregation stage over an encrypted "
        "collection.");
  }
}

void analyse_lookup(const StageAnalysis& stage, const Element& operation) {
  const std::string_view from = required_string(operation, "from");
  const std::string_view as = required_string(operation, "as");
  check_lookup_let(operation);
  const EncryptionTree foreign(stage.context.fields_of(from));
  EncryptionTree joined = foreign;
  stage.out.open_document(operation.key());
  for (const Element& member : stage_options(operation)) {
    const std::string_view name = member.key();
    if (name == "pipeline") {
      if (!member.is_array()) refuse::malformed("$lookup.pipeline must be an array");
      joined = analyse_pipeline(stage.context, foreign, from, name, member.as_array(), stage.out);
      continue;
    }
    if (name == "localField") {
      require_plain(stage.tree, member_string(operation, member), "$lookup.localField");
    } else if (name == "foreignField") {
      require_plain(foreign, member_string(operation, member), "$lookup.foreignField");
    } else if (name != "from" && name != "as" && name != "let") {
      refuse::unknown_member(operation.key(), name);
    }
    stage.out.append(member);
  }
  stage.out.close();
  join_as(stage, as, "$lookup.as", std::move(joined));
}

void analyse_graph_lookup(const StageAnalysis& stage, const Element& operation) {
  if (required_string(operation, "from") != stage.collection) {
    refuse::operation("$graphLookup is supported only from the collection that is aggregated");
  }
  const std::string_view as = required_string(operation, "as");
  EncryptionTree source(stage.context.fields_of(stage.collection));
  std::string_view depth;
  stage.out.open_document(operation.key());
  for (const Element& member : stage_options(operation)) {
    const std::string_view name = member.key();
    if (name == "startWith") {
      analyse_evaluated(stage.context, stage.tree, name, member, Comparisons::kRefused, stage.out);
      continue;
    }
    if (name == "restrictSearchWithMatch") {
      if (!member.is_document())
        refuse::malformed("$graphLookup.restrictSearchWithMatch takes a filter");
      stage.out.open_document(name);
      analyse_filter(stage.context, source, member.as_document(), FilterUse::kQuery, stage.out);
      stage.out.close();
      continue;
    }
    if (name == "connectFromField" || name == "connectToField") {
      require_plain(source, member_string(operation, member), "$graphLookup");
    } else if (name == "depthField") {
      depth = member_string(operation, member);
      require_plain(source, depth, "$graphLookup.depthField");
    } else if (name != "from" && name != "as" && name != "maxDepth") {
      refuse::unknown_member(operation.key(), name);
    }
    stage.out.append(member);
  }
  stage.out.close();
  if (!depth.empty()) source.assign(depth, {});
  join_as(stage, as, "$graphLookup.as", std::move(source));
}

}  // namespace quern::analysis
