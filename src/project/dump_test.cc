// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// dumpdata and loaddata, and the files between them.
#include "project/dump.h"

#include <gmock/gmock.h>

#include <limits>
#include <regex>

#include "project/clinic_fixture.h"

namespace quern::clinic {
namespace {

using internal::dump_line;
using internal::dumped_document;
using internal::in_plain_letters;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

bson::Document nested(int depth) {
  bson::Document out = bson::doc("x", 1);
  for (int i = 0; i < depth; ++i) out = bson::doc("a", out);
  return out;
}

TEST(DumpLine, BringsBackTheSameBytes) {
  const std::vector<bson::Document> documents = {
      bson::doc(),
      bson::doc("int", 1, "long", std::int64_t{1}, "double", 1.0, "text", "a\"\n\u2028ä"),
      bson::doc("nan", std::numeric_limits<double>::quiet_NaN(), "infinity",
                -std::numeric_limits<double>::infinity(), "zero", -0.0, "tiny", 5e-324, "third",
                1.0 / 3.0),
      bson::doc("date", bson::Date{-62'135'596'800'001}, "far", bson::Date{INT64_MAX}),
      bson::doc("id", Uuid::random(), "min", bson::MinKey{}, "max", bson::MaxKey{}, "null",
                bson::Null{}, "undefined", bson::Undefined{}),
      bson::doc("regex", bson::Regex{"^a/\"", "i"}, "code", bson::Code{"return 1"}, "symbol",
                bson::Symbol{"s"}, "time", bson::Timestamp{}),
      bson::doc("a", 1, "a", 2),
      // What Extended JSON takes for something else.
      bson::doc("a", bson::doc("$oid", "0123456789abcdef01234567")),
      bson::doc("a", bson::doc("$numberLong", "1")),
      bson::doc("a", bson::doc("$regex", "^a", "$options", "i")),
      bson::doc("a", bson::doc("$date", std::int64_t{1})),
      bson::doc("$bson", bson::Binary{bson::BinarySubtype::kGeneric, as_bytes("text")}),
      nested(150),
  };
  for (const bson::Document& document : documents) {
    const std::string line = dump_line(document);
    EXPECT_EQ(line.find('\n'), line.npos);
    EXPECT_EQ(dumped_document(line), document) << line;
  }
}

TEST(DumpLine, IsReadStrictly) {
  for (const char* line : {"", " ", "{", "[1]", "{} {}", "{}x", "{\"a\": }",
                           "{\"$bson\": {\"$binary\": "
                           "{\"base64\": \"AAAA\", \"subType\": \"00\"}}}"}) {
    EXPECT_THROW(dumped_document(line), Error) << line;
  }
}

TEST(DumpedCollection, HasAFileInTheDirectoryWhateverItsName) {
  EXPECT_EQ(in_plain_letters("enxcol_.my-patients.esc"), "enxcol_.my-patients.esc");
  EXPECT_EQ(in_plain_letters("../x"), "%2E.%2Fx");
  EXPECT_EQ(in_plain_letters("/etc/passwd"), "%2Fetc%2Fpasswd");
  EXPECT_EQ(in_plain_letters("a b\n\x1b"), "a%20b%0A%1B");
  EXPECT_EQ(in_plain_letters("a%20b"), "a%2520b");
}

class DumpAndLoad : public Clinic {
 protected:
  std::string path(const char* name) const { return (folder_.path() / name).string(); }
  Project another() const { return project("embedded:other"); }
  std::string file(const std::string& name) const { return folder_.read("dump/" + name); }
  void rewrite(const std::string& name,
               const std::function<std::string(std::string)>& change) const {
    folder_.write("dump/" + name, change(file(name)));
  }
  static std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const std::size_t at = text.find(what);
    EXPECT_NE(at, text.npos) << what;
    return at == text.npos ? text : text.replace(at, what.size(), by);
  }
  // Of a clinic with John, and Jane.
  std::string dump_clinic(const std::vector<std::string>& options = {}) const {
    Project db = project();
    migrate(db);
    for (const char* number : {"123-45-6789", "987-65-4321"}) {
      Patient patient = john();
      patient.record.ssn = number;
      db.save(patient);
    }
    std::vector<std::string> arguments = {"dumpdata", "--database", "encrypted", path("dump")};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Ran ran = run(db, arguments);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return ran.out + ran.err;
  }
  static std::vector<std::string> load_arguments(const std::string& dump) {
    return {"loaddata", "--database", "encrypted", dump};
  }
};

TEST_F(DumpAndLoad, MoveADatabaseAsItIs) {
  const std::string said = dump_clinic();
  EXPECT_THAT(said, HasSubstr("documents of 'encrypted' to"));
  EXPECT_THAT(file("myapp_patient.jsonl"), Not(HasSubstr("123-45-6789")));
  Project from = project();
  Project to = another();
  run_ok(to, load_arguments(path("dump")));
  // Collections have other uuids, and nothing else differs.
  const std::regex uuid(R"("uuid" : \{[^}]*\} \})");
  EXPECT_EQ(std::regex_replace(dump(to, "encrypted"), uuid, ""),
            std::regex_replace(dump(from, "encrypted"), uuid, ""));
  EXPECT_EQ(to.objects<Patient>().get(ssn == "123-45-6789").record.billing->cc_number,
            "4111111111111111");
  // Counters go on where they were.
  Patient again = john();
  to.save(again);
  EXPECT_EQ(to.objects<Patient>().filter(ssn == "123-45-6789").count(), 2);
  EXPECT_EQ(to.objects<Patient>().filter(ssn == "987-65-4321").count(), 1);
}

TEST_F(DumpAndLoad, InTheClearIsOnlyForWhoAsksAndIsEncryptedAgain) {
  EXPECT_THAT(dump_clinic({"--decrypted"}), HasSubstr("Warning: "));
  EXPECT_THAT(file("myapp_patient.jsonl"),
              AllOf(HasSubstr("123-45-6789"), Not(HasSubstr("__safeContent__"))));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "dump" / "__keyVault.jsonl"));
  const auto permissions = std::filesystem::status(folder_.path() / "dump").permissions();
  EXPECT_EQ(permissions, std::filesystem::perms::owner_all);
  // Under another key encryption key.
  folder_.write("local_kek", std::string(96, 'n'), 0600);
  Project to = another();
  const Ran early = run(to, load_arguments(path("dump")));
  EXPECT_THAT(early.err, AllOf(HasSubstr("'record.ssn', which was encrypted, in the clear"),
                               HasSubstr("migrate")));
  run_ok(to, {"migrate", "--database", "encrypted"});
  EXPECT_EQ(run_ok(to, load_arguments(path("dump"))), "Loaded 2 documents into 'encrypted'.\n");
  EXPECT_EQ(to.objects<Patient>().filter(ssn == "123-45-6789").count(), 1);
  EXPECT_THAT(dump(to, "encrypted"), Not(HasSubstr("123-45-6789")));
}

