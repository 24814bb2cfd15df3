// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The manage binary: help, usage errors, exit codes and the commands that are not about migrations.
#include "quern/project/manage.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <sstream>

#include "migrations/migration_error.h"
#include "project/clinic_fixture.h"

namespace quern::clinic {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::Throws;

class Manage : public Clinic {};

TEST_F(Manage, WithoutACommandItHelps) {
  Project db = project("memory:");
  EXPECT_THAT(run_ok(db, {}), AllOf(StartsWith("Usage: manage COMMAND"),
                                    HasSubstr("makemigrations"), HasSubstr("generatelocalkey")));
  EXPECT_EQ(run_ok(db, {"help"}), run_ok(db, {"--help"}));
  EXPECT_EQ(run_ok(db, {"help", "help"}), run_ok(db, {"help"}));
}

TEST_F(Manage, EveryCommandHasHelpWithItsOptions) {
  Project db = project("memory:");
  for (const char* command :
       {"backup", "check", "compact", "completion", "diffsettings", "dumpdata", "generatelocalkey",
        "inspect", "loaddata", "makemigrations", "migrate", "repair", "restore",
        "showencryptedfieldsmap", "showmigrations", "validate", "version"}) {
    EXPECT_EQ(run_ok(db, {"help", command}), run_ok(db, {command, "--help"}));
  }
  EXPECT_THAT(run_ok(db, {"help", "migrate"}),
              AllOf(HasSubstr("--database"), HasSubstr("--plan"), HasSubstr("Examples:"),
                    HasSubstr("manage migrate --database encrypted")));
}

TEST_F(Manage, UnknownCommandsGetTheNearestName) {
  Project db = project("memory:");
  const Ran ran = run(db, {"migarte"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kUsage));
  EXPECT_EQ(ran.err,
            "Unknown command: 'migarte'. Did you mean migrate?\nType 'manage help' for usage.\n");
}

TEST_F(Manage, UnknownOptionsGetTheNearestName) {
  Project db = project("memory:");
  const auto fault = [&](const std::vector<std::string>& arguments) {
    const Ran ran = run(db, arguments);
    EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kUsage));
    return ran.err.substr(0, ran.err.find('\n'));
  };
  EXPECT_EQ(fault({"migrate", "--databse", "x"}),
            "migrate: Unknown option '--databse'. Did you mean --database?");
  EXPECT_EQ(fault({"inspect", "--limti=5"}),
            "inspect: Unknown option '--limti'. Did you mean --limit?");
  EXPECT_EQ(fault({"generatelocalkey", "--xyz"}), "generatelocalkey: Unknown option '--xyz'.")
      << "although the path is missing, too";
  EXPECT_EQ(fault({"check", "now"}), "check: 'now' is one argument too many. Leave it out.");
}

