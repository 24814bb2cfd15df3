// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What migrations do to members inside an encrypted struct: nothing but this process can change them.
#include <gmock/gmock.h>

#include <csignal>

#include "project/clinic_fixture.h"

namespace quern::clinic {
namespace {

using testing::AllOf;
using testing::HasSubstr;

namespace before {
struct Address {
  Char<50> street;
};
struct Item {
  std::int32_t price = 0;
};
struct Billing {
  Char<50> cc_type;
  std::int32_t tries = 0;
  Char<20> obsolete;
  std::optional<std::int32_t> limit;
  Address address;
  std::vector<Item> items;
};
struct Patient {
  Id id{};
  std::int64_t number = 0;
  Encrypted<Billing> billing;
  Encrypted<std::vector<Item>> extras;
};
}  // namespace before

namespace after {
struct Address {
  Char<50> road;
};
struct Item {
  std::int32_t cost = 0;
};
struct Billing {
  Char<50> kind;
  std::int64_t tries = 0;
  std::int32_t limit = 9;
  std::int32_t added = 7;
  Address address;
  std::vector<Item> items;
};
struct Patient {
  Id id{};
  std::int64_t number = 0;
  Encrypted<Billing> billing;
  Encrypted<std::vector<Item>> extras;
};
}  // namespace after

constexpr int kPatients = 5;

before::Patient patient(int number) {
  return {.number = number,
          .billing = before::Billing{.cc_type = "Visa " + std::to_string(number),
                                     .tries = number,
                                     .obsolete = "old",
                                     .limit = number == 1 ? std::optional(3) : std::nullopt,
                                     .address = {.street = "Main Street"},
                                     .items = {{.price = 1}, {.price = number}}},
          .extras = std::vector<before::Item>{{.price = number}}};
}

class EncryptedStruct : public Clinic {
 protected:
  // Patients of the first version, and the migration to the second.
  void make_both_versions() {
    {
      Project db = project<before::Patient>();
      migrate(db);
      for (int i = 1; i <= kPatients; ++i) {
        before::Patient one = patient(i);
        db.save(one);
      }
    }
    Project db = project<after::Patient>();
    run_ok(db, {"makemigrations", "--rename", "patient.billing.cc_type=kind", "--rename",
                "patient.billing.address.street=road", "--rename",
                "patient.billing.items.price=cost", "--rename", "patient.extras.price=cost"});
  }

  static void expect_second_version(Project& db) {
    for (int i = 1; i <= kPatients; ++i) {
      const after::Patient found =
          db.objects<after::Patient>().get(f(&after::Patient::number) == i);
      const after::Billing& billing = *found.billing;
      EXPECT_EQ(billing.kind, "Visa " + std::to_string(i));
      EXPECT_EQ(billing.tries, i);
      EXPECT_EQ(billing.limit, i == 1 ? 3 : 9);
      EXPECT_EQ(billing.added, 7);
      EXPECT_EQ(billing.address.road, "Main Street");
      ASSERT_EQ(billing.items.size(), 2u);
      EXPECT_EQ(billing.items[1].cost, i);
      ASSERT_EQ(found.extras->size(), 1u);
      EXPECT_EQ((*found.extras)[0].cost, i);
    }
  }

