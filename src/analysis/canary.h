// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// For tests: values that nothing else holds, and commands with a place for one in every position
// that is known, whether it makes sense or not. The paths are those of the schema in
// analysis/testing.h, collections "c" (encrypted), "other" (alike) and "plain".
#ifndef QUERN_ANALYSIS_CANARY_H_
#define QUERN_ANALYSIS_CANARY_H_

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/encryption_tree.h"
#include "analysis/expression_operators.h"
#include "quern/bson/blob_subtype.h"
#include "quern/bson/json.h"

namespace quern::analysis::testing {

using bson::Element;
using bson::View;

struct Canary {
  bson::Value value;
  Bytes trace;  // these bytes outside of markings are a leak
};

inline const std::vector<Canary>& canaries() {
  static const std::vector<Canary> all = [] {
    constexpr std::string_view kText = "canary-5d41402abc4b";
    const Bytes text(kText.begin(), kText.end());
    const auto fixed = [](auto number) {
      const bson::Value value = bson::Value::of(number);
      return Canary{value, Bytes(value.view().bytes().begin(), value.view().bytes().end())};
    };
    std::vector<Canary> result{
        {bson::Value::of(kText), text},
        {bson::Value::of("$$" + std::string(kText)), text},  // to an expression, a variable
        {bson::Value::of(bson::Binary{bson::BinarySubtype::kGeneric, text}), text},
        {bson::Value::of(bson::Regex{kText, ""}), text},
        fixed(std::int32_t{1554087485}),
        fixed(std::int64_t{8002147513720301329}),
        fixed(7.4836252012345e+107),
    };
    const std::size_t scalars = result.size();
    for (std::size_t i = 0; i < scalars; ++i) {
      const Canary scalar = result[i];
      result.push_back({bson::array(scalar.value), scalar.trace});
      result.push_back({bson::Value(bson::doc("x", scalar.value).view().as_value()), scalar.trace});
    }
    return result;
  }();
  return all;
}

// Encrypted paths, paths below them, and through what cannot be on the way.
inline constexpr std::string_view kPaths[] = {
    "ssn",     "n",        "a.b",   "a.d.e",      "billing", "note",
    "age",     "title",    "ssn.x", "billing.cc", "a.0.b",   "a.$.b",
    "a.$[].b", "a.$[i].b", "ssn.$", "ssn.0",      "ssn.$[]", "a.d.$[i].e"};

inline constexpr std::string_view kFieldOperators[] = {
    "$eq",         "$ne",           "$in",          "$nin",         "$gt",        "$gte",
    "$lt",         "$lte",          "$exists",      "$not",         "$elemMatch", "$all",
    "$type",       "$mod",          "$regex",       "$options",     "$size",      "$bitsAllClear",
    "$bitsAllSet", "$bitsAnyClear", "$bitsAnySet",  "$geoWithin",   "$within",    "$geoIntersects",
    "$near",       "$nearSphere",   "$maxDistance", "$minDistance", "$unheard",   "$comment"};

// Commands as JSON, in which P stands for a path in quotes, also after a dot in them, D for
// "$path", V for the canary, and N for the canary inside nested documents of the path's components.
using Templates = std::vector<std::string>;

inline Templates filters() {
  Templates result{"{P: V}", "N", "{P: {\"x\": V}}"};
  for (const std::string_view name : kFieldOperators) {
    result.push_back(fmt::format("{{P: {{\"{}\": V}}}}", name));
    result.push_back(fmt::format("{{P: {{\"{}\": [V]}}}}", name));
    result.push_back(fmt::format("{{P: {{\"$not\": {{\"{}\": V}}}}}}", name));
    result.push_back(fmt::format("{{P: {{\"$elemMatch\": {{\"{}\": V}}}}}}", name));
    result.push_back(fmt::format("{{P: {{\"$all\": [{{\"$elemMatch\": {{\"{}\": V}}}}]}}}}", name));
    result.push_back(fmt::format("{{P: {{\"$exists\": true, \"{}\": V}}}}", name));
  }
  for (const std::string_view name : {"$eq", "$gt", "$in", "$all", "$elemMatch", "$not"}) {
    for (const std::string_view below : {"b", "d.e"}) {
      result.push_back(fmt::format("{{\"a\": {{\"{}\": {{\"{}\": V}}}}}}", name, below));
      result.push_back(fmt::format("{{\"a\": {{\"{}\": [{{\"{}\": V}}]}}}}", name, below));
    }
  }
  return result;
}

// An operator with these arguments, as many as it takes: the last one stands for those that are
// left, and an operator of a single argument takes all of them in an array.
inline std::string call_of(const language::ExpressionOperator& op,
                           const std::vector<std::string>& arguments) {
  using language::Reading;
  if (op.arguments == language::Arguments::kConstant ||
      op.arguments == language::Arguments::kKeyword) {
    return fmt::format("{{\"{}\": {}}}", op.name, arguments.back());
  }
  std::size_t places = std::max(op.min, std::min(op.max, arguments.size()));
  const auto is_place = [](const language::Parameter& parameter) {
    return parameter.reading != Reading::kFlag && parameter.reading != Reading::kOrder &&
           parameter.reading != Reading::kVariable;
  };
  if (!op.parameters.empty()) {
    places = static_cast<std::size_t>(std::ranges::count_if(op.parameters, is_place));
  }
  std::size_t next = 0;
  const auto argument = [&] {
    if (places == 1) return fmt::format("[{}]", fmt::join(arguments, ", "));
    return arguments[std::min(next++, arguments.size() - 1)];
  };
  std::vector<std::string> parts;
  if (op.parameters.empty()) {
    while (parts.size() < places) parts.push_back(argument());
    return fmt::format("{{\"{}\": [{}]}}", op.name, fmt::join(parts, ", "));
  }
  for (const language::Parameter& parameter : op.parameters) {
    std::string text;
    switch (parameter.reading) {
      case Reading::kExpression:
        text = argument();
        break;
      case Reading::kFlag:
        text = "true";
        break;
      case Reading::kOrder:
        text = "1";
        break;
      case Reading::kSort:
        text = R"({"p": 1})";
        break;
      case Reading::kVariable:
        text = "\"v\"";
        break;
      case Reading::kVariables:
        text = fmt::format("{{\"v\": {}}}", argument());
        break;
      case Reading::kList:
        text = fmt::format("[{}]", argument());
        break;
      case Reading::kBranches:
        text = fmt::format("[{{\"case\": {0}, \"then\": {0}}}]", argument());
        break;
    }
    parts.push_back(fmt::format("\"{}\": {}", parameter.name, text));
  }
  return fmt::format("{{\"{}\": {{{}}}}}", op.name, fmt::join(parts, ", "));
}

// Expressions that meet the field and the canary. What can yield either of both is not among them:
// a default for a missing value is no value of the field.
inline Templates expressions(bool with_alternatives) {
  Templates result;
  for (const language::ExpressionOperator& op : language::kExpressionOperators) {
    const Shape shape = shape_of(op);
    if (shape == Shape::kLiteral) continue;
    const bool alternatives =
        shape == Shape::kCondition || shape == Shape::kIfNull || shape == Shape::kSwitch;
    if (alternatives && !with_alternatives) continue;
    if (shape != Shape::kLet) {
      result.push_back(call_of(op, {"D", "V"}));
      result.push_back(call_of(op, {"V", "D"}));
    }
    if (shape == Shape::kEvaluated) continue;  // all alike
    for (const char* operands :
         {"[D, V]", "[V, D]", "[D, {\"$literal\": V}]", "[{\"$const\": V}, D]", "[D, [V]]",
          "[[D], V]", "[D, {\"x\": V}]", "{\"input\": D, \"x\": V}", "{\"input\": D, \"in\": V}",
          "{\"input\": V, \"in\": D}", "{\"input\": D, \"cond\": {\"$eq\": [D, V]}}",
          "{\"input\": [1], \"cond\": {\"$eq\": [D, V]}}",
          "{\"vars\": {\"v\": D}, \"in\": {\"$eq\": [\"$$v\", V]}}",
          "{\"vars\": {\"v\": V}, \"in\": {\"$eq\": [\"$$v\", D]}}", "[D, V, V]", "[V, D, V]",
          "{\"if\": D, \"then\": V, \"else\": 1}", "{\"branches\": [{\"case\": D, \"then\": V}]}",
          "{\"input\": D, \"prefix\": V, \"suffix\": V, \"substring\": V, \"string\": V}"}) {
      result.push_back(fmt::format("{{\"{}\": {}}}", op.name, operands));
    }
  }
  for (const char* wrapper : {"{\"$and\": [E]}", "{\"$not\": [E]}", "{\"$cond\": [E, 1, 0]}",
                              "{\"$let\": {\"vars\": {}, \"in\": E}}", "{\"$eq\": [E, true]}"}) {
    for (const char* inner : {"{\"$eq\": [D, V]}", "{\"$gt\": [V, D]}", "{\"$in\": [D, [V]]}"}) {
      std::string text = wrapper;
      text.replace(text.find("E]") != std::string::npos ? text.find("E]") : text.find('E'), 1,
                   inner);
      result.push_back(text);
    }
  }
  return result;
}

inline Templates nested(const Templates& filters) {
  Templates result;
  std::size_t turn = 0;
  for (const std::string& filter : filters) {
    result.push_back(filter);
    switch (turn++ % 5) {
      case 0:
        result.push_back("{\"$and\": [" + filter + ", {\"p\": 1}]}");
        break;
      case 1:
        result.push_back("{\"$or\": [{\"p\": 1}, {\"$nor\": [" + filter + "]}]}");
        break;
      case 2:
        result.push_back("{\"p\": 1, \"$nor\": [" + filter + "]}");
        break;
      case 3:
        result.push_back("{\"$and\": [{\"$or\": [{\"$and\": [" + filter + "]}]}]}");
        break;
      default:
        result.push_back("{\"$jsonSchema\": {}, \"$and\": [" + filter + "]}");
    }
  }
  return result;
}

// Commands with F for a filter.
inline constexpr std::string_view kFilterCommands[] = {
    R"({"find": "c", "filter": F})",
    R"({"count": "c", "query": F})",
    R"({"distinct": "c", "key": "p", "query": F})",
    R"({"delete": "c", "deletes": [{"q": {}, "limit": 1}, {"q": F, "limit": 0}]})",
    R"({"update": "c", "updates": [{"q": F, "u": {"$set": {"p": 1}}, "upsert": true}]})",
    R"({"findAndModify": "c", "query": F, "remove": true})",
    R"({"aggregate": "c", "pipeline": [{"$match": F}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$geoNear": {"near": [0, 0], "distanceField": "d", "query": F}}], "cursor": {}})",
    R"({"aggregate": "c", "pipeline": [{"$graphLookup": {"from": "c", "startWith": "$p", "connectFromField": "p", "connectToField": "p", "as": "g", "restrictSearchWithMatch": F}}], "cursor": {}})",
    R"({"aggregate": "plain", "pipeline": [{"$lookup": {"from": "c", "as": "o", "pipeline": [{"$match": F}]}}], "cursor": {}})",
    R"({"explain": {"find": "c", "filter": F}, "verbosity": "queryPlanner"})",
    R"({"create": "c", "validator": F})",
    R"({"collMod": "c", "validator": F})",
    R"({"createIndexes": "c", "indexes": [{"key": {"p": 1}, "name": "x", "partialFilterExpression": F}]})",
};

