// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/query_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "base/testing/error_of.h"
#include "models/testing.h"

namespace quern::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Note {
  Id id{};
  Char<20> title;
  std::int32_t stars = 1;
  std::optional<std::string> text;

  struct Meta {
    static auto ordering() { return Ordering{asc(&Note::title)}; }
  };
};

const auto kSsn = f(&Patient::patient_record, &PatientRecord::ssn);
const auto kTitle = f(&Note::title);
const auto kStars = f(&Note::stars);

std::string normal(std::string_view database, std::string_view json) {
  return std::string(database) + ": " + bson::to_json(bson::from_json(json));
}

std::string oid(int n) {
  std::string digits = std::to_string(n);
  return std::string(24 - digits.size(), '0') + digits;
}
// A reply with notes 1 to count in the first batch and the given cursor id.
std::string notes(int count, int cursor = 0, int first = 1, const char* batch = "firstBatch") {
  std::string list;
  for (int i = first; i < first + count; ++i) {
    list += (list.empty() ? "" : ", ") + (R"({"_id": {"$oid": ")" + oid(i)) + R"("}, "title": "n)" +
            std::to_string(i) + R"(", "stars": )" + std::to_string(i) + "}";
  }
  return R"({"ok": 1, "cursor": {"id": {"$numberLong": ")" + std::to_string(cursor) + R"("}, ")" +
         batch + R"(": [)" + list + "]}}";
}

TEST(QuerySet, SendsNothingBeforeObjectsAreAskedFor) {
  ScriptedSession db;
  const auto query = db.objects<Note>().filter(kStars > 1).order_by(kTitle).limit(3);
  EXPECT_TRUE(db.runner.commands.empty());
  EXPECT_TRUE(db.asked.empty());
}

TEST(QuerySet, IsNotChangedByWhatIsMadeOfIt) {
  ScriptedSession db;
  const auto all = db.objects<Note>().order_by();
  (void)all.filter(kStars > 1).limit(1);
  (void)all.to_vector();
  EXPECT_THAT(db.runner.commands,
              ElementsAre(normal("my_db", R"({"find": "myapp_note", "filter": {}})")));
}