TEST_F(DumpAndLoad, InTheClearIsNotLoadedIntoADatabaseThatDoesNotEncrypt) {
  dump_clinic({"--decrypted"});
  Project to = another();
  const Ran ran = run(to, {"loaddata", path("dump")});
  EXPECT_EQ(ran.code, static_cast<int>(ExitCode::kConfiguration));
  EXPECT_THAT(ran.err, HasSubstr("would not encrypt it. Nothing was changed"));
  EXPECT_THAT(dump(to, "default"), Not(HasSubstr("123-45-6789")));
}

TEST_F(DumpAndLoad, OverwriteNothing) {
  dump_clinic();
  Project db = project();
  EXPECT_THAT(run(db, {"dumpdata", path("dump")}).err, HasSubstr("there is something already"));
  const std::string before = dump(db, "encrypted");
  const Ran ran = run(db, load_arguments(path("dump")));
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("is there already, with documents. Nothing was changed"));
  EXPECT_EQ(dump(db, "encrypted"), before);
}

TEST_F(DumpAndLoad, ResumeTakesWhatIsThereAndTheSame) {
  dump_clinic();
  Project to = another();
  run_ok(to, load_arguments(path("dump")));
  run_checked(to.plain_runner("encrypted"), "encrypted_db",
              bson::doc("delete", "myapp_patient", "deletes",
                        bson::array(bson::doc("q", bson::doc("number", 1001), "limit", 1))));
  std::vector<std::string> resume = load_arguments(path("dump"));
  resume.emplace_back("--resume");
  EXPECT_EQ(run_ok(to, resume), "Loaded 1 document into 'encrypted'.\n");
  EXPECT_EQ(run_ok(to, resume), "Loaded 0 documents into 'encrypted'.\n");
  run_checked(to.plain_runner("encrypted"), "encrypted_db",
              bson::doc("update", "myapp_patient", "updates",
                        bson::array(bson::doc("q", bson::doc(), "u",
                                              bson::doc("$set", bson::doc("name", "Other"))))));
  const Ran ran = run(to, resume);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("myapp_patient.jsonl, line 1: the database has another "
                                       "document with the same _id"),
                             Not(HasSubstr("Other"))));
}