inline Templates updates() {
  Templates result{"N", "{P: V}", "{\"p\": 1, P: V}", "[{\"$set\": {P: V}}]"};
  for (const std::string_view name :
       {"$set", "$setOnInsert", "$unset", "$rename", "$inc", "$mul", "$min", "$max", "$addToSet",
        "$pop", "$pull", "$pullAll", "$push", "$currentDate", "$bit", "$unheard"}) {
    for (const char* operand :
         {"{P: V}", "N", "{P: [V]}", "{P: {\"$each\": [V]}}", "{P: {\"$in\": [V]}}",
          "{P: {\"x\": V}}", "{\"a\": [N]}", "{\"a.d\": {\"e\": V}}", "{\"a.d\": [{\"e\": V}]}"}) {
      result.push_back(fmt::format("{{\"{}\": {}}}", name, operand));
    }
  }
  return result;
}

inline constexpr std::string_view kUpdateCommands[] = {
    R"({"update": "c", "updates": [{"q": {}, "u": F}]})",
    R"({"update": "c", "updates": [{"q": {}, "u": F, "upsert": true, "arrayFilters": [{"i.y": 1}]}]})",
    R"({"findAndModify": "c", "query": {}, "update": F})",
};

inline Templates stages(const Templates& expressions) {
  Templates result{
      R"({"$match": {P: V}})",
      R"({"$match": {P: {"$in": [V]}}})",
      R"({"$collStats": {P: V}})",
      R"({"$indexStats": {P: V}})",
      R"({"$sort": {P: V}})",
      R"({"$unset": {P: V}})",
      R"({"$unset": [{P: V}]})",
      R"({"$project": {P: V}})",
      R"({"$project": N})",
      R"({"$project": {P: {"$literal": V}}})",
      R"({"$addFields": {P: V}})",
      R"({"$addFields": N})",
      R"({"$set": {P: {"$const": V}}})",
      R"({"$set": {P: [V]}})",
      R"({"$replaceWith": N})",
      R"({"$replaceRoot": {"newRoot": N}})",
      R"({"$limit": {P: V}})",
      R"({"$skip": {P: V}})",
      R"({"$sample": {"size": {P: V}}})",
      R"({"$sample": {P: V}})",
      R"({"$count": {P: V}})",
      R"({"$facet": {"x": [{"$match": {P: V}}]}})",
      R"({"$unionWith": {"coll": "c", "pipeline": [{"$match": {P: V}}]}})",
      R"({"$out": {P: V}})",
      R"({"$merge": {"into": "c", "let": {"v": V}, "whenMatched": [{"$set": {P: "$$v"}}]}})",
      R"({"$fill": {"output": {P: {"value": V}}}})",
      R"({"$documents": [N]})",
      R"({"$bucket": {"groupBy": D, "boundaries": [V], "default": V}})",
      R"({"$bucket": {"groupBy": "$p", "boundaries": [1], "default": {"$eq": [D, V]}}})",
      R"({"$bucketAuto": {"groupBy": D, "buckets": V}})",
      R"({"$geoNear": {"near": V, "distanceField": P, "key": P}})",
      R"({"$lookup": {"from": "other", "as": P, "let": {"v": V}, "pipeline": []}})",
      R"({"$lookup": {"from": "other", "as": "o", "let": {"v": D}, "pipeline": [{"$match": {"$expr": {"$eq": ["$$v", V]}}}]}})",
      R"({"$unwind": {"path": D, "includeArrayIndex": V}})",
  };
  for (const std::string& expression : expressions) {
    result.push_back("{\"$project\": {\"x\": " + expression + "}}");
    result.push_back("{\"$addFields\": {\"x\": {\"y\": [" + expression + "]}}}");
    result.push_back("{\"$group\": {\"_id\": " + expression + "}}");
    result.push_back("{\"$group\": {\"_id\": null, \"x\": {\"$push\": " + expression + "}}}");
    result.push_back("{\"$sortByCount\": " + expression + "}");
    result.push_back("{\"$redact\": " + expression + "}");
    result.push_back("{\"$replaceWith\": " + expression + "}");
    result.push_back(
        "{\"$graphLookup\": {\"from\": \"c\", \"as\": \"g\", \"connectFromField\": \"p\", "
        "\"connectToField\": \"p\", \"startWith\": " +
        expression + "}}");
  }
  return result;
}

