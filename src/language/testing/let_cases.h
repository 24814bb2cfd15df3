// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The let of a command, as the analysis and the evaluation must both read it.
#ifndef QUERN_LANGUAGE_TESTING_LET_CASES_H_
#define QUERN_LANGUAGE_TESTING_LET_CASES_H_

namespace quern::language {

struct LetCase {
  const char* let;
  int code;  // 0: accepted
};

inline constexpr LetCase kLetCases[] = {
    {R"({"a": 1, "b": {"$add": ["$$a", 1]}, "c": "$$NOW", "d": {"$literal": "$p"}})", 0},
    {R"({"a": {"$map": {"input": [1], "in": {"$add": ["$$this", 1]}}}})", 0},
    {R"({"a": {"$let": {"vars": {"v": {"x": 1}}, "in": "$$v.x"}}})", 0},
    {R"({"a": "$p"})", 4890500},
    {R"({"a": "$p.q"})", 4890500},
    {R"({"a": "$$ROOT"})", 4890500},
    {R"({"a": "$$ROOT.p"})", 4890500},
    {R"({"a": "$$CURRENT.p"})", 4890500},
    {R"({"a": {"x": "$p"}})", 4890500},
    {R"({"a": [1, "$p"]})", 4890500},
    {R"({"a": {"$add": [1, "$p"]}})", 4890500},
    {R"({"a": {"$cond": ["$p", 1, 2]}})", 4890500},
    {R"({"a": {"$switch": {"branches": [{"case": "$p", "then": 1}], "default": 2}}})", 4890500},
    {R"({"a": {"$ifNull": [1, "$p"]}})", 4890500},
    {R"({"a": {"$eq": ["$p", 1]}})", 4890500},
    {R"({"a": {"$in": [1, ["$p"]]}})", 4890500},
    {R"({"a": {"$let": {"vars": {"v": "$p"}, "in": 1}}})", 4890500},
    {R"({"a": {"$map": {"input": [1], "in": "$p"}}})", 4890500},
    {R"({"a": {"$filter": {"input": "$p", "cond": true}}})", 4890500},
    {R"({"a": {"$getField": "p"}})", 4890500},
    {R"({"a": {"$getField": {"field": "p", "input": "$$ROOT"}}})", 4890500},
    {R"({"a": {"$setField": {"field": "x", "input": {}, "value": "$p"}}})", 4890500},
    {R"({"": 1})", 16866},
    {R"({"A": 1})", 16867},
    {R"({"CURRENT": 1})", 16867},
    {R"({"a.b": 1})", 16868},
};

}  // namespace quern::language

#endif  // QUERN_LANGUAGE_TESTING_LET_CASES_H_
