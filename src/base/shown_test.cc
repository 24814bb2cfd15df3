// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/shown.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

TEST(Shown, PlainWordsStandAsTheyAreAndOtherNamesInQuotes) {
  EXPECT_EQ(shown_name("patient_record-2$"), "patient_record-2$");
  EXPECT_EQ(shown_name(""), "\"\"");
  EXPECT_EQ(shown_name("a b"), "\"a b\"");
  EXPECT_EQ(shown_name("a.b"), "\"a.b\"");
  EXPECT_EQ(shown_name("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(shown_name("grüße 😀"), "\"grüße 😀\"");
}

TEST(Shown, ANameNeverLooksLikeALineOfItsOwn) {
  EXPECT_EQ(shown_name("a\nERROR: b"), "\"a\\nERROR: b\"");
  EXPECT_EQ(shown_name("a\r"), "\"a\\u000d\"");
  EXPECT_EQ(shown_name("a\u2028b"), "\"a\\u2028b\"");
}

TEST(Shown, WhatATerminalMayObeyIsEscaped) {
  EXPECT_EQ(without_controls("x\x1b[2J\x7f\u009b\u202ey\u200f\u061cz\ufeff"),
            "x\\u001b[2J\\u007f\\u009b\\u202ey\\u200f\\u061cz\\ufeff");
  EXPECT_EQ(without_controls(std::string_view("a\0b", 3)), "a\\u0000b");
  EXPECT_EQ(without_controls("one\ntwo é€😀"), "one\ntwo é€😀");
}

TEST(Shown, BytesThatAreNotUtf8AreEscapedOneByOne) {
  EXPECT_EQ(without_controls("a\x9b"
                             "31m"),
            "a\\x9b31m");
  EXPECT_EQ(without_controls("\xc2"), "\\xc2");
  EXPECT_EQ(without_controls("\xe2\x82"), "\\xe2\\x82");
  EXPECT_EQ(without_controls("\xc0\x9b"), "\\xc0\\x9b");           // overlong
  EXPECT_EQ(without_controls("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(without_controls("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
}

TEST(Shown, APathIsQuotedComponentByComponent) {
  EXPECT_EQ(shown_path("record.ssn"), "record.ssn");
  EXPECT_EQ(shown_path("record.a\nb"), "record.\"a\\nb\"");
  EXPECT_EQ(shown_path("a..b"), "a.\"\".b");
}

}  // namespace
}  // namespace quern
