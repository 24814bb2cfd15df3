// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/router_chain.h"

#include <gmock/gmock.h>

#include "quern/base/error.h"

namespace quern {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Property;
using testing::Throws;

const ModelRef kPatient{.app_label = "myapp", .name = "Patient", .collection = "", .info = nullptr};

// Writes down when it is asked, and says what it was told to say.
struct Recorder {
  std::string name;
  std::vector<std::string>* log;
  std::optional<std::string> read = std::nullopt;
  std::optional<bool> migrate = std::nullopt;

  std::optional<std::string> db_for_read(const ModelRef& model, const Hints&) const {
    log->push_back(name + " read " + model.app_label + "." + model.name);
    return read;
  }
  std::optional<bool> allow_migrate(std::string_view db, std::string_view app,
                                    std::string_view model, const Hints&) const {
    log->push_back(name + " migrate " + std::string(db) + " " + std::string(app) + "." +
                   std::string(model));
    return migrate;
  }
};

struct NoRouter {
  std::optional<std::string> db_for_raed(const ModelRef&, const Hints&) const { return ""; }
};
// Overloaded and templated members are found too.
struct Overloaded {
  std::optional<std::string> db_for_read(const ModelRef&, const Hints&) const {
    return "encrypted";
  }
  std::optional<std::string> db_for_read(int) const { return ""; }
  template <class Model>
  std::optional<std::string> db_for_write(const Model&, const Hints&) const {
    return "default";
  }
  std::optional<bool> allow_relation(int) const { return true; }
};
struct Final final {
  std::optional<std::string> db_for_read(const ModelRef&, const Hints&) const {
    return "encrypted";
  }
};
struct OnlyRelations {
  std::optional<bool> allow_relation(const ModelRef&, const ModelRef&, const Hints&) const {
    return true;
  }
};

static_assert(std::convertible_to<Recorder, Router>);
static_assert(std::convertible_to<AppRouter, Router>);
static_assert(std::convertible_to<Final, Router>);
static_assert(!std::convertible_to<NoRouter, Router>, "a misspelt member must not go unnoticed");
static_assert(!std::convertible_to<OnlyRelations, Router>);

RouterChain chain(std::vector<Router> routers) {
  return RouterChain(std::move(routers), {"default", "encrypted"});
}

TEST(RouterChain, AsksInOrderUntilOneHasAnOpinion) {
  std::vector<std::string> log;
  const RouterChain routers = chain(
      {Recorder{"a", &log}, Recorder{"b", &log, "encrypted"}, Recorder{"c", &log, "default"}});
  EXPECT_EQ(routers.db_for_read(kPatient), "encrypted");
  EXPECT_THAT(log, ElementsAre("a read myapp.Patient", "b read myapp.Patient"));
}

TEST(RouterChain, WithoutAnOpinionTheObjectsDatabaseThenDefault) {
  std::vector<std::string> log;
  const RouterChain routers = chain({Recorder{"a", &log}});
  EXPECT_EQ(routers.db_for_read(kPatient, {.instance_database = "encrypted"}), "encrypted");
  EXPECT_EQ(routers.db_for_read(kPatient), "default");
  EXPECT_EQ(routers.db_for_write(kPatient), "default");
}

TEST(RouterChain, AnEmptyAnswerIsNoOpinion) {
  std::vector<std::string> log;
  EXPECT_EQ(chain({Recorder{"a", &log, ""}}).db_for_read(kPatient), "default");
}

TEST(RouterChain, NoAndNoOpinionDifferInMigrations) {
  std::vector<std::string> log;
  EXPECT_TRUE(chain({Recorder{"a", &log}}).allow_migrate("default", "myapp", "Patient"));
  EXPECT_THAT(log, ElementsAre("a migrate default myapp.Patient"));
  EXPECT_FALSE(chain({Recorder{"a", &log, {}, false}, Recorder{"b", &log, {}, true}})
                   .allow_migrate("default", "myapp", "Patient"));
}

TEST(RouterChain, UnknownAliasIsAnErrorThatNamesTheRouter) {
  std::vector<std::string> log;
  const RouterChain routers = chain({Recorder{"a", &log, "encrypt"}});
  EXPECT_THAT(
      [&] { routers.db_for_read(kPatient); },
      Throws<ImproperlyConfigured>(Property(
          &Error::what, HasSubstr("router Recorder returned unknown database 'encrypt'. Did "
                                  "you mean 'encrypted'?"))));
}

TEST(Router, MembersAreFoundHoweverTheyAreDeclared) {
  const RouterChain routers = chain({Overloaded{}});
  EXPECT_EQ(routers.db_for_read(kPatient), "encrypted");
  EXPECT_EQ(routers.db_for_write(kPatient), "default");
  EXPECT_TRUE(Router(Overloaded{}).has_allow_relation());
  EXPECT_FALSE(Router(AppRouter{}).has_allow_relation());
}

TEST(RouterChain, ExplainsWhoDecided) {
  std::vector<std::string> log;
  const RouterChain routers =
      chain({Recorder{"a", &log}, AppRouter{.app = "myapp", .database = "encrypted"}});
  EXPECT_EQ(routers.who_decided_write(kPatient), "Recorder (no opinion), AppRouter ('encrypted')");
  EXPECT_EQ(chain({}).who_decided_write(kPatient), "none");
}

TEST(AppRouter, KeepsItsAppInAndOthersOutOfItsDatabase) {
  const RouterChain routers = chain({AppRouter{.app = "myapp", .database = "encrypted"}});
  EXPECT_EQ(routers.db_for_write(kPatient), "encrypted");
  EXPECT_TRUE(routers.allow_migrate("encrypted", "myapp", "Patient"));
  EXPECT_FALSE(routers.allow_migrate("default", "myapp", "Patient"));
  EXPECT_FALSE(routers.allow_migrate("encrypted", "other", "Thing"));
  EXPECT_TRUE(routers.allow_migrate("default", "other", "Thing"));
}

}  // namespace
}  // namespace quern