TEST_F(Manage, UnknownAliasesAreNamed) {
  Project db = project("memory:");
  const Ran ran = run(db, {"migrate", "--database", "nope"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(ran.err, HasSubstr("The connection 'nope' doesn't exist. The settings have: default, "
                                 "encrypted"));
}

TEST_F(Manage, RunsAProjectsOwnCommands) {
  Project db = project("memory:");
  db.command({.name = "greet",
              .summary = "Say hello.",
              .options = {{.name = "--times", .help = "How often.", .value = "N", .fallback = "2"},
                          {.name = "--loud", .help = "In capitals."},
                          {.name = "who", .help = "Whom.", .value = "NAME", .required = true}},
              .run = [](CommandContext& context) {
                for (int i = 0; i < context.arguments.number("times"); ++i) {
                  context.console.out << (context.arguments.has("loud") ? "HELLO " : "hello ")
                                      << context.arguments.text("who") << '\n';
                }
                return ExitCode::kOk;
              }});
  EXPECT_EQ(run_ok(db, {"greet", "ada"}), "hello ada\nhello ada\n");
  EXPECT_EQ(run_ok(db, {"greet", "--times", "1", "--loud", "ada"}), "HELLO ada\n");
  EXPECT_EQ(run(db, {"greet"}).code, static_cast<int>(ExitCode::kUsage));
  EXPECT_EQ(run(db, {"greet", "ada", "--times", "x"}).code, static_cast<int>(ExitCode::kUsage));
  EXPECT_THAT(run_ok(db, {"help"}), HasSubstr("Commands of this project:\n  greet"));
  EXPECT_THROW(db.command({.name = "greet", .summary = "", .run = {}}), ImproperlyConfigured);
  EXPECT_THROW(db.command({.name = "migrate", .summary = "", .run = {}}), ImproperlyConfigured);
}

TEST_F(Manage, VerboseShowsEveryCommandOfTheDatabaseAndNoValue) {
  Project quiet = project("memory:");
  EXPECT_EQ(run(quiet, {"showmigrations"}).err, "");
  Project db = project("memory:");
  run_ok(db, {"makemigrations"});
  const Ran ran = run(db, {"migrate", "--database", "encrypted", "-v"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("  create encrypted_db.myapp_patient: ok, "));
  EXPECT_THAT(ran.err, Not(HasSubstr("keyMaterial")));
}

TEST_F(Manage, AServerThatIsNotThereIsToldOfAtOnceAndOnce) {
  Project db{settings("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=1500")};
  db.app<Patient>("myapp");
  const Ran ran = run(db, {"showmigrations"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kDatabase));
  EXPECT_THAT(ran.err, StartsWith("127.0.0.1:1 cannot be reached yet"));
  EXPECT_EQ(ran.err.find("cannot be reached yet"), ran.err.rfind("cannot be reached yet"));
}

TEST_F(Manage, ColoursAreForTerminalsOnly) {
  Project db = project("memory:");
  std::ostringstream out, err;
  std::istringstream in;
  const char* argv[] = {"manage", "migarte"};
  for (const bool colours : {false, true}) {
    out.str("");
    manage(
        db, 1, argv,
        {.out = out, .err = err, .in = in, .out_has_colours = colours, .err_has_colours = colours});
    EXPECT_EQ(out.str().find("\x1b[") != std::string::npos, colours);
  }
}

TEST_F(Manage, CompletionKnowsCommandsOptionsAndAliases) {
  Project db = project("memory:");
  db.command({.name = "greet", .summary = "Don't.", .run = {}});
  const std::string bash = run_ok(db, {"completion", "bash"});
  EXPECT_THAT(bash,
              AllOf(HasSubstr("migrate"), HasSubstr("greet"), HasSubstr("'default encrypted'"),
                    HasSubstr("complete -o default -F _manage manage")));
  const auto script = settings().base_directory / "try.sh";
  std::ofstream(script)
      << bash
      << "COMP_WORDS=(manage migrate --pl); COMP_CWORD=2; _manage; echo $COMPREPLY\n"
         "COMP_WORDS=(manage mig); COMP_CWORD=1; _manage; echo $COMPREPLY\n"
         "COMP_WORDS=(manage migrate --database e); COMP_CWORD=3; _manage; echo $COMPREPLY\n";
  FILE* shell = ::popen(("bash " + script.string()).c_str(), "r");
  ASSERT_NE(shell, nullptr);
  std::string answer(200, '\0');
  answer.resize(std::fread(answer.data(), 1, answer.size(), shell));
  EXPECT_EQ(::pclose(shell), 0);
  EXPECT_EQ(answer, "--plan\nmigrate\nencrypted\n");
  EXPECT_THAT(run_ok(db, {"completion", "fish"}), HasSubstr("-a greet -d 'Don'\\''t.'"));
  EXPECT_THAT(run_ok(db, {"completion", "zsh"}), StartsWith("autoload -U +X bashcompinit"));
  EXPECT_THAT(run(db, {"completion", "csh"}).err, HasSubstr("name bash, zsh or fish"));
}

TEST_F(Manage, WhatMakingTheProjectThrowsIsReported) {
  const char* argv[] = {"manage", "check"};
  testing::internal::CaptureStderr();
  const int code = manage(
      [this]() -> Project {
        Settings broken = settings();
        broken.databases["default"].host = "nonsense";
        return Project{broken};
      },
      2, argv);
  EXPECT_EQ(code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("databases.default.host: must"));
}

TEST_F(Manage, WithoutValidSettingsTheCommandsThatMendThemRun) {
  const auto broken = [](std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "manage");
    std::ostringstream out;
    std::ostringstream err;
    std::istringstream in;
    const std::function<Project()> make_project = []() -> Project {
      throw ImproperlyConfigured("there is no settings file");
    };
    const int code = manage(make_project, static_cast<int>(arguments.size()), arguments.data(),
                            Console{.out = out, .err = err, .in = in});
    return Ran{code, out.str(), err.str()};
  };
  const std::string key = (folder_.path() / "new_kek").string();
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{}, {"help"}, {"-h"}, {"help", "migrate"}}) {
    const Ran ran = broken(arguments);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.out, "");
    EXPECT_THAT(ran.err, AllOf(HasSubstr("there is no settings file"),
                               HasSubstr("only the built-in commands are there")));
  }
  // These have nothing to do with settings.
  for (const std::vector<const char*>& arguments : std::vector<std::vector<const char*>>{
           {"version"}, {"--version"}, {"generatelocalkey", key.c_str()}}) {
    const Ran ran = broken(arguments);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.out, "");
    EXPECT_EQ(ran.err, "");
  }
  EXPECT_TRUE(std::filesystem::exists(key));
  const Ran check = broken({"check"});
  EXPECT_EQ(check.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_EQ(check.out, "");
}