// Expressions made of the canary, computed at the encrypted path itself.
inline Templates computed_stages() {
  Templates result{
      R"({"$set": {P: {"$cond": ["$p", V, "$q"]}}})",
      R"({"$set": {P: {"$cond": {"if": "$p", "then": "$q", "else": V}}}})",
      R"({"$set": {P: {"$ifNull": ["$p", V]}}})",
      R"({"$set": {P: {"$switch": {"branches": [{"case": "$p", "then": V}], "default": "$q"}}}})",
      R"({"$set": {P: {"$switch": {"branches": [{"case": "$p", "then": "$q"}], "default": V}}}})",
      R"({"$set": {P: {"$let": {"vars": {"v": V}, "in": "$$v"}}}})",
      R"({"$set": {P: {"$map": {"input": "$p", "in": V}}}})",
      R"({"$project": {P: [V, "$p"]}})",
      R"({"$project": {P: {"x": V}}})",
      R"({"$replaceWith": {"$mergeObjects": [N, "$p"]}})",
      R"({"$replaceWith": {"$mergeObjects": [{"$literal": N}, "$p"]}})",
      R"({"$replaceWith": {"$cond": ["$p", N, "$q"]}})",
      R"({"$replaceRoot": {"newRoot": {"$ifNull": ["$p", N]}}})",
      R"({"$set": {P: "$$bound"}})",
      R"({"$project": {P: {"$cond": ["$p", "$$bound", "$q"]}}})",
      R"({"$group": {"_id": null, P: {"$first": "$$bound"}}})",
      R"({"$group": {"_id": null, P: {"$firstN": {"n": 2, "input": V}}}})",
      R"({"$group": {"_id": null, P: {"$top": {"sortBy": {"p": 1}, "output": "$$bound"}}}})",
      R"({"$replaceWith": "$$nested"})",
      R"({"$replaceWith": {"$mergeObjects": ["$p", "$$nested"]}})",
      R"({"$replaceWith": {"$let": {"vars": {"v": N}, "in": "$$v"}}})",
      R"({"$replaceWith": {"$first": {"$map": {"input": [N], "in": "$$this"}}}})",
      R"({"$replaceWith": {"$first": {"$filter": {"input": [N], "cond": "$p"}}}})",
      R"({"$replaceWith": {"$reduce": {"input": "$p", "initialValue": N, "in": "$$value"}}})",
      R"({"$replaceWith": {"$arrayElemAt": [[N], 0]}})",
      R"({"$replaceWith": {"$getField": {"field": "x", "input": {"x": N}}}})",
      R"({"$replaceWith": {"$getField": {"field": "x", "input": {"$literal": {"x": N}}}}})",
      R"({"$replaceWith": {"$unsetField": {"field": "x", "input": N}}})",
      R"({"$replaceWith": {"$setField": {"field": P, "input": "$p", "value": V}}})",
      R"({"$replaceWith": {"$setField": {"field": {"$const": P}, "input": "$p", "value": V}}})",
      R"({"$replaceWith": {"$setField": {"field": "$p", "input": "$p", "value": V}}})",
      R"({"$replaceWith": {"$arrayToObject": [[[P, V]]]}})",
      R"({"$replaceWith": {"$arrayToObject": [[{"k": P, "v": V}]]}})",
      R"({"$replaceWith": {"$arrayToObject": {"$literal": [{"k": P, "v": V}]}}})",
      R"({"$replaceWith": {"$arrayToObject": {"$literal": [[P, V]]}}})",
      R"({"$replaceWith": {"$arrayToObject": {"$zip": {"inputs": [[P], [V]]}}}})",
      R"({"$replaceWith": {"$arrayToObject": {"$map": {"input": "$p", "in": [P, V]}}}})",
      R"({"$replaceWith": {"$arrayToObject": {"$map": {"input": [V], "in": {"k": P, "v": "$$this"}}}}})",
      R"({"$replaceWith": {"$first": [[{"$arrayToObject": [[[P, V]]]}]]}})",
  };
  for (const language::ExpressionOperator& op : language::kExpressionOperators) {
    if (shape_of(op) == Shape::kGetField || op.name == "$rand") continue;  // take a name, nothing
    result.push_back(fmt::format("{{\"$project\": {{P: {}}}}}", call_of(op, {"V"})));
    result.push_back(fmt::format("{{\"$set\": {{P: {}}}}}", call_of(op, {"\"$p\"", "V"})));
  }
  for (const char* name : {"$first", "$last", "$push", "$addToSet", "$max", "$sum"}) {
    result.push_back(fmt::format("{{\"$group\": {{\"_id\": null, P: {{\"{}\": V}}}}}}", name));
    result.push_back(fmt::format(
        "{{\"$group\": {{\"_id\": null, P: {{\"{}\": {{\"$concat\": [\"$p\", V]}}}}}}}}", name));
  }
  return result;
}

