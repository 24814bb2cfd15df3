// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <thread>

#include "base/testing/error_of.h"
#include "models/testing.h"

namespace quern::testing {
namespace {

using ::testing::ElementsAre;

struct Note {
  Id id{};
  Char<20> title;
};

// Names of the commands that were sent, with "+" for the one that starts the transaction and "*"
// for those inside of it.
std::vector<std::string> names(const ScriptedSession& db) {
  std::vector<std::string> result;
  for (const bson::Document& command : db.runner.documents) {
    const bson::View view = command.view();
    std::string name(view.front().key());
    if (view.contains("startTransaction")) {
      name += "+";
    } else if (view.contains("autocommit")) {
      name += "*";
    }
    result.push_back(std::move(name));
  }
  return result;
}

const char kTransient[] =
    R"({"ok": 0, "code": 112, "codeName": "WriteConflict", "errmsg": "conflict",
        "errorLabels": ["TransientTransactionError"]})";

TEST(Transaction, CommitsWhatItsBodyDid) {
  ScriptedSession db;
  const int result = db.transaction([](Transaction& tx) {
    Note a{.title = "a"};
    Note b{.title = "b"};
    tx.save(a);
    tx.save(b);
    return 5;
  });
  EXPECT_EQ(result, 5);
  EXPECT_THAT(names(db), ElementsAre("insert+", "insert*", "commitTransaction*", "endSessions"));
  const bson::View first = db.runner.documents[0].view();
  const bson::View commit = db.runner.documents[2].view();
  EXPECT_EQ(first["lsid"].as_document(), commit["lsid"].as_document());
  EXPECT_EQ(first["txnNumber"].as_int64(), commit["txnNumber"].as_int64());
  EXPECT_FALSE(first["autocommit"].as_bool());
  EXPECT_THAT(db.runner.commands[2], ::testing::StartsWith("admin: "));
}

TEST(Transaction, RollsBackWhenTheBodyThrows) {
  ScriptedSession db;
  EXPECT_THROW(db.transaction([](Transaction& tx) {
    Note note{.title = "a"};
    tx.save(note);
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_THAT(names(db), ElementsAre("insert+", "abortTransaction*", "endSessions"));
}

TEST(Transaction, RunsItsBodyAgainAfterATransientError) {
  ScriptedSession db;
  db.runner.reply(kTransient);
  int runs = 0;
  db.transaction([&](Transaction& tx) {
    ++runs;
    Note note{.title = "a"};
    tx.save(note);
  });
  EXPECT_EQ(runs, 2);
  EXPECT_THAT(names(db), ElementsAre("insert+", "abortTransaction*", "endSessions", "insert+",
                                     "commitTransaction*", "endSessions"));
  EXPECT_NE(db.runner.documents[0]["lsid"].as_document(),
            db.runner.documents[3]["lsid"].as_document());
}

TEST(Transaction, CommitsAgainWhenTheResultIsUnknown) {
  ScriptedSession db;
  db.runner.reply(R"({"ok": 1, "n": 1})");
  db.runner.reply(R"({"ok": 0, "code": 64, "codeName": "WriteConcernFailed", "errmsg": "late",
      "errorLabels": ["UnknownTransactionCommitResult"]})");
  db.transaction([](Transaction& tx) {
    Note note{.title = "a"};
    tx.save(note);
  });
  EXPECT_THAT(names(db),
              ElementsAre("insert+", "commitTransaction*", "commitTransaction*", "endSessions"));
}

TEST(Transaction, DoesNotRepeatWhatIsNotTransient) {
  ScriptedSession db;
  db.runner.reply(R"({"ok": 0, "code": 2, "codeName": "BadValue", "errmsg": "bad"})");
  int runs = 0;
  EXPECT_THROW(db.transaction([&](Transaction& tx) {
    ++runs;
    Note note{.title = "a"};
    tx.save(note);
  }),
               DatabaseError);
  EXPECT_EQ(runs, 1);
}

const char kDuplicate[] = R"({"ok": 1, "n": 0, "writeErrors": [
    {"index": 0, "code": 11000, "errmsg": "E11000 duplicate key"}]})";

TEST(Transaction, IsOverAfterAnErrorThatItsBodySwallows) {
  ScriptedSession db;
  db.runner.reply(kDuplicate);
  int runs = 0;
  const auto body = [&](Transaction& tx) {
    ++runs;
    Note duplicate{.title = "a"};
    EXPECT_THROW(tx.save(duplicate), IntegrityError);
    Note other{.title = "b"};
    tx.save(other);
  };
  const Error error = error_of([&] { db.transaction(body); });
  EXPECT_TRUE(error.is(ErrorCode::kNoSuchTransaction));
  EXPECT_STREQ(
      error.what(),
      "this transaction was rolled back by an earlier error: E11000 duplicate key; nothing "
      "more can be done in it");
  EXPECT_TRUE(error.labels().empty());
  EXPECT_EQ(runs, 1);
  EXPECT_THAT(names(db), ElementsAre("insert+", "abortTransaction*", "endSessions"));
}