TEST(QuerySet, FindsWithFilterOrderSkipAndLimit) {
  ScriptedSession db;
  (void)db.objects<Note>()
      .filter(kStars > 1)
      .exclude(kTitle == "x")
      .order_by(desc(kStars), kTitle, &Note::id)
      .offset(5)
      .limit(10)
      .to_vector();
  EXPECT_THAT(db.runner.commands, ElementsAre(normal("my_db", R"({"find": "myapp_note",
      "filter": {"$and": [{"stars": {"$gt": 1}}, {"$nor": [{"title": {"$eq": "x"}}]}]},
      "sort": {"stars": -1, "title": 1, "_id": 1},
      "skip": {"$numberLong": "5"}, "limit": {"$numberLong": "10"}})")));
}

TEST(QuerySet, UsesTheModelsOrderUnlessGivenAnother) {
  ScriptedSession db;
  (void)db.objects<Note>().to_vector();
  EXPECT_THAT(db.runner.commands, ElementsAre(normal("my_db", R"({"find": "myapp_note",
      "filter": {}, "sort": {"title": 1}})")));
}

TEST(QuerySet, IteratesThroughAllBatches) {
  ScriptedSession db;
  db.runner.reply(notes(2, 77));
  db.runner.reply(notes(1, 77, 3, "nextBatch"));
  db.runner.reply(notes(0, 0, 4, "nextBatch"));
  std::vector<int> stars;
  for (const Note& note : db.objects<Note>()) {
    stars.push_back(note.stars);
    EXPECT_EQ(note.id.database(), "default");
  }
  EXPECT_THAT(stars, ElementsAre(1, 2, 3));
  ASSERT_EQ(db.runner.commands.size(), 3U);
  EXPECT_EQ(db.runner.commands[1],
            normal("my_db", R"({"getMore": {"$numberLong": "77"}, "collection": "myapp_note"})"));
}

TEST(QuerySet, ClosesTheCursorWhenIterationStopsEarly) {
  ScriptedSession db;
  db.runner.reply(notes(2, 77));
  for (const Note& note : db.objects<Note>()) {
    if (note.stars == 1) break;
  }
  ASSERT_EQ(db.runner.commands.size(), 2U);
  EXPECT_EQ(
      db.runner.commands[1],
      normal("my_db", R"({"killCursors": "myapp_note", "cursors": [{"$numberLong": "77"}]})"));
}

TEST(QuerySet, IterationGivesUpWhereAServerSendsNothingButEmptyBatches) {
  ScriptedSession db;
  db.runner.reply(notes(0, 77));
  for (int i = 0; i < 5000; ++i) db.runner.reply(notes(0, 77, 1, "nextBatch"));
  const auto iterate = [&] {
    for (const Note& note : db.objects<Note>()) ADD_FAILURE() << note.title;
  };
  EXPECT_THROW(iterate(), DatabaseError);
  EXPECT_EQ(db.runner.commands.size(), 1001U);  // the cursor is closed
  EXPECT_THAT(db.runner.commands.back(), HasSubstr("killCursors"));
}

TEST(QuerySet, GetReturnsTheOnlyObject) {
  ScriptedSession db;
  db.runner.reply(notes(1));
  const Note note = db.objects<Note>().get(kTitle == "n1");
  EXPECT_EQ(note.title, "n1");
  EXPECT_EQ(note.id.to_string(), oid(1));
  EXPECT_THAT(db.runner.commands, ElementsAre(normal("my_db", R"({"find": "myapp_note",
      "filter": {"title": {"$eq": "n1"}},
      "limit": {"$numberLong": "21"}, "singleBatch": true})")));
}

TEST(QuerySet, GetThrowsDjangosWordsForNoneAndForSeveral) {
  ScriptedSession db;
  try {
    db.objects<Patient>().get(kSsn == "123-45-6789");
    FAIL();
  } catch (const DoesNotExist<Patient>& error) {
    EXPECT_STREQ(error.what(), "Patient matching query does not exist.");
  }
  for (const auto& [count, text] :
       {std::pair(2, "get() returned more than one Note -- it returned 2!"),
        std::pair(21, "get() returned more than one Note -- it returned more than 20!")}) {
    db.runner.reply(notes(count));
    try {
      db.objects<Note>().get();
      FAIL();
    } catch (const MultipleObjectsReturned<Note>& error) {
      EXPECT_STREQ(error.what(), text);
    }
  }
}

TEST(QuerySet, TryGetAndFirstReturnNothingWhenThereIsNothing) {
  ScriptedSession db;
  EXPECT_EQ(db.objects<Note>().try_get(kStars == 1), std::nullopt);
  EXPECT_EQ(db.objects<Note>().first(), std::nullopt);
}

TEST(QuerySet, FirstIsByIdUnlessOrdered) {
  ScriptedSession db;
  (void)db.objects<Patient>().first();
  (void)db.objects<Note>().first();
  EXPECT_THAT(db.runner.commands,
              ElementsAre(normal("encrypted_db", R"({"find": "myapp_patient", "filter": {},
      "sort": {"_id": 1}, "limit": {"$numberLong": "1"}, "singleBatch": true})"),
                          normal("my_db", R"({"find": "myapp_note", "filter": {},
      "sort": {"title": 1}, "limit": {"$numberLong": "1"}, "singleBatch": true})")));
}

TEST(QuerySet, CountsAndAsksForExistence) {
  ScriptedSession db;
  db.runner.reply(R"({"ok": 1, "n": 42})");
  EXPECT_EQ(db.objects<Note>().filter(kStars > 1).offset(2).limit(50).count(), 42);
  db.runner.reply(notes(1));
  EXPECT_TRUE(db.objects<Note>().exists());
  EXPECT_FALSE(db.objects<Note>().exists());
  EXPECT_EQ(db.runner.commands[0], normal("my_db", R"({"count": "myapp_note",
      "query": {"stars": {"$gt": 1}}, "limit": {"$numberLong": "50"},
      "skip": {"$numberLong": "2"}})"));
  EXPECT_EQ(db.runner.commands[1], normal("my_db", R"({"find": "myapp_note", "filter": {},
      "projection": {"_id": 1}, "limit": {"$numberLong": "1"}, "singleBatch": true})"));
}

TEST(QuerySet, LimitZeroMatchesNothing) {
  ScriptedSession db;
  (void)db.objects<Note>().limit(0).count();
  EXPECT_THAT(db.runner.commands, ElementsAre(normal("my_db", R"({"count": "myapp_note",
      "query": {"_id": {"$in": []}}})")));
}

TEST(QuerySet, RefusesNegativeSlices) {
  ScriptedSession db;
  EXPECT_THROW(db.objects<Note>().limit(-1), Error);
  EXPECT_THROW(db.objects<Note>().offset(-1), Error);
}

TEST(QuerySet, StaysUsableAfterItWasMovedFrom) {
  ScriptedSession db;
  auto query = db.objects<Note>().filter(kStars > 1);
  const auto other = std::move(query);
  (void)query.count();  // NOLINT(bugprone-use-after-move)
  (void)other.count();
  ASSERT_EQ(db.runner.commands.size(), 2U);
  EXPECT_EQ(db.runner.commands[0], db.runner.commands[1]);
}

TEST(QuerySet, SlicesOfSlicesAddUp) {
  ScriptedSession db;
  const auto all = db.objects<Note>().order_by();
  (void)all.limit(5).limit(10).to_vector();
  (void)all.limit(5).offset(2).to_vector();
  (void)all.offset(2).limit(5).to_vector();
  (void)all.offset(2).offset(3).to_vector();
  const auto find = [](std::string_view rest) {
    return normal("my_db", R"({"find": "myapp_note", "filter": {})" + std::string(rest) + "}");
  };
  EXPECT_THAT(db.runner.commands,
              ElementsAre(find(R"(, "limit": {"$numberLong": "5"})"),
                          find(R"(, "skip": {"$numberLong": "2"}, "limit": {"$numberLong": "3"})"),
                          find(R"(, "skip": {"$numberLong": "2"}, "limit": {"$numberLong": "5"})"),
                          find(R"(, "skip": {"$numberLong": "5"})")));
}

TEST(QuerySet, SlicesWithNothingLeftMatchNothing) {
  ScriptedSession db;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  (void)db.objects<Note>().limit(0).limit(5).count();
  (void)db.objects<Note>().limit(5).offset(5).count();
  (void)db.objects<Note>().limit(5).offset(kMost).offset(kMost).count();
  for (const bson::Document& command : db.runner.documents) {
    EXPECT_EQ(bson::to_json(command["query"].as_document()),
              bson::to_json(bson::from_json(R"({"_id": {"$in": []}})")));
  }
}

TEST(QuerySet, ValuesListReadsOnlyTheMembersAskedFor) {
  ScriptedSession db;
  db.runner.reply(R"({"ok": 1, "cursor": {"id": {"$numberLong": "0"}, "firstBatch": [
      {"title": "a", "text": "t"}, {"title": "b", "text": null}, {"title": "c"}]}})");
  const auto rows = db.objects<Note>().order_by().values_list(kTitle, &Note::text);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(std::get<0>(rows[0]), "a");
  EXPECT_EQ(std::get<1>(rows[0]), "t");
  EXPECT_EQ(std::get<1>(rows[1]), std::nullopt);
  EXPECT_EQ(std::get<1>(rows[2]), std::nullopt);
  EXPECT_THAT(db.runner.commands, ElementsAre(normal("my_db", R"({"find": "myapp_note",
      "filter": {}, "projection": {"title": 1, "text": 1, "_id": 0}})")));
}

TEST(QuerySet, ValuesListOfOneMemberIsFlatAndKeepsEncryptedValuesWrapped) {
  ScriptedSession db;
  db.runner.reply(R"({"ok": 1, "cursor": {"id": {"$numberLong": "0"}, "firstBatch": [
      {"patient_record": {"ssn": "123-45-6789"}}]}})",
                  {"patient_record.ssn"});
  const std::vector<Encrypted<Char<11>, equality>> values = db.objects<Patient>().values_list(kSsn);
  EXPECT_EQ(*values.at(0), "123-45-6789");
}

