// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/project/secret.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <sstream>

#include "project/secret_reader.h"
#include "project/test_folder.h"
#include "quern/base/error.h"

namespace quern {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::Property;
using testing::Throws;

std::string read(const Secret& secret, const std::filesystem::path& base = ".") {
  const SecretBytes bytes = read_secret(secret, base);
  return std::string(as_text(bytes.bytes()));
}

TEST(Secret, TextThatIsNoReferenceIsRefusedAndNotRepeated) {
  EXPECT_THAT([] { Secret::parse("hunter2"); },
              Throws<ImproperlyConfigured>(Property(
                  &Error::what, AllOf(HasSubstr("file:PATH"), Not(HasSubstr("hunter2"))))));
}

TEST(Secret, PrintsNothingOfItself) {
  std::ostringstream out;
  out << secret::file("/run/secrets/kek");
  EXPECT_EQ(out.str(), "<secret>");
}

TEST(SecretReader, ReadsAFileWithoutItsLastLineBreak) {
  const TestFolder folder;
  folder.write("kek", "abc\n", 0600);
  EXPECT_EQ(read(secret::file("kek"), folder.path()), "abc");
}

TEST(SecretReader, KeepsTheLineBreakAtTheEndOfARawKey) {
  const TestFolder folder;
  const std::string key = std::string(95, 'k') + "\n";
  folder.write("kek", key, 0600);
  EXPECT_EQ(read(secret::file("kek"), folder.path()), key);
}

TEST(SecretReader, RefusesFilesThatOthersCanReadOrWrite) {
  const TestFolder folder;
  for (const mode_t mode : {0640, 0604, 0620, 0602}) {
    folder.write("kek", "abc", mode);
    EXPECT_THAT([&] { read(secret::file("kek"), folder.path()); },
                Throws<ImproperlyConfigured>(Property(&Error::what, HasSubstr("chmod 600"))));
  }
}

TEST(SecretReader, RefusesMissingAndEmptyFilesAndFolders) {
  const TestFolder folder;
  folder.write("empty", "", 0600);
  for (const char* name : {"missing", "empty", "."}) {
    EXPECT_THROW(read(secret::file(name), folder.path()), ImproperlyConfigured) << name;
  }
}

TEST(SecretReader, SaysOfAMissingFileWhatMakesOne) {
  const TestFolder folder;
  EXPECT_THAT([&] { read(secret::file("missing"), folder.path()); },
              Throws<ImproperlyConfigured>(
                  Property(&Error::what, HasSubstr("`manage generatelocalkey` makes the first"))));
}

TEST(SecretReader, ReadsTheEnvironmentAndLeavesNothingOfItThere) {
  ::setenv("QUERN_TEST_SECRET", "xyz", 1);
  const char* value = std::getenv("QUERN_TEST_SECRET");
  EXPECT_EQ(read(secret::env("QUERN_TEST_SECRET")), "xyz");
  EXPECT_EQ(std::getenv("QUERN_TEST_SECRET"), nullptr);
  EXPECT_EQ(std::string_view(value, 3), std::string_view("\0\0\0", 3)) << "where it was";
  EXPECT_EQ(read(secret::env("QUERN_TEST_SECRET")), "xyz") << "who asks again gets it again";
  ::setenv("QUERN_TEST_SECRET", "abc", 1);
  EXPECT_EQ(read(secret::env("QUERN_TEST_SECRET")), "abc");
}

TEST(SecretReader, SaysWhichVariableIsNotSet) {
  EXPECT_THAT([] { read(secret::env("QUERN_TEST_SECRET_2")); },
              Throws<ImproperlyConfigured>(
                  Property(&Error::what, HasSubstr("QUERN_TEST_SECRET_2, which holds a secret"))));
}

}  // namespace
}  // namespace quern
