// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// An encrypted collection, a plain one and a map in memory get the same random operations; all
// three must always give the same answers.
#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <optional>
#include <random>
#include <thread>

#include "clinic_fixture.h"
#include "crypto/testing/payloads.h"
#include "effort.h"
#include "engine/qe/consistency.h"
#include "engine/session/engine.h"
#include "engine/session/operation.h"

namespace quern::product {
namespace {

using bson::doc;
using bson::Document;
using bson::Value;

// What a document holds. ssn has contention 0, code contention 8.
struct Person {
  std::optional<std::string> ssn;
  std::optional<std::int32_t> code;
  std::int32_t age = 0;
  std::string city;

  Document document(std::int32_t id) const {
    bson::Builder b;
    b.append("_id", id);
    append_members(b);
    return b.finish();
  }
  void append_members(bson::Builder& b) const {
    b.append("age", age).append("city", city);
    if (ssn) b.append("ssn", *ssn);
    if (code) b.open_document("record").append("code", *code).close();
  }
};
using People = std::map<std::int32_t, Person>;

struct Filter {
  Document document;
  std::function<bool(const Person&)> matches;
};

class RandomFilters {
 public:
  explicit RandomFilters(std::mt19937& random) : random_(random) {}

  // Values go out of use as time goes by, so that no value collects tags for ever.
  void set_era(int era) { era_ = era; }

  std::string ssn() { return std::to_string(era_) + "-ssn-" + std::to_string(pick(30)); }
  std::int32_t code() { return era_ * 1000 + static_cast<std::int32_t>(pick(30)); }
  std::int32_t age() { return static_cast<std::int32_t>(pick(90)); }
  std::string city() { return std::string(1, static_cast<char>('a' + pick(6))); }
  std::size_t pick(std::size_t bound) { return random_() % bound; }

  Filter filter(int depth = 2) {
    if (depth > 0 && pick(3) == 0) return combination(depth - 1);
    switch (pick(8)) {
      case 0:
      case 1:
        return ssn_is(ssn());
      case 2:
        return code_is(code());
      case 3:
        return ssn_in();
      case 4:
        return ssn_is_not(ssn());
      case 5:
        return code_not_in();
      case 6: {
        const std::int32_t limit = age();
        return {doc("age", doc("$lt", limit)), [=](const Person& p) { return p.age < limit; }};
      }
      default: {
        const std::string name = city();
        return {doc("city", name), [=](const Person& p) { return p.city == name; }};
      }
    }
  }

  Filter ssn_is(const std::string& value) {
    const Document document = pick(2) == 0 ? doc("ssn", value) : doc("ssn", doc("$eq", value));
    return {document, [=](const Person& p) { return p.ssn == value; }};
  }

 private:
  Filter ssn_is_not(const std::string& value) {
    const Document document =
        pick(2) == 0 ? doc("ssn", doc("$ne", value)) : doc("ssn", doc("$not", doc("$eq", value)));
    return {document, [=](const Person& p) { return p.ssn != value; }};
  }
  Filter ssn_in() {
    const std::string a = ssn();
    const std::string b = ssn();
    return {doc("ssn", doc("$in", bson::array(a, b))),
            [=](const Person& p) { return p.ssn == a || p.ssn == b; }};
  }
  Filter code_is(std::int32_t value) {
    return {doc("record.code", value), [=](const Person& p) { return p.code == value; }};
  }
  Filter code_not_in() {
    const std::int32_t a = code();
    const std::int32_t b = code();
    return {doc("record.code", doc("$nin", bson::array(a, b))),
            [=](const Person& p) { return p.code != a && p.code != b; }};
  }
  Filter combination(int depth) {
    const Filter a = filter(depth);
    const Filter b = filter(depth);
    switch (pick(3)) {
      case 0:
        return {doc("$and", bson::array(a.document, b.document)),
                [=](const Person& p) { return a.matches(p) && b.matches(p); }};
      case 1:
        return {doc("$or", bson::array(a.document, b.document)),
                [=](const Person& p) { return a.matches(p) || b.matches(p); }};
      default:
        return {doc("$nor", bson::array(a.document, b.document)),
                [=](const Person& p) { return !a.matches(p) && !b.matches(p); }};
    }
  }

