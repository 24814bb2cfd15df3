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
    {"$collStats", analyse_coll_stats},
    {"$indexStats", analyse_index_stats},
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

void add_collection(const Element& operation, const Element& name,
                    std::vector<std::string_view>& collections) {
  if (!name) return;  // such as $lookup of documents
  if (!name.is_string()) {
    refuse::malformed(
        fmt::format("{} takes the name of a collection as a string", operation.key()));
  }
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
  for (const Element& element : stages) {
    if (element.key() == "$unionWith" && element.is_string()) {
      add_collection(element, element, collections);
    }
    if (!element.is_document() && !element.is_array()) continue;
    const View nested = element.as_document_or_array();
    if (element.key() == "$lookup" || element.key() == "$graphLookup") {
      add_collection(element, nested["from"], collections);
    } else if (element.key() == "$unionWith") {
      add_collection(element, nested["coll"], collections);
    }
    joined_collections(nested, collections);
  }
}

std::string output_namespace(std::string_view database, View stages) {
  for (const Element& stage : stages) {
    if (!stage.is_document()) continue;
    const Element operation = stage.as_document().front();
    bson::ValueView target = operation;
    if (operation.key() == "$merge" && operation.is_document()) {
      target = operation.as_document()["into"];
    } else if (operation.key() != "$merge" && operation.key() != "$out") {
      continue;
    }
    if (target.is_string()) return fmt::format("{}.{}", database, target.as_string());
    if (!target.is_document()) continue;
    const Element db = target.as_document()["db"];
    const Element collection = target.as_document()["coll"];
    if (!collection.is_string()) continue;
    return fmt::format("{}.{}", db.is_string() ? db.as_string() : database, collection.as_string());
  }
  return {};
}

}  // namespace quern::analysis
