// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/loader.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
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
    std::filesystem::path file = folder_ / "patients.csv";
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
  EXPECT_EQ(load_patients(db, file, {}, console_), quern::ExitCode::kFailure);
  EXPECT_EQ(db.objects<Patient>().count(), 2);
  EXPECT_THAT(err_.str(),
              AllOf(HasSubstr(":3: patient_id: must be a whole number"),
                    HasSubstr(":3: patient_record.billing.cc_number: is no card number"),
                    HasSubstr(":4: patient_record.ssn: must look like"), HasSubstr(":4: name: "),
                    HasSubstr(":5: there is text after a closing quote"), HasSubstr(":6: ")));
  EXPECT_THAT(out_.str(), HasSubstr("rejected 4 rows"));
  EXPECT_THAT(err_.str(), AllOf(Not(HasSubstr("4111111111111112")), Not(HasSubstr("900010003"))));
}

constexpr const char* kHeader = "name,patient_id,ssn,cc_type,cc_number,bill_amount\n";

// A good row.
std::string row(int number) {
  return "Ann," + std::to_string(number) + ",900-01-000" + std::to_string(number) +
         ",Visa,4111111111111111,1.00\n";
}

TEST_F(Load, AnUnclosedQuoteCostsItsRowOnly) {
  quern::Project db = project();
  const auto file = csv(kHeader + row(1) + "\"Bob" + row(2) + row(3) + row(4));
  EXPECT_EQ(load_patients(db, file, {}, console_), quern::ExitCode::kFailure);
  EXPECT_EQ(db.objects<Patient>().count(), 3);
  EXPECT_THAT(err_.str(), HasSubstr(":3: a quoted field is not closed"));
  EXPECT_THAT(out_.str(), HasSubstr("Loaded 3 patients"));
}

TEST_F(Load, AByteOrderMarkIsSkipped) {
  quern::Project db = project();
  const auto file = csv("\xEF\xBB\xBF" + (kHeader + row(1)));
  EXPECT_EQ(load_patients(db, file, {}, console_), quern::ExitCode::kOk);
  EXPECT_EQ(db.objects<Patient>().count(), 1);
}

TEST_F(Load, ABillIsNotNegative) {
  quern::Project db = project();
  const auto file = csv(std::string(kHeader) + "Ann,1,900-01-0001,Visa,4111111111111111,-5\n");
  EXPECT_EQ(load_patients(db, file, {}, console_), quern::ExitCode::kFailure);
  EXPECT_EQ(db.objects<Patient>().count(), 0);
  EXPECT_THAT(err_.str(), HasSubstr(":2: patient_record.bill_amount: must not be negative"));
}

TEST_F(Load, ACorrectedFileAddsWhatWasWrongOnly) {
  quern::Project db = project();
  const std::string bad = "Ann,2,900-01-0002,Visa,4111111111111112,1.00\n";
  load_patients(db, csv(kHeader + row(1) + bad + row(3)), {}, console_);
  EXPECT_EQ(db.objects<Patient>().count(), 2);
  EXPECT_EQ(load_patients(db, csv(kHeader + row(1) + row(2) + row(3)), {}, console_),
            quern::ExitCode::kFailure);
  EXPECT_EQ(db.objects<Patient>().count(), 3);
  EXPECT_THAT(err_.str(), HasSubstr(":2: patient_id exists already, the first of 2 such rows\n"));
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Loaded 1 patients"), HasSubstr("rejected 2 rows")));
}

TEST_F(Load, APatientsNumberIsLoadedOnceOfAFile) {
  quern::Project db = project();
  const auto file = csv(kHeader + row(1) + row(2) + row(1) + row(3) + row(2));
  EXPECT_EQ(load_patients(db, file, {.batch_size = 4}, console_), quern::ExitCode::kFailure);
  EXPECT_EQ(db.objects<Patient>().count(), 3);
  // One in the first batch, the other in the second.
  EXPECT_EQ(err_.str(),
            file.string() + ":4: patient_id exists already, the first of 2 such rows\n");
}

TEST_F(Load, BothNumbersOfTheReportAreThisRuns) {
  quern::Project db = project();
  const auto file = csv(kHeader + row(1) + "bad\n");
  load_patients(db, file, {}, console_);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Loaded 1 patients"), HasSubstr("rejected 1 rows")));
  out_.str("");
  load_patients(db, file, {}, console_);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Loaded 0 patients"), HasSubstr("rejected 0 rows")));
}

TEST_F(Load, AFileWithRejectedRowsIsAFailureEveryTime) {
  quern::Project db = project();
  const auto file = csv(kHeader + row(1) + "bad\n");
  EXPECT_EQ(load_patients(db, file, {}, console_), quern::ExitCode::kFailure);
  EXPECT_EQ(load_patients(db, file, {}, console_), quern::ExitCode::kFailure);
}