  std::mt19937& random_;
  int era_ = 0;
};

class EncryptedRandomTest : public ClinicTest {
 protected:
  const Document person_fields = bson::from_json(R"({"fields": [
      {"path": "ssn", "bsonType": "string", "queries": {"queryType": "equality",
       "contention": {"$numberLong": "0"}}},
      {"path": "record.code", "bsonType": "int", "queries": {"queryType": "equality",
       "contention": {"$numberLong": "8"}}}]})");

  EncryptedRandomTest() {
    client::create_encrypted_collection(stack->encrypting, stack->vault, people_ns, person_fields);
  }

  // The faults of the encrypted collection, given values of ssn and code that may be in it.
  std::vector<std::string> faults(const std::vector<std::string>& ssns,
                                  const std::vector<std::int32_t>& codes) {
    std::vector<Bytes> payloads;
    for (const std::string& ssn : ssns) {
      payloads.push_back(crypto::find_equality_payload(*key(0), Value::of(ssn), 0));
    }
    for (const std::int32_t code : codes) {
      payloads.push_back(crypto::find_equality_payload(*key(1), Value::of(code), 8));
    }
    const Document command = doc("check", 1);
    engine::Operation op(stack->engine.engine(), people_ns.database, command);
    auto report = engine::qe::check_consistency(op, people_ns, payloads);
    if (report.stale_tags != 0) report.faults.push_back("there are tags without a value");
    return report.faults;
  }

  const Namespace people_ns{"clinic", "people"};

 private:
  keyvault::KeyCache::Key key(std::size_t field) {
    const Document reply = run_raw(R"({"listCollections": 1, "filter": {"name": "people"}})");
    const std::string path =
        "cursor.firstBatch.0.options.encryptedFields.fields." + std::to_string(field) + ".keyId";
    return stack->cache.resolve(reply.view().at_path(path).as_uuid());
  }
};

// Applies each operation to all three and compares.
class Comparison {
 public:
  Comparison(Stack& stack, unsigned seed) : stack_(stack), random_(seed), filters_(random_) {}

