// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The query language over 100,000 documents in memory: filtering and grouping, against SQLite doing
// the same over rows in memory, and against the floor: libbson walking the same documents to the
// fields concerned, deciding nothing.
//
//   Q1  filter   SQLite's time / ours          Q2  filter   libbson's walk / ours
//   Q3  group    SQLite's time / ours          Q4  group    libbson's walk / ours
//   Q5  $in over an array of four tags: the time with a list of 100 tags / of 10,000 (1 is flat)
#include <bson/bson.h>
#include <sqlite3.h>

#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks/harness.h"
#include "quern/bson/json.h"
#include "query/match/match.h"
#include "query/pipeline/pipeline.h"

namespace {

namespace bson = quern::bson;
namespace query = quern::query;

constexpr int kDocuments = 100'000;
constexpr int kCities = 1'000;

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

struct Person {
  int id;
  std::string name;
  std::string city;
  int age;
  double amount;
};

std::vector<Person> people() {
  std::mt19937 random(1);
  std::vector<Person> all;
  for (int i = 0; i < kDocuments; ++i) {
    all.push_back({i, "person number " + std::to_string(i),
                   "city " + std::to_string(random() % kCities), static_cast<int>(random() % 100),
                   static_cast<double>(random() % 1'000'000) / 100});
  }
  return all;
}

// The documents one after the other, as a scan sees them.
class Documents : public query::DocumentStream {
 public:
  explicit Documents(const std::vector<Person>& people) {
    for (const Person& p : people) {
      bson::Builder b;
      b.append("_id", p.id).append("name", p.name);
      b.open_document("address").append("street", "1 Long Road").append("city", p.city).close();
      b.append("age", p.age).append("amount", p.amount);
      b.open_array("tags").push("one").push("two").close();
      const bson::Document document = b.finish();
      offsets_.push_back(bytes_.size());
      bytes_.insert(bytes_.end(), document.bytes().begin(), document.bytes().end());
    }
  }
  void rewind() { at_ = 0; }
  std::optional<bson::View> next() override {
    if (at_ == offsets_.size()) return std::nullopt;
    return bson::View(bytes_.data() + offsets_[at_++]);
  }
  std::size_t average_size() const { return bytes_.size() / offsets_.size(); }

 private:
  quern::Bytes bytes_;
  std::vector<std::size_t> offsets_;
  std::size_t at_ = 0;
};

// Lends a stream that somebody else owns.
class Lent : public query::DocumentStream {
 public:
  explicit Lent(query::DocumentStream& stream) : stream_(stream) {}
  std::optional<bson::View> next() override { return stream_.next(); }

 private:
  query::DocumentStream& stream_;
};

class Sqlite {
 public:
  explicit Sqlite(const std::vector<Person>& people) {
    require(sqlite3_open(":memory:", &db_) == SQLITE_OK, "SQLite doesn't open");
    run("CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT, street TEXT, city TEXT, age INTEGER, "
        "amount REAL, tag1 TEXT, tag2 TEXT)");
    run("BEGIN");
    sqlite3_stmt* insert =
        prepare("INSERT INTO p VALUES (?, ?, '1 Long Road', ?, ?, ?, 'one', 'two')");
    for (const Person& p : people) {
      sqlite3_bind_int(insert, 1, p.id);
      sqlite3_bind_text(insert, 2, p.name.c_str(), -1, SQLITE_TRANSIENT);
      sqlite3_bind_text(insert, 3, p.city.c_str(), -1, SQLITE_TRANSIENT);
      sqlite3_bind_int(insert, 4, p.age);
      sqlite3_bind_double(insert, 5, p.amount);
      require(sqlite3_step(insert) == SQLITE_DONE, "SQLite doesn't insert");
      sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    run("COMMIT");
  }
  ~Sqlite() { sqlite3_close(db_); }

  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    require(sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) == SQLITE_OK, sql);
    return statement;
  }
  // Steps through all rows; their number.
  static int rows(sqlite3_stmt* statement) {
    int count = 0;
    while (sqlite3_step(statement) == SQLITE_ROW) {
      quern::bench::keep(sqlite3_column_int64(statement, 0));
      ++count;
    }
    sqlite3_reset(statement);
    return count;
  }

 private:
  void run(const char* sql) {
    require(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
  }
  sqlite3* db_ = nullptr;
};

// Finds the two fields with libbson's iterator and reads them.
template <class Visit>
void libbson_walk(Documents& documents, const char* first, const char* second, Visit visit) {
  documents.rewind();
  while (const auto document = documents.next()) {
    bson_t b;
    bson_iter_t top;
    bson_init_static(&b, document->data(), document->size());
    bson_iter_t x;
    bson_iter_t y;
    bson_iter_init(&top, &b);
    if (!bson_iter_find_descendant(&top, first, &x)) continue;
    bson_iter_init(&top, &b);
    if (!bson_iter_find_descendant(&top, second, &y)) continue;
    visit(x, y);
  }
}

}  // namespace