TEST_F(Load, LinesMayEndInCarriageReturnsAlone) {
  quern::Project db = project();
  std::string text = kHeader + row(1) + "Bob,x\n" + row(2) + row(3);
  std::replace(text.begin(), text.end(), '\n', '\r');
  EXPECT_EQ(load_patients(db, csv(text), {}, console_), quern::ExitCode::kFailure);
  EXPECT_EQ(db.objects<Patient>().count(), 3);
  EXPECT_THAT(err_.str(), HasSubstr(":3: "));
}

TEST_F(Load, WhatIsNoRegularFileIsRefused) {
  quern::Project db = project();
  const std::filesystem::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::filesystem::path& file : {pipe, folder_}) {
    EXPECT_THAT([&] { load_patients(db, file, {}, console_); },
                testing::Throws<quern::ImproperlyConfigured>(
                    testing::Property(&quern::Error::what, file.string() + " is no regular file")));
  }
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

TEST_F(Load, InterruptedItStoresWhatItReadAndGoesOnLater) {
  quern::Project db = project();
  const std::string some = patients(105);
  const auto file = csv(some + "a bad row\n" + patients(300).substr(some.size()));
  // The signal comes with the message about the bad row, in the middle of the eleventh batch.
  Interrupting buffer;
  std::ostream err(&buffer);
  quern::Console console{.out = out_, .err = err, .in = in_};
  EXPECT_EQ(load_patients(db, file, {.batch_size = 10}, console), quern::ExitCode::kInterrupted);
  EXPECT_THAT(out_.str(), HasSubstr("Interrupted before line 108: run the same command to go on."));
  EXPECT_EQ(db.objects<Patient>().count(), 105);

  EXPECT_EQ(load_patients(db, file, {}, console_), quern::ExitCode::kFailure)
      << "the bad row was told by the first run";
  EXPECT_THAT(out_.str(), HasSubstr("Going on at line 108 (105 patients were loaded before)."));
  EXPECT_EQ(db.objects<Patient>().count(), 300);
}

TEST_F(Load, InterruptedAmongBadRowsItStops) {
  quern::Project db = project();
  std::string bad = kHeader;
  for (int i = 0; i < 5000; ++i) bad += "a bad row\n";
  const auto file = csv(bad);
  Interrupting buffer;
  std::ostream err(&buffer);
  quern::Console console{.out = out_, .err = err, .in = in_};
  EXPECT_EQ(load_patients(db, file, {}, console), quern::ExitCode::kInterrupted);
  EXPECT_THAT(out_.str(), HasSubstr("Interrupted before line 3: run the same command to go on."));
}

TEST_F(Load, OfBadRowsOnlyThePlaceIsKept) {
  quern::Project db = project();
  std::string bad = kHeader;
  for (int i = 0; i < 250; ++i) bad += "a bad row\n";
  const auto file = csv(bad);
  EXPECT_EQ(load_patients(db, file, {}, console_), quern::ExitCode::kFailure);
  EXPECT_EQ(db.objects<Patient>().count(), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Loaded 0 patients"));
  EXPECT_THAT(out_.str(), HasSubstr("rejected 250 rows"));
  load_patients(db, file, {}, console_);
  EXPECT_THAT(out_.str(), HasSubstr("Going on at line 252 (0 patients were loaded before)."));
}

// Killed when that many patients are there.
class KilledLoad : public Load, public testing::WithParamInterface<int> {};

INSTANTIATE_TEST_SUITE_P(AtPatients, KilledLoad, testing::Values(1, 500, 3000));

TEST_P(KilledLoad, NoRowIsLostOrLoadedTwice) {
  const auto file = csv(patients(6000));
  // The child runs this test from its start in a process of its own, and ends here, in the middle
  // of loading.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto load_and_die = [&] {
    quern::Project db = project();
    std::thread killer([&db] {
      while (db.objects<Patient>().count() < GetParam()) std::this_thread::yield();
      ::raise(SIGKILL);
    });
    load_patients(db, file, {.batch_size = 10}, console_);
    killer.join();
  };
  ASSERT_EXIT(load_and_die(), testing::KilledBySignal(SIGKILL), "");

  quern::Project db = project();
  const std::int64_t loaded = db.objects<Patient>().count();
  EXPECT_GT(loaded, 0);
  EXPECT_LT(loaded, 6000);
  EXPECT_EQ(load_patients(db, file, {}, console_), quern::ExitCode::kOk);
  EXPECT_EQ(db.objects<Patient>().count(), 6000);
  EXPECT_EQ(err_.str(), "") << "no row was there already";
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

TEST(PlantedValues, AFolderThatIsNotThereIsNamed) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "nobody.csv";
  std::ofstream(file) << kHeader;
  PlantedValues::Found found;
  EXPECT_THAT([&] { PlantedValues(file).search_files("nope", found); },
              testing::Throws<quern::ImproperlyConfigured>(
                  testing::Property(&quern::Error::what, HasSubstr("there is no folder nope"))));
  std::filesystem::remove(file);
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