// The same for a value inside the document that a name beside it stands for.
inline constexpr std::string_view kComputedDocuments[] = {
    R"({"$replaceWith": {"$setField": {"field": "a", "input": "$p", "value": V}}})",
    R"({"$replaceWith": {"$arrayToObject": [[["a", V]]]}})",
    R"({"$replaceWith": {"$arrayToObject": {"$literal": [{"k": "a", "v": V}]}}})",
    R"({"$replaceWith": {"$arrayToObject": {"$map": {"input": "$p", "in": {"k": "a", "v": V}}}}})",
    R"({"$set": {"a": {"$setField": {"field": "x", "input": V, "value": "$p"}}}})",
    R"({"$set": {"a": {"$let": {"vars": {"v": V}, "in": "$$v"}}}})",
    R"({"$project": {"a": {"$mergeObjects": ["$p", V]}}})",
};

// Stages after which nothing of the schema's fields is there any more.
inline constexpr std::string_view kRemovals[] = {
    R"({"$project": {"p": 1}})",
    R"({"$project": {"ssn": 0, "n": 0, "a": 0, "billing": 0, "note": 0, "age": 0, "title": 0}})",
    R"({"$unset": ["ssn", "n", "a.b", "a.d", "billing", "note", "age", "title"]})",
    R"({"$group": {"_id": "$p"}})",
    R"({"$sortByCount": "$p"})",
    R"({"$bucket": {"groupBy": "$p", "boundaries": [1, 2]}})",
    R"({"$bucketAuto": {"groupBy": "$p", "buckets": 2, "output": {"x": {"$sum": 1}}}})",
    R"({"$count": "x"})",
    R"({"$collStats": {}})",
    R"({"$replaceWith": {"x": "$p"}})",
    R"({"$replaceRoot": {"newRoot": "$p"}})",
};

// Pairs of stages: the second still speaks of what the first took away.
inline Templates stages_after_removal() {
  Templates result;
  for (const std::string_view removal : kRemovals) {
    for (const char* stage :
         {R"({"$match": {P: V}})", R"({"$match": N})", R"({"$match": {P: {"$in": [V]}}})",
          R"({"$match": {P: {"$gt": V}}})", R"({"$match": {P: {"$not": {"$eq": V}}}})",
          R"({"$match": {"$or": [{P: {"$elemMatch": {"$eq": V}}}]}})",
          R"({"$match": {"$expr": {"$eq": [D, V]}}})",
          R"({"$match": {"$expr": {"$in": [D, [V]]}}})", R"({"$project": {"x": {"$eq": [V, D]}}})",
          R"({"$project": {P: V}})", R"({"$addFields": {P: {"$concat": ["$p", V]}}})",
          R"({"$group": {"_id": null, P: {"$first": V}}})", R"({"$replaceWith": N})"}) {
      result.push_back(fmt::format("{}, {}", removal, stage));
    }
  }
  return result;
}

