// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A value of an encrypted field cannot slip through: values that nothing else holds are planted at
// encrypted paths, in every position of every command that the analyser knows, whether it makes
// sense or not. Each command must be refused, or hold the value in markings only.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "analysis/encryption_tree.h"
#include "analysis/expression_operators.h"
#include "analysis/testing.h"
#include "schema/blob_subtype.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::View;

struct Canary {
  bson::Value value;
  Bytes trace;  // these bytes outside of markings are a leak
};

const std::vector<Canary>& canaries() {
  static const std::vector<Canary> all = [] {
    constexpr std::string_view kText = "canary-5d41402abc4b";
    const Bytes text(kText.begin(), kText.end());
    const auto fixed = [](auto number) {
      const bson::Value value = bson::Value::of(number);
      return Canary{value, Bytes(value.view().bytes().begin(), value.view().bytes().end())};
    };
    std::vector<Canary> result{
        {bson::Value::of(kText), text},
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
constexpr std::string_view kPaths[] = {"ssn",   "n",       "a.b",       "a.d.e",    "billing",
                                       "note",  "age",     "title",     "ssn.x",    "billing.cc",
                                       "a.0.b", "a.$.b",   "a.$[].b",   "a.$[i].b", "ssn.$",
                                       "ssn.0", "ssn.$[]", "a.d.$[i].e"};

constexpr std::string_view kFieldOperators[] = {
    "$eq",         "$ne",           "$in",          "$nin",         "$gt",        "$gte",
    "$lt",         "$lte",          "$exists",      "$not",         "$elemMatch", "$all",
    "$type",       "$mod",          "$regex",       "$options",     "$size",      "$bitsAllClear",
    "$bitsAllSet", "$bitsAnyClear", "$bitsAnySet",  "$geoWithin",   "$within",    "$geoIntersects",
    "$near",       "$nearSphere",   "$maxDistance", "$minDistance", "$unheard",   "$comment"};

// Commands as JSON, in which P stands for a path in quotes, D for "$path", V for the canary, and N
// for the canary inside nested documents of the path's components.
using Templates = std::vector<std::string>;

Templates filters() {
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

// Expressions that meet the field and the canary. What can yield either of both is not among them:
// a default for a missing value is no value of the field.
Templates expressions(bool with_alternatives) {
  Templates result;
  for (const std::string_view name : expression_operator_names()) {
    const Shape shape = shape_of_operator(name);
    if (shape == Shape::kLiteral) continue;
    const bool alternatives =
        shape == Shape::kCondition || shape == Shape::kIfNull || shape == Shape::kSwitch;
    if (alternatives && !with_alternatives) continue;
    if (shape == Shape::kEvaluated) {  // all alike
      for (const char* operands : {"[D, V]", "{\"input\": V, \"x\": [D]}"}) {
        result.push_back(fmt::format("{{\"{}\": {}}}", name, operands));
      }
      continue;
    }
    for (const char* operands :
         {"[D, V]", "[V, D]", "[D, {\"$literal\": V}]", "[{\"$const\": V}, D]", "[D, [V]]",
          "[[D], V]", "[D, {\"x\": V}]", "{\"input\": D, \"x\": V}", "{\"input\": D, \"in\": V}",
          "{\"input\": V, \"in\": D}", "{\"input\": D, \"cond\": {\"$eq\": [D, V]}}",
          "{\"input\": [1], \"cond\": {\"$eq\": [D, V]}}",
          "{\"vars\": {\"v\": D}, \"in\": {\"$eq\": [\"$$v\", V]}}",
          "{\"vars\": {\"v\": V}, \"in\": {\"$eq\": [\"$$v\", D]}}", "[D, V, V]", "[V, D, V]",
          "{\"if\": D, \"then\": V, \"else\": 1}", "{\"branches\": [{\"case\": D, \"then\": V}]}",
          "{\"input\": D, \"prefix\": V, \"suffix\": V, \"substring\": V, \"string\": V}"}) {
      result.push_back(fmt::format("{{\"{}\": {}}}", name, operands));
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

Templates nested(const Templates& filters) {
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
constexpr std::string_view kFilterCommands[] = {
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

Templates updates() {
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

constexpr std::string_view kUpdateCommands[] = {
    R"({"update": "c", "updates": [{"q": {}, "u": F}]})",
    R"({"update": "c", "updates": [{"q": {}, "u": F, "upsert": true, "arrayFilters": [{"i.y": 1}]}]})",
    R"({"findAndModify": "c", "query": {}, "update": F})",
};

Templates stages(const Templates& expressions) {
  Templates result{
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

// Other members of commands.
constexpr std::string_view kMembers[] = {
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
    R"({"createIndexes": "c", "indexes": [{"key": {P: V}, "name": "x"}]})",
    R"({"createIndexes": "c", "indexes": [{"key": {"p": 1}, "name": "x", "weights": {P: V}}]})",
    R"({"createIndexes": "c", "indexes": [{"key": {"$**": 1}, "name": "x", "wildcardProjection": {P: V}}]})",
    R"({"mapReduce": "c", "query": {P: V}})",
    R"({"bulkWrite": 1, "ops": [{"insert": 0, "document": {P: V}}], "nsInfo": [{"ns": "db.c"}]})",
};

// Operators in Extended JSON could be taken for its own, such as $type: % stands for $ until the
// text has been parsed.
bson::Document parsed(std::string_view pattern) {
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
void copy_unmarked(View from, bson::Builder& to) {
  for (const Element& element : from) {
    if (element.is_document() || element.is_array()) {
      to.open_document(element.key());
      copy_unmarked(element.as_document_or_array(), to);
      to.close();
    } else if (schema::blob_subtype(element) != schema::BlobSubtype::kPlaceholder) {
      to.append(element);
    }
  }
}

struct Tally {
  std::size_t refused = 0;
  std::size_t marked = 0;
  std::size_t harmless = 0;  // accepted, and the canary is nowhere
};

bool contains(BytesView bytes, const Bytes& trace) {
  return as_text(bytes).find(as_text(trace)) != std::string_view::npos;
}

void check(View command, const Canary& canary, Tally& tally) {
  Analysis analysis;
  try {
    analysis = analyse(testing::kDatabase, command, testing::schemas());
  } catch (const Error& error) {
    ++tally.refused;
    ASSERT_FALSE(contains(as_bytes(error.what()), canary.trace)) << bson::to_json(command) << "\n"
                                                                 << error.what();
    return;
  }
  bson::Builder unmarked;
  copy_unmarked(analysis.result, unmarked);
  ASSERT_FALSE(contains(unmarked.finish_bytes(), canary.trace))
      << "in the clear: " << bson::to_json(command) << "\nis sent as "
      << bson::to_json(analysis.result);
  ++(analysis.has_encryption_placeholders ? tally.marked : tally.harmless);
}

// Each pattern with every path, and with every canary or those in turn.
void check_everywhere(const Templates& patterns, Tally& tally, bool all_canaries = true) {
  std::size_t turn = 0;
  for (const std::string& text : patterns) {
    const bson::Document pattern = parsed(text);
    const bool nests = text.find('N') != std::string::npos;
    for (const std::string_view path : kPaths) {
      if (nests && path.find_first_of("0$") != std::string_view::npos) continue;
      for (std::size_t i = 0; i < canaries().size(); ++i) {
        if (!all_canaries && (i + turn) % 6 != 0) continue;
        const Canary& canary = canaries()[i];
        check(Filler(path, canary.value).fill(pattern), canary, tally);
        if (::testing::Test::HasFatalFailure()) return;
      }
      ++turn;
    }
  }
}

std::string in_command(std::string_view command, std::string_view part) {
  std::string result(command);
  // The place is an F outside of quotes.
  for (std::size_t i = 0, quotes = 0; i < result.size(); ++i) {
    if (result[i] == '"') ++quotes;
    if (result[i] == 'F' && quotes % 2 == 0) return result.replace(i, 1, part);
  }
  return result;
}

TEST(Canary, Filters) {
  Tally tally;
  Templates patterns;
  std::size_t turn = 0;
  // Every filter in find; each in one of the other commands, so that every pair of an operator and
  // a command is met for some nesting.
  for (const std::string& filter : nested(filters())) {
    patterns.push_back(in_command(kFilterCommands[0], filter));
    patterns.push_back(
        in_command(kFilterCommands[1 + turn++ % (std::size(kFilterCommands) - 1)], filter));
  }
  for (const std::string_view command : kFilterCommands) {
    for (const char* filter :
         {"{P: V}", "{P: {\"$in\": [V]}}", "N", "{\"$nor\": [{P: {\"$ne\": V}}]}"}) {
      patterns.push_back(in_command(command, filter));
    }
  }
  check_everywhere(patterns, tally, /*all_canaries=*/false);
  EXPECT_GT(tally.marked, 40u);
  EXPECT_GT(tally.refused, 5000u);
}

TEST(Canary, ExpressionsOfFilters) {
  Tally tally;
  Templates patterns;
  std::size_t turn = 0;
  for (const std::string& expression : expressions(/*with_alternatives=*/true)) {
    patterns.push_back(in_command(kFilterCommands[turn++ % std::size(kFilterCommands)],
                                  "{\"$expr\": " + expression + "}"));
    patterns.push_back(
        in_command(kFilterCommands[0], "{\"p\": 1, \"$or\": [{\"$expr\": " + expression + "}]}"));
  }
  check_everywhere(patterns, tally, /*all_canaries=*/false);
  EXPECT_GT(tally.marked, 10u);
  EXPECT_GT(tally.refused, 10000u);
}

TEST(Canary, Stages) {
  Tally tally;
  Templates patterns;
  for (const std::string& stage : stages(expressions(/*with_alternatives=*/false))) {
    patterns.push_back(R"({"aggregate": "c", "pipeline": [)" + stage + R"(], "cursor": {}})");
  }
  for (const std::string& stage : stages({R"({"$eq": [D, V]})"})) {
    patterns.push_back(
        R"({"aggregate": "plain", "pipeline": [{"$lookup": {"from": "c", "as": "o", "pipeline": [)" +
        stage + R"(]}}], "cursor": {}})");
  }
  check_everywhere(patterns, tally, /*all_canaries=*/false);
  EXPECT_GT(tally.refused, 10000u);
}

TEST(Canary, Updates) {
  Tally tally;
  Templates patterns;
  for (const std::string_view command : kUpdateCommands) {
    for (const std::string& update : updates()) patterns.push_back(in_command(command, update));
  }
  check_everywhere(patterns, tally);
  EXPECT_GT(tally.marked, 100u);
  EXPECT_GT(tally.harmless, 10u);  // $unset
  EXPECT_GT(tally.refused, 10000u);
}

TEST(Canary, MembersOfCommands) {
  Tally tally;
  check_everywhere(Templates(std::begin(kMembers), std::end(kMembers)), tally);
  EXPECT_GT(tally.marked, 10u);
  EXPECT_GT(tally.refused, 1000u);
}

}  // namespace
}  // namespace quern::analysis