TEST_F(Manage, OutputThatCannotBeWrittenIsAFailure) {
  Project db = project("memory:");
  std::ostream full(nullptr);
  std::ostringstream err;
  std::istringstream in;
  const char* argv[] = {"manage", "help"};
  EXPECT_EQ(manage(db, 2, argv, Console{.out = full, .err = err, .in = in}), 1);
  EXPECT_THAT(err.str(), HasSubstr("could not be written"));
}

// Each class of errors with the exit code that exit_code.h gives it.
TEST_F(Manage, EveryErrorHasItsExitCode) {
  struct Case {
    const char* what;
    std::function<void()> fail;
    ExitCode code;
  };
  const Case cases[] = {
      {"usage", [] { throw UsageError("x"); }, ExitCode::kUsage},
      {"a stored value that does not fit", [] { throw Error(ErrorCode::kBadValue, "x"); },
       ExitCode::kFailure},
      {"validation", [] { throw ValidationError({}); }, ExitCode::kFailure},
      {"any other error", [] { throw Error(ErrorCode::kFailedToParse, "x"); }, ExitCode::kFailure},
      {"of the standard library", [] { throw std::runtime_error("x"); }, ExitCode::kFailure},
      {"not supported, outside of migrations", [] { throw NotSupported("x"); }, ExitCode::kFailure},
      {"configuration", [] { throw ImproperlyConfigured("x"); }, ExitCode::kConfiguration},
      {"another key encryption key", [] { throw Error(ErrorCode::kAuthenticationFailed, "x"); },
       ExitCode::kConfiguration},
      {"a key that the vault does not have", [] { throw Error(ErrorCode::kKeyNotFound, "x"); },
       ExitCode::kConfiguration},
      {"no answer", [] { throw Error(ErrorCode::kInterrupted, "x"); }, ExitCode::kInterrupted},
      {"a migration", [] { throw migrations::MigrationError("x"); }, ExitCode::kMigrationRefused},
      {"a database", [] { throw DatabaseError(ErrorCode::kBadValue, "x"); }, ExitCode::kDatabase},
      {"a unique constraint", [] { throw IntegrityError(ErrorCode::kDuplicateKey, "x"); },
       ExitCode::kDatabase},
      {"unreachable", [] { throw Error(ErrorCode::kHostUnreachable, "x"); }, ExitCode::kDatabase},
  };
  Project db = project("memory:");
  const std::function<void()>* fail = nullptr;
  db.command({.name = "fail", .summary = "", .run = [&](CommandContext&) {
                (*fail)();
                return ExitCode::kOk;
              }});
  for (const Case& one : cases) {
    fail = &one.fail;
    EXPECT_EQ(run(db, {"fail"}).code, static_cast<int>(one.code)) << one.what;
  }
}

TEST_F(Manage, GeneratesAKeyForItsOwnerOnlyAndNeverOverwrites) {
  Project db = project("memory:");
  const std::string path = (folder_.path() / "new_kek").string();
  run_ok(db, {"generatelocalkey", path});
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  const std::string key = folder_.read("new_kek");
  ASSERT_EQ(key.size(), 129u);
  EXPECT_EQ(from_base64(key.substr(0, 128)).size(), 96u);
  const Ran again = run(db, {"generatelocalkey", path});
  EXPECT_EQ(again.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(again.err, HasSubstr("exists already"));
  EXPECT_EQ(folder_.read("new_kek"), key);
  run_ok(db, {"generatelocalkey", path + "2"});
  EXPECT_NE(folder_.read("new_kek2"), key);
}

TEST_F(Manage, AGeneratedKeyWorks) {
  {
    Project db = project("memory:");
    std::filesystem::remove(folder_.path() / "local_kek");
    run_ok(db, {"generatelocalkey", (folder_.path() / "local_kek").string()});
  }
  Project db = project();
  migrate(db);
  Patient patient = john();
  db.save(patient);
  EXPECT_TRUE(db.objects<Patient>().try_get(ssn == "123-45-6789"));
}

TEST_F(Manage, ShowsTheMapWithTheDatabasesName) {
  Project db = project();
  const Ran early = run(db, {"showencryptedfieldsmap", "--database", "encrypted"});
  EXPECT_EQ(early.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(
      early.err,
      HasSubstr("Encryption key 'myapp_patient.record.ssn' of myapp.Patient not found. Have "
                "you migrated? Run 'manage migrate --database encrypted'."));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "data"));
  migrate(db);
  const bson::Document map =
      bson::from_json(run_ok(db, {"showencryptedfieldsmap", "--database", "encrypted"}));
  const bson::View fields = map["encrypted_db.myapp_patient"].as_document()["fields"].as_array();
  EXPECT_EQ(fields["0"].as_document()["path"].as_string(), "record.ssn");
  EXPECT_EQ(fields["0"].as_document().at_path("queries.queryType").as_string(), "equality");
  EXPECT_EQ(fields["1"].as_document()["bsonType"].as_string(), "object");
  EXPECT_TRUE(fields["1"].as_document()["queries"].missing());
  EXPECT_TRUE(fields["1"].as_document()["keyId"].is_binary(bson::BinarySubtype::kUuid));
}

