// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/key_format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "quern/bson/compare.h"
#include "quern/bson/json.h"

namespace quern::storage {
namespace {

std::string key(bson::ValueView value, bool descending = false) {
  std::string out;
  append_key(out, value, descending);
  return out;
}
template <class T>
std::string key_of(const T& value) {
  return key(bson::Value::of(value));
}
std::string hex(const std::string& text) { return to_hex(as_bytes(text)); }

// Values of every type, drawn so that equal, near and extreme ones meet often.
class Values {
 public:
  explicit Values(unsigned seed) : random_(seed) {}

  bson::Value next(int depth = 0) {
    bson::Builder b;
    append(b, "v", depth);
    const bson::Document document = b.finish();
    return bson::Value(document["v"]);
  }

 private:
  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  std::int64_t integer() {
    const std::int64_t near[] = {0,
                                 1,
                                 -1,
                                 (1LL << 53),
                                 -(1LL << 53),
                                 std::numeric_limits<std::int64_t>::max() - 3,
                                 std::numeric_limits<std::int64_t>::min() + 3,
                                 1LL << 31};
    if (below(4) == 0) return static_cast<std::int64_t>(random_());
    return near[below(8)] + (below(7) - 3);  // in range: the steps never leave int64
  }
  double real() {
    switch (below(6)) {
      case 0:
        return static_cast<double>(integer());
      case 1:
        return std::numeric_limits<double>::infinity() * (below(2) == 0 ? 1 : -1);
      case 2:
        return std::numeric_limits<double>::quiet_NaN();
      case 3:
        return (below(200) - 100) / 10.0;
      case 4:
        return std::numeric_limits<double>::denorm_min() * (below(5) - 2);
      default:
        return std::ldexp(below(1000) - 500, below(2000) - 1000);
    }
  }
  bson::Decimal128 decimal() {
    switch (below(6)) {
      case 0:
        return bson::Decimal128::parse(std::to_string(integer()));
      case 1:
        return bson::Decimal128::parse(below(2) == 0   ? "NaN"
                                       : below(2) == 0 ? "Infinity"
                                                       : "-Infinity");
      case 2: {
        char text[64];  // a double's own decimal, or a neighbour in the last of 34 digits
        std::snprintf(text, sizeof text, "%.33e", real());
        if (text[0] == 'n' || text[0] == 'i' || text[1] == 'n' || text[1] == 'i') return {};
        if (char* dot = std::strchr(text, '.'); dot != nullptr && below(2) == 0) {
          dot[33] = static_cast<char>('0' + below(10));
        }
        return bson::Decimal128::parse(text);
      }
      case 3:
        return bson::Decimal128::parse(std::to_string(below(200) - 100) + "E-1");
      case 4:
        return bson::Decimal128::parse(std::to_string(below(200) - 100) + "0E-2");
      default:
        return bson::Decimal128::parse(std::to_string(integer()) + "E" +
                                       std::to_string(below(12000) - 6000));
    }
  }
  std::string text() {
    std::string out;
    for (int n = below(4); n > 0; --n) out.push_back("\0\1ab\x7f"[below(5)]);
    return out;
  }
  void append(bson::Builder& b, std::string_view name, int depth) {
    switch (below(depth < 3 ? 26 : 24)) {
      case 0:
        b.append(name, bson::MinKey{});
        return;
      case 1:
        b.append(name, bson::MaxKey{});
        return;
      case 2:
        b.append(name, bson::Null{});
        return;
      case 3:
        b.append(name, bson::Undefined{});
        return;
      case 4:
        b.append(name, below(2) == 0);
        return;
      case 5:
        b.append(name, bson::Date{integer()});
        return;
      case 6:
        b.append(name, bson::Timestamp{static_cast<std::uint32_t>(below(3)),
                                       static_cast<std::uint32_t>(random_())});
        return;
      case 7: {
        ObjectId id = ObjectId::generate();
        b.append(name, id);
        return;
      }
      case 8: {
        const std::string t = text();
        b.append(name, bson::Binary{static_cast<bson::BinarySubtype>(below(3) * 2), as_bytes(t)});
        return;
      }
      case 9:
        b.append(name, bson::Regex{below(2) == 0 ? "a" : "ab", below(2) == 0 ? "" : "i"});
        return;
      case 10:
        b.append(name, bson::DbPointer{below(2) == 0 ? "a" : "ab", ObjectId()});
        return;
      case 11:
        b.append(name, bson::Code{text()});
        return;
      case 12:
        b.append(name, bson::Symbol{text()});
        return;
      case 13:
      case 14:
        b.append(name, std::string_view(text()));
        return;
      case 15:
      case 16:
        b.append(name, static_cast<std::int32_t>(integer()));
        return;
      case 17:
      case 18:
        b.append(name, integer());
        return;
      case 19:
      case 20:
        b.append(name, real());
        return;
      case 21:
      case 22:
      case 23:
        b.append(name, decimal());
        return;
      case 24:
        b.open_document(name);
        for (int n = below(3); n > 0; --n) append(b, below(2) == 0 ? "a" : "ab", depth + 1);
        b.close();
        return;
      default:
        b.open_array(name);
        for (int n = 0, count = below(3); n < count; ++n) append(b, std::to_string(n), depth + 1);
        b.close();
        return;
    }
  }

