// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A small clinic for tests: its models, its settings in a test's folder, and its manage binary.
#ifndef QUERN_PROJECT_CLINIC_FIXTURE_H_
#define QUERN_PROJECT_CLINIC_FIXTURE_H_

#include <gmock/gmock.h>

#include <sstream>
#include <string>
#include <vector>

#include "project/project_core.h"
#include "project/test_folder.h"
#include "quern/bson/json.h"
#include "quern/command/reply.h"
#include "quern/models/models.h"
#include "quern/project/manage.h"

namespace quern::clinic {

struct Billing {
  Char<50> cc_type;
  Char<20> cc_number;
};
struct Record {
  Encrypted<Char<11>, equality> ssn;
  Encrypted<Billing> billing;
  Decimal<10, 2> amount;
};
struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t number = 0;
  Record record;
};

inline Patient john() {
  return {.name = "John Doe",
          .number = 1001,
          .record = {.ssn = "123-45-6789",
                     .billing = Billing{.cc_type = "Visa", .cc_number = "4111111111111111"},
                     .amount = "250.75"}};
}

inline const auto ssn = f(&Patient::record, &Record::ssn);

// Other versions of the model, registered under the same app: name them alike.
namespace v2 {
struct Record {
  Encrypted<Char<11>, equality> ssn;
  Encrypted<Billing> billing;
  Decimal<10, 2> amount;
  std::int32_t visits = 7;
};
struct Patient {
  Id id{};
  Char<255> full_name;
  std::int64_t number = 0;
  Record record;
  struct Meta {
    static auto indexes() { return Indexes{index(&Patient::full_name)}; }
    static auto constraints() { return Constraints{unique(&Patient::number)}; }
  };
};
}  // namespace v2

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

// host: of both databases; "embedded:data" keeps them in the folder.
class Clinic : public testing::Test {
 protected:
  Clinic() { folder_.write("local_kek", std::string(96, 'k'), 0600); }

  Settings settings(const std::string& host = "embedded:data") const {
    Settings out;
    out.base_directory = folder_.path();
    out.databases["default"] = {.host = host, .name = "plain_db"};
    AutoEncryption encryption;
    encryption.key_vault_namespace = "encrypted_db.__keyVault";
    encryption.kms_providers = {kms::Local{.key = secret::file("local_kek")}};
    out.databases["encrypted"] = {
        .host = host, .name = "encrypted_db", .auto_encryption = encryption};
    out.database_routers = {AppRouter{.app = "myapp", .database = "encrypted"}};
    return out;
  }

  template <class Model = Patient>
  Project project(const std::string& host = "embedded:data") const {
    Project project{settings(host)};
    project.app<Model>("myapp");
    return project;
  }

  // input: what a user types; without it, standard input is not a terminal.
  static Ran run(Project& project, std::vector<std::string> arguments, std::string input = "") {
    const bool typed = !input.empty();
    arguments.insert(arguments.begin(), "/usr/bin/manage");
    std::vector<const char*> argv;
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    std::ostringstream out;
    std::ostringstream err;
    std::istringstream in(std::move(input));
    Ran ran;
    ran.code = manage(project, static_cast<int>(argv.size()), argv.data(),
                      Console{.out = out, .err = err, .in = in, .in_is_terminal = typed});
    ran.out = out.str();
    ran.err = err.str();
    return ran;
  }
  // The same, expecting success.
  static std::string run_ok(Project& project, std::vector<std::string> arguments) {
    const Ran ran = run(project, std::move(arguments));
    EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
    return ran.out;
  }
  static void migrate(Project& project) {
    run_ok(project, {"makemigrations"});
    run_ok(project, {"migrate", "--database", "encrypted"});
  }

  // Everything that a database holds: collections with their options and indexes, and documents.
  static std::string dump(Project& project, std::string_view alias) {
    CommandRunner& runner = project.plain_runner(alias);
    const std::string database = alias == "encrypted" ? "encrypted_db" : "plain_db";
    std::string text;
    std::vector<std::string> names;
    const bson::Document list = bson::doc("listCollections", std::int32_t{1});
    for_each(runner, database, list, [&](bson::View collection) {
      text += bson::to_json(collection) + "\n";
      names.emplace_back(collection["name"].as_string());
      return true;
    });
    for (const std::string& name : names) {
      for (const char* command : {"listIndexes", "find"}) {
        const bson::Document read = bson::doc(command, name);
        for_each(runner, database, read, [&](bson::View document) {
          text += name + " " + bson::to_json(document, bson::JsonMode::kCanonical) + "\n";
          return true;
        });
      }
    }
    return text;
  }

  // The only patient as it is stored.
  static bson::Document stored_patient(Project& project) {
    const bson::Document find = bson::doc("find", "myapp_patient");
    bson::Document out;
    for_each(project.plain_runner("encrypted"), "encrypted_db", find, [&](bson::View document) {
      out = bson::Document(document);
      return false;
    });
    return out;
  }

  static std::int64_t data_keys(Project& project) {
    const bson::Document count = bson::doc("count", "__keyVault");
    const bson::Document reply =
        run_checked(project.plain_runner("encrypted"), "encrypted_db", count);
    return reply["n"].whole_number().value_or(-1);
  }

  const TestFolder folder_;
};

}  // namespace quern::clinic

#endif  // QUERN_PROJECT_CLINIC_FIXTURE_H_
