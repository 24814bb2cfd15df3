// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/compact.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <thread>

#include "engine/catalog/table_state.h"
#include "engine/qe/state_collections.h"
#include "engine/qe/testing/encrypted_collection.h"
#include "engine/session/compaction_locks.h"
#include "protocol/insert_update_payload.h"

namespace quern::engine::qe {
namespace {

using bson::doc;
using bson::Document;
using bson::Value;
using testing::code_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Compact : public testing::EncryptedCollection {
 protected:
  static constexpr const char* kCompact = "compactStructuredEncryptionData";
  static constexpr const char* kCleanup = "cleanupStructuredEncryptionData";

  Document tokens() const {
    const Bytes zeros(32, 0);
    return doc("ssn", ecoc_token(key1), "card.number", ecoc_token(key2), "notes",
               Value::of(bson::Binary{bson::BinarySubtype::kGeneric, zeros}));
  }
  static Value ecoc_token(const crypto::DataKey& key) {
    return Value::of(bson::Binary{bson::BinarySubtype::kGeneric, key.ecoc_token().bytes()});
  }

  Document command(std::string_view name, const Document& with) const {
    return doc(name, "people", name == kCompact ? "compactionTokens" : "cleanupTokens", with);
  }
  Document run(std::string_view name, const Document& with) {
    const Document body = command(name, with);
    Operation op(engine, ns.database, body);
    return (name == kCompact ? compact : cleanup)(op, ns, &fields, body, limits);
  }
  Document run(std::string_view name) { return run(name, tokens()); }

  static std::int64_t stat(const Document& reply, std::string_view path) {
    return reply.view().at_path("stats").as_document().at_path(path).as_int64();
  }

  void insert_times(std::string_view value, int times) {
    for (; times > 0; --times) insert(doc("_id", next_id_++, "ssn", insert_payload(value)));
  }
  std::uint64_t uses(std::string_view value) {
    const auto payload =
        protocol::InsertUpdatePayloadV2::parse(insert_payload(value).view().as_binary().bytes);
    return transact([&](Operation& op) {
      StateCollections state(op, ns, fields);
      return find_esc_state(state, payload.tokens.esc).uses();
    });
  }
  // Uses whose documents are still there.
  std::size_t non_anchors() {
    const auto documents = all(esc);
    return std::count_if(documents.begin(), documents.end(), [](const Document& document) {
      return !document.view().contains("value");
    });
  }
  void remove_all(const std::string& collection) {
    const auto documents = all(collection);
    transact([&](Operation& op) {
      for (const Document& document : documents) {
        op.collection({"db", collection})->remove(op, record_id_of(document["_id"]), document);
      }
    });
  }
  // A record as a client with a wrong token, or none, would write it.
  void insert_record(std::string_view path, const Bytes& value) {
    transact([&](Operation& op) {
      op.collection({"db", ecoc})
          ->insert(op, doc("_id", ObjectId::generate(), "fieldName", path, "value",
                           bson::Binary{bson::BinarySubtype::kGeneric, value}));
    });
  }

  // Now a use, now a record of a token that was never used.
  void insert_record_or_use(int i) {
    if (i % 2 == 0) {
      if (!exists(ecoc)) engine.catalog().create({"db", ecoc}, state_collection_options());
      insert_record("ssn", Bytes(48, static_cast<std::uint8_t>(i)));
    } else {
      insert_times("a", 1);
    }
  }

  bool exists(const std::string& collection) {
    return engine.catalog().snapshot()->find(Namespace{"db", collection}) != nullptr;
  }

  CompactionLimits limits;

 private:
  std::atomic<int> next_id_ = 1;
};

// So small that a few values take many transactions.
class CompactInSteps : public Compact {
 protected:
  CompactInSteps() { limits = {.records = 2, .deletions = 3}; }
};

TEST_F(Compact, WithoutStateCollectionsDoesNothing) {
  const Document reply = run(kCompact);
  EXPECT_EQ(bson::to_json(reply), R"({ "stats" : { "ecoc" : { "read" : 0, "deleted" : 0 }, )"
                                  R"("esc" : { "read" : 0, "inserted" : 0, "updated" : 0, )"
                                  R"("deleted" : 0 } } })");
}

TEST_F(Compact, ReplacesAllUsesOfAValueByAnAnchor) {
  insert_times("a", 7);
  insert_times("b", 2);
  const Document reply = run(kCompact);
  EXPECT_EQ(stat(reply, "ecoc.read"), 9);
  EXPECT_EQ(stat(reply, "esc.read"), 23);  // 14 to count the uses, 9 to delete them
  EXPECT_EQ(stat(reply, "esc.inserted"), 2);
  EXPECT_EQ(stat(reply, "esc.deleted"), 9);
  EXPECT_THAT(all(esc), SizeIs(2));
  EXPECT_THAT(all(ecoc), IsEmpty());
  EXPECT_FALSE(exists(ecoc + ".compact"));
  EXPECT_EQ(uses("a"), 7u);
  EXPECT_EQ(uses("b"), 2u);
}

TEST_F(Compact, IsInvisibleToTheCounters) {
  insert_times("a", 3);
  run(kCompact);
  insert_times("a", 2);
  run(kCompact);
  insert_times("a", 1);
  EXPECT_EQ(uses("a"), 6u);
  EXPECT_THAT(all(esc), SizeIs(3));  // two anchors, one use since
}

TEST_F(Compact, LeavesAnEmptyClusteredEcoc) {
  insert_times("a", 1);
  run(kCompact);
  const auto catalog = engine.catalog().snapshot();
  EXPECT_TRUE(catalog->find(Namespace{"db", ecoc})->options().contains("clusteredIndex"));
}

TEST_F(Compact, OfAllFieldsAtOnce) {
  insert(doc("_id", 1, "ssn", insert_payload("a"), "card",
             doc("number", insert_payload(std::int64_t{5}))));
  EXPECT_EQ(stat(run(kCompact), "esc.inserted"), 2);
}

TEST_F(Compact, DeletesNoUseThatNoAnchorStandsFor) {
  insert_times("a", 3);
  remove_all(ecoc);  // lost, or written with another token
  insert_times("b", 1);
  EXPECT_EQ(stat(run(kCompact), "esc.deleted"), 1);
  EXPECT_EQ(uses("a"), 3u);
  EXPECT_EQ(uses("b"), 1u);
  insert_times("a", 1);
  run(kCleanup);
  EXPECT_EQ(uses("a"), 4u);
  EXPECT_EQ(non_anchors(), 0u);
}

TEST_F(Compact, KeepsTheUsesOfFieldsThatTheCollectionDoesNotHave) {
  insert_times("a", 3);
  const auto records = all(ecoc);
  remove_all(ecoc);
  for (const Document& record : records) {
    const BytesView value = record["value"].as_binary().bytes;
    insert_record("another.field", Bytes(value.begin(), value.end()));
  }
  EXPECT_EQ(stat(run(kCompact), "esc.deleted"), 0);
  EXPECT_EQ(uses("a"), 3u);
}

TEST_F(Compact, GoesOnAfterARecordThatIsNoneAndKeepsIt) {
  insert_times("a", 2);
  insert_record("ssn", Bytes(48, 7));  // decrypts to a token that was never used
  insert_record("ssn", Bytes(47, 7));
  for (const char* name : {kCompact, kCleanup, kCompact}) {
    EXPECT_NE(code_of([&] { run(name); }), 0);
    EXPECT_EQ(non_anchors(), 0u) << name;
    EXPECT_FALSE(exists(ecoc + ".compact"));
    EXPECT_THAT(all(ecoc), SizeIs(2));
    insert_times("a", 1);
    insert_times("b", 1);
  }
  EXPECT_EQ(uses("a"), 5u);
  EXPECT_EQ(uses("b"), 3u);
}

// Every step of a run is a transaction; one that fails is where a killed run would have stopped.
TEST_F(CompactInSteps, KilledAnywhereLosesNoCounterAndTheNextRunLeavesNothing) {
  const std::vector<std::string> values = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
  std::map<std::string, std::uint64_t> expected;
  const auto insert_each = [&](int times) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const int own = i == 0 ? 4 * times : times;  // the first takes several steps
      insert_times(values[i], own);
      expected[values[i]] += own;
    }
  };
  const auto counted = [&] {
    std::map<std::string, std::uint64_t> all;
    for (const std::string& value : values) all[value] = uses(value);
    return all;
  };
  for (const char* name : {kCompact, kCleanup}) {
    bool killed = true;
    int steps = 0;
    for (; killed; ++steps) {
      SCOPED_TRACE(::testing::Message() << name << " killed at step " << steps + 1);
      insert_each(1);
      if (steps % 2 == 1) insert_record("ssn", Bytes(48, 7));
      faults->fail(storage::InjectedFaults::Kind::kCommit, steps + 1);
      const int code = code_of([&] { run(name); });
      faults->heal();
      killed = code == static_cast<int>(ErrorCode::kInternalError);
      ASSERT_EQ(counted(), expected);
      insert_each(1);
      code_of([&] { run(steps % 3 == 0 ? kCleanup : kCompact); });  // goes on with what was left
      code_of([&] { run(kCompact); });                              // and takes what came since
      ASSERT_EQ(counted(), expected);
      ASSERT_EQ(non_anchors(), 0u);
      ASSERT_FALSE(exists(ecoc + ".compact"));
      ASSERT_THAT(all(ecoc), SizeIs(steps % 2));
      remove_all(ecoc);
    }
    EXPECT_GT(steps, 10);  // rename, create, the values by two or three uses, drop
  }
}

