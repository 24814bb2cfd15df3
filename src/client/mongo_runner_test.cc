// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/mongo_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>

#include "base/testing/error_of.h"
#include "client/wire_peer.h"
#include "command/recording_runner.h"
#include "quern/base/error.h"
#include "quern/base/uuid.h"

namespace quern::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Nothing listens on the discard port of a test machine, and connecting to it is refused at once.
constexpr const char* kNobody = "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200";

// A peer that answers {ok: 1}, and what arrived there without the driver's own members.
class MongoRunnerTest : public ::testing::Test {
 protected:
  std::vector<RecordingRunner::Call> received() {
    auto calls = behind.take_calls();
    std::erase_if(calls, [](const auto& call) { return call.name() == "endSessions"; });
    return calls;
  }
  static std::size_t count(bson::View document, std::string_view key) {
    std::size_t number = 0;
    for (const bson::Element& member : document) number += member.key() == key;
    return number;
  }

  RecordingRunner behind;
  WirePeer peer{behind};
  MongoRunner runner{peer.uri()};
};

TEST_F(MongoRunnerTest, CommandsArriveAsTheyAre) {
  const bson::Document reply = runner.run("clinic", bson::doc("find", "patients", "limit", 3));
  EXPECT_EQ(reply["ok"].as_double(), 1.0);
  const auto calls = received();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].database, "clinic");
  EXPECT_EQ(calls[0].name(), "find");
  EXPECT_EQ(calls[0].command["find"].as_string(), "patients");
  EXPECT_EQ(calls[0].command["limit"].as_int32(), 3);
}

TEST_F(MongoRunnerTest, TheServerIsToldTheTimeThatIsLeft) {
  const bson::Document find = bson::doc("find", "patients");
  RunContext context{.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1)};
  runner.run("clinic", find, context);
  runner.run("clinic", bson::doc("find", "patients", "maxTimeMS", 5), context);
  runner.run("clinic", bson::doc("getMore", std::int64_t{1}, "collection", "patients"), context);
  runner.run("clinic", bson::doc("find", "patients", "maxTimeMS", INT32_MAX), context);
  const auto calls = received();
  ASSERT_EQ(calls.size(), 4u);
  EXPECT_LE(calls[3].command["maxTimeMS"].whole_number(), 3'600'000);
  const auto told = calls[0].command["maxTimeMS"].whole_number().value_or(0);
  EXPECT_GT(told, 3'500'000);
  EXPECT_LE(told, 3'600'000);
  EXPECT_EQ(count(calls[1].command, "maxTimeMS"), 1u);
  EXPECT_EQ(calls[1].command["maxTimeMS"].as_int32(), 5);
  EXPECT_FALSE(calls[2].command.view().contains("maxTimeMS"));
  context.deadline = std::chrono::steady_clock::now();
  EXPECT_TRUE(
      error_of([&] { runner.run("clinic", find, context); }).is(ErrorCode::kMaxTimeMSExpired));
  EXPECT_TRUE(received().empty());
}

TEST(MongoRunnerWithoutServer, TheFirstFailureToReachItIsToldOnceWhileCommandsGoOnTrying) {
  std::mutex mutex;
  std::vector<std::string> told;
  MongoRunner runner({.uri = "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=1500",
                      .on_unreachable = [&](std::string_view address, std::string_view reason) {
                        const std::scoped_lock lock(mutex);
                        told.push_back(std::string(address) + " " + std::string(reason));
                      }});
  EXPECT_TRUE(error_of([&] {
                runner.run("clinic", bson::doc("ping", 1));
              }).is(ErrorCode::kHostUnreachable));
  const std::scoped_lock lock(mutex);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_THAT(told[0], HasSubstr("127.0.0.1:9"));
}

TEST_F(MongoRunnerTest, TheServerIsToldWhoIsCalling) {
  runner.run("clinic", bson::doc("ping", 1));
  MongoRunner named(peer.uri() + "&appName=clinic");
  named.run("clinic", bson::doc("ping", 1));
  std::set<std::string> names;
  for (const bson::Document& handshake : peer.handshakes()) {
    names.emplace(handshake.view().at_path("client.application.name").as_string());
  }
  EXPECT_THAT(names, ElementsAre("clinic", "quern"));
}

TEST_F(MongoRunnerTest, AnErrorReplyIsReturnedNotThrown) {
  behind.set_answer([](std::string_view, bson::View) {
    return bson::doc("ok", 0.0, "errmsg", "no such thing", "code", 59, "codeName",
                     "CommandNotFound");
  });
  const bson::Document reply = runner.run("clinic", bson::doc("nonsense", 1));
  EXPECT_EQ(reply["code"].as_int32(), 59);
}