struct Address {
  Char<20> city;
  std::int32_t floor = 0;
  std::optional<std::string> door;
  Encrypted<std::string> code;
};
struct Visitor {
  Id id{};
  std::optional<Address> address;
  Encrypted<Price> paid;
};

TEST(QuerySet, ValuesListGivesNothingBehindAnEmptyOptional) {
  ScriptedSession db;
  const char* rows = R"({"ok": 1, "cursor": {"id": {"$numberLong": "0"}, "firstBatch": [
      {"address": {"floor": 3, "door": "b", "code": "1"}}, {"address": null}, {}]}})";
  const auto visitors = db.objects<Visitor>();
  db.runner.reply(rows);
  const std::vector<std::optional<std::int32_t>> floors =
      visitors.values_list(f(&Visitor::address, &Address::floor));
  EXPECT_THAT(floors, ElementsAre(3, std::nullopt, std::nullopt));
  db.runner.reply(rows, {"address.code"});
  const std::vector<std::tuple<std::optional<std::string>, std::optional<Encrypted<std::string>>>>
      tuples = visitors.values_list(f(&Visitor::address, &Address::door),
                                    f(&Visitor::address, &Address::code));
  EXPECT_EQ(std::get<0>(tuples.at(0)), "b");
  EXPECT_EQ(*std::get<1>(tuples.at(0)).value(), "1");
  EXPECT_EQ(std::get<0>(tuples.at(1)), std::nullopt);
  EXPECT_FALSE(std::get<1>(tuples.at(1)).has_value());
}

