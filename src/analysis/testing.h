// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// For the tests of this layer: one schema that has every kind of field, commands written as JSON,
// and markings shown as text.
#ifndef QUERN_ANALYSIS_TESTING_H_
#define QUERN_ANALYSIS_TESTING_H_

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "analysis/analyse.h"
#include "quern/bson/json.h"

namespace quern::analysis::testing {

inline constexpr std::string_view kDatabase = "db";

// "c", and "other" which differs by its names only:
//   ssn      string, equality                  a.b    string, equality, contention 4
//   n        long, equality                    a.d.e  binData, equality
//   billing  object, no query                  note   string, no query
//   age      int, range (not supported yet)    title  string, prefix (not supported yet)
// "plain" and "plain2" have no encrypted fields.
const SchemaMap& schemas();

// The result of analysing a command on these schemas, with every marking replaced by a string such
// as "find equality ssn 123": kind, algorithm, the field whose key it names, the value.
bson::Document readable(bson::View result);
bson::Document analysed(std::string_view command);

// The text of the refusal, or "" when the command is accepted.
std::string refusal_of(std::string_view command);

// What is sent for the command is, member for member, the expected one.
void expect_analysed(std::string_view command, std::string_view expected);
// What is sent is the command itself.
void expect_unchanged(std::string_view command);
// The command is refused, with a text that holds this one.
void expect_refused(std::string_view command, std::string_view text);

// The same for the stages of a pipeline, for a filter, and for the second argument of an update.
void expect_pipeline(std::string_view stages, std::string_view expected);
void expect_pipeline_unchanged(std::string_view stages);
void expect_pipeline_refused(std::string_view stages, std::string_view text);
void expect_filter(std::string_view filter, std::string_view expected);
void expect_filter_unchanged(std::string_view filter);
void expect_filter_refused(std::string_view filter, std::string_view text);
void expect_update(std::string_view update, std::string_view expected);
void expect_update_unchanged(std::string_view update);
void expect_update_refused(std::string_view update, std::string_view text);

}  // namespace quern::analysis::testing

#endif  // QUERN_ANALYSIS_TESTING_H_