int main() {
  const std::vector<Person> data = people();
  Documents documents(data);
  Sqlite sqlite(data);
  std::printf("%d documents of %zu bytes\n", kDocuments, documents.average_size());

  std::printf("filter: age of 30 to 39 and amount below 5000\n");
  const query::Matcher matcher = query::Matcher::parse(
      bson::from_json(R"({"age":{"$gte":30,"$lt":40},"amount":{"$lt":5000}})"));
  sqlite3_stmt* select =
      sqlite.prepare("SELECT id FROM p WHERE age >= 30 AND age < 40 AND amount < 5000");
  int ours = 0;
  int theirs = 0;
  const auto filter = quern::bench::interleave({
      {"quern, a document",
       [&] {
         ours = 0;
         documents.rewind();
         while (const auto document = documents.next()) ours += matcher.matches(*document) ? 1 : 0;
       },
       kDocuments},
      {"SQLite, a row", [&] { theirs = Sqlite::rows(select); }, kDocuments},
      {"libbson, a walk to age and amount",
       [&] {
         std::int64_t sum = 0;
         libbson_walk(documents, "age", "amount", [&](bson_iter_t& x, bson_iter_t& y) {
           sum += bson_iter_int32(&x) + static_cast<std::int64_t>(bson_iter_double(&y));
         });
         quern::bench::keep(sum);
       },
       kDocuments},
  });
  require(ours == theirs && ours > 0, "the filters disagree");

  std::printf("group: count, sum and average of amount for each of %d cities\n", kCities);
  const bson::Document stages = bson::from_json(
      R"({"p":[{"$group":{"_id":"$address.city","n":{"$sum":1},"sum":{"$sum":"$amount"},
                          "avg":{"$avg":"$amount"}}}]})");
  const query::Pipeline pipeline = query::Pipeline::parse(stages["p"].as_array());
  sqlite3_stmt* group =
      sqlite.prepare("SELECT city, count(*), sum(amount), avg(amount) FROM p GROUP BY city");
  const auto grouped = quern::bench::interleave({
      {"quern, a document",
       [&] {
         ours = 0;
         documents.rewind();
         const auto out = pipeline.attach(std::make_unique<Lent>(documents));
         while (out->next()) ++ours;
       },
       kDocuments},
      {"SQLite, a row", [&] { theirs = Sqlite::rows(group); }, kDocuments},
      {"libbson, a walk to city and amount",
       [&] {
         double sum = 0;
         libbson_walk(documents, "address.city", "amount", [&](bson_iter_t& x, bson_iter_t& y) {
           std::uint32_t size = 0;
           sum += bson_iter_double(&y) + *bson_iter_utf8(&x, &size);
         });
         quern::bench::keep(sum);
       },
       kDocuments},
  });
  require(ours == theirs && ours == kCities, "the groups disagree");
  sqlite3_finalize(select);
  sqlite3_finalize(group);

  std::printf("tags: $in over an array of four tags of 32 bytes\n");
  std::mt19937_64 random(2);
  const auto tag = [&] {
    std::vector<std::uint8_t> bytes(32);
    for (std::size_t i = 0; i < 32; i += 8) quern::store_le(&bytes[i], random());
    return bytes;
  };
  const auto matcher_of = [&](int count) {
    bson::Builder b;
    b.open_document("__safeContent__").open_array("$in");
    for (int i = 0; i < count; ++i) b.push(bson::Binary{bson::BinarySubtype::kGeneric, tag()});
    b.close().close();
    return query::Matcher::parse(b.finish());
  };
  std::vector<bson::Document> tagged;
  for (int i = 0; i < 10'000; ++i) {
    bson::Builder b;
    b.append("_id", i).open_array("__safeContent__");
    for (int t = 0; t < 4; ++t) b.push(bson::Binary{bson::BinarySubtype::kGeneric, tag()});
    b.close();
    tagged.push_back(b.finish());
  }
  const query::Matcher many = matcher_of(10'000);
  const query::Matcher few = matcher_of(100);
  const auto count = [&](const query::Matcher& m) {
    for (const bson::Document& document : tagged) quern::bench::keep(m.matches(document));
  };
  const auto in = quern::bench::interleave({
      {"10,000 tags, a document", [&] { count(many); }, 10'000},
      {"100 tags, a document", [&] { count(few); }, 10'000},
  });

  quern::bench::print_ratio("Q1", filter[1] / filter[0], 1);
  quern::bench::print_ratio("Q2", filter[2] / filter[0], 1);
  quern::bench::print_ratio("Q3", grouped[1] / grouped[0], 1);
  quern::bench::print_ratio("Q4", grouped[2] / grouped[0], 0.3);
  quern::bench::print_ratio("Q5", in[1] / in[0], 0.3);
}