TEST_F(Manage, DiffsettingsShowsNoSecret) {
  Settings secretive = settings("memory:");
  secretive.databases["cluster"] = {
      .host = "mongodb://ada:hunter2@example.net/?tls=true&tlsCertificateKeyFilePassword=hunter2",
      .name = "x",
      .user = "ada",
      .password = secret::env("PW"),
      .options = {{"authMechanismProperties", "hunter2"}}};
  Project db{secretive};
  const std::string out = run_ok(db, {"diffsettings"});
  EXPECT_THAT(
      out,
      AllOf(HasSubstr("databases.encrypted.name = \"encrypted_db\""),
            HasSubstr("auto_encryption.kms_providers.local.key = <secret>"),
            HasSubstr("databases.cluster.password = <secret>"),
            HasSubstr(
                "mongodb://<secret>@example.net/?tls=true&tlsCertificateKeyFilePassword=<secret>"),
            Not(HasSubstr("hunter2"))));
}

TEST_F(Manage, InspectShowsTheRawDocumentBesideTheDecryptedOne) {
  Project db = project();
  migrate(db);
  Patient patient = john();
  db.save(patient);
  const std::string out =
      run_ok(db, {"inspect", "Patient", "--filter", R"({"record.ssn": "123-45-6789"})"});
  EXPECT_THAT(out, AllOf(HasSubstr("with the key"), HasSubstr("\"123-45-6789\""),
                         HasSubstr("as it is stored"), HasSubstr("encrypted, "),
                         HasSubstr("1 tag for searching"), Not(HasSubstr("\033"))));
  EXPECT_EQ(run_ok(db, {"inspect", "Patient", "--filter", R"({"name": "Nobody"})"}),
            "No documents.\n");
  EXPECT_EQ(run_ok(db, {"inspect"}), run_ok(db, {"inspect", "myapp.Patient"}));
}

TEST_F(Manage, ADatabaseThatIsReadOnlyIsCheckedAndInspected) {
  {
    Project db = project();
    migrate(db);
    Patient patient = john();
    db.save(patient);
  }
  Settings read_only = settings();
  for (auto& [alias, database] : read_only.databases) database.read_only = true;
  Project db{read_only};
  db.app<Patient>("myapp");
  EXPECT_THAT(run_ok(db, {"inspect", "Patient"}), HasSubstr("\"123-45-6789\""));
  EXPECT_THAT(run(db, {"check", "--database", "encrypted"}).out, Not(HasSubstr("quern.E102")));
  EXPECT_THAT(run_ok(db, {"diffsettings"}), HasSubstr("databases.encrypted.read_only = true"));
  Patient another = john();
  EXPECT_THROW(db.save(another), DatabaseError);
}

TEST_F(Manage, WhatInspectCannotReadIsAUsageError) {
  Project db = project();
  const Ran model = run(db, {"inspect", "Pateint"});
  EXPECT_EQ(model.code, static_cast<int>(ExitCode::kUsage));
  EXPECT_THAT(model.err, HasSubstr("There are myapp.Patient"));
  const Ran filter = run(db, {"inspect", "--filter", "{"});
  EXPECT_EQ(filter.code, static_cast<int>(ExitCode::kUsage));
  EXPECT_THAT(filter.err, HasSubstr("--filter: "));
  for (const char* limit : {"--limit=-1", "--limit=0", "--limit=x"}) {
    EXPECT_EQ(run(db, {"inspect", limit}).code, static_cast<int>(ExitCode::kUsage)) << limit;
  }
}

TEST_F(Manage, InspectAlignsItsColumns) {
  struct Note {
    Id id{};
    Encrypted<std::string, equality> text;
  };
  Project db = project<Note>("memory:");
  migrate(db);
  Note note{.text = "x"};
  db.save(note);
  std::istringstream lines(run_ok(db, {"inspect"}));
  std::string line;
  int rows = 0;
  while (std::getline(lines, line)) {
    if (!line.starts_with("  ") || line[2] == ' ') continue;
    const std::size_t name_end = line.find(' ', 2);
    EXPECT_EQ(line.find_first_not_of(' ', name_end), 2 + 15 + 2u) << line;
    ++rows;
  }
  EXPECT_EQ(rows, 5);
}

