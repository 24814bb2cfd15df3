// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// New members whose default will not do: documents that are there must stay saveable.
#include "project/one_off_values.h"

#include <gmock/gmock.h>

#include "project/clinic_fixture.h"

namespace quern::clinic {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace before {
struct Card {
  Char<20> number;
};
struct Person {
  Id id{};
  std::int64_t number = 0;
  std::optional<Char<10>> title;
  Encrypted<Card> card;
};
}  // namespace before

namespace after {
struct Address {
  Char<30> city;
  std::int64_t zip = 9;
  std::optional<Char<5>> suffix;
};
struct Card {
  Char<20> number;
  Char<30> owner;
};
struct Person {
  Id id{};
  std::int64_t number = 0;
  Char<10> title;
  Encrypted<Card> card;
  Char<30> phone;
  Address address;
};
}  // namespace after

class OneOffValues : public Clinic {
 protected:
  // Two persons of the first version, one of them without a title.
  void make_first_version() {
    Project db = project<before::Person>();
    migrate(db);
    before::Person one{.number = 1, .title = std::nullopt, .card = before::Card{.number = "4111"}};
    before::Person two{.number = 2, .title = "Dr", .card = before::Card{.number = "4222"}};
    db.save(one);
    db.save(two);
  }
  std::size_t files() const {
    const std::filesystem::directory_iterator all(folder_.path() / "myapp/migrations");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
};

const std::vector<std::string> kAllGiven = {"makemigrations",
                                            "--default",
                                            "myapp.Person.phone=unknown",
                                            "--default",
                                            "myapp.person.title=none",
                                            "--default",
                                            "myapp.Person.address.city=Nowhere",
                                            "--default",
                                            "myapp.Person.card.owner=nobody"};

TEST_F(OneOffValues, DocumentsThatWereThereGetThemAndCanBeSaved) {
  make_first_version();
  Project db = project<after::Person>();
  run_ok(db, kAllGiven);
  run_ok(db, {"migrate", "--database", "encrypted"});
  for (const int number : {1, 2}) {
    after::Person found = db.objects<after::Person>().get(f(&after::Person::number) == number);
    EXPECT_EQ(found.phone, "unknown");
    EXPECT_EQ(found.title, number == 1 ? "none" : "Dr");
    EXPECT_EQ(found.address.city, "Nowhere");
    EXPECT_EQ(found.address.zip, 9);
    EXPECT_EQ(found.address.suffix, std::nullopt);
    EXPECT_EQ(found.card->number, number == 1 ? "4111" : "4222");
    EXPECT_EQ(found.card->owner, "nobody");
    EXPECT_NO_THROW(db.save(found));
  }
  EXPECT_THAT(dump(db, "encrypted"), Not(HasSubstr("nobody")))
      << "it is encrypted as its struct is";
}

TEST_F(OneOffValues, TheyAreForOnceAndNoPartOfTheModel) {
  make_first_version();
  Project db = project<after::Person>();
  run_ok(db, kAllGiven);
  EXPECT_EQ(run_ok(db, {"makemigrations"}), "No changes detected\n");
}

TEST_F(OneOffValues, OffATerminalWithoutOneNothingIsWrittenAndTheOptionIsNamed) {
  make_first_version();
  Project db = project<after::Person>();
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"makemigrations"}, {"makemigrations", "--dry-run"}}) {
    const Ran ran = run(db, arguments);
    EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kMigrationRefused));
    EXPECT_THAT(ran.err,
                AllOf(HasSubstr("no migration was written"),
                      HasSubstr("say --default myapp.Person.phone=VALUE (a string of at most 30 "
                                "characters)"),
                      HasSubstr("--default myapp.Person.title=VALUE"),
                      HasSubstr("--default myapp.Person.address.city=VALUE"),
                      HasSubstr("--default myapp.Person.card.owner=VALUE"), Not(HasSubstr("zip")),
                      Not(HasSubstr("suffix"))));
  }
  EXPECT_EQ(files(), 1u);
  const Ran check = run(db, {"makemigrations", "--check"});
  EXPECT_EQ(check.code, 1) << check.err;
  EXPECT_THAT(check.out, HasSubstr("+ Add field phone to person"));
}

TEST_F(OneOffValues, OnATerminalTheyAreAskedForUntilTheyWillDo) {
  make_first_version();
  Project db = project<after::Person>();
  const Ran ran = run(db, {"makemigrations"}, "Mr\nowner\n\nunknown\nNowhere\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("myapp.Person.phone may not be empty"),
                             HasSubstr("This will not do: it cannot be blank.")));
  EXPECT_EQ(files(), 2u);
}

TEST_F(OneOffValues, WithoutAnAnswerNothingIsWritten) {
  make_first_version();
  Project db = project<after::Person>();
  EXPECT_EQ(run(db, {"makemigrations"}, "Mr\n").code, static_cast<int>(ExitCode::kInterrupted));
  EXPECT_EQ(files(), 1u);
}

TEST_F(OneOffValues, OnesThatWillNotDoAndSlipsAreErrorsOfTheCommandLine) {
  make_first_version();
  Project db = project<after::Person>();
  const auto fault = [&](const std::string& option) {
    std::vector<std::string> arguments = kAllGiven;
    arguments.insert(arguments.begin() + 1, {"--default", option});
    const Ran ran = run(db, arguments);
    EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kUsage)) << option;
    return ran.err.substr(0, ran.err.find('\n'));
  };
  EXPECT_THAT(fault("myapp.Person.phone=" + std::string(31, 'x')),
              HasSubstr(": it may have at most 30 characters"));
  EXPECT_EQ(fault("myapp.Person.phone="), "--default myapp.Person.phone=: it cannot be blank");
  EXPECT_THAT(fault("myapp.Person.phon=x"), HasSubstr("there is no such member that is new"));
  EXPECT_THAT(fault("Person.phone=x"), HasSubstr("write it as app.Model.member=VALUE"));
  EXPECT_THAT(fault("myapp.Person.phone"), HasSubstr("write it as app.Model.member=VALUE"));
  EXPECT_EQ(files(), 1u);
}

TEST_F(OneOffValues, AnotherAppsMembersAreNoneOfThisCommandsBusiness) {
  make_first_version();
  struct Other {
    Id id{};
  };
  Project db = project<after::Person>();
  db.app<Other>("other");
  EXPECT_THAT(run_ok(db, {"makemigrations", "other"}), HasSubstr("Create model Other"));
}

}  // namespace
}  // namespace quern::clinic