// Stages after the other collection's fields were removed in a join.
inline Templates stages_after_join() {
  Templates result;
  for (const std::string_view removal : kRemovals) {
    for (const char* unwind : {"", R"({"$unwind": "$o"}, )"}) {
      for (const char* stage :
           {R"({"$match": {"o.P": V}})", R"({"$match": {"o.0.P": V}})", R"({"$match": {"o": N}})",
            R"({"$match": {"o": {"$elemMatch": {P: V}}}})",
            R"({"$match": {"o": {"$elemMatch": {"$and": [N]}}}})",
            R"({"$match": {"o": {"$in": [N]}}})", R"({"$match": {"$expr": {"$eq": ["$o.P", V]}}})",
            R"({"$match": {"$expr": {"$in": ["$o", [N]]}}})",
            R"({"$match": {"$expr": {"$in": [N, "$o"]}}})", R"({"$set": {"o.P": V}})",
            R"({"$set": {"o": N}})", R"({"$unset": "o"}, {"$match": {"o.P": V}})",
            R"({"$project": {"o": 1}}, {"$match": {"o.P": V}})",
            R"({"$project": {"y": "$o"}}, {"$match": {"y.P": V}})",
            R"({"$set": {"o.x": "$p"}}, {"$match": {"o.P": V}})",
            R"({"$group": {"_id": "$o"}}, {"$match": {"_id.P": V}})",
            R"({"$group": {"_id": null, "x": {"$push": "$o"}}}, {"$match": {"x.P": V}})",
            R"({"$replaceWith": "$o"}, {"$match": {P: V}})"}) {
        result.push_back(
            fmt::format(R"({{"$lookup": {{"from": "other", "as": "o", "pipeline": [{}]}}}}, {}{})",
                        removal, unwind, stage));
      }
    }
  }
  return result;
}

// Expressions that may yield E.
inline constexpr std::string_view kCarriers[] = {
    R"({"$ifNull": ["$p", E]})",
    R"({"$cond": ["$p", E, "$q"]})",
    R"({"$cond": {"if": "$p", "then": "$q", "else": E}})",
    R"({"$switch": {"branches": [{"case": "$p", "then": E}], "default": "$q"}})",
    R"({"$let": {"vars": {"v": E}, "in": "$$v"}})",
    R"({"$let": {"vars": {"v": {"x": E}}, "in": "$$v.x"}})",
    R"({"$first": [[E]]})",
    R"({"$first": {"$map": {"input": [E], "in": "$$this"}}})",
    R"({"$first": {"$map": {"input": "$p", "as": "v", "in": {"$ifNull": ["$$v", E]}}}})",
    R"({"$first": {"$filter": {"input": [E], "cond": "$p"}}})",
    R"({"$reduce": {"input": "$p", "initialValue": E, "in": "$$value"}})",
    R"({"$reduce": {"input": [E], "initialValue": "$p", "in": {"$ifNull": ["$$value", "$$this"]}}})",
    R"({"$reduce": {"input": "$p", "initialValue": "$q", "in": {"$ifNull": ["$$value", E]}}})",
    R"({"$getField": {"field": "x", "input": {"x": E}}})",
    R"({"$getField": {"field": {"$concat": ["$p", "$q"]}, "input": {"x": E}}})",
    R"({"$getField": {"field": "x", "input": {"$mergeObjects": ["$p", {"x": E}]}}})",
    R"({"$getField": {"field": "x", "input": {"$setField": {"field": "x", "input": "$p", "value": E}}}})",
    R"({"$getField": {"field": "x", "input": {"$setField": {"field": "$p", "input": "$q", "value": E}}}})",
    R"({"$getField": {"field": "x", "input": {"$unsetField": {"field": "y", "input": {"x": E}}}}})",
    R"({"$getField": {"field": "x", "input": {"$arrayToObject": [[["x", E]]]}}})",
    R"({"$getField": {"field": "x", "input": {"$arrayToObject": [[{"k": "$p", "v": E}]]}}})",
    R"({"$getField": {"field": "x", "input": {"$arrayToObject": {"$map": {"input": [E], "in": ["x", "$$this"]}}}}})",
    R"({"$last": {"$concatArrays": ["$p", [E]]}})",
    R"({"$last": {"$setUnion": ["$p", [E]]}})",
    R"({"$first": {"$first": {"$zip": {"inputs": [[E]]}}}})",
    R"({"$max": ["$p", E]})",
    R"({"$toString": E})",
    R"({"$concat": ["$p", E]})",
    R"({"$convert": {"input": "$p", "to": "$q", "onNull": E}})",
    R"({"$getField": {"field": "match", "input": {"$regexFind": {"input": E, "regex": "$p"}}}})",
};

// The same with constants of their own.
inline constexpr std::string_view kConstantCarriers[] = {
    R"({"$arrayElemAt": [["$p", E], 1]})",
    R"({"$getField": {"field": "x", "input": {"$arrayToObject": {"$objectToArray": {"x": E}}}}})",
    R"({"$getField": {"field": "v", "input": {"$first": {"$objectToArray": {"x": E}}}}})",
    R"({"$first": {"$slice": [[E], 1]}})",
    R"({"$first": {"$firstN": {"n": 1, "input": [E]}}})",
    R"({"$first": {"$sortArray": {"input": [E], "sortBy": 1}}})",
    R"({"$function": {"body": "f", "args": [E], "lang": "js"}})",
};

// One stage that puts E somewhere, and the path of it.
struct Writer {
  std::string_view stage;
  std::string_view path;
};

inline constexpr Writer kWriters[] = {
    {R"({"$set": {"k": E}})", "k"},
    {R"({"$addFields": {"k": {"i": {"j": E}}}})", "k.i.j"},
    {R"({"$set": {"k.i": [E]}})", "k.i"},
    {R"({"$set": {"k": {"$first": [[{"i": E}]]}}})", "k.i"},
    {R"({"$project": {"k": {"$ifNull": [E, "$q"]}}})", "k"},
    {R"({"$project": {"k": {"i": [E]}}})", "k.i"},
    {R"({"$group": {"_id": null, "k": {"$first": E}}})", "k"},
    {R"({"$group": {"_id": null, "k": {"$push": {"i": E}}}})", "k.i"},
    {R"({"$group": {"_id": null, "k": {"$top": {"sortBy": {"p": 1}, "output": [E]}}}})", "k"},
    {R"({"$group": {"_id": E}})", "_id"},
    {R"({"$group": {"_id": {"i": E}}})", "_id.i"},
    {R"({"$sortByCount": E})", "_id"},
    {R"({"$bucket": {"groupBy": "$p", "boundaries": [E]}})", "_id"},
    {R"({"$bucket": {"groupBy": "$p", "boundaries": [1, 2], "output": {"k": {"$max": E}}}})", "k"},
    {R"({"$bucketAuto": {"groupBy": E, "buckets": 2}})", "_id.max"},
    {R"({"$replaceWith": {"k": E}})", "k"},
    {R"({"$replaceRoot": {"newRoot": {"$mergeObjects": ["$p", {"k": E}]}}})", "k"},
    {R"({"$replaceWith": {"$arrayToObject": [[["k", E]]]}})", "k"},
};

