// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/csv.h"

#include <gmock/gmock.h>

#include <sstream>

namespace clinic {
namespace {

using testing::ElementsAre;

std::vector<CsvRow> rows(const std::string& text) {
  std::istringstream in(text);
  CsvReader reader(in);
  std::vector<CsvRow> out;
  CsvRow row;
  while (reader.next(row)) out.push_back(row);
  return out;
}

std::vector<std::string> fields(const std::string& text) { return rows(text).at(0).fields; }

TEST(CsvReader, SplitsAtCommas) {
  EXPECT_THAT(fields("a,b,,d\n"), ElementsAre("a", "b", "", "d"));
  EXPECT_THAT(fields("a,"), ElementsAre("a", ""));
}

TEST(CsvReader, QuotedFieldsMayHoldCommasQuotesAndLineBreaks) {
  EXPECT_THAT(fields("\"a,b\",\"say \"\"hi\"\"\",\"x\ny\"\n"),
              ElementsAre("a,b", "say \"hi\"", "x\ny"));
  EXPECT_THAT(fields("\"\",x\n"), ElementsAre("", "x"));
}

TEST(CsvReader, EndsOfLinesMayBeOfEitherKindAndTheLastMayBeMissing) {
  const auto read = rows("a\r\nb\n\nc");
  ASSERT_EQ(read.size(), 3u);
  EXPECT_THAT(read[0].fields, ElementsAre("a"));
  EXPECT_THAT(read[2].fields, ElementsAre("c"));
}

TEST(CsvReader, CountsLinesOfTheFileNotRows) {
  for (const char* text :
       {"a\n\"b\nb\"\n\nc\n", "a\r\n\"b\r\nb\"\r\n\r\nc\r\n", "a\r\"b\rb\"\r\rc\r"}) {
    const auto read = rows(text);
    ASSERT_EQ(read.size(), 3u);
    EXPECT_EQ(read[0].line, 1);
    EXPECT_EQ(read[1].line, 2);
    EXPECT_EQ(read[2].line, 5);
  }
}

TEST(CsvReader, AMalformedRowDoesNotSpoilTheNext) {
  for (const char* bad :
       {"\"a\"b,c\n", "a\"b,c\n", "\"a\"b,c\r", "a\"b,c\r", "\"a,c\r", "a\"b,c\r\n"}) {
    const auto read = rows(std::string(bad) + "good,row\n");
    ASSERT_EQ(read.size(), 2u) << bad;
    EXPECT_NE(read[0].error, "") << bad;
    EXPECT_EQ(read[1].error, "") << bad;
    EXPECT_THAT(read[1].fields, ElementsAre("good", "row")) << bad;
    EXPECT_EQ(read[1].line, 2) << bad;
  }
}

TEST(CsvReader, AQuoteThatIsNotClosedCostsItsOwnRowOnly) {
  // Closed by the end, by a later quote, and by nothing for too long.
  const std::string good = "good,row\n\"also\",good\n";
  for (const std::string& text :
       {std::string("\"bad,1\ngood,row\nalso,good\n"), "\"bad,1\n" + good,
        "\"bad,1\n" + good + std::string(1 << 17, 'x') + "\n", "x,\"bad\r\n" + good}) {
    const auto read = rows(text);
    ASSERT_GE(read.size(), 3u) << text.substr(0, 80);
    EXPECT_NE(read[0].error, "");
    EXPECT_EQ(read[0].line, 1);
    EXPECT_THAT(read[1].fields, ElementsAre("good", "row"));
    EXPECT_EQ(read[1].line, 2);
    EXPECT_THAT(read[2].fields, ElementsAre("also", "good"));
    EXPECT_EQ(read[2].line, 3);
  }
}

TEST(CsvReader, AnOpenQuoteIsTold) {
  EXPECT_EQ(rows("\"a\n").at(0).error, "a quoted field is not closed");
  EXPECT_EQ(rows("\"a").at(0).error, "a quoted field is not closed");
  EXPECT_EQ(rows("\"" + std::string(1 << 17, 'x')).at(0).error,
            "a field is too long: is a closing quote missing?");
}

TEST(CsvReader, SkipsAByteOrderMark) {
  std::istringstream in("\xEF\xBB\xBF\"name\",id\nx,1\n");
  CsvReader reader(in);
  CsvRow row;
  ASSERT_TRUE(reader.next(row));
  EXPECT_THAT(row.fields, ElementsAre("name", "id"));
  EXPECT_EQ(reader.offset(), 13) << "offsets are the file's";
  EXPECT_THAT(fields("\xEF\xBB,x\n"), ElementsAre("\xEF\xBB", "x")) << "half a mark is none";
  EXPECT_THAT(fields("a\n"), ElementsAre("a"));
}

TEST(CsvReader, GoesOnFromWhereItWas) {
  std::istringstream in("a\n\"b\nb\"\nc\n");
  CsvReader reader(in);
  CsvRow row;
  reader.next(row);
  reader.next(row);
  const std::int64_t line = reader.line();
  const std::int64_t offset = reader.offset();
  std::istringstream again(in.str());
  CsvReader other(again);
  other.seek(line, offset);
  ASSERT_TRUE(other.next(row));
  EXPECT_EQ(row.line, 4);
  EXPECT_THAT(row.fields, ElementsAre("c"));
}

TEST(CsvField, RoundTrips) {
  for (const char* text : {"plain", "a,b", "say \"hi\"", "x\ny", ""}) {
    EXPECT_THAT(fields(csv_field(text) + ",end\n"), ElementsAre(text, "end"));
  }
  EXPECT_EQ(csv_field("plain"), "plain");
}

}  // namespace
}  // namespace clinic
