// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The clinic's own commands, through its manage binary.
#include "clinic/commands.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "clinic/models.h"
#include "clinic/routers.h"

namespace clinic {
namespace {

using myapp::Patient;
using myapp::PatientRecord;
using testing::HasSubstr;

class Commands : public testing::Test {
 protected:
  Commands() {
    folder_ = std::filesystem::path(testing::TempDir()) /
              (std::string("clinic_commands_") +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / "local_kek") << std::string(96, 'k');
    std::filesystem::permissions(folder_ / "local_kek", std::filesystem::perms(0600));
  }
  ~Commands() override { std::filesystem::remove_all(folder_); }

  quern::Project project() const {
    quern::Settings settings;
    settings.base_directory = folder_;
    quern::AutoEncryption encryption;
    encryption.key_vault_namespace = "encrypted_db.__keyVault";
    encryption.kms_providers = {quern::kms::Local{.key = quern::secret::file("local_kek")}};
    settings.databases["default"] = {.host = "memory:", .name = "my_db"};
    settings.databases["encrypted"] = {
        .host = "memory:", .name = "encrypted_db", .auto_encryption = encryption};
    settings.database_routers = {myapp::EncryptedRouter{}};
    quern::Project db{settings};
    db.app<Patient, myapp::LoadPosition>("myapp");
    for (quern::Command& command : commands()) db.command(std::move(command));
    return db;
  }
  quern::ExitCode run(quern::Project& db, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "clinic");
    std::vector<const char*> argv;
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    err_.str("");
    return static_cast<quern::ExitCode>(
        quern::manage(db, static_cast<int>(argv.size()), argv.data(), console_));
  }

  std::filesystem::path folder_;
  std::ostringstream out_;
  std::ostringstream err_;
  std::istringstream in_;
  quern::Console console_{.out = out_, .err = err_, .in = in_};
};

TEST_F(Commands, AWrongCountLeavesAFileThatIsThere) {
  quern::Project db = project();
  const std::filesystem::path file = folder_ / "x.csv";
  std::ofstream(file) << "mine";
  for (const char* count : {"--count=-1", "--count=many"}) {
    EXPECT_EQ(run(db, {"generate", file.string(), count}), quern::ExitCode::kUsage);
    EXPECT_EQ(std::filesystem::file_size(file), 4u);
  }
}

TEST_F(Commands, UpdateChecksWhatLoadChecks) {
  quern::Project db = project();
  ASSERT_EQ(run(db, {"makemigrations"}), quern::ExitCode::kOk);
  ASSERT_EQ(run(db, {"migrate", "--database", "encrypted"}), quern::ExitCode::kOk);
  Patient john;
  john.name = "John Doe";
  john.patient_id = 1;
  john.patient_record = {
      .ssn = "123-45-6789",
      .billing = myapp::Billing{.cc_type = "Visa", .cc_number = "4111111111111111"},
      .bill_amount = "1.00"};
  db.save(john);
  const auto update = [&](const char* option, const char* value) {
    return run(db, {"update", "--ssn", "123-45-6789", std::string(option) + "=" + value});
  };
  EXPECT_EQ(update("--cc-number", "4111111111111112"), quern::ExitCode::kFailure);
  EXPECT_THAT(err_.str(), HasSubstr("patient_record.billing.cc_number: is no card number"));
  EXPECT_EQ(update("--bill-amount", "-5"), quern::ExitCode::kFailure);
  EXPECT_THAT(err_.str(), HasSubstr("bill_amount: must not be negative"));
  EXPECT_EQ(update("--bill-amount", "much"), quern::ExitCode::kUsage);
  EXPECT_EQ(update("--new-ssn", "12345678901"), quern::ExitCode::kFailure);
  db.refresh(john);
  EXPECT_EQ(john.patient_record.billing->cc_number, "4111111111111111");
  EXPECT_EQ(john.patient_record.bill_amount, "1.00");
  EXPECT_EQ(update("--cc-number", "5555555555554444"), quern::ExitCode::kOk);
}

TEST_F(Commands, ScanNamesAFolderThatIsNotThere) {
  quern::Project db = project();
  const std::string file = (folder_ / "x.csv").string();
  ASSERT_EQ(run(db, {"generate", file, "--count", "1"}), quern::ExitCode::kOk);
  EXPECT_EQ(run(db, {"scan", file, "--dir", "nope"}), quern::ExitCode::kConfiguration);
  EXPECT_EQ(err_.str(), "ImproperlyConfigured: there is no folder nope\n");
}

}  // namespace
}  // namespace clinic