TEST(Transaction, DoesNotCommitAfterAnErrorThatItsBodySwallows) {
  ScriptedSession db;
  db.runner.reply(kDuplicate);
  bool committed = false;
  const Error error = error_of([&] {
    db.transaction([&](Transaction& tx) {
      tx.on_commit([&] { committed = true; });
      Note duplicate{.title = "a"};
      EXPECT_THROW(tx.save(duplicate), IntegrityError);
    });
  });
  EXPECT_TRUE(error.is(ErrorCode::kNoSuchTransaction));
  EXPECT_FALSE(committed);
  EXPECT_THAT(names(db), ElementsAre("insert+", "abortTransaction*", "endSessions"));
}

TEST(Transaction, RunsAgainAfterATransientErrorThatItsBodySwallows) {
  ScriptedSession db;
  db.runner.reply(kTransient);
  db.runner.reply(R"({"ok": 0, "code": 251, "codeName": "NoSuchTransaction", "errmsg": "aborted",
      "errorLabels": ["TransientTransactionError"]})");
  int runs = 0;
  db.transaction([&](Transaction& tx) {
    ++runs;
    Note note{.title = "a"};
    try {
      tx.save(note);
    } catch (const Error&) {
    }
  });
  EXPECT_EQ(runs, 2);
}

TEST(Transaction, GivesGetOrCreatesIntegrityErrorToItsBody) {
  ScriptedSession db;
  db.runner.reply(R"({"ok": 1, "cursor": {"id": {"$numberLong": "0"}, "firstBatch": []}})");
  db.runner.reply(kDuplicate);
  EXPECT_THROW(db.transaction([](Transaction& tx) {
    (void)tx.objects<Note>().get_or_create(f(&Note::title) == "a", Note{.title = "b"});
  }),
               IntegrityError);
  EXPECT_THAT(names(db), ElementsAre("find+", "insert*", "abortTransaction*", "endSessions"));
}

TEST(Transaction, ReturnsACopyOfWhatItsBodyRefersTo) {
  ScriptedSession db;
  int number = 5;
  const auto result = db.transaction([&](Transaction&) -> int& { return number; });
  number = 6;
  EXPECT_EQ(result, 5);
}

TEST(Transaction, JoinsTheOuterOneWhenNested) {
  ScriptedSession db;
  const auto add = [](ModelSession& session, const char* title) {
    session.transaction([&](Transaction& tx) {
      Note note{.title = title};
      tx.save(note);
    });
  };
  db.transaction([&](Transaction& tx) {
    add(tx, "a");
    add(tx, "b");
  });
  EXPECT_THAT(names(db), ElementsAre("insert+", "insert*", "commitTransaction*", "endSessions"));
}

