// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Migrations on the embedded engine, through the manage binary.
#include <gmock/gmock.h>

#include <csignal>

#include "project/clinic_fixture.h"

namespace quern::clinic {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Migrate : public Clinic {
 protected:
  // A database of the first version with one patient.
  void make_first_version() {
    Project db = project();
    migrate(db);
    Patient patient = john();
    db.save(patient);
  }
};

TEST_F(Migrate, WritesAMigrationAppliesItAndIsDone) {
  Project db = project();
  EXPECT_EQ(run_ok(db, {"makemigrations"}),
            "Migrations for 'myapp':\n  " +
                (folder_.path() / "myapp/migrations/0001_initial.json").string() +
                "\n    + Create model Patient (2 encrypted fields: record.ssn, record.billing)\n");
  EXPECT_EQ(run_ok(db, {"makemigrations"}), "No changes detected\n");
  EXPECT_EQ(run_ok(db, {"migrate", "--database", "encrypted"}),
            "Operations to perform:\n  Apply all migrations: myapp\nRunning migrations:\n"
            "  Applying myapp.0001_initial... OK (2 data keys created)\n");
  EXPECT_EQ(run_ok(db, {"migrate", "--database", "encrypted"}),
            "Operations to perform:\n  Apply all migrations: myapp\nRunning migrations:\n"
            "  No migrations to apply.\n");
  EXPECT_EQ(data_keys(db), 2);
}

TEST_F(Migrate, PreviewOfAFreshProjectDoesNotEvenMakeTheDatabase) {
  Project db = project();
  run_ok(db, {"makemigrations"});
  EXPECT_THAT(run_ok(db, {"migrate", "--database", "encrypted", "--plan"}),
              HasSubstr("Create model Patient"));
  EXPECT_EQ(run(db, {"migrate", "--database", "encrypted", "--check"}).code, 1);
  EXPECT_EQ(run_ok(db, {"showmigrations", "--database", "encrypted"}),
            "myapp\n [ ] 0001_initial\n");
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "data"));
  std::filesystem::create_directories(folder_.path() / "data");
  run_ok(db, {"migrate", "--database", "encrypted", "--plan"});
  run_ok(db, {"showmigrations", "--database", "encrypted"});
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "data")) << "an empty folder stays so";
}

TEST_F(Migrate, PreviewAndDryRunChangeNothing) {
  Project db = project();
  run_ok(db, {"makemigrations"});
  const std::string encrypted = dump(db, "encrypted");
  const std::string plain = dump(db, "default");
  EXPECT_EQ(run_ok(db, {"migrate", "--database", "encrypted", "--plan"}),
            "Planned operations:\nmyapp.0001_initial\n"
            "    Create model Patient (2 encrypted fields: record.ssn, record.billing)\n");
  EXPECT_EQ(run(db, {"migrate", "--database", "encrypted", "--check"}).code, 1);
  run_ok(db, {"showmigrations", "--database", "encrypted"});
  EXPECT_EQ(dump(db, "encrypted"), encrypted);
  EXPECT_EQ(dump(db, "default"), plain);
}

// Passes everything on and writes down the names of commands.
class Recording : public CommandRunner {
 public:
  Recording(std::shared_ptr<CommandRunner> inner, std::vector<std::string>& log)
      : inner_(std::move(inner)), log_(log) {}
  Reply do_run(std::string_view database, bson::View command, const RunContext& context) override {
    log_.emplace_back(command.front().key());
    return inner_->run(database, command, context);
  }

 private:
  std::shared_ptr<CommandRunner> inner_;
  std::vector<std::string>& log_;
};

TEST_F(Migrate, PreviewSendsNothingButReads) {
  std::vector<std::string> log;
  Project db = project();
  internal::core_of(db).runner_pool().wrap_runners([&](std::shared_ptr<CommandRunner> runner) {
    return std::make_shared<Recording>(std::move(runner), log);
  });
  run_ok(db, {"makemigrations"});
  db.plain_runner("encrypted");
  run_ok(db, {"migrate", "--database", "encrypted", "--plan"});
  EXPECT_FALSE(log.empty());
  for (const std::string& command : log) EXPECT_EQ(command, "find");
}