TEST(QuerySet, ValuesListSaysNothingAboutASecretThatItsCodecRefuses) {
  ScriptedSession db;
  db.runner.reply(R"({"ok": 1, "cursor": {"id": {"$numberLong": "0"}, "firstBatch": [
      {"paid": -977}]}})",
                  {"paid"});
  EXPECT_STREQ(error_of([&] { (void)db.objects<Visitor>().values_list(&Visitor::paid); }).what(),
               "Visitor.paid: its codec refuses the stored value");
}

TEST(QuerySet, CreateInsertsAndReturnsTheObjectWithItsId) {
  ScriptedSession db;
  const Patient patient = db.objects<Patient>().create(john());
  EXPECT_TRUE(patient.id.is_set());
  EXPECT_EQ(patient.id.database(), "encrypted");
  EXPECT_EQ(db.runner.documents[0]["insert"].as_string(), "myapp_patient");
}

TEST(QuerySet, BulkCreateInsertsInBatchesAndSetsIds) {
  ScriptedSession db;
  std::vector<Note> list(5);
  for (Note& note : list) note.title = "t";
  list[1].id = ObjectId::parse(oid(9));
  db.objects<Note>().bulk_create(list, {.batch_size = 2, .atomic = false});
  ASSERT_EQ(db.runner.documents.size(), 3U);
  EXPECT_EQ(db.runner.documents[0]["documents"].as_array().count(), 2U);
  EXPECT_EQ(db.runner.documents[2]["documents"].as_array().count(), 1U);
  EXPECT_EQ(list[1].id.to_string(), oid(9));
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto stored =
        db.runner.documents[i / 2]["documents"].as_array().at_path(std::to_string(i % 2) + "._id");
    EXPECT_EQ(stored.as_object_id(), list[i].id.value());
    EXPECT_EQ(list[i].id.database(), "default");
  }
}