// Those that come first, or bring constants of their own.
inline constexpr Writer kOtherWriters[] = {
    {R"({"$bucket": {"groupBy": "$p", "boundaries": [1, 2], "default": E}})", "_id"},
    {R"({"$lookup": {"from": "plain", "as": "k", "pipeline": [{"$set": {"x": E}}]}})", "k.x"},
    {R"({"$lookup": {"from": "other", "as": "k", "pipeline": [{"$project": {"x": [E]}}]}})", "k.x"},
    {R"({"$lookup": {"from": "plain", "as": "k", "pipeline": [{"$group": {"_id": E}}]}})", "k._id"},
};

// Stages that leave everything where it is.
inline constexpr std::string_view kNeutralStages[] = {
    R"({"$match": {"p": 1}})",   R"({"$sort": {"p": 1}})",      R"({"$limit": 5})",
    R"({"$skip": 1})",           R"({"$sample": {"size": 3}})", R"({"$unwind": "$q"})",
    R"({"$unset": "q"})",        R"({"$set": {"r": "$p"}})",    R"({"$redact": "$$KEEP"})",
    R"({"$project": {"q": 0}})",
};

// Stages after which the name stands for an encrypted field no more, though something may have it.
// P is the path, D the name before the first dot.
inline constexpr std::string_view kReplacements[] = {
    R"({"$unset": P})",
    R"({"$project": {P: 0}})",
    R"({"$project": {"p": 1}})",
    R"({"$set": {P: "$p"}})",
    R"({"$set": {P: "$$REMOVE"}})",
    R"({"$project": {P: "$p"}})",
    R"({"$addFields": {D: "$p"}})",
    R"({"$addFields": {D: {"$mergeObjects": ["$p", "$q"]}}})",
    R"({"$unset": D}, {"$set": {P: {"x": "$p"}}})",
    R"({"$replaceWith": N})",
    R"({"$replaceWith": "$p"})",
    R"({"$group": {"_id": "$p", D: {"$first": "$q"}}})",
    R"({"$bucket": {"groupBy": "$p", "boundaries": [1, 2], "output": {D: {"$push": "$q"}}}})",
    R"({"$count": D})",
    R"({"$unset": D}, {"$lookup": {"from": "plain", "as": P, "pipeline": []}})",
    R"({"$unset": D}, {"$graphLookup": {"from": "c", "startWith": "$p", "connectFromField": "p", "connectToField": "p", "as": "x"}})",
    R"({"$unset": D}, {"$unwind": {"path": "$p", "includeArrayIndex": P}})",
    R"({"$unset": D}, {"$geoNear": {"near": "$p", "distanceField": P}})",
};

// Filters of the name P, where R is a reference to it, that compare it with the canary E.
inline constexpr std::string_view kComparisons[] = {
    R"({"$expr": {"$eq": [R, E]}})",
    R"({"$expr": {"$ne": [E, R]}})",
    R"({"$expr": {"$gt": [R, E]}})",
    R"({"$expr": {"$in": [R, ["$q", E]]}})",
    R"({"$expr": {"$in": [E, [R]]}})",
    R"({"$expr": {"$eq": [{"x": R}, {"x": E}]}})",
    R"({"$expr": {"$eq": [[R], [E]]}})",
    R"({"$expr": {"$eq": [{"$cmp": [E, R]}, "$p"]}})",
    R"({"$expr": {"$setEquals": [[R], [E]]}})",
    R"({"$expr": {"$gt": [{"$indexOfArray": [[E], R]}, "$p"]}})",
    R"({"$expr": {"$regexMatch": {"input": R, "regex": E}}})",
    R"({"$expr": {"$eq": [{"$strcasecmp": [R, E]}, "$p"]}})",
    R"({"$expr": {"$let": {"vars": {"a": R, "b": E}, "in": {"$eq": ["$$a", "$$b"]}}}})",
    R"({"$expr": {"$anyElementTrue": {"$map": {"input": [R], "in": {"$eq": ["$$this", E]}}}}})",
    R"({"$expr": {"$size": {"$filter": {"input": [E], "cond": {"$eq": ["$$this", R]}}}}})",
    R"({"$expr": {"$reduce": {"input": [E], "initialValue": R, "in": {"$eq": ["$$this", "$$value"]}}}})",
    R"({"$expr": {"$cond": [{"$eq": [R, E]}, "$p", "$q"]}})",
    R"({"$expr": {"$switch": {"branches": [{"case": {"$lt": [R, E]}, "then": "$p"}], "default": "$q"}}})",
};

inline constexpr std::string_view kMatches[] = {
    R"({P: V})",
    R"({P: {"$eq": V}})",
    R"({P: {"$nin": [V]}})",
    R"({P: {"$gte": V}})",
    R"({P: {"$not": {"$eq": V}}})",
    R"({P: {"$elemMatch": {"$eq": V}}})",
    R"({P: {"$all": [V]}})",
    R"({"$or": [{"p": 1}, {P: V}]})",
    R"({"$nor": [{"$and": [{P: {"$ne": V}}]}]})",
};

// Random pipelines of up to five stages in which the canary gets to the place of a field that is,
// or was, encrypted, or is compared with it.
class CanaryPipelines {
 public:
  enum class Constants { kTheCanaryOnly, kOthersToo };
  explicit CanaryPipelines(std::uint64_t seed, Constants constants = Constants::kOthersToo)
      : random_(seed), others_(constants == Constants::kOthersToo) {}

