// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Key bytes are gone from the process's memory when their last owner lets go of them.
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "base/secret_bytes.h"
#include "keyvault/client_encryption.h"
#include "keyvault/vault_fixture.h"

namespace quern::keyvault {
namespace {

// Remembers 32 bytes inverted, so that remembering them is not finding them.
class Needle {
 public:
  explicit Needle(BytesView bytes) {
    std::ranges::transform(bytes.first(inverted_.size()), inverted_.begin(),
                           [](std::uint8_t byte) { return static_cast<std::uint8_t>(~byte); });
  }

  // How often they lie anywhere in the writable memory of this process.
  int count_in_memory() const {
    int count = 0;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      std::uintptr_t begin = 0;
      std::uintptr_t end = 0;
      char rights[5] = {};
      if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, rights) != 3) continue;
      // The heap of this program is far smaller; sanitizers map terabytes of bookkeeping.
      constexpr std::size_t kLargestRegion = std::size_t{8} << 20;
      if (rights[0] != 'r' || rights[1] != 'w' || end - begin > kLargestRegion) continue;
      count += count_in(begin, end);
    }
    return count;
  }

 private:
  // Copies a page at a time, with an overlap, and wipes the copy: it may hold the needle itself.
  int count_in(std::uintptr_t begin, std::uintptr_t end) const {
    static std::uint8_t window[4096 + 31];
    int count = 0;
    for (std::uintptr_t at = begin; at < end; at += 4096) {
      const std::size_t size = std::min<std::size_t>(sizeof window, end - at);
      const iovec local{window, size};
      const iovec remote{reinterpret_cast<void*>(at), size};
      const ssize_t got = ::process_vm_readv(::getpid(), &local, 1, &remote, 1, 0);
      const auto* last = window + (got > 0 ? got : 0);
      for (const std::uint8_t* from = window;; ++from) {
        from = std::search(from, last, inverted_.begin(), inverted_.end(),
                           [](std::uint8_t byte, std::uint8_t inverted) {
                             return byte == static_cast<std::uint8_t>(~inverted);
                           });
        if (from == last) break;
        ++count;
      }
      wipe_memory(window);
    }
    return count;
  }

  std::array<std::uint8_t, 32> inverted_;
};

class SecretsTest : public VaultTest {
 protected:
  void SetUp() override {
    if (!is_readable()) GTEST_SKIP() << "the system does not let a process read its own memory";
  }
  static bool is_readable() {
    std::uint8_t from = 1;
    std::uint8_t to = 0;
    const iovec local{&to, 1};
    const iovec remote{&from, 1};
    return ::process_vm_readv(::getpid(), &local, 1, &remote, 1, 0) == 1;
  }
};

TEST_F(SecretsTest, ADataKeyIsGoneWhenItsOwnersAre) {
  DataKeyOptions options;
  options.key_material = SecretBytes(96);
  RandomSource::system().fill(options.key_material->mutable_bytes());
  const Needle cipher_key(options.key_material->bytes().first(32));
  const Needle mac_key(options.key_material->bytes().subspan(32, 32));
  const Needle token_key(options.key_material->bytes().subspan(64, 32));
  EXPECT_GT(token_key.count_in_memory(), 0) << "it is found while it is there";

  const Uuid id = vault.create(std::move(options));
  options.key_material.reset();
  {
    KeyCache cache(vault, KeyCache::kDefaultLifetime, clock);
    ClientEncryption encryption(cache);
    const bson::Value value = bson::Value::of("some text");
    const EncryptOptions indexed{.algorithm = Algorithm::kEquality, .key_id = id, .contention = 8};
    EXPECT_EQ(encryption.decrypt(encryption.encrypt(value, indexed)), value);
    EXPECT_EQ(encryption.decrypt(encryption.encrypt(value, {.key_id = id})), value);
  }
  EXPECT_EQ(cipher_key.count_in_memory(), 0);
  EXPECT_EQ(mac_key.count_in_memory(), 0);
  EXPECT_EQ(token_key.count_in_memory(), 0);
}

TEST_F(SecretsTest, AMasterKeyGivenAsTextLeavesNoCopyBehind) {
  SecretBytes key(96);
  RandomSource::system().fill(key.mutable_bytes());
  const Needle needle(key.bytes().subspan(32, 32));
  std::string text = to_base64(key.bytes());
  const Needle text_needle(as_bytes(text));
  {
    kms::LocalKms kms(SecretBytes::copy_of(as_bytes(text)));
    wipe_memory({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    key = SecretBytes();
    const kms::WrappedKey wrapped = kms.wrap(counting_key(1), {});
    EXPECT_EQ(kms.unwrap(wrapped.key_material, wrapped.master_key).size(), 96u);
    EXPECT_EQ(text_needle.count_in_memory(), 0);
  }
  EXPECT_EQ(needle.count_in_memory(), 0);
}

}  // namespace
}  // namespace quern::keyvault
