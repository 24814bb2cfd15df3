// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/encryption_tree.h"

#include <gtest/gtest.h>

#include "analysis/testing.h"

namespace quern::analysis {
namespace {

using Kind = EncryptionTree::Kind;
using TargetKind = EncryptionTree::Target::Kind;

const schema::EncryptedFields& fields() { return testing::schemas().at("db.c"); }

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

TEST(EncryptionTree, SetReplacesAndRemovePrunes) {
  EncryptionTree tree;
  EXPECT_FALSE(tree.encrypts());
  tree.set("x.y", EncryptionTree::encrypted(fields().fields()[0]));
  EXPECT_EQ(tree.resolve("x.y").kind, TargetKind::kEncrypted);
  EXPECT_EQ(tree.first_encrypted_path(), "x.y");
  tree.set("x", EncryptionTree::unknown());
  EXPECT_EQ(tree.resolve("x.y").kind, TargetKind::kUnknown);
  tree.set("x", EncryptionTree());
  EXPECT_FALSE(tree.encrypts());
  tree.set("x.y", EncryptionTree::encrypted(fields().fields()[0]));
  tree.remove("x.z");
  EXPECT_TRUE(tree.encrypts());
  tree.remove("x.y");
  EXPECT_FALSE(tree.encrypts());
}

TEST(EncryptionTree, NamesOfWhatIsRemovedStayKnownUntilTheyAreAssigned) {
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
  tree.set("a", EncryptionTree());
  EXPECT_EQ(tree.resolve("a.b").kind, TargetKind::kPlain);
  tree.set("n.x", EncryptionTree());
  EXPECT_EQ(tree.resolve("n.x").kind, TargetKind::kPlain);
  tree.set("ssn", EncryptionTree::encrypted(fields().fields()[0]));
  EXPECT_EQ(tree.resolve("ssn").kind, TargetKind::kEncrypted);
}

TEST(EncryptionTree, WhatIsRemovedInsideTheUnknownLeavesItUnknown) {
  EncryptionTree tree;
  tree.set("x", EncryptionTree::unknown());
  tree.remove("x.y");
  EXPECT_EQ(tree.resolve("x").kind, TargetKind::kUnknown);
  EXPECT_EQ(tree.resolve("x.y").kind, TargetKind::kUnknown);
  tree.set("x", EncryptionTree::encrypted(fields().fields()[0]));
  tree.remove("x.y");
  EXPECT_EQ(tree.resolve("x").kind, TargetKind::kEncrypted);
}

TEST(EncryptionTree, ArraysHideTheirElementsButCanLoseThem) {
  EncryptionTree tree;
  tree.set("o", EncryptionTree::array_of(EncryptionTree(fields())));
  EXPECT_EQ(tree.resolve("o").kind, TargetKind::kArray);
  EXPECT_EQ(tree.resolve("o.ssn").kind, TargetKind::kArray);
  for (const schema::EncryptedField& field : fields().fields()) tree.remove("o." + field.path);
  EXPECT_FALSE(tree.encrypts());
  EXPECT_EQ(tree.resolve("o").kind, TargetKind::kAbove);
  EXPECT_EQ(tree.resolve("o.ssn").kind, TargetKind::kRemoved);
  EXPECT_EQ(tree.resolve("o.0.a.b").kind, TargetKind::kRemoved);
  EXPECT_EQ(tree.resolve("o.p").kind, TargetKind::kPlain);
  tree.set("o.p", EncryptionTree());
  EXPECT_EQ(tree.resolve("o.ssn").kind, TargetKind::kRemoved);
  tree.set("o.ssn", EncryptionTree());
  EXPECT_EQ(tree.resolve("o.ssn").kind, TargetKind::kPlain);
  tree.remove("o");
  EXPECT_EQ(tree.resolve("o.a.b").kind, TargetKind::kRemoved);
  tree.set("o", EncryptionTree());
  EXPECT_EQ(tree.kind(), Kind::kPlain);
  EXPECT_FALSE(EncryptionTree::array_of(EncryptionTree()).encrypts());
}

TEST(EncryptionTree, IncludeCopiesAsFarAsNamesAreKnown) {
  EncryptionTree source(fields());
  source.set("o", EncryptionTree::array_of(EncryptionTree(fields())));
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