// Names of the commands that were sent.
std::vector<std::string> names(const ScriptedSession& db) {
  std::vector<std::string> result;
  for (const bson::Document& command : db.runner.documents) {
    result.emplace_back(command.view().front().key());
  }
  return result;
}

const char kSecondIsDuplicate[] = R"({"ok": 1, "n": 1, "writeErrors": [{"index": 1, "code": 11000,
    "errmsg": "duplicate key"}]})";

TEST(QuerySet, ABatchEndsBeforeItIsTooLargeForAServer) {
  ScriptedSession db;
  constexpr std::size_t kMebibyte = 1 << 20;
  std::vector<Note> list;
  for (const std::size_t size : {6, 6, 6, 16, 1, 1}) {
    list.push_back({.title = "t", .text = std::string(size * kMebibyte, 'x')});
  }
  db.objects<Note>().bulk_create(list, {.atomic = false});
  std::vector<std::size_t> counts;
  for (const bson::Document& command : db.runner.documents) {
    counts.push_back(command["documents"].as_array().count());
  }
  EXPECT_THAT(counts, ElementsAre(2, 1, 1, 2)) << "what is too large alone goes alone";
}

TEST(QuerySet, ABatchLeavesRoomForThePayloadsOfEncryptedValues) {
  ScriptedSession db;
  std::vector<Patient> list(20'000, john());
  db.objects<Patient>().bulk_create(list, {.batch_size = list.size(), .atomic = false});
  ASSERT_GT(db.runner.documents.size(), 1U);
  const std::size_t encrypted = encrypted_paths(model_info<Patient>()).size();
  for (const bson::Document& command : db.runner.documents) {
    const std::size_t payloads = command["documents"].as_array().count() * encrypted * 400;
    EXPECT_LT(command.size() + payloads, 16U << 20);
  }
}

TEST(QuerySet, ABatchHasNoMoreDocumentsThanAServerTakes) {
  ScriptedSession db;
  std::vector<Note> list(100'001);
  for (Note& note : list) note.title = "t";
  db.objects<Note>().bulk_create(list, {.batch_size = list.size(), .atomic = false});
  ASSERT_EQ(db.runner.documents.size(), 2U);
  EXPECT_EQ(db.runner.documents[0]["documents"].as_array().count(), 100'000U);
}

TEST(QuerySet, BulkCreateIsOneTransaction) {
  ScriptedSession db;
  std::vector<Note> list(3, Note{.title = "t", .text = {}});
  db.objects<Note>().bulk_create(list, {.batch_size = 2});
  EXPECT_THAT(names(db), ElementsAre("insert", "insert", "commitTransaction", "endSessions"));
  EXPECT_TRUE(db.runner.documents[0].view().contains("startTransaction"));
  EXPECT_TRUE(list[2].id.is_set());
}

TEST(QuerySet, BulkCreateLeavesNothingBehindAndNamesTheDuplicate) {
  ScriptedSession db;
  std::vector<Note> list(4, Note{.title = "t", .text = {}});
  db.runner.reply(R"({"ok": 1, "n": 2})");
  db.runner.reply(kSecondIsDuplicate);
  try {
    db.objects<Note>().bulk_create(list, {.batch_size = 2});
    FAIL();
  } catch (const IntegrityError& error) {
    EXPECT_STREQ(error.what(), "object 3 of bulk_create(): duplicate key");
  }
  EXPECT_THAT(names(db), ElementsAre("insert", "insert", "abortTransaction", "endSessions"));
  for (const Note& note : list) EXPECT_FALSE(note.id.is_set());
}

TEST(QuerySet, BulkCreateWithoutAtomicKeepsTheBatchesBeforeTheError) {
  ScriptedSession db;
  std::vector<Note> list(4, Note{.title = "t", .text = {}});
  db.runner.reply(R"({"ok": 1, "n": 2})");
  db.runner.reply(kSecondIsDuplicate);
  EXPECT_THROW(db.objects<Note>().bulk_create(list, {.batch_size = 2, .atomic = false}),
               IntegrityError);
  EXPECT_THAT(names(db), ElementsAre("insert", "insert"));
  EXPECT_TRUE(list[1].id.is_set());
  EXPECT_FALSE(list[2].id.is_set());
}

TEST(QuerySet, BulkCreateJoinsTheTransactionThatItIsIn) {
  ScriptedSession db;
  std::vector<Note> list(2, Note{.title = "t", .text = {}});
  db.transaction([&](Transaction& tx) {
    tx.objects<Note>().bulk_create(list);
    tx.objects<Note>().bulk_create(std::span(list).first(1));
  });
  EXPECT_THAT(names(db), ElementsAre("insert", "insert", "commitTransaction", "endSessions"));
}

TEST(QuerySet, BulkCreateTakesArraysAndTemporaries) {
  ScriptedSession db;
  std::array<Note, 2> pair{Note{.title = "a", .text = {}}, Note{.title = "b", .text = {}}};
  db.objects<Note>().bulk_create(pair);
  EXPECT_TRUE(pair[1].id.is_set());
  const std::vector<Note> made = db.objects<Note>().bulk_create(
      {Note{.title = "a", .text = {}}, Note{.title = "b", .text = {}}});
  EXPECT_TRUE(made.at(1).id.is_set());
}

TEST(QuerySet, BulkCreateSendsNothingWhenOneObjectIsAtFault) {
  ScriptedSession db;
  std::vector<Note> list(3);
  list[0].title = list[2].title = "ok";
  try {
    db.objects<Note>().bulk_create(list);
    FAIL();
  } catch (const ValidationError& error) {
    EXPECT_THAT(error.what(), HasSubstr(R"("1.title": ["This field cannot be blank."])"));
  }
  EXPECT_TRUE(db.runner.commands.empty());
}

TEST(QuerySet, BulkCreateLeavesIdsUnsetWhenTheDatabaseRefuses) {
  ScriptedSession db;
  std::vector<Note> list(1);
  list[0].title = "t";
  db.runner.reply(R"({"ok": 1, "n": 0, "writeErrors": [{"index": 0, "code": 11000,
      "errmsg": "duplicate key"}]})");
  EXPECT_THROW(db.objects<Note>().bulk_create(list), IntegrityError);
  EXPECT_FALSE(list[0].id.is_set());
}

