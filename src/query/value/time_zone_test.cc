// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/value/time_zone.h"

#include <gtest/gtest.h>

#include "quern/base/error.h"
#include "query/value/calendar.h"

namespace quern::query {
namespace {

std::int64_t at(const char* iso) { return parse_iso(iso)->milliseconds; }
std::string text(std::int64_t time) { return iso_text(bson::Date{time}); }
std::string local(const char* zone, const char* utc) {
  return text(*TimeZone::named(zone).to_local(at(utc)));
}
std::string utc(const char* zone, const char* local) {
  return text(*TimeZone::named(zone).to_utc(at(local)));
}

TEST(TimeZone, AnOffsetHoldsAlways) {
  EXPECT_EQ(local("+05:30", "2024-07-01T00:00:00Z"), "2024-07-01T05:30:00.000Z");
  EXPECT_EQ(utc("-0100", "2024-01-01T00:00:00Z"), "2024-01-01T01:00:00.000Z");
  EXPECT_EQ(local("UTC", "2024-01-01T00:00:00Z"), "2024-01-01T00:00:00.000Z");
  EXPECT_EQ(TimeZone::named("+02").offset_at(0), 7'200'000);
}

TEST(TimeZone, ANameFollowsSummerTime) {
  EXPECT_EQ(local("Europe/Berlin", "2024-01-15T12:00:00Z"), "2024-01-15T13:00:00.000Z");
  EXPECT_EQ(local("Europe/Berlin", "2024-07-15T12:00:00Z"), "2024-07-15T14:00:00.000Z");
  EXPECT_EQ(local("America/New_York", "2024-03-10T06:59:59Z"), "2024-03-10T01:59:59.000Z");
  EXPECT_EQ(local("America/New_York", "2024-03-10T07:00:00Z"), "2024-03-10T03:00:00.000Z");
  EXPECT_EQ(local("Asia/Kathmandu", "2024-01-01T00:00:00Z"), "2024-01-01T05:45:00.000Z");
}

TEST(TimeZone, ANameKnowsItsHistory) {
  EXPECT_EQ(local("Europe/Moscow", "2012-01-01T00:00:00Z"), "2012-01-01T04:00:00.000Z");
  EXPECT_EQ(local("Europe/Moscow", "2016-01-01T00:00:00Z"), "2016-01-01T03:00:00.000Z");
  EXPECT_EQ(local("Europe/Berlin", "1975-07-01T00:00:00Z"), "1975-07-01T01:00:00.000Z");
}

TEST(TimeZone, ATimeThatTheClockShowsTwiceIsTheEarlier) {
  EXPECT_EQ(utc("Europe/Berlin", "2024-10-27T02:30:00Z"), "2024-10-27T00:30:00.000Z");
  EXPECT_EQ(utc("Europe/Berlin", "2024-10-27T03:30:00Z"), "2024-10-27T02:30:00.000Z");
}

TEST(TimeZone, ATimeThatNoClockShowsCountsOnFromBeforeTheGap) {
  EXPECT_EQ(utc("Europe/Berlin", "2024-03-31T02:30:00Z"), "2024-03-31T01:30:00.000Z");
  EXPECT_EQ(local("Europe/Berlin", "2024-03-31T01:30:00Z"), "2024-03-31T03:30:00.000Z");
}

TEST(TimeZone, RefusesWhatIsNoOffsetAndNoName) {
  for (const char* name :
       {"", "Europe/Nowhere", "GMT+3", "+5", "+05:3", "+05:300", "Etc/Unknown", "europe", "+ab"}) {
    try {
      TimeZone::named(name);
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), 40485) << name;
    }
  }
}

TEST(TimeZone, WhatExceeds64BitsIsNothing) {
  EXPECT_EQ(TimeZone(1).to_local(INT64_MAX), std::nullopt);
  EXPECT_EQ(TimeZone(1).to_utc(INT64_MIN), std::nullopt);
  EXPECT_EQ(TimeZone::named("Asia/Tokyo").to_local(INT64_MAX), std::nullopt);
}

}  // namespace
}  // namespace quern::query
