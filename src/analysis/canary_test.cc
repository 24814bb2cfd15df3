// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A value of an encrypted field cannot slip through: values that nothing else holds are planted at
// encrypted paths, in every position of every command that the analyser knows, whether it makes
// sense or not. Each command must be refused, or hold the value in markings only.
#include "analysis/canary.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analysis/testing.h"

namespace quern::analysis {
namespace {

using namespace testing;

struct Tally {
  std::size_t refused = 0;
  std::size_t marked = 0;
  std::size_t harmless = 0;  // accepted, and the canary is nowhere
};

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
        if (!all_canaries && (i + turn) % 7 != 0) continue;
        const Canary& canary = canaries()[i];
        check(Filler(path, canary.value).fill(pattern), canary, tally);
        if (::testing::Test::HasFatalFailure()) return;
      }
      ++turn;
    }
  }
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
  EXPECT_GT(tally.marked, 0u);
  EXPECT_GT(tally.refused, 10000u);
}

TEST(Canary, StagesThatComputeEncryptedFields) {
  Tally tally;
  Templates patterns;
  for (const std::string& stage : computed_stages()) {
    patterns.push_back(R"({"aggregate": "c", "let": {"bound": V, "nested": N}, "pipeline": [)" +
                       stage + R"(], "cursor": {}})");
  }
  check_everywhere(patterns, tally, /*all_canaries=*/false);
  EXPECT_EQ(tally.marked, 0u);
  EXPECT_GT(tally.refused, 5000u);
}

TEST(Canary, VariablesInThePlaceOfEncryptedFields) {
  Tally tally;
  check_everywhere(
      {R"({"find": "c", "let": {"v": V}, "projection": {P: "$$v"}})",
       R"({"find": "c", "let": {"v": N}, "projection": {"a": "$$v.a", "ssn": "$$v.ssn"}})",
       R"({"aggregate": "c", "let": {"v": V}, "pipeline": [{"$set": {P: "$$v"}}], "cursor": {}})",
       R"({"aggregate": "c", "let": {"v": V}, "pipeline": [{"$group": {"_id": 1, P: {"$first": "$$v"}}}], "cursor": {}})",
       R"({"aggregate": "c", "let": {"v": N}, "pipeline": [{"$replaceWith": "$$v"}], "cursor": {}})",
       R"({"aggregate": "c", "let": {"v": V}, "pipeline": [{"$match": {"$expr": {"$eq": [D, "$$v"]}}}], "cursor": {}})",
       R"({"aggregate": "c", "let": {"v": N}, "pipeline": [{"$unset": "a"}, {"$match": {"$expr": {"$eq": ["$a", "$$v.a"]}}}, {"$set": {"ssn": "$$v.ssn", "n": "$$v.n", "billing": "$$v", "note": "$$v", "age": "$$v", "title": "$$v"}}], "cursor": {}})"},
      tally);
  EXPECT_EQ(tally.marked, 0u);
  EXPECT_EQ(tally.harmless, 0u);
}

TEST(Canary, StagesThatComputeDocumentsWithEncryptedFields) {
  Tally tally;
  for (const std::string_view stage : kComputedDocuments) {
    const bson::Document pattern =
        parsed(R"({"aggregate": "c", "pipeline": [)" + std::string(stage) + R"(], "cursor": {}})");
    for (const Canary& canary : canaries()) {
      const bson::Document value = bson::doc("b", canary.value);
      check(Filler("a", value.view().as_value()).fill(pattern), canary, tally);
    }
  }
  EXPECT_EQ(tally.marked, 0u);
  EXPECT_EQ(tally.harmless, 0u);
}

TEST(Canary, StagesAfterAJoinWithoutEncryptedFields) {
  Tally tally;
  Templates patterns;
  for (const std::string& stages : stages_after_join()) {
    patterns.push_back(R"({"aggregate": "plain", "pipeline": [)" + stages + R"(], "cursor": {}})");
  }
  check_everywhere(patterns, tally, /*all_canaries=*/false);
  EXPECT_EQ(tally.marked, 0u);
  EXPECT_GT(tally.refused, 5000u);
}

TEST(Canary, StagesAfterAFieldWasRemoved) {
  Tally tally;
  Templates patterns;
  for (const std::string& pair : stages_after_removal()) {
    patterns.push_back(R"({"aggregate": "c", "pipeline": [)" + pair + R"(], "cursor": {}})");
  }
  check_everywhere(patterns, tally, /*all_canaries=*/false);
  EXPECT_EQ(tally.marked, 0u);
  EXPECT_GT(tally.refused, 3000u);
}

// With any seed, so that a longer run finds more.
template <class Make>
void check_random_pipelines(std::uint64_t seeds, Tally& tally, Make make) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CanaryPipelines pipelines(seed);
    const std::string stages = make(pipelines);
    const Canary& canary = canaries()[seed % canaries().size()];
    const bson::Document pattern =
        parsed(R"({"aggregate": "c", "cursor": {}, "pipeline": [)" + stages + "]}");
    SCOPED_TRACE(fmt::format("seed {}", seed));
    check(Filler("", canary.value).fill(pattern), canary, tally);
    if (::testing::Test::HasFatalFailure()) return;
  }
  EXPECT_EQ(tally.harmless, 0u);
}

TEST(Canary, ConstantsThatStagesMoveOverEncryptedFields) {
  Tally tally;
  check_random_pipelines(5'000, tally, [](CanaryPipelines& p) { return p.put(); });
  EXPECT_EQ(tally.marked, 0u);
}

TEST(Canary, ConstantsThatStagesMoveAndCompareWithEncryptedFields) {
  Tally tally;
  check_random_pipelines(5'000, tally, [](CanaryPipelines& p) { return p.compared(); });
  EXPECT_EQ(tally.marked, 0u);
}

TEST(Canary, FieldsThatAreTakenAwayAndSought) {
  Tally tally;
  check_random_pipelines(5'000, tally, [](CanaryPipelines& p) { return p.sought(); });
  EXPECT_EQ(tally.marked, 0u);
}

// The same pipelines with a value of the documents in place of the constant are legal.
TEST(Canary, WithoutAConstantTheSamePipelinesPass) {
  const bson::Value plain = bson::Value::of("$p");
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    CanaryPipelines pipelines(seed, CanaryPipelines::Constants::kTheCanaryOnly);
    const bson::Document command = Filler("", plain).fill(
        parsed(R"({"aggregate": "c", "cursor": {}, "pipeline": [)" + pipelines.put() + "]}"));
    ASSERT_NO_THROW(analyse(testing::kDatabase, command, testing::schemas()))
        << bson::to_json(command);
  }
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
