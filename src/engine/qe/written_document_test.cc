// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/written_document.h"

#include <gmock/gmock.h>

#include "quern/base/error.h"

namespace quern::engine::qe {
namespace {

using ::testing::ElementsAre;

bson::Value blob(Bytes bytes) {
  return bson::Value::of(bson::Binary{bson::BinarySubtype::kEncrypted, bytes});
}
bson::Value payload() { return blob({11, 0}); }

std::vector<std::string> paths(const bson::Document& document) {
  const WrittenDocument written(document);
  std::vector<std::string> result;
  for (const LocatedPayload& one : written.payloads()) result.push_back(one.path);
  return result;
}

// Stored values of these sizes, and a tag for each.
IssuedValues issued(std::initializer_list<std::size_t> sizes) {
  IssuedValues values;
  for (const std::size_t size : sizes) {
    values.stored_values.emplace_back(size, static_cast<std::uint8_t>(14));
    values.tags.emplace_back().fill(static_cast<std::uint8_t>(size));
  }
  return values;
}

bson::Value tag(std::size_t size) {
  return bson::Value::of(
      bson::Binary{bson::BinarySubtype::kGeneric, Bytes(32, static_cast<std::uint8_t>(size))});
}
bson::Value stored(std::size_t size) { return blob(Bytes(size, 14)); }

TEST(WrittenDocument, FindsPayloadsAtAnyDepthOutsideOfTheTags) {
  EXPECT_THAT(paths(bson::doc("a", payload(), "b", bson::doc("c", bson::array(1, payload())), "d",
                              1, "__safeContent__", bson::array(payload()), "e", blob({12}))),
              ElementsAre("a", "b.c.1"));
}

TEST(WrittenDocument, PutsStoredValuesOfAnySizeInThePayloadsPlaces) {
  const bson::Document document =
      bson::doc("a", payload(), "b",
                bson::doc("n", 1, "c", bson::array(payload(), "x", bson::doc("d", payload()))), "e",
                bson::doc("f", bson::doc("g", payload())), "h", bson::doc("i", 2));
  const bson::Document replaced =
      WrittenDocument(document).with_stored_values(issued({1, 300, 0, 70'000}));
  EXPECT_EQ(
      replaced,
      bson::doc("a", stored(1), "b",
                bson::doc("n", 1, "c", bson::array(stored(300), "x", bson::doc("d", stored(0)))),
                "e", bson::doc("f", bson::doc("g", stored(70'000))), "h", bson::doc("i", 2)));
  bson::Document::parse(replaced.bytes());
}

TEST(WrittenDocument, PutsLeadingMembersInFrontAndTagsAtTheEnd) {
  const bson::Document document = bson::doc("a", bson::doc("b", payload()), "c", 1);
  EXPECT_EQ(WrittenDocument(document).with_tags(issued({9}), bson::doc("_id", 5)),
            bson::doc("_id", 5, "a", bson::doc("b", stored(9)), "c", 1, "__safeContent__",
                      bson::array(tag(9))));
}

TEST(WrittenDocument, AppendsTagsToThoseThatAreThere) {
  const bson::Document document =
      bson::doc("a", payload(), "__safeContent__", bson::array(tag(3)), "b", payload());
  EXPECT_EQ(WrittenDocument(document).with_tags(issued({9, 2}), {}),
            bson::doc("a", stored(9), "__safeContent__", bson::array(tag(3), tag(9), tag(2)), "b",
                      stored(2)));
}

TEST(WrittenDocument, WithoutPayloadsIsUnchanged) {
  const bson::Document document = bson::doc("a", 1, "b", bson::doc("c", blob({6, 1})));
  EXPECT_EQ(WrittenDocument(document).with_tags({}, {}), document);
}

TEST(WrittenDocument, RefusesTagsThatAreNoArray) {
  const bson::Document document = bson::doc("a", payload(), "__safeContent__", 1);
  EXPECT_THROW(WrittenDocument(document).with_tags(issued({9}), {}), Error);
}

TEST(WrittenDocument, NamesTheFirstBlobThatMayNotBeWritten) {
  const bson::Document document =
      bson::doc("a", payload(), "b", bson::doc("c", blob({4, 0})), "d", blob({99}));
  try {
    WrittenDocument(document).check_blobs();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), 7291901);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("'b.c'"));
  }
}

TEST(HasInsertPayload, LooksIntoDocumentsAndArrays) {
  EXPECT_TRUE(has_insert_payload(bson::doc("a", bson::doc("b", bson::array(1, payload())))));
  EXPECT_FALSE(has_insert_payload(bson::doc("a", bson::doc("b", bson::array(1, 2)))));
}

}  // namespace
}  // namespace quern::engine::qe