TEST_F(Migrate, DryRunAndCheckWriteNoFile) {
  Project db = project();
  EXPECT_THAT(run_ok(db, {"makemigrations", "--dry-run"}), HasSubstr("\"op\": \"CreateModel\""));
  const Ran check = run(db, {"makemigrations", "--check"});
  EXPECT_EQ(check.code, 1);
  EXPECT_THAT(check.out,
              HasSubstr((folder_.path() / "myapp/migrations/0001_initial.json").string()));
  EXPECT_EQ(run(db, {"makemigrations", "myapp", "--empty", "--check"}).code, 1);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "myapp"));
  run_ok(db, {"makemigrations"});
  EXPECT_EQ(run(db, {"makemigrations", "--check"}).code, 0);
}

TEST_F(Migrate, WhatIsNotForADatabaseIsSkippedAndShown) {
  Project db = project();
  migrate(db);
  EXPECT_THAT(run_ok(db, {"migrate", "--plan"}),
              HasSubstr("Create model Patient (2 encrypted fields: record.ssn, record.billing) "
                        "(skipped: not for this database)\n"));
  EXPECT_THAT(run_ok(db, {"migrate"}),
              HasSubstr("OK (1 operation skipped: not for this database)"));
  EXPECT_EQ(run_ok(db, {"showmigrations"}), "myapp\n [-] 0001_initial\n");
  EXPECT_EQ(run_ok(db, {"showmigrations", "--database", "encrypted"}),
            "myapp\n [X] 0001_initial\n");
  EXPECT_THAT(dump(db, "default"), Not(HasSubstr("myapp_patient")));
}

TEST_F(Migrate, ALaterRouterThatAllowsASkippedOperationIsNoticed) {
  {
    Project db = project();
    migrate(db);
    run_ok(db, {"migrate"});
  }
  Settings open = settings();
  open.database_routers = {};
  Project db{open};
  db.app<Patient>("myapp");
  EXPECT_THAT(run(db, {"migrate"}).err, HasSubstr("skipped \"Create model Patient"));
}

// Ends the process when the collection is about to be created: the keys are there, it is not.
class Killing : public CommandRunner {
 public:
  explicit Killing(std::shared_ptr<CommandRunner> inner) : inner_(std::move(inner)) {}
  Reply do_run(std::string_view database, bson::View command, const RunContext& context) override {
    const bson::Element first = command.front();
    if (first.key() == "create" && first.as_string() == "myapp_patient") ::raise(SIGKILL);
    return inner_->run(database, command, context);
  }

 private:
  std::shared_ptr<CommandRunner> inner_;
};

TEST_F(Migrate, KilledBetweenKeysAndCollectionItSucceedsWhenRunAgain) {
  {
    Project db = project();
    run_ok(db, {"makemigrations"});
  }
  // The child runs this test from its start in a process of its own, and ends here.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto migrate_and_die = [&] {
    Project db = project();
    internal::core_of(db).runner_pool().wrap_runners([](std::shared_ptr<CommandRunner> runner) {
      return std::make_shared<Killing>(std::move(runner));
    });
    run(db, {"migrate", "--database", "encrypted"});
  };
  ASSERT_EXIT(migrate_and_die(), testing::KilledBySignal(SIGKILL), "");

  Project db = project();
  EXPECT_EQ(data_keys(db), 2);
  EXPECT_EQ(run_ok(db, {"showmigrations", "--database", "encrypted"}),
            "myapp\n [ ] 0001_initial\n");
  EXPECT_THAT(run_ok(db, {"migrate", "--database", "encrypted"}),
              HasSubstr("0001_initial... OK\n"));
  EXPECT_EQ(data_keys(db), 2);
  Patient patient = john();
  db.save(patient);
  EXPECT_TRUE(db.objects<Patient>().try_get(ssn == "123-45-6789"));
}

TEST_F(Migrate, ChangesOfPlainMembersReachTheDocumentsOfAnEncryptedCollection) {
  make_first_version();
  Project db = project<v2::Patient>();
  EXPECT_THAT(run_ok(db, {"makemigrations", "--rename", "patient.name=full_name"}),
              AllOf(HasSubstr("~ Rename field name on patient to full_name"),
                    HasSubstr("+ Add field record.visits to patient"),
                    HasSubstr("+ Create index full_name_1 on field(s) full_name of model patient"),
                    HasSubstr("+ Create constraint unique_number on field(s) number of model")));
  run_ok(db, {"migrate", "--database", "encrypted"});
  const v2::Patient found =
      db.objects<v2::Patient>().get(f(&v2::Patient::record, &v2::Record::ssn) == "123-45-6789");
  EXPECT_EQ(found.full_name, "John Doe");
  const bson::Document stored = stored_patient(db);
  EXPECT_EQ(stored["full_name"].as_string(), "John Doe");
  EXPECT_TRUE(stored["name"].missing());
  EXPECT_EQ(stored.view().at_path("record.visits").as_int32(), 7);
  EXPECT_THAT(dump(db, "encrypted"), AllOf(HasSubstr("full_name_1"), HasSubstr("unique_number")));
  v2::Patient twin = found;
  twin.id = {};
  EXPECT_THROW(db.save(twin), IntegrityError);
}

