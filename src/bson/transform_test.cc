// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "bson/transform.h"

#include <gtest/gtest.h>

#include "quern/bson/json.h"

namespace quern::bson {
namespace {

const Document& example() {
  static const Document document =
      from_json(R"({"a": 1, "b": {"c": [1, {"d": 2}], "e": {}}, "f": [[3]]})");
  return document;
}

TEST(Transform, CopiesWhatIsNotEdited) {
  for (const Edit edit : {Edit::kCopy, Edit::kEnter}) {
    EXPECT_EQ(transform(example(), [&](const Element&, EnclosingPath, Builder&) { return edit; }),
              example());
  }
}

TEST(Transform, WhatTheCallbackWroteTakesTheElementsPlace) {
  const Document result =
      transform(example(), [](const Element& element, EnclosingPath, Builder& out) {
        if (element.type() != Type::kInt32) return Edit::kEnter;
        if (element.as_int32() == 1) out.append(element.key(), "one");
        return element.as_int32() == 1 || element.as_int32() == 3 ? Edit::kDone : Edit::kCopy;
      });
  EXPECT_EQ(result,
            from_json(R"({"a": "one", "b": {"c": ["one", {"d": 2}], "e": {}}, "f": [[]]})"));
}

TEST(Transform, TellsWhatIsAroundAnElement) {
  std::string paths;
  transform(example(), [&](const Element& element, EnclosingPath path, Builder&) {
    for (const std::string_view name : path) paths.append(name).append(".");
    paths.append(element.key()).append(" ");
    return Edit::kEnter;
  });
  EXPECT_EQ(paths, "a b b.c b.c.0 b.c.1 b.c.1.d b.e f f.0 f.0.0 ");
}

TEST(Transform, DoesNotAskAboutWhatIsInsideACopy) {
  int asked = 0;
  transform(example(), [&](const Element&, EnclosingPath, Builder&) {
    ++asked;
    return Edit::kCopy;
  });
  EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace quern::bson