TEST_F(CompactInSteps, DeletesAllUsesOfAllValues) {
  std::uint64_t times = 0;
  for (const char* name : {kCompact, kCleanup}) {
    for (const char* value : {"a", "b", "c", "d", "e"}) insert_times(value, 2);
    insert_times("a", 9);
    const Document reply = run(name);
    ++times;
    EXPECT_EQ(stat(reply, "ecoc.read"), 19);
    EXPECT_EQ(non_anchors(), 0u);
    EXPECT_EQ(uses("a"), 11 * times);
    EXPECT_EQ(uses("e"), 2 * times);
  }
}

TEST_F(CompactInSteps, LeavesNoAnchorThatStandsForNothing) {
  for (const char* value : {"a", "b", "a", "a"}) insert_times(value, 1);
  EXPECT_EQ(stat(run(kCompact), "esc.inserted"), 2);  // "b" comes when no deletion is left
}

TEST_F(CompactInSteps, LooksAtTheCounterOfAValueOnce) {
  const auto reads = [&](const CompactionLimits& with) {
    limits = with;
    for (const char* value : {"a", "b", "a", "b"}) insert_times(value, 2);
    const std::int64_t read = stat(run(kCompact), "esc.read");
    remove_all(esc);
    return read;
  };
  EXPECT_EQ(reads({.records = 2, .deletions = 100}), reads({}));
}