// Fails when a migration is about to be recorded: everything of it has been done.
class Forgetful : public CommandRunner {
 public:
  explicit Forgetful(std::shared_ptr<CommandRunner> inner) : inner_(std::move(inner)) {}
  Reply do_run(std::string_view database, bson::View command, const RunContext& context) override {
    const bson::Element first = command.front();
    if (first.key() == "insert" && first.as_string() == "quern_migrations") {
      throw DatabaseError(ErrorCode::kInternalError, "no more");
    }
    return inner_->run(database, command, context);
  }

 private:
  std::shared_ptr<CommandRunner> inner_;
};

TEST_F(Migrate, InterruptedBeforeItIsRecordedAMigrationStartsAnew) {
  make_first_version();
  {
    Project db = project<v2::Patient>();
    run_ok(db, {"makemigrations", "--rename", "patient.name=full_name"});
    internal::core_of(db).runner_pool().wrap_runners([](std::shared_ptr<CommandRunner> runner) {
      return std::make_shared<Forgetful>(std::move(runner));
    });
    EXPECT_EQ(run(db, {"migrate", "--database", "encrypted"}).code,
              static_cast<int>(ExitCode::kDatabase));
  }
  Project db = project<v2::Patient>();
  EXPECT_THAT(run_ok(db, {"migrate", "--database", "encrypted"}), HasSubstr("... OK\n"));
  const bson::Document stored = stored_patient(db);
  EXPECT_EQ(stored["full_name"].as_string(), "John Doe");
  EXPECT_EQ(stored.view().at_path("record.visits").as_int32(), 7);
}

TEST_F(Migrate, ANameThatIsNoFileNameIsRefusedBeforeAnythingIsShown) {
  Project db = project();
  for (const char* name : {"a/b", "../c", "a b", "a.json"}) {
    const Ran ran = run(db, {"makemigrations", "--name", name});
    EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kUsage)) << name;
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr("letters, digits and underscores"));
  }
}

TEST_F(Migrate, ARenameThatFitsNoChangeWritesNoMigration) {
  make_first_version();
  Project db = project<v2::Patient>();
  const auto fault = [&](const std::string& rename) {
    const Ran ran = run(db, {"makemigrations", "--rename", rename});
    EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kUsage)) << rename;
    EXPECT_EQ(ran.out, "");
    return ran.err.substr(0, ran.err.find('\n'));
  };
  EXPECT_EQ(fault("patient.nam=full_name"),
            "--rename patient.nam=full_name: patient has no member 'nam' that is gone");
  EXPECT_EQ(fault("patient.number=full_name"),
            "--rename patient.number=full_name: patient has no member 'number' that is gone");
  EXPECT_EQ(
      fault("patient.name=fullname"),
      "--rename patient.name=fullname: patient has no new member 'fullname' that 'name' could "
      "have become");
  EXPECT_EQ(fault("patients.name=full_name"),
            "--rename patients.name=full_name: there is no model 'patients' with migrations");
  const std::filesystem::directory_iterator files(folder_.path() / "myapp/migrations");
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST_F(Migrate, ARenameNamesTheModelInAnyCaseAndTakesOneValue) {
  make_first_version();
  Project db = project<v2::Patient>();
  EXPECT_THAT(
      run_ok(db, {"makemigrations", "--dry-run", "--rename", "Patient.name=full_name", "myapp"}),
      HasSubstr("~ Rename field name on patient to full_name"));
}

TEST_F(Migrate, WithoutATerminalAMemberThatMayHaveBeenRenamedIsWarnedOf) {
  make_first_version();
  Project db = project<v2::Patient>();
  EXPECT_THAT(run(db, {"makemigrations", "--dry-run"}).err,
              HasSubstr("Warning: patient.name is taken as removed and patient.full_name as new"));
  const std::vector<std::string> asked_nothing = {"makemigrations", "--dry-run", "--noinput",
                                                  "--default", "myapp.Patient.full_name=Nobody"};
  EXPECT_EQ(run(db, asked_nothing).err, "");
}

