// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/loader.h"

#include <gmock/gmock.h>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "clinic/generator.h"
#include "clinic/models.h"
#include "clinic/routers.h"
#include "clinic/scan.h"

namespace clinic {
namespace {

using myapp::Patient;
using myapp::PatientRecord;
using quern::f;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const auto ssn = f(&Patient::patient_record, &PatientRecord::ssn);

class Load : public testing::Test {
 protected:
  Load() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string("clinic_") + test->test_suite_name() + "_" + test->name();
    std::replace(name.begin(), name.end(), '/', '_');
    folder_ = std::filesystem::path(testing::TempDir()) / name;
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / "local_kek") << std::string(96, 'k');
    std::filesystem::permissions(folder_ / "local_kek", std::filesystem::perms(0600));
  }
  ~Load() override { std::filesystem::remove_all(folder_); }

  // A project on the test's folder, migrated.
  quern::Project project() {
    quern::Settings settings;
    settings.base_directory = folder_;
    quern::AutoEncryption encryption;
    encryption.key_vault_namespace = "encrypted_db.__keyVault";
    encryption.kms_providers = {quern::kms::Local{.key = quern::secret::file("local_kek")}};
    settings.databases["default"] = {.host = "memory:", .name = "my_db"};
    settings.databases["encrypted"] = {
        .host = "embedded:data", .name = "encrypted_db", .auto_encryption = encryption};
    settings.database_routers = {myapp::EncryptedRouter{}};
    quern::Project db{settings};
    db.app<Patient, myapp::LoadPosition>("myapp");
    for (const auto& arguments : std::vector<std::vector<const char*>>{
             {"clinic", "makemigrations"}, {"clinic", "migrate", "--database", "encrypted"}}) {
      EXPECT_EQ(quern::manage(db, static_cast<int>(arguments.size()), arguments.data(), console_),
                0)
          << err_.str();
    }
    out_.str("");
    return db;
  }

  std::filesystem::path csv(const std::string& text) {
    const std::filesystem::path file = folder_ / "patients.csv";
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  static std::string patients(std::int64_t count) {
    std::ostringstream out;
    generate_patients(out, count, 1);
    return out.str();
  }

  std::filesystem::path folder_;
  std::ostringstream out_;
  std::ostringstream err_;
  std::istringstream in_;
  quern::Console console_{.out = out_, .err = err_, .in = in_};
};

TEST_F(Load, LoadsEveryPatientOnce) {
  quern::Project db = project();
  const auto file = csv(patients(250));
  EXPECT_EQ(load_patients(db, file, {}, console_), quern::ExitCode::kOk);
  EXPECT_EQ(load_patients(db, file, {}, console_), quern::ExitCode::kOk);
  EXPECT_EQ(db.objects<Patient>().count(), 250);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Loaded 250 patients"), HasSubstr("Loaded 0 patients"),
                                HasSubstr("Peak memory")));
  EXPECT_EQ(db.objects<Patient>().get(ssn == "123-45-6789").name, "John Doe");
}

TEST_F(Load, BadRowsAreToldByTheirLineAndTheOthersLoaded) {
  quern::Project db = project();
  const auto file =
      csv("name,patient_id,ssn,cc_type,cc_number,bill_amount\n"
          "Ann,1,900-01-0001,Visa,4111111111111111,1.00\n"
          "Bob,x,900-01-0002,Visa,4111111111111112,1.00\n"
          ",3,900010003,Visa,4111111111111111,1.00\n"
          "\"D\"an,4\n"
          "Eve,5,900-01-0005,Visa,4111111111111111,1.005\n"
          "Fay,6,900-01-0006,Visa,4111111111111111,1.00\n");
  EXPECT_EQ(load_patients(db, file, {}, console_), quern::ExitCode::kOk);
  EXPECT_EQ(db.objects<Patient>().count(), 2);
  EXPECT_THAT(err_.str(),
              AllOf(HasSubstr(":3: patient_id: must be a whole number"),
                    HasSubstr(":3: patient_record.billing.cc_number: is no card number"),
                    HasSubstr(":4: patient_record.ssn: must look like"), HasSubstr(":4: name: "),
                    HasSubstr(":5: there is text after a closing quote"), HasSubstr(":6: ")));
  EXPECT_THAT(out_.str(), HasSubstr("rejected 4 rows"));
  EXPECT_THAT(err_.str(), AllOf(Not(HasSubstr("4111111111111112")), Not(HasSubstr("900010003"))));
}