TEST_F(CompactInSteps, CleanupLeavesOneDocumentAValue) {
  for (int i = 0; i < 5; ++i) {
    insert_times("a", 4);
    insert_times("b", 1);
    run(kCompact);
  }
  insert_times("a", 1);
  insert_times("b", 1);
  run(kCleanup);
  EXPECT_THAT(all(esc), SizeIs(2));
  EXPECT_EQ(uses("a"), 21u);
  EXPECT_EQ(uses("b"), 6u);
}

TEST_F(CompactInSteps, KeepsWhatItDidBeforeItWasInterrupted) {
  insert_times("a", 30);
  std::size_t left = 30;
  int runs = 0;
  for (; exists(ecoc + ".compact") || left != 0; ++runs) {
    ASSERT_LT(runs, 40);
    // Some transactions succeed, then one cannot.
    faults->fail(storage::InjectedFaults::Kind::kCommit, 5);
    code_of([&] { run(kCompact); });
    faults->heal();
    EXPECT_LE(non_anchors(), left);
    left = non_anchors();
  }
  EXPECT_GT(runs, 2);
  EXPECT_EQ(uses("a"), 30u);
}

TEST_F(CompactInSteps, KeepsEveryRecordThatCouldNotBeFolded) {
  for (int i = 0; i < 7; ++i) {
    insert_record_or_use(i);
  }
  EXPECT_EQ(code_of([&] { run(kCompact); }), 7666502);
  EXPECT_THAT(all(ecoc), SizeIs(4));
  EXPECT_EQ(non_anchors(), 0u);
}