  std::mt19937_64 random_;
};

TEST(KeyFormat, OrdersEveryTwoValuesAsTheComparisonDoes) {
  Values values(20);
  std::vector<bson::Value> drawn;
  std::vector<std::string> keys;
  for (int i = 0; i < 3000; ++i) {
    drawn.push_back(values.next());
    keys.push_back(key(drawn.back()));
  }
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    for (std::size_t j = 0; j < drawn.size(); ++j) {
      const auto wanted = bson::compare(drawn[i].view(), drawn[j].view());
      const auto found = keys[i].compare(keys[j]) <=> 0;
      ASSERT_EQ(wanted, found) << to_json(bson::doc("a", drawn[i], "b", drawn[j])) << "\n"
                               << hex(keys[i]) << "\n"
                               << hex(keys[j]);
    }
  }
}

TEST(KeyFormat, KeepsTheOrderOfCompoundKeysWithDescendingParts) {
  Values values(21);
  std::vector<std::pair<bson::Value, bson::Value>> drawn;
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) {
    drawn.emplace_back(values.next(), values.next());
    keys.push_back(key(drawn.back().first, true) + key(drawn.back().second));
  }
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    for (std::size_t j = 0; j < drawn.size(); ++j) {
      auto wanted = bson::compare(drawn[j].first.view(), drawn[i].first.view());
      if (wanted == 0) wanted = bson::compare(drawn[i].second.view(), drawn[j].second.view());
      ASSERT_EQ(wanted, keys[i].compare(keys[j]) <=> 0);
    }
  }
}

TEST(KeyFormat, NoKeyIsAPrefixOfAnother) {
  Values values(22);
  std::vector<std::string> keys;
  for (int i = 0; i < 2000; ++i) keys.push_back(key(values.next()));
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  for (std::size_t i = 1; i < keys.size(); ++i) EXPECT_FALSE(keys[i].starts_with(keys[i - 1]));
}

TEST(KeyFormat, EqualNumbersOfAllTypesHaveOneKey) {
  EXPECT_EQ(key_of(std::int32_t{12}), key_of(12.0));
  EXPECT_EQ(key_of(std::int64_t{12}), key_of(bson::Decimal128::parse("12.00")));
  EXPECT_EQ(key_of(-0.0), key_of(std::int32_t{0}));
  EXPECT_EQ(key_of((std::int64_t{1} << 53) + 1),
            key_of(bson::Decimal128::parse("9007199254740993")));
}

TEST(KeyFormat, BytesAreThoseOfTheFormatPage) {
  EXPECT_EQ(hex(key_of(std::int32_t{1})), "2b3ff000000000000000");
  EXPECT_EQ(hex(key_of(std::int32_t{-1})), "29c00fffffffffffffff");
  EXPECT_EQ(hex(key_of((std::int64_t{1} << 53) + 1)),
            "2b4340000000000000"
            "4010"
            "5b08145d374b0a5e00");
  EXPECT_EQ(hex(key_of("a\0b")), "38610000");
  EXPECT_EQ(hex(key_of(std::string_view("a\0b", 3))), "386100ff620000");
  EXPECT_EQ(hex(key_of(bson::Null{})), "20");
  EXPECT_EQ(hex(key(bson::Value())), "18");
  EXPECT_EQ(hex(key_of(ObjectId::parse("0123456789abcdef01234567"))), "580123456789abcdef01234567");
  EXPECT_EQ(hex(key_of(bson::doc("a", 1))),
            "40"
            "04"
            "6100"
            "2b3ff000000000000000"
            "00");
  EXPECT_EQ(hex(key(bson::array(true))),
            "48"
            "61"
            "00");
  EXPECT_EQ(hex(key(bson::Value::of("a"), true)), "c79effff");
}

TEST(KeyFormat, SuccessorIsAboveEveryKeyWithThePrefix) {
  std::string prefix("\x01\xff\xff", 3);
  EXPECT_TRUE(make_successor(prefix));
  EXPECT_EQ(prefix, "\x02");
  std::string top("\xff", 1);
  EXPECT_FALSE(make_successor(top));
}

}  // namespace
}  // namespace quern::storage