TEST(QuerySet, GetOrCreateFindsOrCreates) {
  ScriptedSession db;
  db.runner.reply(notes(1));
  const auto [found, found_created] =
      db.objects<Note>().get_or_create(kTitle == "n1", Note{.title = "n1", .text = {}});
  EXPECT_FALSE(found_created);
  EXPECT_EQ(found.stars, 1);
  const auto [made, made_created] =
      db.objects<Note>().get_or_create(kTitle == "n2", Note{.title = "n2", .text = {}});
  EXPECT_TRUE(made_created);
  EXPECT_TRUE(made.id.is_set());
  EXPECT_EQ(db.runner.documents.size(), 3U);
}

TEST(QuerySet, GetOrCreateFindsWhatSomebodyElseCreatedMeanwhile) {
  ScriptedSession db;
  db.runner.reply(notes(0));
  db.runner.reply(R"({"ok": 1, "n": 0, "writeErrors": [{"index": 0, "code": 11000,
      "errmsg": "duplicate key"}]})");
  db.runner.reply(notes(1));
  const auto [note, created] =
      db.objects<Note>().get_or_create(kTitle == "n1", Note{.title = "n1", .text = {}});
  EXPECT_FALSE(created);
  EXPECT_EQ(note.id.to_string(), oid(1));
}

