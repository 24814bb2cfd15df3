// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/pipeline.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/refusal.h"
#include "analysis/stage.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::View;

struct Row {
  std::string_view name;
  AnalyseStage analyse;
};

constexpr Row kStages[] = {
    {"$match", analyse_match},
    {"$project", analyse_project},
    {"$addFields", analyse_add_fields_stage},
    {"$set", analyse_add_fields_stage},
    {"$unset", analyse_unset},
    {"$sort", analyse_sort},
    {"$limit", analyse_number},
    {"$skip", analyse_number},
    {"$sample", analyse_sample},
    {"$count", analyse_count},
    {"$collStats", analyse_statistics},
    {"$indexStats", analyse_statistics},
    {"$group", analyse_group},
    {"$sortByCount", analyse_sort_by_count},
    {"$bucket", analyse_bucket},
    {"$bucketAuto", analyse_bucket_auto},
    {"$unwind", analyse_unwind},
    {"$replaceRoot", analyse_replace_root},
    {"$replaceWith", analyse_replace_with},
    {"$redact", analyse_redact},
    {"$lookup", analyse_lookup},
    {"$graphLookup", analyse_graph_lookup},
    {"$geoNear", analyse_geo_near},
};

Element operation_of(const Element& stage) {
  if (!stage.is_document() || stage.as_document().count() != 1) {
    refuse::malformed("A pipeline stage specification object must contain exactly one field.");
  }
  return stage.as_document().front();
}

const Row& row_of(std::string_view name) {
  for (const Row& row : kStages) {
    if (row.name == name) return row;
  }
  refuse::stage(name);
}

void add_collection(const bson::ValueView& name, std::vector<std::string_view>& collections) {
  if (!name.is_string()) return;
  if (std::find(collections.begin(), collections.end(), name.as_string()) == collections.end()) {
    collections.push_back(name.as_string());
  }
}

}  // namespace

EncryptionTree analyse_pipeline(Context& context, EncryptionTree tree, std::string_view collection,
                                std::string_view key, View stages, bson::Builder& out) {
  out.open_array(key);
  for (const Element& stage : stages) {
    const Element operation = operation_of(stage);
    out.open_document(stage.key());
    row_of(operation.key()).analyse({context, tree, collection, out}, operation);
    out.close();
  }
  out.close();
  return tree;
}

void check_plain_pipeline(View stages) {
  for (const Element& stage : stages) {
    const Element operation = operation_of(stage);
    row_of(operation.key());
    if (operation.key() != "$lookup" || !operation.is_document()) continue;
    check_lookup_let(operation);
    if (const Element nested = operation.as_document()["pipeline"]; nested.is_array()) {
      check_plain_pipeline(nested.as_array());
    }
  }
}

void joined_collections(View stages, std::vector<std::string_view>& collections) {
  for (const Element& stage : stages) {
    if (!stage.is_document()) continue;
    for (const Element& operation : stage.as_document()) {
      if (operation.key() == "$unionWith" && operation.is_string()) {
        add_collection(operation, collections);
      }
      if (!operation.is_document()) continue;
      const View spec = operation.as_document();
      if (operation.key() == "$lookup" || operation.key() == "$graphLookup") {
        add_collection(spec["from"], collections);
      } else if (operation.key() == "$unionWith") {
        add_collection(spec["coll"], collections);
      } else if (operation.key() == "$facet") {
        for (const Element& facet : spec) {
          if (facet.is_array()) joined_collections(facet.as_array(), collections);
        }
        continue;
      } else {
        continue;
      }
      if (const Element nested = spec["pipeline"]; nested.is_array()) {
        joined_collections(nested.as_array(), collections);
      }
    }
  }
}

}  // namespace quern::analysis
