// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/index_spec.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "engine/rules/command_reader.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"
#include "query/match/match.h"

namespace quern::engine {
namespace {

constexpr std::size_t kMaxIndexes = 64;  // with that on _id
constexpr std::size_t kMaxParts = 32;
constexpr bson::MemberFaults kFaults{
    .unknown = {197, "The field '{name}' is not valid for an index specification"}};
const std::initializer_list<std::string_view> kKnown = {"v",
                                                        "key",
                                                        "name",
                                                        "unique",
                                                        "sparse",
                                                        "partialFilterExpression",
                                                        "expireAfterSeconds",
                                                        "ns",
                                                        "hidden",
                                                        "background",
                                                        "collation",
                                                        "storageEngine"};

[[noreturn]] void refuse(const std::string& text) {
  throw DatabaseError(ErrorCode::kCannotCreateIndex, text);
}

void check_key(bson::View key) {
  const std::string shown = bson::to_json(key);
  if (key.empty()) refuse("Index keys cannot be an empty object");
  if (key.count() > kMaxParts) refuse("Index key " + shown + " has more than 32 parts");
  for (const bson::Element& part : key) {
    if (part.is_string()) {
      throw NotSupported("indexes of the type '" + std::string(part.as_string()) +
                         "' are not supported: use 1 or -1");
    }
    if (!part.is_number() || part.number() == 0 || std::isnan(part.number())) {
      refuse("Values in the index key pattern " + shown + " must be 1 or -1");
    }
    const std::string_view path = part.key();
    if (path == "$**" || path.ends_with(".$**")) {
      throw NotSupported("wildcard indexes are not supported");
    }
    if (path.empty() || path.front() == '.' || path.back() == '.' ||
        path.find("..") != std::string_view::npos) {
      refuse("Index key " + shown + " has an empty field name");
    }
    if (path.front() == '$' || path.find(".$") != std::string_view::npos) {
      refuse("Index key " + shown + " has a field name that starts with '$'");
    }
  }
  for (auto a = key.begin(); a != key.end(); ++a) {
    for (auto b = std::next(a); b != key.end(); ++b) {
      if (a->key() == b->key()) refuse("Index key " + shown + " names a field twice");
    }
  }
}

void check_partial_condition(std::string_view path, const bson::Element& condition) {
  const std::string_view op = condition.key();
  if (op == "$exists" ? condition.truthy()
                      : op == "$eq" || op == "$lt" || op == "$lte" || op == "$gt" || op == "$gte" ||
                            op == "$in" || op == "$type") {
    return;
  }
  refuse("Expression not supported in partial index: " + std::string(op) + " on '" +
         std::string(path) + "'. Use $eq, $lt, $lte, $gt, $gte, $in, $type, $exists: true, $and " +
         "and $or");
}

// Only conditions of which it can be told that a query implies them, as on the server.
void check_partial_filter(bson::View filter) {
  for (const bson::Element& part : filter) {
    const std::string_view name = part.key();
    if (name == "$and" || name == "$or") {
      for (const bson::Element& each : part.as_array()) check_partial_filter(each.as_document());
    } else if (name.starts_with('$')) {
      if (name != "$comment")
        refuse("Expression not supported in partial index: " + std::string(name));
    } else if (part.type() == bson::Type::kRegex) {
      refuse("Expression not supported in partial index: a regular expression on '" +
             std::string(name) + "'");
    } else if (part.is_document() && part.as_document().front().key().starts_with('$')) {
      for (const bson::Element& each : part.as_document()) check_partial_condition(name, each);
    }
  }
}

// An index that is hidden is the same index.
bool same_index(bson::View a, bson::View b) {
  const auto without_hidden = [](bson::View spec) {
    bson::Builder builder;
    for (const bson::Element& member : spec) {
      if (member.key() != "hidden") builder.append(member);
    }
    return builder.finish();
  };
  return without_hidden(a) == without_hidden(b);
}

bool flag(const CommandReader& index, std::string_view member) {
  return index.boolean(member, false);
}

}  // namespace

const bson::Document& id_index_spec() {
  static const bson::Document spec = bson::doc("v", 2, "key", bson::doc("_id", 1), "name", "_id_");
  return spec;
}

bool is_id_key(bson::View key) {
  const bson::Element part = key.front();
  return key.count() == 1 && part.key() == "_id" && part.is_number() && part.number() == 1;
}

bson::Document index_spec(bson::View index) {
  const CommandReader arguments(index, "createIndexes.indexes", kKnown, kFaults);
  const bson::View key = arguments.required_document("key");
  const std::string_view name = arguments.required_text("name");
  check_key(key);
  if (name.empty() || name == "*" || name.find('\0') != std::string_view::npos) {
    refuse("The index name '" + std::string(name) + "' is not valid");
  }
  if (const auto version = arguments.whole("v"); version && *version != 2 && *version != 1) {
    refuse("Invalid index version " + std::to_string(*version) + ": only 2 is written");
  }
  if (index.contains("expireAfterSeconds")) {
    throw NotSupported("indexes that make documents expire are not supported");
  }
  arguments.refuse_collation();
  const bson::Element partial = index["partialFilterExpression"];
  if (!partial.missing()) {
    query::ParseContext context;
    context.allow_expr = false;
    query::Matcher::parse(arguments.required_document("partialFilterExpression"), context);
    check_partial_filter(partial.as_document());
    if (flag(arguments, "sparse")) {
      refuse("cannot mix \"partialFilterExpression\" and \"sparse\" options");
    }
  }
  if (is_id_key(key)) return id_index_spec();
  if (key.count() == 1 && key.front().key() == "_id" && key.front().is_number()) {
    throw DatabaseError(ErrorCode::kBadValue, "The field 'key' for an _id index must be {_id: 1}");
  }
  bson::Builder spec;
  spec.append("v", 2).append("key", key).append("name", name);
  if (flag(arguments, "unique")) spec.append("unique", true);
  if (flag(arguments, "sparse")) spec.append("sparse", true);
  if (!partial.missing()) spec.append(partial);
  if (flag(arguments, "hidden")) spec.append("hidden", true);
  return spec.finish();
}

std::vector<bson::Document> new_index_specs(const Collection* collection,
                                            std::vector<bson::Document> specs) {
  std::vector<bson::Document> known;
  if (collection != nullptr) {
    for (const auto& index : collection->indexes()) known.emplace_back(index->spec());
  }
  std::vector<bson::Document> created;
  for (bson::Document& spec : specs) {
    if (spec == id_index_spec()) continue;
    bool exists = false;
    for (const bson::Document& other : known) {
      const bool same_name = spec["name"].as_string() == other["name"].as_string();
      const bool same_key = spec["key"].as_document() == other["key"].as_document();
      if (same_index(spec, other)) {
        exists = true;
      } else if (same_name) {
        throw DatabaseError(ErrorCode::kIndexKeySpecsConflict,
                            "An existing index has the same name as the requested index. The names "
                            "of indexes are unique in a collection. "
                            "Requested index: " +
                                bson::to_json(spec) + ", existing index: " + bson::to_json(other));
      } else if (same_key && !spec["partialFilterExpression"] &&
                 !other["partialFilterExpression"]) {
        throw DatabaseError(ErrorCode::kIndexOptionsConflict,
                            "Index already exists with a different name: " +
                                std::string(other["name"].as_string()));
      }
    }
    if (spec["name"].as_string() == "_id_") {
      refuse("The index name '_id_' is reserved for the index on _id");
    }
    if (exists) continue;
    known.push_back(spec);
    created.push_back(std::move(spec));
  }
  if (known.size() + 1 > kMaxIndexes) refuse("add index fails, too many indexes (64 at most)");
  return created;
}

}  // namespace quern::engine