TEST_F(CompactInSteps, AcceptsARecordThatIsInTheNewEcocToo) {
  insert_times("a", 1);
  insert_record("ssn", Bytes(48, 7));
  const auto records = all(ecoc);
  engine.catalog().rename({"db", ecoc}, {"db", ecoc + ".compact"});
  transact([&](Operation& op) {
    const Collection& created = op.collection_or_create({"db", ecoc}, state_collection_options());
    for (const Document& record : records) created.insert(op, record);
  });
  EXPECT_EQ(code_of([&] { run(kCompact); }), 7666502);
  EXPECT_THAT(all(ecoc), SizeIs(2));
  EXPECT_FALSE(exists(ecoc + ".compact"));
}

TEST_F(Compact, ResumesAnInterruptedRun) {
  insert_times("a", 3);
  engine.catalog().rename({"db", ecoc}, {"db", ecoc + ".compact"});  // killed after this step
  insert_times("a", 2);
  const Document reply = run(kCompact);
  EXPECT_EQ(stat(reply, "ecoc.read"), 3);
  EXPECT_EQ(stat(reply, "esc.deleted"), 5);
  EXPECT_EQ(uses("a"), 5u);
  EXPECT_FALSE(exists(ecoc + ".compact"));
  EXPECT_THAT(all(ecoc), SizeIs(2));  // for the next run
  run(kCompact);
  EXPECT_EQ(uses("a"), 5u);
}

TEST_F(Compact, RefusesMalformedCommands) {
  const auto refused = [&](const Document& body) {
    return code_of([&] { check_compact_command(body); });
  };
  EXPECT_EQ(refused(doc(kCompact, "people", "compactionTokens", doc())), 0);
  EXPECT_EQ(refused(doc(kCompact, 1, "compactionTokens", doc())), 73);
  EXPECT_EQ(refused(doc(kCompact, "", "compactionTokens", doc())), 73);
  EXPECT_EQ(refused(doc(kCompact, "people")), 40414);
  EXPECT_EQ(refused(doc(kCompact, "people", "compactionTokens", bson::Null{})), 40414);
  EXPECT_EQ(refused(doc(kCompact, "people", "compactionTokens", 1)), 14);
  EXPECT_EQ(refused(doc(kCompact, "people", "compactionTokens", doc(), "x", 1)), 40415);
  EXPECT_EQ(refused(doc(kCompact, "people", "compactionTokens", doc(), "anchorPaddingFactor", 2)),
            2);
  EXPECT_EQ(
      code_of([&] { check_cleanup_command(doc(kCleanup, "people", "compactionTokens", doc())); }),
      40415);
}