TEST(QuerySet, UpdateOrCreateUpdatesWhatIsThere) {
  ScriptedSession db;
  db.runner.reply(notes(1));
  db.runner.reply(R"({"ok": 1, "n": 1, "nModified": 1})");
  db.runner.reply(notes(1));
  const auto [note, created] = db.objects<Note>().update_or_create(
      kTitle == "n1", Note{.title = "n1", .text = {}}, set(kStars, 5));
  EXPECT_FALSE(created);
  EXPECT_EQ(db.runner.commands[1], normal("my_db", R"({"update": "myapp_note", "updates": [
      {"q": {"_id": {"$oid": ")" + oid(1) + R"("}}, "u": {"$set": {"stars": 5}},
       "multi": false}]})"));
}

TEST(QuerySet, UpdateSetsValuesOnAllWithOneCommand) {
  ScriptedSession db;
  db.runner.reply(R"({"ok": 1, "n": 7, "nModified": 3})");
  EXPECT_EQ(db.objects<Note>()
                .filter(kStars > 1)
                .update(set(kStars, 5), set(f(&Note::text), std::nullopt)),
            7);
  EXPECT_THAT(db.runner.commands, ElementsAre(normal("my_db", R"({"update": "myapp_note",
      "updates": [{"q": {"stars": {"$gt": 1}}, "u": {"$set": {"stars": 5, "text": null}},
                   "multi": true}]})")));
}

TEST(QuerySet, TakesMemberPointersWhereverItTakesPaths) {
  ScriptedSession db;
  db.objects<Note>().update(set(&Note::stars, 5));
  EXPECT_THAT(db.runner.commands[0], HasSubstr(R"("$set" : { "stars" : 5 })"));
  Note note{.id = ObjectId::parse(oid(1)), .title = "a", .stars = 2, .text = {}};
  db.save(note, {.only = {&Note::title, f(&Note::stars)}});
  EXPECT_THAT(db.runner.commands[1], HasSubstr(R"("$set" : { "title" : "a", "stars" : 2 })"));
}

TEST(QuerySet, UpdateThrowsAllFaultsBeforeItSendsAnything) {
  ScriptedSession db;
  try {
    db.objects<Patient>().update_each(set(kSsn, "123-45-67890"), set(f(&Patient::name), ""));
    FAIL();
  } catch (const ValidationError& error) {
    EXPECT_STREQ(error.what(), R"({"name": ["This field cannot be blank."], "patient_record.ssn": )"
                               R"(["Ensure this value has at most 11 characters (it has 12)."]})");
  }
  EXPECT_TRUE(db.runner.commands.empty());
}

TEST(QuerySet, UpdateIsRefusedOnAnEncryptingDatabase) {
  ScriptedSession db;
  try {
    db.objects<Note>().on("encrypted").update(set(kStars, 5));
    FAIL();
  } catch (const NotSupported& error) {
    EXPECT_STREQ(error.what(),
                 "Multi-document updates are not allowed with Queryable Encryption, and database "
                 "'encrypted' is encrypted: use update_each(), which updates object by object.");
  }
  EXPECT_TRUE(db.runner.commands.empty());
}

TEST(QuerySet, UpdateEachUpdatesByIdInOrderAndCounts) {
  ScriptedSession db;
  db.runner.reply(notes(2));
  db.runner.reply(R"({"ok": 1, "n": 1, "nModified": 1})");
  db.runner.reply(R"({"ok": 1, "n": 1, "nModified": 0})");
  std::vector<std::int64_t> seen;
  const UpdateProgress done =
      db.objects<Note>()
          .filter(kStars > 0)
          .update_each({.after = ObjectId::parse(oid(0)),
                        .progress = [&](const UpdateProgress& p) { seen.push_back(p.matched); }},
                       set(kStars, 5));
  EXPECT_EQ(done.matched, 2);
  EXPECT_EQ(done.modified, 1);
  EXPECT_EQ(done.last, ObjectId::parse(oid(2)));
  EXPECT_THAT(seen, ElementsAre(1, 2));
  EXPECT_EQ(db.runner.commands[0], normal("my_db", R"({"find": "myapp_note", "filter": {"$and": [
      {"stars": {"$gt": 0}}, {"_id": {"$gt": {"$oid": ")" +
                                                       oid(0) + R"("}}}]},
      "sort": {"_id": 1}, "projection": {"_id": 1}})"));
  EXPECT_EQ(db.runner.commands[1], normal("my_db", R"({"update": "myapp_note", "updates": [
      {"q": {"$and": [{"_id": {"$oid": ")" + oid(1) + R"("}}, {"stars": {"$gt": 0}}]},
       "u": {"$set": {"stars": 5}}, "multi": false}]})"));
}