TEST_F(MongoRunnerTest, WriteErrorsAreReturnedNotThrown) {
  behind.set_answer([](std::string_view, bson::View) {
    return bson::doc("ok", 1.0, "n", 0, "writeErrors",
                     bson::array(bson::doc("index", 0, "code", 11000, "errmsg", "E11000")));
  });
  const bson::Document reply = runner.run("clinic", bson::doc("insert", "patients"));
  EXPECT_EQ(reply.view().at_path("writeErrors.0.code").as_int32(), 11000);
}

TEST_F(MongoRunnerTest, TheDatabaseIsTheArgumentWhateverTheCommandSays) {
  const bson::Document lsid = bson::doc("id", Uuid::random());
  runner.run("clinic", bson::doc("insert", "a", "$db", "other"));
  runner.run("clinic", bson::doc("insert", "a", "$db", "other", "lsid", lsid));
  const auto calls = received();
  ASSERT_EQ(calls.size(), 2u);
  for (const auto& call : calls) EXPECT_EQ(call.database, "clinic");
}

TEST_F(MongoRunnerTest, ACommandThatNoServerTakesIsNotSent) {
  const std::string mebibyte(1 << 20, 'x');
  const auto insert = [&](int documents) {
    bson::Builder builder;
    builder.append("insert", "a").open_array("documents");
    for (int i = 0; i < documents; ++i) builder.push(bson::doc("x", mebibyte));
    builder.close();
    return builder.finish();
  };
  EXPECT_NO_THROW(runner.run("clinic", insert(15)));
  EXPECT_EQ(received().size(), 1u);
  const Error error = error_of([&] { runner.run("clinic", insert(17)); });
  EXPECT_TRUE(error.is(ErrorCode::kBSONObjectTooLarge));
  EXPECT_THAT(error.what(), HasSubstr("send fewer documents in one command"));
  EXPECT_TRUE(received().empty());
}

TEST_F(MongoRunnerTest, ASessionHasOneLsidAndItsOwnNumbers) {
  const bson::Document lsid = bson::doc("id", Uuid::random());
  runner.run("clinic", bson::doc("insert", "a", "lsid", lsid, "txnNumber", std::int64_t{1},
                                 "startTransaction", true, "autocommit", false));
  runner.run("clinic", bson::doc("insert", "b", "lsid", lsid, "txnNumber", std::int64_t{1},
                                 "autocommit", false));
  runner.run("admin", bson::doc("commitTransaction", 1, "lsid", lsid, "txnNumber", std::int64_t{1},
                                "autocommit", false));
  const auto calls = received();
  ASSERT_EQ(calls.size(), 3u);
  for (const auto& call : calls) {
    EXPECT_EQ(count(call.command, "lsid"), 1u);
    EXPECT_EQ(count(call.command, "txnNumber"), 1u);
    EXPECT_EQ(count(call.command, "readConcern"), 0u);
    EXPECT_EQ(call.command["lsid"].as_document(), calls[0].command["lsid"].as_document());
    EXPECT_EQ(call.command["txnNumber"].as_int64(), 1);
    EXPECT_FALSE(call.command["autocommit"].as_bool());
  }
  EXPECT_TRUE(calls[0].command["startTransaction"].as_bool());
  EXPECT_FALSE(calls[1].command.view().contains("startTransaction"));
}

TEST_F(MongoRunnerTest, DifferentSessionsHaveDifferentLsids) {
  runner.run("clinic", bson::doc("find", "a", "lsid", bson::doc("id", Uuid::random())));
  runner.run("clinic", bson::doc("find", "a", "lsid", bson::doc("id", Uuid::random())));
  const auto calls = received();
  EXPECT_FALSE(calls[0].command["lsid"].as_document() == calls[1].command["lsid"].as_document());
}

TEST_F(MongoRunnerTest, AReadConcernInASessionStaysTheOnlyOne) {
  const bson::Document lsid = bson::doc("id", Uuid::random());
  const bson::Document find =
      bson::doc("find", "a", "readConcern", bson::doc("level", "snapshot"), "lsid", lsid);
  runner.run("clinic", find);
  runner.run("clinic", find);
  for (const auto& call : received()) {
    EXPECT_EQ(count(call.command, "readConcern"), 1u);
    EXPECT_EQ(call.command.view().at_path("readConcern.level").as_string(), "snapshot");
  }
}

TEST_F(MongoRunnerTest, AnLsidMustBeADocumentWithAUuid) {
  EXPECT_TRUE(error_of([&] {
                runner.run("clinic", bson::doc("find", "a", "lsid", 1));
              }).is(ErrorCode::kBadValue));
}