// One model with numbers of two widths.
namespace narrow {
struct Visit {
  Id id{};
  std::int32_t minutes = 0;
};
}  // namespace narrow
namespace wide {
struct Visit {
  Id id{};
  std::int64_t minutes = 0;
};
}  // namespace wide

TEST_F(Migrate, ANarrowerNumberIsRefused) {
  {
    Project db = project<wide::Visit>();
    migrate(db);
  }
  Project db = project<narrow::Visit>();
  const Ran ran = run(db, {"makemigrations"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kMigrationRefused));
  EXPECT_THAT(ran.err, HasSubstr("Visit.minutes: stored values of type long cannot"));
}

TEST_F(Migrate, AWiderNumberIsUndoneOnlyIfEveryValueFits) {
  {
    Project db = project<narrow::Visit>();
    migrate(db);
    narrow::Visit visit{.minutes = 5};
    db.save(visit);
  }
  Project db = project<wide::Visit>();
  migrate(db);
  wide::Visit long_visit{.minutes = std::int64_t{1} << 40};
  db.save(long_visit);
  const std::string before = dump(db, "encrypted");
  const Ran ran = run(db, {"migrate", "--database", "encrypted", "myapp", "0001"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kMigrationRefused));
  EXPECT_THAT(ran.err, HasSubstr("1 stored value of myapp.Visit.minutes does not fit the type int: "
                                 "nothing was changed"));
  EXPECT_EQ(dump(db, "encrypted"), before);

  db.remove(long_visit);
  run_ok(db, {"migrate", "--database", "encrypted", "myapp", "0001"});
  EXPECT_THAT(dump(db, "encrypted"), HasSubstr(R"("minutes" : { "$numberInt" : "5" })"));
}

TEST_F(Migrate, ARenameIsAskedAboutOnATerminal) {
  make_first_version();
  Project db = project<v2::Patient>();
  const Ran yes = run(db, {"makemigrations", "--dry-run"}, "y\n");
  EXPECT_THAT(yes.out,
              AllOf(HasSubstr("Did you rename patient.name to patient.full_name (a string)? "
                              "[y/N] "),
                    HasSubstr("~ Rename field name on patient to full_name")));
  EXPECT_THAT(run(db, {"makemigrations", "--dry-run"}, "\nNobody\n").out,
              HasSubstr("- Remove field name from patient"));
  const std::vector<std::string> asked_nothing = {"makemigrations", "--dry-run", "--noinput",
                                                  "--default", "myapp.Patient.full_name=Nobody"};
  EXPECT_THAT(run(db, asked_nothing, "y\n").out,
              AllOf(Not(HasSubstr("Did you rename")), HasSubstr("- Remove field name")));
}

TEST_F(Migrate, AnAnswerIsYesOrNoHoweverItIsWritten) {
  make_first_version();
  Project db = project<v2::Patient>();
  const auto answered = [&](const std::string& text) {
    return run(db, {"makemigrations", "--dry-run"}, text).out;
  };
  for (const char* yes : {"y\n", "Y\n", "YES\n", " Yes \n", "y"}) {
    EXPECT_THAT(answered(yes), HasSubstr("~ Rename field name")) << yes;
  }
  for (const char* no : {"\n", "n\n", "No\n", "NO \r\n"}) {
    EXPECT_THAT(answered(std::string(no) + "Nobody\n"), HasSubstr("- Remove field name")) << no;
  }
  EXPECT_THAT(answered("yep\ny\n"), testing::ContainsRegex("Did you .*Did you .*~ Rename field"));
}