TEST_F(Manage, ReadingMakesNoDatabaseAndSaysWhatToDo) {
  struct Note {
    Id id{};
    std::string text;
  };
  Project db = project();
  db.app<Note>("plain");
  const auto read = [&] { (void)db.objects<Note>().count(); };
  EXPECT_THAT(read, testing::ThrowsMessage<ImproperlyConfigured>(
                        "the database 'default' does not exist yet. Have you migrated? Run "
                        "'manage migrate --database default'."));
  EXPECT_THROW(db.transaction([](Transaction& tx) { (void)tx.objects<Note>().first(); }),
               ImproperlyConfigured);
  EXPECT_THROW(db.objects<Patient>().try_get(ssn == "123-45-6789"), ImproperlyConfigured);
  Patient patient = john();
  EXPECT_THROW(db.save(patient), ImproperlyConfigured);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "data"));
  Note note{.text = "a plain model may be saved without migrations"};
  db.save(note);
  EXPECT_EQ(db.objects<Note>().count(), 1);
}

TEST_F(Manage, ErrorsOfGetAreToldByTheNameOfTheirClass) {
  Project db = project("memory:");
  migrate(db);
  db.command({.name = "find", .summary = "", .run = [&](CommandContext&) {
                (void)db.objects<Patient>().get();
                return ExitCode::kOk;
              }});
  EXPECT_EQ(run(db, {"find"}).err, "DoesNotExist: Patient matching query does not exist.\n");
  for (int i = 0; i < 2; ++i) {
    Patient patient = john();
    db.save(patient);
  }
  EXPECT_EQ(run(db, {"find"}).err,
            "MultipleObjectsReturned: get() returned more than one Patient -- it returned 2!\n");
}

