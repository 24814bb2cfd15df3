// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "protocol/cipher.h"

#include <openssl/evp.h>

#include <climits>
#include <memory>
#include <string>

#include "quern/base/error.h"

namespace quern::protocol {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }  // wipes it
};
using OwnedContext = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

[[noreturn]] void openssl_failed(const char* what) {
  throw Error(ErrorCode::kInternalError, std::string("OpenSSL failed to ") + what);
}

const EVP_CIPHER* fetch(const char* name) {
  const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  if (cipher == nullptr) openssl_failed("provide AES-256");
  return cipher;
}

// Fetched once and never freed, so that secrets in static objects can be used until the very end.
const EVP_CIPHER* algorithm(CipherMode mode) {
  static const EVP_CIPHER* const cbc = fetch("AES-256-CBC");
  static const EVP_CIPHER* const ctr = fetch("AES-256-CTR");
  return mode == CipherMode::kCtr ? ctr : cbc;
}

OwnedContext new_context(CipherMode mode, const std::uint8_t* key) {
  OwnedContext context(EVP_CIPHER_CTX_new());
  const int encrypt = mode == CipherMode::kCbcDecrypt ? 0 : 1;
  if (context == nullptr ||
      EVP_CipherInit_ex2(context.get(), algorithm(mode), key, nullptr, encrypt, nullptr) != 1) {
    openssl_failed("prepare AES-256");
  }
  return context;
}

void run_with(EVP_CIPHER_CTX* context, Iv iv, BytesView in, std::span<std::uint8_t> out) {
  if (in.size() > INT_MAX || out.size() != in.size()) {
    throw Error(ErrorCode::kInternalError,
                "AES-256 was given buffers of unequal or excessive size");
  }
  const auto size = static_cast<int>(in.size());
  // EVP_Cipher runs the bare mode, so that padding need not be switched off (which would cost more
  // than a block at each call).
  if (EVP_CipherInit_ex2(context, nullptr, nullptr, iv.data(), -1, nullptr) != 1 ||
      EVP_Cipher(context, out.data(), in.data(), static_cast<unsigned>(size)) != size) {
    openssl_failed("run AES-256");
  }
}

// Spreads threads over the slots, so that each usually finds its own.
std::size_t thread_number() {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t number = next.fetch_add(1, std::memory_order_relaxed);
  return number;
}

}  // namespace

KeyedCipher::KeyedCipher(CipherMode mode, BytesView key)
    : mode_(mode), key_(SecretArray<kAesKeySize>::copy_of(key)) {}

KeyedCipher::~KeyedCipher() {
  for (Slot& slot : slots_) EVP_CIPHER_CTX_free(slot.context.load(std::memory_order_acquire));
}

KeyedCipher::Context* KeyedCipher::borrow() const {
  Slot& slot = slots_[thread_number() % kSlots];
  Context* context = slot.context.exchange(nullptr, std::memory_order_acquire);
  return context != nullptr ? context : new_context(mode_, key_.bytes().data()).release();
}

void KeyedCipher::give_back(Context* context) const {
  Slot& slot = slots_[thread_number() % kSlots];
  Context* empty = nullptr;
  if (!slot.context.compare_exchange_strong(empty, context, std::memory_order_release,
                                            std::memory_order_relaxed)) {
    EVP_CIPHER_CTX_free(context);
  }
}

void KeyedCipher::run(Iv iv, BytesView in, std::span<std::uint8_t> out) const {
  if (mode_ != CipherMode::kCtr && in.size() % kAesBlockSize != 0) {
    throw Error(ErrorCode::kInternalError, "AES-256-CBC was given a part of a block");
  }
  const auto give = [this](Context* context) { give_back(context); };
  const std::unique_ptr<Context, decltype(give)> context(borrow(), give);
  run_with(context.get(), iv, in, out);
}

void aes256_ctr(BytesView key, Iv iv, BytesView in, std::span<std::uint8_t> out) {
  if (key.size() != kAesKeySize) {
    throw Error(ErrorCode::kBadValue, "an AES-256 key needs 32 bytes");
  }
  // The last key stays in the thread's context until the next one. Whoever comes here uses tokens
  // that a payload brought along; what derives from data keys goes through KeyedCipher.
  thread_local const OwnedContext context = new_context(CipherMode::kCtr, key.data());
  if (EVP_CipherInit_ex2(context.get(), nullptr, key.data(), nullptr, 1, nullptr) != 1) {
    openssl_failed("take a key");
  }
  run_with(context.get(), iv, in, out);
}

}  // namespace quern::protocol