  // A constant is written, moved from name to name, and put over a field.
  std::string put() {
    const std::string path(pick(kFields));
    std::string stages = written_and_moved();
    const std::string value = carried("\"$" + at_ + "\"");
    const std::string top = path.substr(0, path.find('.'));
    const std::string inside =
        top == path ? value : nested(std::string_view(path).substr(top.size() + 1), value);
    switch (below(8)) {
      case 0:
        return stages + with(R"({"$set": {P: E}})", path, value);
      case 1:
        return stages + with(R"({"$addFields": {P: {"$ifNull": ["$p", E]}}})", path, value);
      case 2:
        return stages + with(R"({"$project": {P: {"$ifNull": ["$p", E]}}})", path, value);
      case 3:
        return stages + with(R"({"$replaceWith": E})", path, nested(path, value));
      case 4:
        return stages + with(R"({"$replaceRoot": {"newRoot": {"$mergeObjects": ["$p", {P: E}]}}})",
                             top, inside);
      case 5:
        return stages + with(R"({"$group": {"_id": null, P: {"$last": E}}})", top, inside);
      case 6:
        return stages + with(R"({"$replaceWith": {"$arrayToObject": [[[P, E]]]}})", top, inside);
      default:
        return stages +
               with(R"({"$replaceWith": {"$setField": {"field": P, "input": "$p", "value": E}}})",
                    top, inside);
    }
  }

  // A field is taken away, its name moved, and then looked for by value.
  std::string sought() {
    std::string path(pick(kFields));
    const std::string top = path.substr(0, path.find('.'));
    std::string stages = with(pick(kReplacements), path, "\"" + top + "\"");
    replace_all(stages, "D", "\"" + top + "\"");
    replace_all(stages, "N", nested(path, "\"$p\""));
    stages += ", ";
    if (below(2) == 0) stages += std::string(pick(kNeutralStages)) + ", ";
    if (below(2) == 0) {
      stages += fmt::format(R"({{"$project": {{"m": "${}"}}}}, )", path);
      path = "m";
    }
    if (below(2) == 0)
      return stages + with(R"({"$match": E})", path, with(pick(kMatches), path, "V"));
    std::string filter = with(pick(kComparisons), path, carried("V"));
    replace_all(filter, "R", "\"$" + path + "\"");
    return stages + with(R"({"$match": E})", path, filter);
  }

  // A constant is written and moved, and compared with a field that is encrypted or was.
  std::string compared() {
    const std::string path(pick(kFields));
    const std::string stages = written_and_moved();
    std::string filter = with(pick(kComparisons), path, carried("\"$" + at_ + "\""));
    replace_all(filter, "R", "\"$" + path + "\"");
    return stages + with(R"({"$match": E})", path, filter);
  }

 private:
  static constexpr std::string_view kFields[] = {"ssn", "n", "a.b", "a.d.e", "billing", "note"};

  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }
  template <class T, std::size_t kSize>
  const T& pick(const T (&list)[kSize]) {
    return list[below(kSize)];
  }

  std::string carried(std::string value) {
    for (std::size_t depth = below(3); depth > 0; --depth) {
      std::string carrier(others_ && below(4) == 0 ? pick(kConstantCarriers) : pick(kCarriers));
      replace_all(carrier, "E", value);
      value = carrier;
    }
    return value;
  }

  // Stages with a comma behind each; at_ is where the constant is after them.
  std::string written_and_moved() {
    std::string stages;
    Writer writer = others_ && below(4) == 0 ? pick(kOtherWriters) : pick(kWriters);
    std::string value = carried("V");
    for (std::size_t moves = below(3);; --moves) {
      stages += with(writer.stage, "", value) + ", ";
      at_ = writer.path;
      if (below(3) == 0) stages += std::string(pick(kNeutralStages)) + ", ";
      if (below(4) == 0) {
        stages += fmt::format(R"({{"$project": {{"{}": 1}}}}, )", at_.substr(0, at_.find('.')));
      }
      if (moves == 0) return stages;
      value = carried("\"$" + at_ + "\"");
      writer = pick(kWriters);
    }
  }

  static std::string nested(std::string_view path, const std::string& value) {
    const std::string_view component = take_component(path);
    return fmt::format(R"({{"{}": {}}})", component,
                       path.data() == nullptr ? value : nested(path, value));
  }

  static std::string with(std::string_view pattern, std::string_view path,
                          const std::string& value) {
    std::string result(pattern);
    replace_all(result, "P", fmt::format("\"{}\"", path));
    replace_all(result, "E", value);
    return result;
  }

  // One of the letters that stand outside of quotes.
  static void replace_all(std::string& text, std::string_view letter, const std::string& by) {
    std::string result;
    bool in_string = false;
    for (const char c : text) {
      if (c == '"') in_string = !in_string;
      if (!in_string && c == letter.front()) {
        result += by;
      } else {
        result += c;
      }
    }
    text = result;
  }

  std::mt19937_64 random_;
  const bool others_;
  std::string at_;
};

