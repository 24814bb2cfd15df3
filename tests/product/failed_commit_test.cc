// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A commit that the medium fails, as a client of the models sees it.
#include <gtest/gtest.h>

#include <memory>

#include "clinic_fixture.h"
#include "models/session.h"
#include "quern/models/models.h"
#include "storage/rocks_store.h"
#include "storage/testing/faulty_store.h"

namespace quern::product {
namespace {

struct Note {
  Id id{};
  Char<20> title;
};

class NoteSession : private internal::SessionCore, public ModelSession {
 public:
  explicit NoteSession(CommandRunner& runner)
      : ModelSession(static_cast<internal::SessionCore&>(*this)), runner_(runner) {}
  const ModelRef& registered(const ModelInfo& model) override {
    note_ = {"notes", model.name, model.collection_name("notes"), &model};
    return note_;
  }
  std::string choose_database(const ModelRef&, internal::DatabaseUse, const Hints&) override {
    return "default";
  }
  internal::Target target(std::string_view) override {
    return {"default", "notes", &runner_, false};
  }

 private:
  CommandRunner& runner_;
  ModelRef note_;
};

TEST(FailedCommit, IsSentAgainAndTakesEffectOnce) {
  const testing::TemporaryFolder directory;
  storage::RocksOptions options;
  options.directory = directory.path();
  options.durability.mode = storage::Durability::Mode::kAlways;
  const auto faults = std::make_shared<storage::InjectedFaults>();
  engine::EngineRunner engine(
      storage::make_faulty_store(storage::open_rocks_store(options), faults), {});
  NoteSession db(engine);
  int runs = 0;
  db.transaction([&](Transaction& tx) {
    ++runs;
    Note note{.title = "a"};
    tx.save(note);
    faults->fail(storage::InjectedFaults::Kind::kSync, 1);
  });
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(db.objects<Note>().count(), 1);
}

}  // namespace
}  // namespace quern::product