  void step(int number) {
    filters_.set_era(number / 4000);
    switch (filters_.pick(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        people_.size() < kPeople ? insert() : remove_one();
        break;
      case 5:
        set_fields();
        break;
      case 6:
        unset_field();
        break;
      case 7:
        replace();
        break;
      case 8:
        find_and_modify();
        break;
      case 9:
        remove_by_value();
        break;
      case 10:
        count();
        break;
      case 11:
        aggregate();
        break;
      default:
        find();
    }
    if (number % 2500 == 2499) compact();
  }

  const People& people() const { return people_; }

 private:
  static constexpr std::size_t kIds = 500;  // used again and again
  static constexpr std::size_t kPeople = 300;

  Document encrypted(const Document& command) {
    return run_checked(stack_.encrypting, "clinic", command);
  }
  Document plain(const Document& command) { return run_checked(stack_.engine, "clinic", command); }

  // Runs the command that make builds for a collection on both. The replies' members in names must
  // be equal to each other and to expected.
  void both(const std::function<Document(const char*)>& make,
            std::initializer_list<std::pair<const char*, std::int64_t>> expected) {
    const Document e = encrypted(make("people"));
    const Document p = plain(make("plain"));
    for (const auto& [path, value] : expected) {
      ASSERT_EQ(e.view().at_path(path).whole_number(), value) << path << bson::to_json(e);
      ASSERT_EQ(p.view().at_path(path).whole_number(), value) << path << bson::to_json(p);
    }
  }

  Person person() {
    Person person;
    if (filters_.pick(10) != 0) person.ssn = filters_.ssn();
    if (filters_.pick(5) != 0) person.code = filters_.code();
    person.age = filters_.age();
    person.city = filters_.city();
    return person;
  }

  // Mostly the _id of somebody.
  std::int32_t some_id() {
    auto at = people_.lower_bound(static_cast<std::int32_t>(filters_.pick(kIds)));
    if (at == people_.end() || filters_.pick(20) == 0)
      return static_cast<std::int32_t>(filters_.pick(kIds));
    return at->first;
  }
  std::int32_t free_id() {
    for (;;) {
      const auto id = static_cast<std::int32_t>(filters_.pick(kIds));
      if (!people_.contains(id)) return id;
    }
  }

  void insert() {
    const std::size_t documents = filters_.pick(4) == 0 ? 3 : 1;
    bson::Builder array;
    array.open_array("documents");
    for (std::size_t i = 0; i < documents; ++i) {
      const Person added = person();
      const std::int32_t id = free_id();
      array.push(added.document(id));
      people_.emplace(id, added);
    }
    const Document batch = array.close().finish();
    both(
        [&](const char* name) {
          return doc("insert", name, "documents", batch["documents"].value());
        },
        {{"n", documents}});
  }

  void set_fields() {
    const std::int32_t id = some_id();
    const Person next = person();
    bson::Builder set;
    if (next.ssn) set.append("ssn", *next.ssn);
    if (next.code) set.append("record.code", *next.code);
    set.append("age", next.age);
    const Document update = doc("$set", set.finish());
    const auto at = people_.find(id);
    // The condition may keep the document from matching.
    const Filter also = filters_.filter(0);
    const bool matches = at != people_.end() && also.matches(at->second);
    if (matches) {
      if (next.ssn) at->second.ssn = next.ssn;
      if (next.code) at->second.code = next.code;
      at->second.age = next.age;
    }
    update_one(id, also, update, matches);
  }

  void unset_field() {
    const std::int32_t id = some_id();
    const auto at = people_.find(id);
    const Filter also = filters_.filter(0);
    const bool matches = at != people_.end() && also.matches(at->second);
    const bool ssn = filters_.pick(2) == 0;
    if (matches) {
      if (ssn) {
        at->second.ssn.reset();
      } else {
        at->second.code.reset();
      }
    }
    update_one(id, also, doc("$unset", doc(ssn ? "ssn" : "record.code", "")), matches);
  }

  void replace() {
    const std::int32_t id = some_id();
    const auto at = people_.find(id);
    const Filter also = filters_.filter(0);
    const bool matches = at != people_.end() && also.matches(at->second);
    const Person next = person();
    bson::Builder b;
    next.append_members(b);
    if (matches) at->second = next;
    update_one(id, also, b.finish(), matches);
  }

  void update_one(std::int32_t id, const Filter& also, const Document& update, bool matches) {
    const Document q = doc("$and", bson::array(doc("_id", id), also.document));
    both(
        [&](const char* name) {
          return doc("update", name, "updates", bson::array(doc("q", q, "u", update)));
        },
        {{"n", matches ? 1 : 0}});
  }

  void find_and_modify() {
    const std::int32_t id = some_id();
    const auto at = people_.find(id);
    const std::string ssn = filters_.ssn();
    const bool matches = at != people_.end();
    const bool remove = filters_.pick(3) == 0;
    const auto command = [&](const char* name) {
      return remove ? doc("findAndModify", name, "query", doc("_id", id), "remove", true)
                    : doc("findAndModify", name, "query", doc("_id", id), "update",
                          doc("$set", doc("ssn", ssn)));
    };
    both(command, {{"lastErrorObject.n", matches ? 1 : 0}});
    if (!matches) return;
    if (remove) {
      people_.erase(at);
    } else {
      at->second.ssn = ssn;
    }
  }

  void remove_one() {
    const std::int32_t id = some_id();
    remove({doc("_id", id), nullptr},
           [&](std::int32_t other, const Person&) { return other == id; });
  }

  void remove_by_value() {
    const Filter filter = filters_.ssn_is(filters_.ssn());
    remove(filter, [&](std::int32_t, const Person& p) { return filter.matches(p); });
  }

  void remove(const Filter& filter,
              const std::function<bool(std::int32_t, const Person&)>& is_removed) {
    const auto removed = std::erase_if(
        people_, [&](const auto& entry) { return is_removed(entry.first, entry.second); });
    both(
        [&](const char* name) {
          return doc("delete", name, "deletes", bson::array(doc("q", filter.document, "limit", 0)));
        },
        {{"n", removed}});
  }

  std::int64_t matching(const Filter& filter) const {
    return std::count_if(people_.begin(), people_.end(),
                         [&](const auto& entry) { return filter.matches(entry.second); });
  }

  void count() {
    const Filter filter = filters_.filter();
    both([&](const char* name) { return doc("count", name, "query", filter.document); },
         {{"n", matching(filter)}});
  }

  void aggregate() {
    const Filter filter = filters_.filter();
    const std::int64_t expected = matching(filter);
    const auto command = [&](const char* name) {
      return doc("aggregate", name, "pipeline",
                 bson::array(doc("$match", filter.document), doc("$count", "n")), "cursor", doc());
    };
    if (expected == 0) {
      both(command, {});
    } else {
      both(command, {{"cursor.firstBatch.0.n", expected}});
    }
  }

  void find() {
    const Filter filter = filters_.filter();
    std::vector<Document> expected;
    for (const auto& [id, person] : people_) {
      if (filter.matches(person)) expected.push_back(person.document(id));
    }
    const Document command = doc("filter", filter.document, "sort", doc("_id", 1));
    ASSERT_NO_FATAL_FAILURE(compare(stack_.encrypting, "people", command, expected));
    ASSERT_NO_FATAL_FAILURE(compare(stack_.engine, "plain", command, expected));
  }

  static void compare(CommandRunner& runner, const char* name, const Document& rest,
                      const std::vector<Document>& expected) {
    bson::Builder command;
    command.append("find", name).append_all(rest);
    std::size_t at = 0;
    for_each_decrypted(runner, "clinic", command.finish(), [&](const DecryptedView& answer) {
      const Document found = answer.plaintext_document();
      if (at >= expected.size() || !same(found, expected[at])) {
        ADD_FAILURE() << name << " found " << bson::to_json(found) << " for "
                      << bson::to_json(rest);
        return false;
      }
      ++at;
      return true;
    });
    ASSERT_EQ(at, expected.size()) << name << " for " << bson::to_json(rest);
    ASSERT_FALSE(::testing::Test::HasFailure());
  }

  // The same members in any order, but for __safeContent__ and documents left empty.
  static bool same(bson::View found, bson::View expected) {
    for (const char* path : {"_id", "age", "city", "ssn", "record.code"}) {
      const bson::Element a = found.at_path(path);
      const bson::Element b = expected.at_path(path);
      if (a.type() != b.type() || !equal(a.bytes(), b.bytes())) return false;
    }
    return true;
  }

  void compact() {
    const char* name = filters_.pick(2) == 0 ? "compactStructuredEncryptionData"
                                             : "cleanupStructuredEncryptionData";
    encrypted(doc(name, "people"));
  }

  Stack& stack_;
  std::mt19937 random_;
  RandomFilters filters_;
  People people_;
};

TEST_F(EncryptedRandomTest, AnswersLikeAPlainCollectionAndLikeAMap) {
  Comparison comparison(*stack, 2026);
  for (int number = 0; number < kRandomOperations; ++number) {
    comparison.step(number);
    ASSERT_FALSE(HasFailure()) << "operation " << number;
  }
  std::vector<std::string> ssns;
  std::vector<std::int32_t> codes;
  for (const auto& [id, person] : comparison.people()) {
    if (person.ssn) ssns.push_back(*person.ssn);
    if (person.code) codes.push_back(*person.code);
  }
  EXPECT_THAT(faults(ssns, codes), ::testing::IsEmpty());
}

TEST_F(EncryptedRandomTest, FourThreadsInsertingOneValueLoseAndRepeatNoCounter) {
  constexpr int kThreads = 4;
  constexpr int kEach = 100;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const Document document = doc("_id", t * kEach + i, "ssn", "one", "record", doc("code", 1));
        run(doc("insert", "people", "documents", bson::array(document)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Document count = run(R"({"count": "people", "query": {"ssn": "one", "record.code": 1}})");
  EXPECT_EQ(count["n"].whole_number(), kThreads * kEach);
  const Document entries = run_raw(R"({"count": "enxcol_.people.esc"})");
  EXPECT_EQ(entries["n"].whole_number(), 2 * kThreads * kEach);
  EXPECT_THAT(faults({"one"}, {1}), ::testing::IsEmpty());
}

TEST_F(EncryptedRandomTest, CompactionKeepsEveryAnswer) {
  for (int i = 0; i < 20; ++i) {
    run(doc("insert", "people", "documents",
            bson::array(doc("_id", i, "ssn", "s", "record", doc("code", i % 3)))));
    if (i % 4 == 3) {
      run(R"({"compactStructuredEncryptionData": "people"})");
      if (i % 8 == 7) run(R"({"cleanupStructuredEncryptionData": "people"})");
    }
    const Document count = run(R"({"count": "people", "query": {"ssn": "s"}})");
    ASSERT_EQ(count["n"].whole_number(), i + 1);
  }
  const Document entries = run_raw(R"({"count": "enxcol_.people.ecoc"})");
  EXPECT_EQ(entries["n"].whole_number(), 0);
  EXPECT_THAT(faults({"s"}, {0, 1, 2}), ::testing::IsEmpty());
}

}  // namespace
}  // namespace quern::product