TEST_F(Migrate, WithoutAnAnswerNothingIsWritten) {
  make_first_version();
  Project db = project<v2::Patient>();
  const Ran ran = run(db, {"makemigrations"}, "perhaps");
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kInterrupted));
  EXPECT_THAT(ran.err, HasSubstr("nothing was written"));
  const std::filesystem::directory_iterator files(folder_.path() / "myapp/migrations");
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST_F(Migrate, ARenameThatIsGivenLeavesNoDoubtAboutTheOtherCandidates) {
  struct Record {
    quern::Encrypted<quern::Char<11>> ssn;
    std::string first, second;
  };
  struct NewRecord {
    quern::Encrypted<quern::Char<11>> ssn;
    std::string third;
  };
  {
    struct Note {
      Id id{};
      std::string first, second;
      Record record;
    };
    Project db = project<Note>();
    migrate(db);
  }
  struct Note {
    Id id{};
    std::string third, fourth;
    NewRecord record;
  };
  Project db = project<Note>();
  const std::vector<std::string> arguments = {
      "makemigrations", "--dry-run",         "--rename", "note.second=third",
      "--rename",       "note.first=fourth", "--rename", "note.record.second=third"};
  for (const char* typed : {"", "y\n"}) {
    const Ran ran = run(db, arguments, typed);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.err, "");
    EXPECT_THAT(ran.out, AllOf(Not(HasSubstr("Did you")),
                               HasSubstr("~ Rename field second on note to third"),
                               HasSubstr("~ Rename field first on note to fourth"),
                               HasSubstr("~ Rename field record.second on note to third"),
                               HasSubstr("- Remove field record.first from note")));
  }
}

