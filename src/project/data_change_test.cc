// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What migrations do to stored documents, on a plain and on an encrypting alias.
#include "migrations/data_change.h"

#include <gmock/gmock.h>

#include "migrations/operations/convert.h"
#include "project/clinic_fixture.h"
#include "project/migration_database.h"

namespace quern::clinic {
namespace {

using testing::ElementsAre;

class DataChange : public Clinic, public testing::WithParamInterface<const char*> {
 protected:
  DataChange() : project_(project("memory:")), database_(project_, GetParam()) {}

  void store(std::initializer_list<const char*> documents) {
    bson::Builder out;
    out.append("insert", "things").open_array("documents");
    for (const char* json : documents) out.push(bson::from_json(json));
    out.close();
    const bson::Document insert = out.finish();
    run_checked(database_.plain_runner(), database_.name(), insert);
  }
  std::vector<std::string> stored() {
    std::vector<std::string> out;
    const bson::Document find =
        bson::doc("find", "things", "sort", bson::doc("_id", std::int32_t{1}));
    for_each(database_.plain_runner(), database_.name(), find, [&](bson::View document) {
      out.push_back(bson::to_json(document, bson::JsonMode::kCanonical));
      return true;
    });
    return out;
  }
  static std::string json(const char* text) {
    const bson::Document document = bson::from_json(text);
    return bson::to_json(document, bson::JsonMode::kCanonical);
  }
  // "a.b[].c": [] marks arrays of objects.
  static migrations::StoredPath path(std::string_view text) {
    migrations::StoredPath out;
    while (!text.empty()) {
      const std::size_t dot = std::min(text.find('.'), text.size());
      std::string_view part = text.substr(0, dot);
      const bool array = part.ends_with("[]");
      if (array) part.remove_suffix(2);
      out.columns.emplace_back(part);
      out.in_array.push_back(array);
      text.remove_prefix(std::min(dot + 1, text.size()));
    }
    return out;
  }

  Project project_;
  internal::MigrationDatabase database_;
};

INSTANTIATE_TEST_SUITE_P(Aliases, DataChange, testing::Values("default", "encrypted"));

TEST_P(DataChange, AddedMembersGetTheirDefaultWhereTheyAreMissing) {
  store({R"({"_id": 1})", R"({"_id": 2, "a": 5})", R"({"_id": 3, "a": null})"});
  for (int round = 0; round < 2; ++round) {
    add_member(database_, "things", path("a"), bson::Value::of(std::int32_t{7}));
    EXPECT_THAT(stored(), ElementsAre(json(R"({"_id": 1, "a": 7})"), json(R"({"_id": 2, "a": 5})"),
                                      json(R"({"_id": 3, "a": null})")));
  }
}

TEST_P(DataChange, StructsThatAreNotThereAreNotMade) {
  store({R"({"_id": 1})", R"({"_id": 2, "s": null})", R"({"_id": 3, "s": {"x": 1}})"});
  add_member(database_, "things", path("s.a"), bson::Value::of("new"));
  EXPECT_THAT(stored(), ElementsAre(json(R"({"_id": 1})"), json(R"({"_id": 2, "s": null})"),
                                    json(R"({"_id": 3, "s": {"x": 1, "a": "new"}})")));
}

TEST_P(DataChange, MembersInArraysAreAddedRenamedAndRemoved) {
  store({R"({"_id": 1, "l": [{"x": 1}, {"x": 2, "a": 9}, null]})", R"({"_id": 2, "l": []})",
         R"({"_id": 3})"});
  add_member(database_, "things", path("l[].a"), bson::Value::of(std::int32_t{7}));
  EXPECT_EQ(stored()[0], json(R"({"_id": 1, "l": [{"x": 1, "a": 7}, {"x": 2, "a": 9}, null]})"));
  for (int round = 0; round < 2; ++round) {
    rename_member(database_, "things", path("l[].a"), "b");
    EXPECT_EQ(stored()[0], json(R"({"_id": 1, "l": [{"x": 1, "b": 7}, {"x": 2, "b": 9}, null]})"));
  }
  remove_member(database_, "things", path("l[].b"));
  EXPECT_THAT(stored(), ElementsAre(json(R"({"_id": 1, "l": [{"x": 1}, {"x": 2}, null]})"),
                                    json(R"({"_id": 2, "l": []})"), json(R"({"_id": 3})")));
}

TEST_P(DataChange, RenamedAndRemovedMembersAreGoneUnderTheOldName) {
  store({R"({"_id": 1, "s": {"a": 1, "b": 2}})", R"({"_id": 2})"});
  rename_member(database_, "things", path("s.a"), "c");
  EXPECT_THAT(stored(),
              ElementsAre(json(R"({"_id": 1, "s": {"b": 2, "c": 1}})"), json(R"({"_id": 2})")));
  remove_member(database_, "things", path("s.b"));
  EXPECT_EQ(stored()[0], json(R"({"_id": 1, "s": {"c": 1}})"));
}

TEST_P(DataChange, ConvertedValuesKeepTheirPlaceAndOthersStay) {
  store({R"({"_id": 1, "a": 5, "z": 1})", R"({"_id": 2, "a": null})",
         R"({"_id": 3, "l": [{"a": 6}]})"});
  const auto to_long = [](bson::ValueView value) { return migrations::converted(value, "long"); };
  convert_member(database_, "things", path("a"), to_long);
  convert_member(database_, "things", path("l[].a"), to_long);
  EXPECT_THAT(stored(), ElementsAre(json(R"({"_id": 1, "a": {"$numberLong": "5"}, "z": 1})"),
                                    json(R"({"_id": 2, "a": null})"),
                                    json(R"({"_id": 3, "l": [{"a": {"$numberLong": "6"}}]})")));
}

TEST(Converted, OnlyWhatLosesNothing) {
  using migrations::converted;
  const auto of = [](auto value) { return bson::Value::of(value); };
  EXPECT_EQ(converted(of(std::int32_t{5}), "long"), of(std::int64_t{5}));
  EXPECT_EQ(converted(of(std::int32_t{5}), "double"), of(5.0));
  EXPECT_EQ(converted(of(std::int64_t{5}), "int"), of(std::int32_t{5}));
  EXPECT_EQ(converted(of(std::int64_t{5}), "decimal"), of(bson::Decimal128::parse("5")));
  EXPECT_TRUE(converted(of(std::int64_t{1} << 40), "int").missing());
  EXPECT_TRUE(converted(of(std::int64_t{5}), "double").missing());
  EXPECT_TRUE(converted(of(5.5), "long").missing());
  EXPECT_TRUE(converted(of("5"), "int").missing());
}

}  // namespace
}  // namespace quern::clinic
