// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/encryption_tree.h"

#include <gtest/gtest.h>

#include "analysis/testing.h"

namespace quern::analysis {
namespace {

using Kind = EncryptionTree::Kind;
using TargetKind = EncryptionTree::Target::Kind;

const schema::EncryptedFields& fields() { return testing::schemas().at("db.c").fields(); }

TEST(EncryptionTree, ResolvesPathsAtAboveBelowAndBesideEncryptedFields) {
  const EncryptionTree tree(fields());
  EXPECT_EQ(tree.resolve("ssn").kind, TargetKind::kEncrypted);
  EXPECT_EQ(tree.resolve("a.d.e").kind, TargetKind::kEncrypted);
  EXPECT_EQ(&tree.resolve("a.d.e").node->field(), fields().find("a.d.e"));
  EXPECT_EQ(tree.resolve("a").kind, TargetKind::kAbove);
  EXPECT_EQ(tree.resolve("a.d").kind, TargetKind::kAbove);
  EXPECT_EQ(tree.resolve("ssn.x.y").kind, TargetKind::kBelow);
  EXPECT_EQ(tree.resolve("ssn.x.y").rest, "x.y");
  EXPECT_EQ(tree.resolve("ssn.").kind, TargetKind::kBelow);
  for (const char* path : {"p", "a.c", "a.d.f", "ssn2", "", ".ssn", "p.ssn"}) {
    EXPECT_EQ(tree.resolve(path).kind, TargetKind::kPlain) << path;
  }
}

TEST(EncryptionTree, TellsArrayPositionsOnTheWayFromNames) {
  const EncryptionTree tree(fields());
  for (const char* path : {"a.0", "a.0.b", "a.$", "a.$[].b", "a.$[i].b", "a.d.12.e"}) {
    EXPECT_EQ(tree.resolve(path).kind, TargetKind::kArrayPosition) << path;
  }
  EXPECT_EQ(tree.resolve("a.$[i].b").rest, "$[i].b");
  EXPECT_EQ(tree.resolve("0.b").kind, TargetKind::kPlain);
}

TEST(EncryptionTree, AssignmentsReplaceAndRemovalsPrune) {
  EncryptionTree tree;
  EXPECT_FALSE(tree.encrypts());
  tree.assign("x.y", EncryptionTree::encrypted(fields().fields()[0]));
  EXPECT_EQ(tree.resolve("x.y").kind, TargetKind::kEncrypted);
  EXPECT_EQ(tree.first_encrypted_path(), "x.y");
  tree.assign("x", EncryptionTree::unknown());
  EXPECT_EQ(tree.resolve("x.y").kind, TargetKind::kUnknown);
  tree.assign("x", EncryptionTree());
  EXPECT_FALSE(tree.encrypts());
  tree.assign("x.y", EncryptionTree::encrypted(fields().fields()[0]));
  tree.remove("x.z");
  EXPECT_TRUE(tree.encrypts());
  tree.remove("x.y");
  EXPECT_FALSE(tree.encrypts());
}

TEST(EncryptionTree, WhatIsSetForgetsTheNamesThatWereThere) {
  EncryptionTree tree(fields());
  tree.set("ssn", EncryptionTree());
  EXPECT_EQ(tree.resolve("ssn").kind, TargetKind::kPlain);
  EXPECT_EQ(tree.resolve("a.b").kind, TargetKind::kEncrypted);
}

TEST(EncryptionTree, NamesOfWhatIsRemovedStayKnownWhateverIsAssigned) {
  EncryptionTree tree(fields());
  tree.remove("a");
  EXPECT_EQ(tree.resolve("a.b").kind, TargetKind::kRemoved);
  EXPECT_EQ(tree.resolve("a.b.x").kind, TargetKind::kRemoved);
  EXPECT_EQ(tree.resolve("a.0.b").kind, TargetKind::kArrayPosition);
  EXPECT_EQ(tree.resolve("a").kind, TargetKind::kAbove);
  EXPECT_FALSE(tree.resolve("a").encrypts());
  EXPECT_EQ(tree.resolve("a.c").kind, TargetKind::kPlain);
  EXPECT_EQ(tree.resolve("ssn").kind, TargetKind::kEncrypted);
  tree = tree.removed();
  EXPECT_FALSE(tree.encrypts());
  EXPECT_EQ(tree.resolve("ssn").kind, TargetKind::kRemoved);
  EXPECT_EQ(tree.resolve("a.b").kind, TargetKind::kRemoved);
  tree.assign("a", EncryptionTree());
  EXPECT_EQ(tree.resolve("a.b").kind, TargetKind::kRemoved);
  EXPECT_EQ(tree.resolve("a.c").kind, TargetKind::kPlain);
  tree.assign("n.x", EncryptionTree());
  EXPECT_EQ(tree.resolve("n.x").kind, TargetKind::kRemoved);
  EXPECT_EQ(tree.resolve("n.y").kind, TargetKind::kRemoved);
  tree.assign("ssn", EncryptionTree::encrypted(fields().fields()[0]));
  EXPECT_EQ(tree.resolve("ssn").kind, TargetKind::kEncrypted);
  tree.assign("ssn", EncryptionTree::constant_of(EncryptionTree::Constant::kHere));
  EXPECT_EQ(tree.resolve("ssn").kind, TargetKind::kRemoved);
  EXPECT_TRUE(tree.resolve("ssn").value().holds_constant());
}

TEST(EncryptionTree, ConstantsMoveWithTheirValues) {
  using Constant = EncryptionTree::Constant;
  EncryptionTree tree;
  tree.assign("x.y", EncryptionTree::constant_of(Constant::kHere));
  EXPECT_EQ(tree.resolve("x").kind, TargetKind::kPlain);
  EXPECT_TRUE(tree.resolve("x").value().holds_constant());
  EXPECT_TRUE(tree.resolve("x.y").value().holds_constant());
  EXPECT_TRUE(tree.resolve("x.y.z").value().holds_constant());
  EXPECT_FALSE(tree.resolve("x.z").value().holds_constant());
  EncryptionTree included;
  included.include("x.y", tree);
  EXPECT_TRUE(included.resolve("x.y").value().holds_constant());
  tree.assign("x.y", EncryptionTree());
  EXPECT_EQ(tree, EncryptionTree());
  tree.assign("x", EncryptionTree::constant_of(Constant::kAnywhere));
  tree.assign("x.y", EncryptionTree::unknown());
  EXPECT_TRUE(tree.resolve("x.z").value().holds_constant());
  included.include("x.z", tree);
  EXPECT_TRUE(included.resolve("x.z").value().holds_constant());
  tree.remove("x");
  EXPECT_FALSE(tree.holds_constant());
}

TEST(EncryptionTree, AJoinIsEither) {
  using Constant = EncryptionTree::Constant;
  const EncryptionTree field = EncryptionTree::encrypted(fields().fields()[0]);
  const auto joined = [](EncryptionTree left, const EncryptionTree& right) {
    left.join(right);
    return left;
  };
  EXPECT_EQ(joined(field, field), field);
  EXPECT_EQ(joined(field, EncryptionTree()).kind(), Kind::kUnknown);
  EXPECT_EQ(joined(field, EncryptionTree::encrypted(fields().fields()[1])).kind(), Kind::kUnknown);
  EncryptionTree x;
  x.assign("x", EncryptionTree::constant_of(Constant::kHere));
  EncryptionTree y;
  y.assign("y", EncryptionTree::constant_of(Constant::kHere));
  const EncryptionTree both = joined(x, y);
  EXPECT_TRUE(both.member("x").holds_constant());
  EXPECT_TRUE(both.member("y").holds_constant());
  EXPECT_FALSE(both.member("z").holds_constant());
  EXPECT_TRUE(joined(field, x).holds_constant());
  EXPECT_EQ(joined(EncryptionTree::array_of(x), y), EncryptionTree::array_of(both));
  EXPECT_EQ(joined(x, EncryptionTree::array_of(y)), EncryptionTree::array_of(both));
  EXPECT_TRUE(EncryptionTree::array_of(x).parts().member("x").holds_constant());
  y.assign("y", x);
  EXPECT_FALSE(y.member("x").holds_constant());
  EXPECT_TRUE(y.parts().member("x").holds_constant());
}

TEST(EncryptionTree, WhatIsRemovedInsideTheUnknownLeavesItUnknown) {
  EncryptionTree tree;
  tree.assign("x", EncryptionTree::unknown());
  tree.remove("x.y");
  EXPECT_EQ(tree.resolve("x").kind, TargetKind::kUnknown);
  EXPECT_EQ(tree.resolve("x.y").kind, TargetKind::kUnknown);
  tree.assign("x", EncryptionTree::encrypted(fields().fields()[0]));
  tree.remove("x.y");
  EXPECT_EQ(tree.resolve("x").kind, TargetKind::kEncrypted);
}

TEST(EncryptionTree, ArraysHideTheirElementsButCanLoseThem) {
  EncryptionTree tree;
  tree.assign("o", EncryptionTree::array_of(EncryptionTree(fields())));
  EXPECT_EQ(tree.resolve("o").kind, TargetKind::kArray);
  EXPECT_EQ(tree.resolve("o.ssn").kind, TargetKind::kArray);
  for (const schema::EncryptedField& field : fields().fields()) tree.remove("o." + field.path);
  EXPECT_FALSE(tree.encrypts());
  EXPECT_EQ(tree.resolve("o").kind, TargetKind::kAbove);
  EXPECT_EQ(tree.resolve("o.ssn").kind, TargetKind::kRemoved);
  EXPECT_EQ(tree.resolve("o.0.a.b").kind, TargetKind::kRemoved);
  EXPECT_EQ(tree.resolve("o.p").kind, TargetKind::kPlain);
  tree.assign("o.p", EncryptionTree());
  EXPECT_EQ(tree.resolve("o.ssn").kind, TargetKind::kRemoved);
  tree.assign("o.ssn", EncryptionTree());
  EXPECT_EQ(tree.resolve("o.ssn").kind, TargetKind::kRemoved);
  tree.remove("o");
  EXPECT_EQ(tree.resolve("o.a.b").kind, TargetKind::kRemoved);
  tree.assign("o", EncryptionTree());
  EXPECT_EQ(tree.resolve("o.a.b").kind, TargetKind::kRemoved);
  EXPECT_EQ(tree.resolve("o.0.a.b").kind, TargetKind::kRemoved);
  EXPECT_FALSE(EncryptionTree::array_of(EncryptionTree()).encrypts());
}

TEST(EncryptionTree, IncludeCopiesAsFarAsNamesAreKnown) {
  EncryptionTree source(fields());
  source.assign("o", EncryptionTree::array_of(EncryptionTree(fields())));
  EncryptionTree tree;
  tree.include("p", source);
  EXPECT_FALSE(tree.encrypts());
  tree.include("a.b", source);
  EXPECT_EQ(tree.resolve("a.b").kind, TargetKind::kEncrypted);
  EXPECT_EQ(tree.resolve("a.d.e").kind, TargetKind::kPlain);
  tree.include("o.ssn", source);
  EXPECT_EQ(tree.resolve("o").kind, TargetKind::kArray);
}

}  // namespace
}  // namespace quern::analysis