TEST_F(Migrate, AMigrationThatCannotBeWrittenIsNotAnnounced) {
  Project db = project();
  folder_.write("myapp", "a file, not a folder");
  const Ran ran = run(db, {"makemigrations"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err,
              AllOf(HasSubstr("cannot write "), HasSubstr(" is a file, where a folder must be")));
}

TEST_F(Migrate, GoesBackAndForth) {
  make_first_version();
  Project db = project<v2::Patient>();
  run_ok(db, {"makemigrations", "--rename", "patient.name=full_name"});
  run_ok(db, {"migrate", "--database", "encrypted"});
  EXPECT_EQ(
      run_ok(db, {"migrate", "--database", "encrypted", "--plan", "myapp", "0001"}),
      "Planned operations:\nmyapp.0002_rename_name_patient_full_name_patient_record_visits_and_"
      "more\n"
      "    Undo Create constraint unique_number on field(s) number of model patient\n"
      "    Undo Create index full_name_1 on field(s) full_name of model patient\n"
      "    Undo Add field record.visits to patient\n"
      "    Undo Rename field name on patient to full_name\n");
  EXPECT_THAT(run_ok(db, {"migrate", "--database", "encrypted", "myapp", "0001"}),
              HasSubstr("Unapplying myapp.0002"));
  const bson::Document stored = stored_patient(db);
  EXPECT_EQ(stored["name"].as_string(), "John Doe");
  EXPECT_TRUE(stored.view().at_path("record.visits").missing());
  EXPECT_THAT(dump(db, "encrypted"), Not(HasSubstr("unique_number")));

  run_ok(db, {"migrate", "--database", "encrypted", "myapp", "zero"});
  EXPECT_THAT(dump(db, "encrypted"),
              AllOf(Not(HasSubstr("myapp_patient\"")), Not(HasSubstr("enxcol_"))));
  EXPECT_EQ(data_keys(db), 2);
  run_ok(db, {"migrate", "--database", "encrypted"});
  EXPECT_EQ(data_keys(db), 2);
}

TEST_F(Migrate, RefusedChangesWriteNoMigration) {
  make_first_version();
  namespace m = quern::clinic;
  struct Patient {
    Id id{};
    Encrypted<Char<255>> name;
    std::int64_t number = 0;
    m::Record record;
  };
  Project db = project<Patient>();
  const Ran ran = run(db, {"makemigrations"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kMigrationRefused));
  EXPECT_THAT(ran.err, AllOf(HasSubstr("no migration was written"),
                             HasSubstr("Patient.name holds data in the clear")));
  const std::filesystem::directory_iterator files(folder_.path() / "myapp/migrations");
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST_F(Migrate, AModelWithSecretsIsNotCreatedInAPlainDatabase) {
  Settings open = settings();
  open.database_routers = {};
  Project db{open};
  db.app<Patient>("myapp");
  run_ok(db, {"makemigrations"});
  const Ran ran = run(db, {"migrate"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(
      ran.err,
      HasSubstr("Tried to create model myapp.Patient in 'default' database. The model has "
                "encrypted fields but databases.default is missing the \"auto_encryption\""));
}

TEST_F(Migrate, ACreationWithKeysCannotBeFaked) {
  Project db = project();
  run_ok(db, {"makemigrations"});
  const Ran ran = run(db, {"migrate", "--database", "encrypted", "--fake"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kMigrationRefused));
  EXPECT_THAT(ran.err, HasSubstr("cannot be faked"));
}

TEST_F(Migrate, FakedChangesAreRecordedOnly) {
  make_first_version();
  Project db = project<v2::Patient>();
  run_ok(db, {"makemigrations", "--rename", "patient.name=full_name"});
  EXPECT_THAT(run_ok(db, {"migrate", "--database", "encrypted", "--fake"}), HasSubstr("... FAKED"));
  EXPECT_THAT(run_ok(db, {"showmigrations", "--database", "encrypted"}), HasSubstr("(faked)"));
  EXPECT_EQ(stored_patient(db)["name"].as_string(), "John Doe");
}

TEST_F(Migrate, AnAppliedFileThatWasEditedIsReported) {
  make_first_version();
  const std::string name = "myapp/migrations/0001_initial.json";
  std::string text = folder_.read(name);
  text.replace(text.find("255"), 3, "256");
  folder_.write(name, text);
  Project db = project();
  EXPECT_THAT(run(db, {"migrate", "--database", "encrypted"}).err,
              HasSubstr("myapp.0001_initial was changed after it was applied to 'encrypted'"));
}

TEST_F(Migrate, FunctionsRunForwardsAndBack) {
  make_first_version();
  Project db = project();
  db.function("myapp", "shout", [](const MigrationContext& context) {
    context.db.objects<Patient>(std::string(context.alias)).update_each([](Patient& patient) {
      patient.name = "JOHN DOE";
    });
  });
  run_ok(db, {"makemigrations", "myapp", "--empty", "--name", "shout"});
  const std::string name = "myapp/migrations/0002_shout.json";
  std::string text = folder_.read(name);
  const std::string empty = "\"operations\": []";
  ASSERT_NE(text.find(empty), std::string::npos) << text;
  text.replace(text.find(empty), empty.size(),
               R"("operations": [{"op": "RunFunction", "forwards": "shout", "backwards": null}])");
  folder_.write(name, text);
  run_ok(db, {"migrate", "--database", "encrypted"});
  EXPECT_EQ(db.objects<Patient>().get(ssn == "123-45-6789").name, "JOHN DOE");
  const Ran back = run(db, {"migrate", "--database", "encrypted", "myapp", "0001"});
  EXPECT_EQ(back.code, static_cast<int>(ExitCode::kMigrationRefused));
  EXPECT_THAT(back.err, HasSubstr("\"Run function shout\" has no way back"));
}

// What an operation says as the only one of a migration after the first.
std::string migration_of(const std::string& name, const std::string& operation,
                         const std::string& parent = "0001_initial") {
  return R"({"format": 1, "app": "myapp", "name": ")" + name +
         R"(", "dependencies": [["myapp", ")" + parent + R"("]], "operations": [)" + operation +
         "]}";
}

TEST_F(Migrate, AFunctionThatIsMissingIsToldBeforeAnythingRuns) {
  Project db = project();
  run_ok(db, {"makemigrations"});
  folder_.write("myapp/migrations/0002_shout.json",
                migration_of("0002_shout", R"({"op": "RunFunction", "forwards": "shout"})"));
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{}, {"--plan"}}) {
    std::vector<std::string> arguments = {"migrate", "--database", "encrypted"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Ran ran = run(db, arguments);
    EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kMigrationRefused));
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr("MigrationError: myapp.0002_shout needs the function 'shout' of "
                                   "app 'myapp'"));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "data"));
}

TEST_F(Migrate, FaultsOfMigrationFilesAreRefusals) {
  Project db = project();
  run_ok(db, {"makemigrations"});
  const auto fault = [&](const std::string& name, const std::string& text) {
    folder_.write("myapp/migrations/" + name + ".json", text);
    const Ran ran = run(db, {"migrate", "--database", "encrypted"});
    std::filesystem::remove(folder_.path() / "myapp/migrations" / (name + ".json"));
    EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kMigrationRefused)) << ran.err;
    EXPECT_THAT(ran.err, testing::StartsWith("MigrationError: "));
    return ran.err;
  };
  EXPECT_THAT(fault("0002_a", "{"), HasSubstr("0002_a.json: "));
  EXPECT_THAT(fault("0002_a", migration_of("0002_a", R"({"op": "Nothing"})")),
              HasSubstr("unknown operation \"Nothing\""));
  EXPECT_THAT(fault("0002_a", migration_of("0002_a", "", "0000_none")),
              HasSubstr("nonexistent parent node myapp.0000_none"));
  EXPECT_THAT(fault("0002_a", migration_of("0002_a", R"({"op": "DeleteModel", "model": "Other"})")),
              HasSubstr("migration myapp.0002_a: Delete model Other"));
  folder_.write("myapp/migrations/0002_b.json", migration_of("0002_b", ""));
  EXPECT_THAT(fault("0002_a", migration_of("0002_a", "")), HasSubstr("multiple leaf nodes"));
}