TEST(QuerySet, UpdateEachWithAFunctionSavesWhatItChanged) {
  ScriptedSession db;
  db.runner.reply(notes(1));
  db.objects<Note>().update_each([](Note& note) { note.stars += 10; });
  EXPECT_EQ(db.runner.commands[1], normal("my_db", R"({"update": "myapp_note", "updates": [
      {"q": {"_id": {"$oid": ")" + oid(1) + R"("}},
       "u": {"$set": {"title": "n1", "stars": 11, "text": null}}, "multi": false}]})"));
}

TEST(QuerySet, RemoveDeletesWithOneCommandOnAPlainModel) {
  ScriptedSession db;
  db.runner.reply(R"({"ok": 1, "n": 3})");
  EXPECT_EQ(db.objects<Note>().filter(kStars > 1).remove(), 3);
  EXPECT_THAT(db.runner.commands, ElementsAre(normal("my_db", R"({"delete": "myapp_note",
      "deletes": [{"q": {"stars": {"$gt": 1}}, "limit": 0}]})")));
}

TEST(QuerySet, RemoveDeletesEncryptedObjectsOneByOne) {
  ScriptedSession db;
  db.runner.reply(notes(2));
  EXPECT_EQ(db.objects<Patient>().filter(kSsn == "1").remove(), 2);
  ASSERT_EQ(db.runner.commands.size(), 3U);
  EXPECT_EQ(db.runner.commands[2], normal("encrypted_db", R"({"delete": "myapp_patient",
      "deletes": [{"q": {"$and": [{"_id": {"$oid": ")" + oid(2) +
                                                              R"("}},
                                  {"patient_record.ssn": {"$eq": "1"}}]}, "limit": 1}]})"));
}

TEST(QuerySet, OnChoosesTheDatabasePastTheRouters) {
  ScriptedSession db;
  (void)db.objects<Note>().on("encrypted").exists();
  (void)db.objects<Note>("encrypted").exists();
  EXPECT_TRUE(db.asked.empty());
  EXPECT_THAT(db.runner.commands[0], HasSubstr("encrypted_db: "));
  EXPECT_THAT(db.runner.commands[1], HasSubstr("encrypted_db: "));
  EXPECT_THROW((void)db.objects<Note>("nope").exists(), ImproperlyConfigured);
}

TEST(QuerySet, NeverSendsAnEncryptedConditionToAPlainDatabase) {
  ScriptedSession db;
  try {
    (void)db.objects<Patient>("default").get(kSsn == "123-45-6789");
    FAIL();
  } catch (const ImproperlyConfigured& error) {
    EXPECT_STREQ(error.what(),
                 "Cannot query encrypted field 'patient_record.ssn' of myapp.Patient in "
                 "non-encrypted database 'default'. Set auto_encryption for 'default' or route "
                 "myapp.Patient elsewhere.");
  }
  EXPECT_TRUE(db.runner.commands.empty());
}

}  // namespace
}  // namespace quern::testing
