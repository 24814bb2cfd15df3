// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/command/decrypted.h"

#include <gtest/gtest.h>

#include <concepts>

#include "quern/command/reply.h"

namespace quern {
namespace {

// Plaintext must not get into a command by accident.
static_assert(!std::convertible_to<DecryptedView, bson::View>);
static_assert(!std::convertible_to<DecryptedElement, bson::ValueView>);
template <class T>
concept Appendable = requires(bson::Builder builder, T value) {
  builder.append("a", value);
};
static_assert(Appendable<bson::View> && !Appendable<DecryptedView> &&
              !Appendable<DecryptedElement>);

bson::Document encrypted(std::uint8_t byte) {
  return bson::doc("", bson::Binary{bson::BinarySubtype::kEncrypted, {&byte, 1}});
}

// {ok: 1, a: <ciphertext>, in: [{b: <ciphertext>}]}, of which a is not decrypted and b is "plain".
Reply reply() {
  const bson::Document ciphertext = encrypted(14);
  bson::Document raw = bson::doc("ok", 1, "a", ciphertext.view().front().value(), "in",
                                 bson::array(bson::doc("b", ciphertext.view().front().value())));
  auto plaintexts = std::make_shared<Plaintexts>();
  const bson::Element b = raw.view().at_path("in.0.b");
  plaintexts->add(static_cast<std::size_t>(b.bytes().data() - raw.view().data()),
                  bson::Value::of("plain"), "x.b");
  return Reply(std::move(raw), std::move(plaintexts));
}

TEST(Decrypted, TheReplyItselfStaysAsItCame) {
  const Reply answer = reply();
  EXPECT_TRUE(answer.view().at_path("in.0.b").is_binary(bson::BinarySubtype::kEncrypted));
  const bson::Document sliced = answer;
  EXPECT_TRUE(sliced.view().at_path("in.0.b").is_binary(bson::BinarySubtype::kEncrypted));
}

TEST(Decrypted, AnElementSaysWhatItWasDecryptedTo) {
  const Reply answer = reply();
  const DecryptedElement b = answer.decrypted().at_path("in.0.b");
  EXPECT_TRUE(b.is_decrypted());
  EXPECT_EQ(b.plaintext().as_string(), "plain");
  EXPECT_EQ(b.field(), "x.b");
  const DecryptedElement same = (*answer.decrypted()["in"].document().begin()).document()["b"];
  EXPECT_EQ(same.plaintext().as_string(), "plain");
}

TEST(Decrypted, WhatWasNotDecryptedHasNoPlaintext) {
  const Reply answer = reply();
  for (const char* key : {"a", "ok", "missing"}) {
    EXPECT_FALSE(answer.decrypted()[key].is_decrypted()) << key;
    EXPECT_TRUE(answer.decrypted()[key].plaintext().missing()) << key;
  }
}

TEST(Decrypted, PlaintextsOutliveACopyOfTheReply) {
  Reply answer = reply();
  const Reply copy = answer;
  answer = Reply();
  EXPECT_EQ(copy.decrypted().at_path("in.0.b").plaintext().as_string(), "plain");
}

TEST(Decrypted, APlaintextDocumentIsACopyMadeOnPurpose) {
  const Reply answer = reply();
  const bson::Document shown = answer.decrypted().plaintext_document();
  EXPECT_EQ(shown.view().at_path("in.0.b").as_string(), "plain");
  EXPECT_TRUE(shown["a"].is_binary(bson::BinarySubtype::kEncrypted));
  EXPECT_EQ(shown["ok"].as_int32(), 1);
}

TEST(Decrypted, InADocumentOfOnesOwnEveryValueIsPlaintextButCiphertexts) {
  const bson::Document ciphertext = encrypted(14);
  const bson::Document mine =
      bson::doc("a", "text", "b", bson::doc("c", ciphertext.view().front().value()));
  const auto own = DecryptedView::of_plaintext(mine);
  EXPECT_EQ(own["a"].plaintext().as_string(), "text");
  EXPECT_FALSE(own.at_path("b.c").is_decrypted());
  EXPECT_FALSE(DecryptedView::of_raw(mine)["a"].is_decrypted());
}

}  // namespace
}  // namespace quern