TEST_F(Migrate, WithAnotherKeyThanTheVaultsNoDataKeyIsMade) {
  make_first_version();
  folder_.write("local_kek", std::string(96, 'x'), 0600);
  struct Note {
    Id id{};
    Encrypted<std::string> text;
  };
  Project db = project();
  db.app<Note>("myapp");
  run_ok(db, {"makemigrations"});
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{}, {"--plan"}}) {
    std::vector<std::string> arguments = {"migrate", "--database", "encrypted"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Ran ran = run(db, arguments);
    EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kConfiguration));
    EXPECT_EQ(ran.out, "") << "before anything runs";
    EXPECT_THAT(ran.err, HasSubstr("is not the one that wrapped it"));
  }
  EXPECT_EQ(data_keys(db), 2);
  EXPECT_THAT(dump(db, "encrypted"), Not(HasSubstr("myapp_note")));
}

TEST_F(Migrate, RemovedEncryptedMembersStayInTheMapAndTheOthersWork) {
  make_first_version();
  struct Record {
    Encrypted<Char<11>, equality> ssn;
    Decimal<10, 2> amount;
  };
  struct Patient {
    Id id{};
    Char<255> name;
    std::int64_t number = 0;
    Record record;
  };
  Project db = project<Patient>();
  const Ran made = run(db, {"makemigrations"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.err, HasSubstr("record.billing is removed from the model only"));
  run_ok(db, {"migrate", "--database", "encrypted"});
  EXPECT_THAT(run_ok(db, {"showencryptedfieldsmap", "--database", "encrypted"}),
              HasSubstr("record.billing"));
  Patient patient = db.objects<Patient>().get(f(&Patient::record, &Record::ssn) == "123-45-6789");
  patient.name = "Jane Doe";
  db.save(patient);
  EXPECT_TRUE(stored_patient(db)
                  .view()
                  .at_path("record.billing")
                  .is_binary(bson::BinarySubtype::kEncrypted));
}

TEST_F(Migrate, DeletedModelsTakeTheirStateCollectionsAlong) {
  make_first_version();
  struct Other {
    Id id{};
  };
  Project db = project<Other>();
  EXPECT_THAT(run_ok(db, {"makemigrations"}), HasSubstr("- Delete model Patient"));
  run_ok(db, {"migrate", "--database", "encrypted"});
  EXPECT_THAT(dump(db, "encrypted"),
              AllOf(Not(HasSubstr("\"myapp_patient\"")), Not(HasSubstr("enxcol_"))));
}

TEST_F(Migrate, WithoutMigrationsTheCommandThatWritesThemIsNamed) {
  Project db = project();
  const Ran ran = run(db, {"migrate", "myapp"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kUsage));
  EXPECT_THAT(ran.err, HasSubstr("App 'myapp' does not have migrations. Run 'manage makemigrations "
                                 "myapp' to write them."));
  EXPECT_THAT(run(db, {"makemigrations", "--empty"}).err, HasSubstr("There are: myapp"));
  EXPECT_THAT(run(db, {"showmigrations", "nope"}).err, HasSubstr("There are: myapp"));
}

TEST_F(Migrate, WrongTargetsAreNamed) {
  make_first_version();
  Project db = project();
  const auto fault = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"migrate", "--database", "encrypted"});
    const Ran ran = run(db, std::move(arguments));
    EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kUsage));
    return ran.err;
  };
  EXPECT_THAT(fault({"nope"}), HasSubstr("No installed app with label 'nope'. There are: myapp"));
  EXPECT_THAT(
      fault({"myapp", "0009"}),
      HasSubstr("Cannot find a migration matching '0009' from app 'myapp'. There are: zero, "
                "0001_initial"));
}

}  // namespace
}  // namespace quern::clinic
