// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Random documents and filters over few fields and few values, so that they often meet. For tests.
#ifndef QUERN_QUERY_VALUE_RANDOM_DOCUMENTS_H_
#define QUERN_QUERY_VALUE_RANDOM_DOCUMENTS_H_

#include <limits>
#include <random>
#include <string>

#include "quern/bson/document.h"

namespace quern::query {

class RandomDocuments {
 public:
  explicit RandomDocuments(std::uint32_t seed) : random_(seed) {}

  int below(int n) { return static_cast<int>(random_() % static_cast<std::uint32_t>(n)); }

  bson::Value scalar() {
    switch (below(14)) {
      case 12:
      case 13:
        return special();
      case 0:
        return bson::Value::of(bson::Null{});
      case 1:
        return bson::Value::of(std::string(1, static_cast<char>('a' + below(3))));
      case 2:
        return bson::Value::of(static_cast<double>(below(4)) + 0.5);
      case 3:
        return bson::Value::of(static_cast<std::int64_t>(below(4)));
      case 4:
        return bson::Value::of(below(2) == 0);
      case 5:
        return bson::Value::of(static_cast<double>(below(4)));
      default:
        return bson::Value::of(static_cast<std::int32_t>(below(5)));
    }
  }

  // What has rules of its own.
  bson::Value special() {
    using Double = std::numeric_limits<double>;
    switch (below(10)) {
      case 0:
        return bson::Value::of(Double::quiet_NaN());
      case 1:
        return bson::Value::of(Double::infinity());
      case 2:
        return bson::Value::of(-Double::infinity());
      case 3:
        return bson::Value::of(-0.0);
      case 4:
        return bson::Value::of(bson::Decimal128::parse("NaN"));
      case 5:
        return bson::Value::of(bson::Decimal128::parse("2.50"));
      case 6:
        return bson::Value::of(bson::MinKey{});
      case 7:
        return bson::Value::of(bson::MaxKey{});
      default:
        return bson::Value::of(bson::Date{below(3)});
    }
  }

  // Documents of x and y, arrays, scalars; at most depth levels of nesting.
  bson::Value value(int depth) {
    const int kind = depth == 0 ? 9 : below(10);
    if (kind < 2) {
      bson::Builder out;
      out.open_document("v");
      for (const char* name : {"x", "y"}) {
        if (below(3) != 0) out.append(name, value(depth - 1));
      }
      out.close();
      return bson::Value(out.finish()["v"].value());
    }
    if (kind < 5) {
      bson::Builder out;
      out.open_array("v");
      for (int n = below(4); n > 0; --n) out.push(value(depth - 1));
      out.close();
      return bson::Value(out.finish()["v"].value());
    }
    return scalar();
  }

  bson::Document document(int id) {
    bson::Builder out;
    out.append("_id", id);
    for (const char* name : {"a", "b", "c"}) {
      if (below(4) != 0) out.append(name, value(2));
    }
    return out.finish();
  }

  std::string path() {
    static constexpr const char* kPaths[] = {"a",   "a",   "b",   "b",     "c",
                                             "a.x", "a.y", "b.x", "a.x.y", "a.0"};
    return kPaths[below(10)];
  }

  // {$gt: 3} and the like.
  bson::Document condition() {
    switch (below(18)) {
      case 0:
        return bson::doc("$gt", scalar());
      case 1:
        return bson::doc("$lte", scalar());
      case 2:
        return bson::doc("$gte", scalar(), "$lt", scalar());
      case 3:
        return bson::doc("$in", bson::array(scalar(), scalar(), value(1)));
      case 4:
        return bson::doc("$ne", scalar());
      case 5:
        return bson::doc("$exists", below(2) == 0);
      case 6:
        return bson::doc("$elemMatch", bson::doc("$gte", scalar(), "$lte", scalar()));
      case 7:
        return bson::doc("$elemMatch", bson::doc("x", scalar()));
      case 8:
        return bson::doc("$nin", bson::array(scalar(), scalar()));
      case 9:
        return bson::doc("$not", bson::doc("$gt", scalar()));
      case 10:
        return bson::doc("$size", static_cast<std::int32_t>(below(3)));
      case 11:
        return bson::doc("$all", bson::array(scalar(), scalar()));
      case 12: {
        static constexpr const char* kTypes[] = {"number", "int",    "double", "null",   "array",
                                                 "object", "minKey", "date",   "decimal"};
        return bson::doc("$type", kTypes[below(9)]);
      }
      case 13:
        return bson::doc("$mod", bson::array(2 + below(2), below(2)));
      case 14:
        return bson::doc("$in", bson::array(bson::Null{}, scalar()));
      case 15:
      case 16: {
        static constexpr const char* kOrders[] = {"$gt", "$gte", "$lt", "$lte"};
        return bson::doc(kOrders[below(4)], special());
      }
      default:
        return bson::doc("$eq", value(1));
    }
  }

  // Whose index has several keys, of parts that belong together.
  bson::Document document_with_members(int id) {
    bson::Builder out;
    out.append("_id", id).append("b", scalar());
    out.open_array("a");
    for (int n = below(4); n > 0; --n) out.push(bson::doc("x", below(3), "y", below(6)));
    out.close();
    return out.finish();
  }

  bson::Document filter(int depth = 1) {
    bson::Builder out;
    for (int n = 1 + below(2); n > 0; --n) {
      if (depth > 0 && below(6) == 0) {
        static constexpr const char* kOperators[] = {"$and", "$or", "$nor"};
        out.append(kOperators[below(3)], bson::array(filter(depth - 1), filter(depth - 1)));
      } else if (below(3) == 0) {
        out.append(path(), scalar());
      } else {
        out.append(path(), condition());
      }
    }
    return out.finish();
  }

 private:
  std::mt19937 random_;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_RANDOM_DOCUMENTS_H_