  // What is encrypted of each patient.
  static std::vector<std::string> plaintexts(Project& db) {
    std::vector<std::string> out;
    const bson::Document find =
        bson::doc("find", "myapp_patient", "sort", bson::doc("number", std::int32_t{1}));
    for_each_decrypted(
        internal::core_of(db).connection("encrypted").runner(), "encrypted_db", find,
        [&](const DecryptedView& document) {
          out.push_back(bson::to_json(document["billing"].plaintext().as_document()));
          return true;
        });
    return out;
  }
};

TEST_F(EncryptedStruct, ItsMembersAreRenamedAddedRemovedAndWidenedInTheCiphertext) {
  make_both_versions();
  Project db = project<after::Patient>();
  run_ok(db, {"migrate", "--database", "encrypted"});
  expect_second_version(db);
  EXPECT_THAT(plaintexts(db), testing::Each(AllOf(HasSubstr("\"kind\""), HasSubstr("\"road\""),
                                                  HasSubstr("\"cost\""), HasSubstr("\"added\" : 7"),
                                                  testing::Not(HasSubstr("cc_type")),
                                                  testing::Not(HasSubstr("obsolete")))));
  const bson::Document stored = stored_patient(db);
  EXPECT_TRUE(stored["billing"].is_binary(bson::BinarySubtype::kEncrypted));
  EXPECT_TRUE(stored["extras"].is_binary(bson::BinarySubtype::kEncrypted));

  after::Patient first = db.objects<after::Patient>().get(f(&after::Patient::number) == 1);
  db.save(first);
  expect_second_version(db);
}

TEST_F(EncryptedStruct, UndoneItsMembersHaveTheirOldNamesAgain) {
  make_both_versions();
  {
    Project db = project<after::Patient>();
    run_ok(db, {"migrate", "--database", "encrypted"});
    run_ok(db, {"migrate", "--database", "encrypted", "myapp", "0001"});
  }
  Project db = project<before::Patient>();
  for (int i = 1; i <= kPatients; ++i) {
    const before::Patient found =
        db.objects<before::Patient>().get(f(&before::Patient::number) == i);
    EXPECT_EQ(found.billing->cc_type, "Visa " + std::to_string(i));
    EXPECT_EQ(found.billing->tries, i);
    EXPECT_EQ(found.billing->address.street, "Main Street");
    EXPECT_EQ(found.billing->items.at(1).price, i);
    EXPECT_EQ(found.extras->at(0).price, i);
  }
}

TEST_F(EncryptedStruct, UnderAnotherNameWithTheSameColumnItStaysAsItIs) {
  {
    Project db = project<before::Patient>();
    migrate(db);
    before::Patient one = patient(1);
    db.save(one);
  }
  struct Patient {
    Id id{};
    std::int64_t number = 0;
    Encrypted<before::Billing> payment;
    Encrypted<std::vector<before::Item>> extras;
    struct Meta {
      static auto columns() { return Columns{column(&Patient::payment, "billing")}; }
    };
  };
  Project db = project<Patient>();
  const bson::Document stored = stored_patient(db);
  EXPECT_THAT(run_ok(db, {"makemigrations"}),
              HasSubstr("~ Rename field billing on patient to payment"));
  run_ok(db, {"migrate", "--database", "encrypted"});
  EXPECT_EQ(stored_patient(db), stored);
  EXPECT_EQ(db.objects<Patient>().get(f(&Patient::number) == 1).payment->cc_type, "Visa 1");
}

// Ends the process at the n-th update.
class KillingAtUpdate : public CommandRunner {
 public:
  KillingAtUpdate(std::shared_ptr<CommandRunner> inner, int n)
      : inner_(std::move(inner)), left_(n) {}
  Reply do_run(std::string_view database, bson::View command, const RunContext& context) override {
    if (command.front().key() == "update" && --left_ == 0) ::raise(SIGKILL);
    return inner_->run(database, command, context);
  }

 private:
  std::shared_ptr<CommandRunner> inner_;
  int left_;
};

class KilledEncryptedStruct : public EncryptedStruct, public testing::WithParamInterface<int> {};

// Every operation stores each patient once, so these lie in the first, a middle and the last one.
INSTANTIATE_TEST_SUITE_P(Updates, KilledEncryptedStruct, testing::Values(1, 3, 8, 17, 29, 38));

TEST_P(KilledEncryptedStruct, TheMigrationSucceedsWhenItIsRunAgain) {
  make_both_versions();
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto migrate_and_die = [&] {
    Project db = project<after::Patient>();
    internal::core_of(db).runner_pool().wrap_runners([](std::shared_ptr<CommandRunner> runner) {
      return std::make_shared<KillingAtUpdate>(std::move(runner), GetParam());
    });
    run(db, {"migrate", "--database", "encrypted"});
  };
  ASSERT_EXIT(migrate_and_die(), testing::KilledBySignal(SIGKILL), "");

  Project db = project<after::Patient>();
  EXPECT_THAT(run_ok(db, {"showmigrations", "--database", "encrypted"}), HasSubstr("[ ] 0002"));
  run_ok(db, {"migrate", "--database", "encrypted"});
  expect_second_version(db);
}

}  // namespace
}  // namespace quern::clinic