TEST(MongoRunnerSessions, RestedSessionsMakeRoomButTransactionsStay) {
  RecordingRunner behind;
  WirePeer peer(behind);
  MongoRunner runner(peer.uri() + "&maxPoolSize=4");  // two sessions
  const auto in_session = [&](const Uuid& id, bool transaction) {
    runner.run("clinic",
               bson::doc("find", "a", "lsid", bson::doc("id", id), "txnNumber", std::int64_t{1},
                         transaction ? "startTransaction" : "comment", true));
  };
  const Uuid first = Uuid::random();
  const Uuid second = Uuid::random();
  in_session(first, true);
  in_session(second, false);
  in_session(Uuid::random(), true);  // takes the place of second
  const Error error = error_of([&] { in_session(Uuid::random(), false); });
  EXPECT_THAT(error.what(), HasSubstr("2 transactions are open"));
  runner.run("admin", bson::doc("abortTransaction", 1, "lsid", bson::doc("id", first)));
  EXPECT_NO_THROW(in_session(Uuid::random(), false));
}

TEST(MongoRunnerSessions, EndSessionsEndsThem) {
  RecordingRunner behind;
  WirePeer peer(behind);
  MongoRunner runner(peer.uri() + "&maxPoolSize=2");  // one session
  for (int i = 0; i < 3; ++i) {
    const bson::Document lsid = bson::doc("id", Uuid::random());
    runner.run("clinic", bson::doc("find", "a", "lsid", lsid, "startTransaction", true));
    runner.run("admin", bson::doc("endSessions", bson::array(lsid)));
  }
}

TEST(MongoRunnerErrors, NobodyThereIsHostUnreachable) {
  MongoRunner runner(kNobody);
  const Error error = error_of([&] { runner.run("clinic", bson::doc("ping", 1)); });
  EXPECT_TRUE(error.is(ErrorCode::kHostUnreachable)) << error.what();
  EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:9"));
}

TEST(MongoRunnerErrors, NobodyThereIsHostUnreachableInASessionToo) {
  MongoRunner runner(kNobody);
  const Error error = error_of(
      [&] { runner.run("clinic", bson::doc("ping", 1, "lsid", bson::doc("id", Uuid::random()))); });
  EXPECT_TRUE(error.is(ErrorCode::kHostUnreachable)) << error.what();
}

TEST(MongoRunnerErrors, CredentialsAreNeverInAMessage) {
  MongoRunner unreachable(MongoOptions{
      .uri = kNobody, .user = "alice", .password = SecretBytes::copy_of(as_bytes("hunter2"))});
  EXPECT_THAT(error_of([&] { unreachable.run("clinic", bson::doc("ping", 1)); }).what(),
              Not(HasSubstr("hunter2")));
  // The @ of the password is not encoded, so that the parser sees a part of it as the host.
  for (const char* uri : {"mongodb://alice:hunter@hunter2@localhost:bad/",
                          "mongodb://alice:hunter2%zz@localhost/", "mongodb://alice:hunter2@/"}) {
    try {
      MongoRunner runner{std::string(uri)};
      ADD_FAILURE() << "accepted";
    } catch (const ImproperlyConfigured& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr("hunter")));
      EXPECT_THAT(error.what(), HasSubstr("percent-encoded"));
    }
  }
}

TEST(MongoRunnerErrors, CredentialsAreBlamedOnlyWhereSomeAre) {
  for (const char* uri : {"mongodb://localhost/?appName=a@b&maxPoolSize=x",
                          "mongodb://localhost/?maxPoolSize=x", "mongodb://localhost:bad/"}) {
    try {
      MongoRunner runner{std::string(uri)};
      ADD_FAILURE() << "accepted";
    } catch (const ImproperlyConfigured& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr("percent-encoded"))) << uri;
    }
  }
}

TEST(MongoRunnerErrors, AStringWithoutCredentialsIsBlamedInTheWordsOfTheDriver) {
  const Error error =
      error_of([] { MongoRunner(std::string("mongodb://localhost/?maxPoolSize=x")); });
  EXPECT_THAT(error.what(), HasSubstr("maxpoolsize"));
}

TEST(MongoRunnerErrors, AStringThatIsNoConnectionStringIsRefused) {
  EXPECT_THROW(MongoRunner(std::string("postgres://localhost")), ImproperlyConfigured);
  EXPECT_THROW(MongoRunner(std::string("mongodb://")), ImproperlyConfigured);
}

}  // namespace
}  // namespace quern::client