// Other members of commands.
inline constexpr std::string_view kMembers[] = {
    R"({"insert": "c", "documents": [{"p": 1}, N]})",
    R"({"insert": "c", "documents": [{P: V}]})",
    R"({"insert": "c", "documents": [{"a": [N]}]})",
    R"({"insert": "c", "documents": [{"a": {"d.e": V}}]})",
    R"({"insert": "c", "documents": [{"a": {"d": [{"e": V}], "b": [V]}}]})",
    R"({"insert": "c", "documents": [[N]]})",
    R"({"insert": "c", "documents": [], "document": N})",
    R"({"find": "c", "sort": {P: V}})",
    R"({"find": "c", "hint": {P: V}})",
    R"({"find": "c", "min": {P: V}})",
    R"({"find": "c", "max": N})",
    R"({"find": "c", "filter": {}, "query": {P: V}})",
    R"({"find": "c", "projection": {P: V}})",
    R"({"find": "c", "projection": {P: {"$elemMatch": {"$eq": V}}}})",
    R"({"find": "c", "projection": {"a": {"$elemMatch": {"b": V}}}})",
    R"({"find": "c", "projection": {P: {"$slice": V}}})",
    R"({"find": "c", "projection": {"x": {"$eq": [D, V]}}})",
    R"({"find": "c", "projection": N})",
    R"({"count": "c", "fields": {P: V}})",
    R"({"distinct": "c", "key": P, "query": {P: V}})",
    R"({"update": "c", "updates": [{"q": {}, "u": {"$set": {"p.$[i]": 1}}, "arrayFilters": [{P: V}]}]})",
    R"({"update": "c", "updates": [{"q": {}, "u": {"$set": {"p": 1}}, "sort": {P: V}}]})",
    R"({"update": "c", "updates": [{"q": {}, "u": {"$set": {"p": 1}}, "c": {P: V}}]})",
    R"({"update": "c", "updates": [{"q": {}, "u": [{"$set": {P: V}}], "c": {P: V}}]})",
    R"({"findAndModify": "c", "query": {}, "remove": true, "sort": {P: V}})",
    R"({"findAndModify": "c", "query": {}, "remove": true, "fields": {P: V}})",
    R"({"delete": "c", "deletes": [{"q": {}, "limit": 1, "hint": {P: V}}]})",
    R"({"delete": "c", "deletes": [], "q": {P: V}})",
    R"({"aggregate": "c", "pipeline": [], "cursor": {}, "hint": {P: V}})",
    R"({"explain": {"find": "c"}, "filter": {P: V}})",
    R"({"explain": {"insert": "c", "documents": [N]}})",
    R"({"create": "c", "validator": {"$jsonSchema": {"enum": [N]}}})",
    R"({"create": "c", "validator": {"$jsonSchema": {"properties": {P: {"enum": [V]}}}}})",
    R"({"create": "c", "validator": {"$jsonSchema": {"properties": {"a": {"properties": {"b": {"enum": [V]}}}}}}})",
    R"({"create": "c", "validator": {"$jsonSchema": {"patternProperties": {".": {"enum": [V]}}}}})",
    R"({"create": "plain", "viewOn": "c", "pipeline": [{"$match": {P: V}}]})",
    R"({"collMod": "c", "index": {"keyPattern": {P: V}}})",
    R"({"collMod": "c", "index": {"name": "x", P: V}})",
    R"({"killCursors": "c", "cursors": [], P: V})",
    R"({"compactStructuredEncryptionData": "c", P: V})",
    R"({"explain": {"compactStructuredEncryptionData": "c", P: V}})",
    R"({"create": "c", "clusteredIndex": {P: V}})",
    R"({"find": "c", "collation": {P: V}})",
    R"({"createIndexes": "c", "indexes": [{"key": {P: V}, "name": "x"}]})",
    R"({"createIndexes": "c", "indexes": [{"key": {"p": 1}, "name": "x", "weights": {P: V}}]})",
    R"({"createIndexes": "c", "indexes": [{"key": {"$**": 1}, "name": "x", "wildcardProjection": {P: V}}]})",
    R"({"mapReduce": "c", "query": {P: V}})",
    R"({"bulkWrite": 1, "ops": [{"insert": 0, "document": {P: V}}], "nsInfo": [{"ns": "db.c"}]})",
};

// Operators in Extended JSON could be taken for its own, such as $type: % stands for $ until the
// text has been parsed.
inline bson::Document parsed(std::string_view pattern) {
  std::string json;
  bool in_string = false;
  for (const char c : pattern) {
    if (c == '"') in_string = !in_string;
    if (!in_string && c >= 'A' && c <= 'Z') {
      json += fmt::format("\"@{}\"", c);
    } else {
      json += c == '$' ? '%' : c;
    }
  }
  return bson::from_json(json);
}

class Filler {
 public:
  Filler(std::string_view path, bson::ValueView canary)
      : path_(path), reference_("$" + std::string(path)), canary_(canary) {}

  bson::Document fill(View pattern) {
    bson::Builder out;
    members(pattern, out);
    return out.finish();
  }

 private:
  void members(View pattern, bson::Builder& out) {
    for (const Element& element : pattern) {
      std::string key(element.key());
      if (key.starts_with('%')) key[0] = '$';
      if (key == "@P") key = path_;
      if (key.ends_with(".P")) key.replace(key.size() - 1, 1, path_);
      if (element.is_document()) {
        out.open_document(key);
        members(element.as_document(), out);
        out.close();
      } else if (element.is_array()) {
        out.open_array(key);
        members(element.as_array(), out);
        out.close();
      } else if (element.is_string()) {
        text(key, element.as_string(), out);
      } else {
        out.append(key, element.value());
      }
    }
  }

  void text(std::string_view key, std::string_view text, bson::Builder& out) {
    if (text == "@V") {
      out.append(key, canary_);
    } else if (text == "@P") {
      out.append(key, path_);
    } else if (text == "@D") {
      out.append(key, reference_);
    } else if (text == "@N") {
      nested(key, path_, out);
    } else {
      std::string copy(text);
      for (char& c : copy) c = c == '%' ? '$' : c;
      if (copy.ends_with(".P")) copy.replace(copy.size() - 1, 1, path_);
      out.append(key, copy);
    }
  }

  void nested(std::string_view key, std::string_view path, bson::Builder& out) {
    if (path.data() == nullptr) {
      out.append(key, canary_);
      return;
    }
    const std::string_view next = take_component(path);
    out.open_document(key);
    nested(next, path, out);
    out.close();
  }

  const std::string path_;
  const std::string reference_;
  const bson::ValueView canary_;
};

// The document without its markings.
inline void copy_unmarked(View from, bson::Builder& to) {
  for (const Element& element : from) {
    if (element.is_document() || element.is_array()) {
      to.open_document(element.key());
      copy_unmarked(element.as_document_or_array(), to);
      to.close();
    } else if (bson::blob_subtype(element) != bson::BlobSubtype::kPlaceholder) {
      to.append(element);
    }
  }
}

inline bool contains(BytesView bytes, const Bytes& trace) {
  return as_text(bytes).find(as_text(trace)) != std::string_view::npos;
}

inline std::string in_command(std::string_view command, std::string_view part) {
  std::string result(command);
  // The place is an F outside of quotes.
  for (std::size_t i = 0, quotes = 0; i < result.size(); ++i) {
    if (result[i] == '"') ++quotes;
    if (result[i] == 'F' && quotes % 2 == 0) return result.replace(i, 1, part);
  }
  return result;
}

}  // namespace quern::analysis::testing

#endif  // QUERN_ANALYSIS_CANARY_H_