TEST(Transaction, CallsOnCommitActionsAfterTheCommitOnly) {
  ScriptedSession db;
  std::vector<std::string> log;
  db.transaction([&](Transaction& tx) {
    tx.on_commit([&] { log.push_back("action after " + names(db).back()); });
    Note note{.title = "a"};
    tx.save(note);
    EXPECT_TRUE(log.empty());
  });
  EXPECT_THAT(log, ElementsAre("action after endSessions"));
  log.clear();
  EXPECT_THROW(db.transaction([&](Transaction& tx) {
    tx.on_commit([&] { log.push_back("called"); });
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_TRUE(log.empty());
}

TEST(Transaction, IsOnOneDatabase) {
  ScriptedSession db;
  db.transaction([](Transaction& tx) {
    Note note{.title = "a"};
    tx.save(note);
    Patient patient = john();
    EXPECT_THROW(tx.save(patient), Error);
  });
  db.transaction("encrypted", [](Transaction& tx) {
    Note note{.title = "a"};
    EXPECT_THROW(tx.save(note), Error);
  });
}

TEST(Transaction, ReadsWhereItWrites) {
  ScriptedSession db;
  db.transaction([](Transaction& tx) { (void)tx.objects<Note>().exists(); });
  EXPECT_THAT(db.asked, ElementsAre("myapp.Note write"));
  EXPECT_THAT(names(db), ElementsAre("find+", "commitTransaction*", "endSessions"));
}

TEST(Transaction, CountsWithAnAggregation) {
  ScriptedSession db;
  db.runner.reply(R"({"ok": 1, "cursor": {"id": {"$numberLong": "0"}, "firstBatch": [{"n": 3}]}})");
  EXPECT_EQ(db.transaction([](Transaction& tx) {
    return tx.objects<Note>().filter(f(&Note::title) == "a").offset(1).limit(9).count();
  }),
            3);
  EXPECT_EQ(bson::to_json(db.runner.documents[0]["pipeline"].as_array()),
            bson::to_json(bson::from_json(R"({"x": [{"$match": {"title": {"$eq": "a"}}},
                {"$skip": {"$numberLong": "1"}}, {"$limit": {"$numberLong": "9"}},
                {"$count": "n"}]})")["x"]
                              .as_array()));
}

TEST(Transaction, SendsNothingWhenNothingWasDone) {
  ScriptedSession db;
  db.transaction([](Transaction&) {});
  EXPECT_TRUE(db.runner.commands.empty());
}

// That it throws IllegalOperation and says what to use.
void expect_refused(const std::function<void()>& use) {
  const Error error = error_of(use);
  EXPECT_TRUE(error.is(ErrorCode::kIllegalOperation)) << error.what();
  EXPECT_THAT(error.what(), ::testing::HasSubstr("Use the Transaction that the body is given"));
}

TEST(Transaction, RefusesEveryUseOfItsDatabasePastItInItsBody) {
  ScriptedSession db;
  Note note{.title = "a"};
  db.save(note);
  db.runner.reply(R"({"ok": 1, "cursor": {"id": {"$numberLong": "7"}, "firstBatch": []}})");
  const auto all = db.objects<Note>();
  std::optional<internal::Cursor> open(internal::Query(db, model_info<Note>(), ""));
  db.runner.commands.clear();
  db.runner.documents.clear();
  db.transaction([&](Transaction& tx) {
    tx.save(note);
    expect_refused([&] { db.save(note); });
    expect_refused([&] { db.refresh(note); });
    expect_refused([&] { db.remove(note); });
    expect_refused([&] { (void)all.count(); });
    expect_refused([&] { (void)all.exists(); });
    expect_refused([&] { (void)all.to_vector(); });
    expect_refused([&] { all.update(set(f(&Note::title), "b")); });
    expect_refused([&] { all.update_each(set(f(&Note::title), "b")); });
    expect_refused([&] { all.remove(); });
    expect_refused([&] { all.bulk_create({Note{.title = "b"}, Note{.title = "c"}}); });
    expect_refused([&] { db.run("default", bson::doc("ping", 1)); });
    expect_refused([&] { open->next(); });
    expect_refused([&] { db.transaction([&](Transaction& other) { other.save(note); }); });
    tx.save(note);
  });
  EXPECT_THAT(names(db), ElementsAre("update+", "update*", "commitTransaction*", "endSessions"));
}

TEST(Transaction, RefusesWhatItsBodyDoesPastItBeforeItHasADatabase) {
  ScriptedSession db;
  int runs = 0;
  expect_refused([&] {
    db.transaction([&](Transaction&) {
      ++runs;
      Note note{.title = "a"};
      db.save(note);
    });
  });
  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(db.runner.commands.empty());
}

TEST(Transaction, LeavesOtherDatabasesSessionsAndThreadsAlone) {
  ScriptedSession db;
  ScriptedSession other;
  db.transaction("default", [&](Transaction& tx) {
    Note note{.title = "a"};
    tx.save(note);
    Patient patient = john();
    db.save(patient);
    db.transaction("encrypted", [&](Transaction& inner) {
      inner.save(patient);
      tx.save(note);
      expect_refused([&] { db.save(patient); });
    });
    db.save(patient);
    Note foreign{.title = "b"};
    other.save(foreign);
    other.transaction([&](Transaction& its) { its.save(foreign); });
    std::thread([&] { EXPECT_EQ(db.objects<Note>().count(), 1); }).join();
    expect_refused([&] { db.save(note); });
  });
  Note note{.title = "a"};
  db.save(note);
}

TEST(Transaction, MayBeLeftForItsSessionOnceItHasEnded) {
  ScriptedSession db;
  Note note{.title = "a"};
  db.transaction([&](Transaction& tx) {
    tx.on_commit([&] { db.save(note); });
    tx.save(note);
  });
  EXPECT_EQ(names(db).back(), "update");
  EXPECT_THROW(db.transaction([&](Transaction& tx) {
    tx.save(note);
    tx.rollback();
    db.save(note);
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_EQ(names(db).back(), "update");
}

TEST(Transaction, ClosesACursorThatIsOlderThanItsBody) {
  ScriptedSession db;
  db.runner.reply(R"({"ok": 1, "cursor": {"id": {"$numberLong": "7"}, "firstBatch": []}})");
  std::optional<internal::Cursor> open(internal::Query(db, model_info<Note>(), ""));
  db.transaction([&](Transaction&) { open.reset(); });
  EXPECT_THAT(names(db), ElementsAre("find", "killCursors"));
}

TEST(Transaction, ByHandRollsBackUnlessCommitted) {
  ScriptedSession db;
  {
    Transaction tx{db};
    Note note{.title = "a"};
    tx.save(note);
  }
  EXPECT_THAT(names(db), ElementsAre("insert+", "abortTransaction*", "endSessions"));
  Transaction tx{db};
  tx.commit();
  EXPECT_THROW(tx.commit(), Error);
  Note note{.title = "a"};
  EXPECT_THROW(tx.save(note), Error);
  EXPECT_THROW(Transaction{static_cast<ModelSession&>(tx)}, Error);
}

}  // namespace
}  // namespace quern::testing