TEST_F(Compact, SaysWhichTokensAreMissing) {
  try {
    check_compact_command(doc(kCompact, "people"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("'compactStructuredEncryptionData.compactionTokens' is missing"));
  }
}

TEST_F(Compact, RefusesPlainCollections) {
  const Document body = command(kCompact, tokens());
  Operation op(engine, ns.database, body);
  EXPECT_EQ(code_of([&] { compact(op, ns, nullptr, body); }), 6346807);
}

TEST_F(Compact, RefusesMissingWrongAndForeignTokens) {
  const auto refused = [&](const Document& with) { return code_of([&] { run(kCompact, with); }); };
  EXPECT_EQ(refused(doc("ssn", bson::Null{})), 7294900);
  const Document unreadable = doc("ssn", bson::Null{}, "card.number", 1, "notes", 1);
  EXPECT_EQ(refused(unreadable), 0);  // nothing to do, nothing read
  insert_times("a", 1);
  EXPECT_EQ(refused(unreadable), 6346801);
  EXPECT_EQ(refused(doc("ssn", doc("ecoc", 1), "card.number", 1, "notes", 1)), 8574701);
  const Document foreign =
      doc("ssn", ecoc_token(key2), "card.number", ecoc_token(key2), "notes", ecoc_token(key2));
  EXPECT_EQ(refused(foreign), 7666502);
  EXPECT_EQ(code_of([&] { run(kCleanup, foreign); }), 7618816);
  EXPECT_EQ(uses("a"), 1u);
  EXPECT_EQ(refused(tokens()), 0);  // the right ones mend it
  EXPECT_EQ(uses("a"), 1u);
}

TEST_F(Compact, CleanupLeavesOneDocumentAValue) {
  for (int i = 0; i < 3; ++i) {
    insert_times("a", 2);
    run(kCompact);
  }
  insert_times("a", 1);
  EXPECT_THAT(all(esc), SizeIs(4));
  const Document reply = run(kCleanup);
  EXPECT_EQ(stat(reply, "esc.inserted"), 1);
  EXPECT_EQ(stat(reply, "esc.deleted"), 4);
  EXPECT_THAT(all(esc), SizeIs(1));
  EXPECT_EQ(uses("a"), 7u);
  insert_times("a", 1);
  EXPECT_EQ(stat(run(kCleanup), "esc.updated"), 1);
  EXPECT_EQ(uses("a"), 8u);
}

TEST_F(Compact, ConcurrentInsertsKeepTheirCounters) {
  std::atomic<bool> stop = false;
  std::thread compactor([&] {
    for (int i = 0; !stop; ++i) run(i % 3 == 2 ? kCleanup : kCompact);
  });
  std::vector<std::thread> writers;
  for (int t = 0; t < 3; ++t) {
    writers.emplace_back([&] { insert_times("a", 60); });
  }
  for (std::thread& writer : writers) writer.join();
  stop = true;
  compactor.join();
  EXPECT_EQ(uses("a"), 180u);
  std::vector<std::string> tags;
  for (const Document& document : all("people")) tags.push_back(tags_of(document).at(0));
  std::sort(tags.begin(), tags.end());
  EXPECT_EQ(std::unique(tags.begin(), tags.end()), tags.end());
  EXPECT_THAT(tags, SizeIs(180));
}

TEST_F(Compact, WaitsForTheOneThatRuns) {
  insert_times("a", 4);
  std::atomic<bool> done = false;
  std::thread waiting;
  {
    const Document other = doc("test", 1);
    Operation op(engine, ns.database, other);
    const CompactionLocks::Guard running(engine.compaction_locks(), op, ns);
    waiting = std::thread([&] {
      run(kCompact);
      done = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    EXPECT_FALSE(done);
    EXPECT_EQ(non_anchors(), 4u);
  }
  waiting.join();
  EXPECT_EQ(non_anchors(), 0u);
}

TEST_F(Compact, WaitingEndsWithTheTimeOfTheCommand) {
  insert_times("a", 1);
  const Document other = doc("test", 1);
  Operation running(engine, ns.database, other);
  const CompactionLocks::Guard guard(engine.compaction_locks(), running, ns);
  const Document body = command(kCompact, tokens());
  Operation op(engine, ns.database, body);
  op.set_time_limit(std::chrono::milliseconds(20));
  EXPECT_EQ(code_of([&] { compact(op, ns, &fields, body); }), 50);
}

TEST_F(Compact, WaitsForATransactionNoLongerThanItMayAndLetsInsertsIn) {
  insert_times("a", 1);
  const auto catalog = engine.catalog().snapshot();
  const auto& ecoc_state = catalog->find(Namespace{"db", ecoc})->state();
  const auto transaction = GatePass::enter({ecoc_state, &ecoc_state->gate}, std::nullopt);
  ASSERT_TRUE(transaction);
  std::thread compaction([&] {
    const Document body = command(kCompact, tokens());
    Operation op(engine, ns.database, body);
    op.set_time_limit(std::chrono::milliseconds(300));
    EXPECT_EQ(code_of([&] { compact(op, ns, &fields, body); }), 50);
  });
  insert_times("a", 20);
  compaction.join();
  EXPECT_FALSE(exists(ecoc + ".compact"));
  EXPECT_EQ(uses("a"), 21u);
}

}  // namespace
}  // namespace quern::engine::qe
