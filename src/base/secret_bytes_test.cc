// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/secret_bytes.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "quern/base/error.h"

namespace quern {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

static_assert(!std::is_copy_constructible_v<SecretBytes> &&
              !std::is_copy_assignable_v<SecretBytes>);
static_assert(!std::is_copy_constructible_v<SecretArray<32>>);
static_assert(std::is_nothrow_move_constructible_v<SecretBytes>);
static_assert(std::is_nothrow_move_constructible_v<SecretArray<32>>);
static_assert(!Printable<SecretBytes> && !Printable<SecretArray<32>>);

bool all_zero(BytesView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

// The VmFlags of the mapping that holds an address.
std::string mapping_flags(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2) {
      inside = from <= wanted && wanted < to;
    } else if (inside && line.starts_with("VmFlags:")) {
      return line + " ";
    }
  }
  return "";
}

TEST(SecretBytes, StartsAsZerosAndKeepsWhatIsWritten) {
  for (const std::size_t size : {1, 32, 96, 128, 129, 5000}) {
    SecretBytes secret(size);
    ASSERT_EQ(secret.size(), size);
    EXPECT_TRUE(all_zero(secret.bytes()));
    secret.mutable_bytes().back() = 7;
    EXPECT_EQ(secret.clone().bytes().back(), 7);
  }
  EXPECT_TRUE(SecretBytes().empty());
  EXPECT_TRUE(SecretBytes(0).bytes().empty());
}

TEST(SecretBytes, MovingLeavesAnEmptySecret) {
  SecretBytes a = SecretBytes::copy_of(as_bytes("secret"));
  SecretBytes b = std::move(a);
  EXPECT_TRUE(a.empty());  // NOLINT: the moved-from state is documented
  EXPECT_EQ(as_text(b.bytes()), "secret");
}

TEST(SecretBytes, AssignmentWipesWhatWasThere) {
  SecretBytes a = SecretBytes::copy_of(as_bytes("first"));
  const std::uint8_t* memory = a.bytes().data();
  SecretBytes b = SecretBytes::copy_of(as_bytes("second"));
  a = std::move(b);
  EXPECT_EQ(as_text(a.bytes()), "second");
  EXPECT_TRUE(b.empty());  // NOLINT: the moved-from state is documented
  const SecretArray<5> next;
  ASSERT_EQ(next.bytes().data(), memory);
  EXPECT_TRUE(all_zero(next.bytes()));
}

TEST(SecretArray, TakesExactlyItsSize) {
  const Bytes bytes(31, 1);
  EXPECT_THROW(SecretArray<32>::copy_of(bytes), Error);
}

TEST(SecretArray, MemoryIsWipedBeforeItIsUsedAgain) {
  const std::uint8_t* slot = nullptr;
  {
    const auto secret = SecretArray<32>::copy_of(Bytes(32, 0xAA));
    slot = secret.bytes().data();
  }
  // A thread's free list hands out the slot that came back last.
  const SecretArray<32> next;
  ASSERT_EQ(next.bytes().data(), slot);
  EXPECT_TRUE(all_zero(next.bytes()));
}

TEST(SecretArray, PagesAreLeftOutOfCoreDumps) {
  const SecretArray<32> pooled;
  const SecretBytes large(5000);
  for (const std::uint8_t* memory : {pooled.bytes().data(), large.bytes().data()}) {
    const std::string flags = mapping_flags(memory);
    if (flags.empty()) GTEST_SKIP() << "/proc/self/smaps has no VmFlags here";
    EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
  }
}

TEST(SecretArray, SecretsMayDieOnAnotherThreadThanTheyWereMadeOn) {
  std::vector<SecretArray<32>> secrets;
  for (int round = 0; round < 8; ++round) {
    std::thread([&] {
      for (int i = 0; i < 500; ++i) {
        secrets.push_back(SecretArray<32>::copy_of(Bytes(32, static_cast<std::uint8_t>(i))));
      }
    }).join();
  }
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    ASSERT_EQ(secrets[i].bytes()[31], static_cast<std::uint8_t>(i % 500));
  }
  std::thread([&] { secrets.clear(); }).join();
  EXPECT_TRUE(all_zero(SecretArray<32>().bytes()));
}

TEST(SecretArray, ThreadsShareThePoolSafely) {
  std::vector<std::thread> threads;
  std::atomic<int> faults{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::vector<SecretArray<32>> held;
      for (int i = 0; i < 2000; ++i) {
        SecretArray<32> secret;
        if (!all_zero(secret.bytes())) ++faults;
        std::ranges::fill(secret.mutable_bytes(), static_cast<std::uint8_t>(t + 1));
        held.push_back(std::move(secret));
        if (held.size() > 150) held.clear();
      }
      for (const auto& secret : held) {
        if (secret.bytes()[0] != t + 1 || secret.bytes()[31] != t + 1) ++faults;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(faults, 0);
}

// kB of locked memory, as the kernel counts them.
long locked_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmLck:")) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

// What act returns in a child process; -1 when it did not end within some seconds.
template <class Act>
int in_child(const Act& act) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(5);
    _exit(act());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(SecretArray, CanBeMadeInAChildWhateverOtherThreadsDidWhenItWasForked) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (!stop) std::vector<SecretArray<32>>(400);
    });
  }
  int hung = 0;
  for (int i = 0; i < 200 && hung == 0; ++i) {
    // On the stack: a sanitizer's heap need not work in a child.
    hung += in_child([] {
              const std::array<SecretArray<32>, 400> secrets;
              return all_zero(secrets.back().bytes()) ? 0 : 1;
            }) != 0;
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(hung, 0);
}

TEST(SecretArray, PagesAreLockedInAChildToo) {
  const std::vector<SecretArray<32>> secrets(500);
  const long locked = locked_memory();
  if (locked == 0) GTEST_SKIP() << "memory cannot be locked here";
  EXPECT_EQ(in_child([&] { return locked_memory() == locked ? 0 : 1; }), 0);
}

TEST(ConstantTimeEqual, ComparesBytesAndLengths) {
  EXPECT_TRUE(constant_time_equal(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(constant_time_equal(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(constant_time_equal(as_bytes("abc"), as_bytes("ab")));
  EXPECT_TRUE(constant_time_equal({}, {}));
}

}  // namespace
}  // namespace quern
