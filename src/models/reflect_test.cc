// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/internal/reflect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/testing.h"

namespace quern::internal {
namespace {

using ::testing::ElementsAre;

struct Inner {
  int x = 0;
};
struct Mixed {
  std::string name;
  int number = 5;
  std::optional<Inner> maybe;
  std::vector<std::string> list;
  Encrypted<Char<11>, equality> secret;
  Inner inner_;
};
// clang-format off
struct Sixty4 {
  int a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,a10,a11,a12,a13,a14,a15,a16,a17,a18,a19,a20,a21,a22,a23,a24,a25,
      a26,a27,a28,a29,a30,a31,a32,a33,a34,a35,a36,a37,a38,a39,a40,a41,a42,a43,a44,a45,a46,a47,a48,
      a49,a50,a51,a52,a53,a54,a55,a56,a57,a58,a59,a60,a61,a62,a63;
};
// clang-format on

template <class T>
std::vector<std::string> names_of() {
  std::vector<std::string> names;
  for (const FieldInfo& field : model_info<T>().fields) names.push_back(field.name);
  return names;
}

TEST(Reflection, NamesMembersInOrderOfDeclaration) {
  EXPECT_THAT(names_of<Mixed>(),
              ElementsAre("name", "number", "maybe", "list", "secret", "inner_"));
}

TEST(Reflection, NamesLocalStructs) {
  struct Local {
    double first = 0;
    Inner second;
  };
  EXPECT_THAT(names_of<Local>(), ElementsAre("first", "second"));
  EXPECT_EQ(model_info<Local>().name, "Local");
}

TEST(Reflection, VisitsTheMembersThemselves) {
  Mixed object{};
  object.name = "n";
  object.inner_.x = 7;
  visit_members(object, [](auto& name, auto& number, auto&, auto&, auto&, auto& inner) {
    EXPECT_EQ(name, "n");
    number = 6;
    EXPECT_EQ(inner.x, 7);
  });
  EXPECT_EQ(object.number, 6);
}

TEST(Reflection, HandlesSixtyFourMembers) {
  static_assert(member_count<Sixty4> == 64);
  EXPECT_EQ(names_of<Sixty4>()[63], "a63");
}

TEST(Reflection, NamesTypesWithoutNamespaces) {
  EXPECT_EQ(type_name(type_text<quern::testing::Patient>()), "Patient");
}

}  // namespace
}  // namespace quern::internal
