// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/graph.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "quern/base/error.h"

namespace quern::migrations {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Property;
using testing::Throws;

Migration migration(std::string app, std::string name, std::vector<MigrationKey> needs = {}) {
  const bool initial = needs.empty();
  return {.key = {std::move(app), std::move(name)},
          .initial = initial,
          .dependencies = std::move(needs),
          .operations = {}};
}

std::vector<Migration> two_apps() {
  return {migration("a", "0001_x"), migration("a", "0002_y", {{"a", "0001_x"}}),
          migration("b", "0001_z", {{"a", "0002_y"}}), migration("b", "0002_w", {{"b", "0001_z"}})};
}

std::vector<std::string> names(const Plan& plan) {
  std::vector<std::string> out;
  for (const PlanStep& step : plan) {
    out.push_back((step.backwards ? "-" : "+") + step.migration->key.to_string());
  }
  return out;
}

TEST(Graph, OrdersDependenciesFirst) {
  std::vector<Migration> reversed = two_apps();
  std::reverse(reversed.begin(), reversed.end());
  const Graph graph(std::move(reversed));
  EXPECT_THAT(names(graph.plan_forwards({})),
              ElementsAre("+a.0001_x", "+a.0002_y", "+b.0001_z", "+b.0002_w"));
}

TEST(Graph, PlansOnlyWhatIsNotApplied) {
  const Graph graph(two_apps());
  EXPECT_THAT(names(graph.plan_forwards({{"a", "0001_x"}}, "a")), ElementsAre("+a.0002_y"));
  EXPECT_THAT(names(graph.plan_forwards({{"a", "0001_x"}}, "b")),
              ElementsAre("+a.0002_y", "+b.0001_z", "+b.0002_w"));
}

TEST(Graph, GoesBackOverEverythingThatDependsOnIt) {
  const Graph graph(two_apps());
  const Applied all = {{"a", "0001_x"}, {"a", "0002_y"}, {"b", "0001_z"}, {"b", "0002_w"}};
  EXPECT_THAT(names(graph.plan_to(all, graph.match("a", "0001"))),
              ElementsAre("-b.0002_w", "-b.0001_z", "-a.0002_y"));
  EXPECT_THAT(names(graph.plan_to_zero(all, "b")), ElementsAre("-b.0002_w", "-b.0001_z"));
}

TEST(Graph, MissingDependenciesAndCirclesAreRefused) {
  EXPECT_THAT(
      [] {
        Graph({migration("a", "0001_x", {{"a", "0000_no"}})});
      },
      Throws<Error>(Property(&Error::what, HasSubstr("nonexistent parent node a.0000_no"))));
  EXPECT_THAT(
      [] {
        Graph({migration("a", "0001_x", {{"a", "0002_y"}}),
               migration("a", "0002_y", {{"a", "0001_x"}})});
      },
      Throws<Error>(Property(&Error::what, HasSubstr("circular"))));
}

TEST(Graph, TwoLeavesAreAConflict) {
  const Graph graph({migration("a", "0001_x"), migration("a", "0002_l", {{"a", "0001_x"}}),
                     migration("a", "0002_r", {{"a", "0001_x"}})});
  EXPECT_THAT([&] { graph.refuse_conflicts(); },
              Throws<Error>(Property(&Error::what, HasSubstr("(0002_l, 0002_r in a)"))));
}

TEST(Graph, MatchesByTheStartOfAName) {
  const Graph graph(two_apps());
  EXPECT_EQ(graph.match("a", "0002").key.name, "0002_y");
  EXPECT_THAT([&] { graph.match("a", "00"); },
              Throws<Error>(Property(
                  &Error::what, HasSubstr("More than one migration matches '00' in app 'a'."))));
  EXPECT_THAT(
      [&] { graph.match("a", "0009"); },
      Throws<Error>(Property(&Error::what,
                             HasSubstr("Cannot find a migration matching '0009' from app 'a'."))));
}

TEST(Graph, AppliedBeforeItsDependencyIsRefused) {
  const Graph graph(two_apps());
  EXPECT_THAT(
      [&] {
        graph.refuse_inconsistency({{"a", "0002_y"}}, "default");
      },
      Throws<Error>(
          Property(&Error::what, HasSubstr("Migration a.0002_y is applied before its dependency "
                                           "a.0001_x on database 'default'."))));
}

}  // namespace
}  // namespace quern::migrations