TEST_F(DumpAndLoad, AFaultInAFileIsToldByItsLineAndNothingIsLoaded) {
  dump_clinic();
  const std::string good = file("myapp_patient.jsonl");
  Project to = another();
  const auto fault = [&](const std::string& text) {
    folder_.write("dump/myapp_patient.jsonl", text);
    const Ran ran = run(to, load_arguments(path("dump")));
    EXPECT_NE(ran.code, 0);
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "other"));
    return ran.err;
  };
  const std::string first = good.substr(0, good.find('\n') + 1);
  EXPECT_THAT(fault(first + "{\"secret\": hunter2}\n"),
              AllOf(HasSubstr("myapp_patient.jsonl, line 2: is not a document in Extended JSON"),
                    Not(HasSubstr("hunter2"))));
  EXPECT_THAT(fault(first + "{\"name\": \"hunter2\"}\n"),
              AllOf(HasSubstr("line 2: the document has no _id"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(fault(first + "\n"), HasSubstr("line 2: is not"));
  EXPECT_THAT(fault(first), HasSubstr("has 1 documents, and manifest.json says 2: it was cut"));
  EXPECT_THAT(fault(good.substr(0, good.size() - 20)), HasSubstr("line 2: is not"));
  EXPECT_THAT(fault(good + first), HasSubstr("has 3 documents"));
  std::filesystem::remove(folder_.path() / "dump/myapp_patient.jsonl");
  EXPECT_THAT(run(to, load_arguments(path("dump"))).err, HasSubstr("there is no such file"));
}

TEST_F(DumpAndLoad, AManifestIsReadStrictly) {
  dump_clinic();
  const std::string good = file("manifest.json");
  Project to = another();
  const auto fault = [&](const std::string& what, const std::string& by) {
    folder_.write("dump/manifest.json", replaced(good, what, by));
    const Ran ran = run(to, load_arguments(path("dump")));
    EXPECT_NE(ran.code, 0);
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "other"));
    return ran.err;
  };
  EXPECT_THAT(fault("\"decrypted\"", "\"decrypt\""),
              HasSubstr("'decrypt' is not known. Did you mean"));
  EXPECT_THAT(fault("\"decrypted\": false", "\"decrypted\": 1"), HasSubstr("must be of type bool"));
  EXPECT_THAT(fault("\"decrypted\": false,", ""), HasSubstr("'decrypted' is missing"));
  EXPECT_THAT(fault("\"quernDump\": {\n    \"$numberInt\": \"1\"",
                    "\"quernDump\": {\n    \"$numberInt\": \"2\""),
              HasSubstr("version 2, and this program knows version 1"));
  EXPECT_THAT(fault("\"name\": \"myapp_patient\"", "\"name\": \"../../myapp_patient\""),
              HasSubstr("%2E.%2F..%2Fmyapp_patient.jsonl: there is no such file"));
  EXPECT_THAT(fault("__keyVault", "vault"),
              HasSubstr("the dump has its data keys in the collection 'vault'"));
  EXPECT_THAT(fault("{", "["), HasSubstr("manifest.json is not Extended JSON"));
}

TEST_F(DumpAndLoad, DocumentsThatTheDatabaseDoesNotTakeAreToldByTheirLine) {
  dump_clinic({"--decrypted"});
  rewrite("myapp_patient.jsonl", [](const std::string& text) {
    // The second document's ssn is no string.
    const std::size_t second = text.find('\n') + 1;
    return text.substr(0, second) + replaced(text.substr(second), "\"987-65-4321\"", "4321");
  });
  Project to = another();
  run_ok(to, {"migrate", "--database", "encrypted"});
  const Ran ran = run(to, load_arguments(path("dump")));
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.err,
              AllOf(HasSubstr("myapp_patient.jsonl, line 2: the database does not take the "
                              "document"),
                    Not(HasSubstr("4321"))));
}

TEST_F(DumpAndLoad, ADumpThatCannotBeWrittenLeavesNothing) {
  Project db = project();
  migrate(db);
  folder_.write("file", "");
  EXPECT_NE(run(db, {"dumpdata", "--database", "encrypted", path("file")}).code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "file.partial"));
  Project none = another();
  EXPECT_THAT(run(none, {"dumpdata", path("dump")}).err, HasSubstr("there is nothing to dump"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "other"));
}

}  // namespace
}  // namespace quern::clinic