TEST_F(Manage, WhatWasNotMigratedIsToldWithTheCommandToRun) {
  Project db = project();
  const auto hint =
      testing::EndsWith("Have you migrated? Run 'manage migrate --database encrypted'.");
  const auto fault = [](const std::function<void()>& use) -> std::string {
    try {
      use();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  Patient patient = john();
  EXPECT_THAT(fault([&] { db.objects<Patient>().count(); }), hint);
  EXPECT_THAT(fault([&] { db.objects<Patient>().get(ssn == "123-45-6789"); }), hint);
  EXPECT_THAT(fault([&] { db.save(patient); }), hint);
  EXPECT_THAT(fault([&] { db.transaction([&](Transaction& tx) { tx.save(patient); }); }), hint);
  const Ran inspect = run(db, {"inspect"});
  EXPECT_EQ(inspect.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(inspect.err, HasSubstr("Have you migrated?"));
}

TEST_F(Manage, HintsNameTheProgram) {
  Project db = project();
  run_ok(db, {"makemigrations"});
  const auto run_clinic = [&](std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "/opt/clinic");
    std::ostringstream out;
    std::istringstream in;
    manage(db, static_cast<int>(arguments.size()), arguments.data(),
           Console{.out = out, .err = out, .in = in});
    return out.str();
  };
  EXPECT_THAT(run_clinic({"inspect"}), HasSubstr("Run 'clinic migrate --database encrypted'."));
  EXPECT_THAT(run_clinic({"check", "--database", "encrypted"}),
              HasSubstr("Run 'clinic migrate --database encrypted' to apply it."));
}

TEST_F(Manage, CheckMakesNoDatabase) {
  Project db = project();
  run_ok(db, {"makemigrations"});
  EXPECT_THAT(run_ok(db, {"check", "--database", "encrypted"}), HasSubstr("quern.W206"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "data"));
  std::filesystem::remove(folder_.path() / "local_kek");
  EXPECT_THAT(run(db, {"check", "--database", "encrypted"}).out, HasSubstr("ERROR: (quern.E105)"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "data"));
}

TEST_F(Manage, AKeyThatIsMissingAlthoughTheCollectionIsThereIsNoMissingMigration) {
  Project db = project();
  migrate(db);
  const bson::Document all =
      bson::from_json(R"({"delete": "__keyVault", "deletes": [{"q": {}, "limit": 0}]})");
  run_checked(db.plain_runner("encrypted"), "encrypted_db", all);
  const Ran ran = run(db, {"inspect"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(ran.err, AllOf(HasSubstr("was not found in the key vault"),
                             Not(HasSubstr("Have you migrated"))));
}

TEST_F(Manage, AKeyThatWasDeletedIsFoundByCheckAndToldWithAWayOut) {
  Project db = project("memory:");
  migrate(db);
  Patient patient = john();
  db.save(patient);
  internal::core_of(db).connection("encrypted").key_cache().clear();
  const bson::Document one = bson::from_json(
      R"({"delete": "__keyVault",
          "deletes": [{"q": {"keyAltNames": "myapp_patient.record.billing"}, "limit": 1}]})");
  run_checked(db.plain_runner("encrypted"), "encrypted_db", one);
  const auto way_out = AllOf(HasSubstr("from a backup of encrypted_db.__keyVault"),
                             HasSubstr("Without it nobody can read what it encrypted"));
  const Ran check = run(db, {"check", "--database", "encrypted"});
  EXPECT_EQ(check.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(check.out,
              AllOf(HasSubstr("ERROR: (quern.E109) data key "),
                    HasSubstr("needed by field 'record.billing' of encrypted_db.myapp_patient, is "
                              "not in the key vault"),
                    Not(HasSubstr("'record.ssn'")), way_out));
  EXPECT_THAT([&] { db.refresh(patient); },
              Throws<Error>(testing::Property(&Error::what, way_out)));
  EXPECT_THAT(run(db, {"showencryptedfieldsmap", "--database", "encrypted"}).err, way_out);
}

TEST_F(Manage, CheckSaysThatModelsHaveChangesThatNoMigrationHas) {
  {
    Project db = project();
    const std::string said =
        "WARNING: (quern.W207) models of app 'myapp' have changes that no migration has: run "
        "'manage makemigrations myapp'";
    EXPECT_THAT(run_ok(db, {"check"}), HasSubstr(said)) << "there is none at all";
    migrate(db);
    EXPECT_THAT(run_ok(db, {"check"}), Not(HasSubstr("quern.W207")));
  }
  Project db = project<v2::Patient>();
  EXPECT_THAT(run_ok(db, {"check"}), HasSubstr("WARNING: (quern.W207) models of app 'myapp'"));
}

TEST_F(Manage, CheckFindsChangesThatCannotBeMigrated) {
  struct Patient {
    Id id{};
    Char<255> name;
    Encrypted<std::int64_t> number;
    Record record;
  };
  {
    Project db = project();
    migrate(db);
  }
  Project db = project<Patient>();
  const Ran ran = run(db, {"check"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(ran.out, AllOf(HasSubstr("ERROR: (quern.E108) the models have a change that cannot "
                                       "be migrated: "),
                             HasSubstr("number")));
}

TEST_F(Manage, CheckWarnsOfMigrationsThatAreNotApplied) {
  Project db = project();
  run_ok(db, {"makemigrations"});
  EXPECT_THAT(run_ok(db, {"check", "--database", "encrypted"}),
              HasSubstr("WARNING: (quern.W206) 1 migration is not applied to 'encrypted'. Run "
                        "'manage migrate --database encrypted' to apply it."));
}

TEST_F(Manage, CheckFindsMigrationsThatCannotBeRead) {
  Project db = project();
  folder_.write("myapp/migrations/0001_initial.json", "{");
  const Ran ran = run(db, {"check", "--database", "encrypted"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(ran.out, HasSubstr("ERROR: (quern.E107) "));
}

TEST_F(Manage, CheckFindsAKeyThatIsNotTheVaults) {
  {
    Project db = project();
    migrate(db);
  }
  folder_.write("local_kek", std::string(96, 'x'), 0600);
  Project db = project();
  const Ran ran = run(db, {"check", "--database", "encrypted"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(ran.out, HasSubstr("ERROR: (quern.E105) databases.encrypted.auto_encryption: data "
                                 "key "));
}

TEST_F(Manage, CheckSaysThatAllowRelationIsNeverAsked) {
  struct Related {
    std::optional<std::string> db_for_read(const ModelRef&, const Hints&) const { return {}; }
    std::optional<bool> allow_relation(const ModelRef&, const ModelRef&, const Hints&) const {
      return true;
    }
  };
  Settings related = settings("memory:");
  related.database_routers.emplace_back(Related{});
  Project db{related};
  EXPECT_THAT(run_ok(db, {"check"}), HasSubstr("Related::allow_relation is never asked"));
}

TEST_F(Manage, CheckFindsNothingInAGoodProject) {
  Project db = project();
  migrate(db);
  EXPECT_EQ(run_ok(db, {"check", "--database", "encrypted"}),
            "System check identified no issues (0 silenced).\n");
}

TEST_F(Manage, CheckFindsAWrongRouteAndAKeyThatOthersCanRead) {
  Settings misrouted = settings();
  misrouted.database_routers = {};
  folder_.write("local_kek", std::string(96, 'k'), 0644);
  Project db{misrouted};
  db.app<Patient>("myapp");
  const Ran ran = run(db, {"check", "--database", "encrypted"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(ran.out, AllOf(HasSubstr("ERROR: (quern.E101)"), HasSubstr("ERROR: (quern.E105)"),
                             HasSubstr("chmod 600")));
}

TEST_F(Manage, CheckWarnsOfEqualityOnFewValues) {
  struct Flag {
    Id id{};
    Encrypted<bool, equality> ill;
  };
  Project db{settings("memory:")};
  db.app<Flag>("myapp");
  EXPECT_THAT(run_ok(db, {"check"}), HasSubstr("WARNING: (quern.W202) myapp.Flag.ill"));
}

TEST_F(Manage, CheckSaysWhichProvidersCannotBeUsedYet) {
  Settings cloud = settings("memory:");
  cloud.databases["encrypted"].auto_encryption->kms_providers = {
      kms::Aws{.access_key_id = secret::env("A"), .secret_access_key = secret::env("B")}};
  cloud.databases["encrypted"].kms_credentials = {
      kms::AwsMasterKey{.key = "arn:aws:kms:x", .region = "eu-central-1"}};
  Project db{cloud};
  const Ran ran = run(db, {"check"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(ran.out, HasSubstr("quern.E106"));
}

// Answers hello and buildInfo like a server of that version.
class FakeServer : public CommandRunner {
 public:
  FakeServer(std::string hello, int major) : hello_(std::move(hello)), major_(major) {}
  Reply do_run(std::string_view, bson::View command, const RunContext&) override {
    if (command.front().key() == "hello") return bson::from_json(hello_);
    if (command.front().key() == "find") {
      return bson::from_json(R"({"ok": 1, "cursor": {"id": {"$numberLong": "0"}, "ns": "a.b",
                                                     "firstBatch": []}})");
    }
    return bson::doc("ok", 1, "version", std::to_string(major_) + ".0.0", "versionArray",
                     bson::array(major_, 0, 0));
  }

 private:
  std::string hello_;
  int major_;
};

TEST_F(Manage, CheckTellsWhichServersCannotDoQueryableEncryption) {
  const auto check = [&](const char* hello, int major) {
    Project db{settings("mongodb://example.invalid")};
    internal::core_of(db).runner_pool().wrap_runners([=](const std::shared_ptr<CommandRunner>&) {
      return std::make_shared<FakeServer>(hello, major);
    });
    return run(db, {"check", "--database", "encrypted"});
  };
  EXPECT_THAT(check(R"({"ok": 1})", 8).out,
              HasSubstr("(quern.E104) 'encrypted' is a standalone server"));
  EXPECT_THAT(check(R"({"ok": 1, "setName": "rs0"})", 6).out,
              HasSubstr("(quern.E104) 'encrypted' runs MongoDB 6.0.0"));
  for (const char* good : {R"({"ok": 1, "setName": "rs0"})", R"({"ok": 1, "msg": "isdbgrid"})"}) {
    const Ran ran = check(good, 7);
    EXPECT_EQ(ran.code, 0) << ran.out;
    EXPECT_THAT(ran.out, HasSubstr("WARNING: (quern.W204)"));
  }
}

TEST_F(Manage, AServerThatDoesNotAnswerIsADatabaseFailure) {
  Project db{settings("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100")};
  db.app<Patient>("myapp");
  EXPECT_EQ(run(db, {"showmigrations"}).code, static_cast<int>(ExitCode::kDatabase));
  EXPECT_THAT(run(db, {"check", "--database", "encrypted"}).out, HasSubstr("(quern.E102)"));
}

TEST_F(Manage, RepairSaysWhatIsDamagedAndMendsItOnlyWhenTold) {
  const auto open = [&] { return project("embedded:data"); };
  {
    Project db = open();
    run_ok(db, {"makemigrations"});
    run_ok(db, {"migrate", "--database", "encrypted"});
  }
  const std::filesystem::path mark =
      settings("embedded:data").base_directory / "data" / "ACKNOWLEDGED";
  ASSERT_TRUE(std::filesystem::remove(mark));
  Project db = open();
  EXPECT_THAT(run(db, {"migrate", "--database", "encrypted"}).err,
              HasSubstr("manage repair --accept-loss"));
  const Ran looked = run(db, {"repair"});
  EXPECT_EQ(looked.code, static_cast<int>(ExitCode::kFailure));
  EXPECT_THAT(looked.out, HasSubstr("The database 'default' is damaged: its file ACKNOWLEDGED is "
                                    "missing"));
  EXPECT_FALSE(std::filesystem::exists(mark));
  EXPECT_THAT(run_ok(db, {"repair", "--accept-loss"}), HasSubstr("It can be opened again"));
  EXPECT_THAT(run_ok(db, {"repair"}), HasSubstr("Nothing keeps the database 'default'"));
  run_ok(db, {"migrate", "--database", "encrypted"});
}

TEST_F(Manage, CompactGivesSpaceBackOfEveryCollection) {
  Project db = project("embedded:data");
  EXPECT_THAT(run_ok(db, {"compact"}), HasSubstr("The database 'default' is compact: 0 bytes"));
  EXPECT_FALSE(std::filesystem::exists(settings().base_directory / "data"));
  run_ok(db, {"makemigrations"});
  run_ok(db, {"migrate", "--database", "encrypted"});
  EXPECT_THAT(run_ok(db, {"compact", "--database", "encrypted"}),
              AllOf(HasSubstr("__keyVault: "), HasSubstr("myapp_patient: "),
                    HasSubstr("enxcol_.myapp_patient.esc: "), HasSubstr(" given back\n")));
}

TEST_F(Manage, ValidateFailsWhereACollectionIsNotAsItShouldBe) {
  Project db = project("embedded:data");
  EXPECT_THAT(run_ok(db, {"validate"}), HasSubstr("The database 'default' is valid."));
  run_ok(db, {"makemigrations"});
  run_ok(db, {"migrate", "--database", "encrypted"});
  Patient patient = john();
  db.save(patient);
  EXPECT_THAT(run_ok(db, {"validate", "--database", "encrypted", "--full"}),
              AllOf(HasSubstr("myapp_patient: 1 documents, 2 indexes, valid\n"),
                    HasSubstr("enxcol_.myapp_patient.esc: "),
                    HasSubstr("The database 'encrypted' is valid.")));
  // An entry of the state collection goes behind the engine's back.
  db.run("encrypted", bson::from_json(R"({"insert": "enxcol_.myapp_patient.ecoc",
      "documents": [{"_id": 1, "stray": true}]})"));
  const Ran ran = run(db, {"validate", "--database", "encrypted"});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kFailure));
  EXPECT_THAT(ran.out, AllOf(HasSubstr("myapp_patient: 1 documents, 2 indexes, NOT VALID\n"),
                             HasSubstr("  error: "), HasSubstr("shape of the protocol"),
                             HasSubstr("1 of its collections are wrong")));
}

TEST_F(Manage, RepairIsForFoldersOnly) {
  Project db = project("memory:");
  EXPECT_THAT(run(db, {"repair"}).err, HasSubstr("'default' is not a folder of this machine"));
}

TEST_F(Manage, ABackupIsACopyThatRestoreBringsBack) {
  const std::string backup = (folder_.path() / "backups" / "monday").string();
  {
    Project db = project();
    EXPECT_THAT(run(db, {"backup", backup}).err, HasSubstr("there is nothing to back up"));
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "data"));
    migrate(db);
    Patient patient = john();
    db.save(patient);
    EXPECT_THAT(run_ok(db, {"backup", "--database", "encrypted", backup}),
                HasSubstr("and read the copy through"));
    EXPECT_THAT(run(db, {"backup", backup}).err, HasSubstr("there is something already"));
    db.remove(patient);
    EXPECT_THAT(run(db, {"restore", "--replace", backup}).err,
                HasSubstr("this process has it open already"));
  }
  Project db = project();
  EXPECT_THAT(run(db, {"restore", backup}).err, HasSubstr("there is something already"));
  run_ok(db, {"restore", "--replace", backup});
  EXPECT_TRUE(db.objects<Patient>().try_get(ssn == "123-45-6789"));
}

TEST_F(Manage, ARunningApplicationBacksItselfUp) {
  Project db = project();
  migrate(db);
  Patient patient = john();
  db.save(patient);
  db.backup("encrypted", folder_.path() / "backup");
  db.remove(patient);
  EXPECT_FALSE(db.objects<Patient>().try_get(ssn == "123-45-6789"));
  Project copy = project("embedded:backup");
  EXPECT_TRUE(copy.objects<Patient>().try_get(ssn == "123-45-6789"));
}

TEST_F(Manage, OnlyFoldersAreBackedUpAndRestored) {
  Project memory = project("memory:");
  Project remote = project("mongodb://example.invalid");
  for (Project* db : {&memory, &remote}) {
    EXPECT_THAT(run(*db, {"backup", "x"}).err, HasSubstr("is not a folder of this machine"));
    EXPECT_THAT(run(*db, {"restore", "x"}).err, HasSubstr("is not a folder of this machine"));
  }
}

TEST_F(Manage, VersionIsANumber) {
  Project db = project("memory:");
  EXPECT_THAT(run_ok(db, {"version"}), testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

}  // namespace
}  // namespace quern::clinic