TEST_F(Load, AnotherHeaderIsRefused) {
  quern::Project db = project();
  const auto file = csv("id,name\n");
  EXPECT_THROW(load_patients(db, file, {}, console_), quern::ImproperlyConfigured);
}

// Sends the process SIGINT when something is printed.
class Interrupting : public std::stringbuf {
 protected:
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    ::raise(SIGINT);
    return std::stringbuf::xsputn(text, size);
  }
};

TEST_F(Load, InterruptedItFinishesTheBatchAndGoesOnLater) {
  quern::Project db = project();
  const std::string some = patients(105);
  const auto file = csv(some + "a bad row\n" + patients(300).substr(some.size()));
  // The signal comes with the message about the bad row, when the eleventh batch is being read.
  Interrupting buffer;
  std::ostream err(&buffer);
  quern::Console console{.out = out_, .err = err, .in = in_};
  EXPECT_EQ(load_patients(db, file, {.batch_size = 10}, console), quern::ExitCode::kInterrupted);
  EXPECT_THAT(out_.str(), HasSubstr("Interrupted before line 113: run the same command to go on."));
  EXPECT_EQ(db.objects<Patient>().count(), 110);

  EXPECT_EQ(load_patients(db, file, {}, console_), quern::ExitCode::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("Going on at line 113 (110 patients were loaded before)."));
  EXPECT_EQ(db.objects<Patient>().count(), 300);
}

class KilledLoad : public Load, public testing::WithParamInterface<int> {};

INSTANTIATE_TEST_SUITE_P(AfterMilliseconds, KilledLoad, testing::Values(2, 15, 40, 80));

TEST_P(KilledLoad, NoRowIsLostOrLoadedTwice) {
  const auto file = csv(patients(6000));
  // The child runs this test from its start in a process of its own, and ends here: in the middle
  // of loading, or after it on a fast machine.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto load_and_die = [&] {
    quern::Project db = project();
    std::thread killer([] {
      std::this_thread::sleep_for(std::chrono::milliseconds(GetParam()));
      ::raise(SIGKILL);
    });
    load_patients(db, file, {.batch_size = 10}, console_);
    killer.join();
  };
  ASSERT_EXIT(load_and_die(), testing::KilledBySignal(SIGKILL), "");

  quern::Project db = project();
  EXPECT_EQ(load_patients(db, file, {}, console_), quern::ExitCode::kOk);
  EXPECT_EQ(db.objects<Patient>().count(), 6000);
}

TEST_F(Load, NothingSecretIsOnDisk) {
  const auto file = csv(patients(300));
  {
    quern::Project db = project();
    load_patients(db, file, {}, console_);
  }
  const PlantedValues planted(file);
  PlantedValues::Found found;
  planted.search_files(folder_ / "data", found);
  EXPECT_EQ(found.secrets, 0u);
  EXPECT_GT(found.bytes, 100'000u);
}

TEST(PlantedValues, AreFoundInWhateverSurroundsThem) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "planted.csv";
  std::ofstream(file) << "name,patient_id,ssn,cc_type,cc_number,bill_amount\n"
                         "John Doe,1,123-45-6789,Visa,4111111111111111,1.00\n";
  const PlantedValues planted(file);
  const auto secrets = [&](std::string_view text) {
    PlantedValues::Found found;
    planted.search(text, found);
    return found.secrets;
  };
  EXPECT_EQ(secrets("xx123-45-6789yy"), 1u);
  EXPECT_EQ(secrets("123456789"), 1u);
  EXPECT_EQ(secrets("99123-45-6789"), 1u);
  EXPECT_EQ(secrets("04111111111111111"), 1u);
  EXPECT_EQ(secrets("4111 1111 1111 1111"), 1u);
  EXPECT_EQ(secrets("123-45-6780;4111111111111112"), 0u);
  EXPECT_EQ(secrets("99123456789"), 0u) << "too easily a number of another kind";
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace clinic
