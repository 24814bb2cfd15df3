// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A query type of models is an option and its row. The one below, which no other file knows,
// answers order.
#include "quern/models/query_types.h"

#include <gmock/gmock.h>

#include "quern/bson/json.h"
#include "quern/models/internal/encrypted_schema.h"
#include "quern/models/models.h"

namespace quern {
namespace {

struct Ordered {
  std::int64_t contention = 0;
};

}  // namespace

template <>
struct internal::QueryType<Ordered> {
  static constexpr bool kDeclares = true;
  static constexpr unsigned kAnswers = kAnswersOrder;
  static consteval QueryInfo info(Ordered option) { return {"ordered", option.contention}; }
  template <class T, Ordered>
  static consteval bool check() {
    static_assert(std::is_integral_v<T>);
    return true;
  }
};

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Number {
  Id id{};
  Encrypted<int, Ordered{3}> ordered;
  Encrypted<int, wipe, equality> equal;
  Encrypted<int, wipe> stored;
};

template <class P>
constexpr unsigned kAnswersOf = std::remove_cvref_t<P>::leaf::kAnswers;

TEST(QueryTypes, ARowSaysWhichConditionsAFieldAnswers) {
  EXPECT_EQ(kAnswersOf<decltype(f(&Number::ordered))>, internal::kAnswersOrder);
  EXPECT_EQ(kAnswersOf<decltype(f(&Number::equal))>, internal::kAnswersEquality);
  EXPECT_EQ(kAnswersOf<decltype(f(&Number::stored))>, 0u);
  const Expr<Number> below = f(&Number::ordered) < 7;
  EXPECT_EQ(bson::to_json(below.filter()),
            bson::to_json(bson::doc("ordered", bson::doc("$lt", 7))));
  const Expr<Number> interval = between(f(&Number::ordered), 3, 7);
  EXPECT_EQ(bson::to_json(interval.filter()),
            bson::to_json(bson::doc("ordered", bson::doc("$gte", 3, "$lte", 7))));
}

TEST(QueryTypes, ARowsInfoStandsInTheSchema) {
  const ModelInfo& model = model_info<Number>();
  EXPECT_THAT(model.field("ordered")->encrypted->queries, ElementsAre(QueryInfo{"ordered", 3}));
  EXPECT_THAT(model.field("equal")->encrypted->queries,
              ElementsAre(QueryInfo{"equality", std::nullopt}));
  EXPECT_THAT(model.field("stored")->encrypted->queries, IsEmpty());
  const bson::Document schema = encrypted_fields_by_name(model, "numbers");
  EXPECT_EQ(bson::to_json(schema.view().at_path("fields.0.queries.0").as_document()),
            bson::to_json(bson::doc("queryType", "ordered", "contention", std::int64_t{3})));
}

}  // namespace
}  // namespace quern
