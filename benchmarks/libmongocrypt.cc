// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "benchmarks/libmongocrypt.h"

#include <dlfcn.h>
#include <openssl/evp.h>

#include <stdexcept>

#include "base/random.h"
#include "crypto/aead.h"

// The parts of libmongocrypt's C interface that are used here, declared after its documentation.
struct mongocrypt_t;
struct mongocrypt_ctx_t;
struct mongocrypt_binary_t;
struct mongocrypt_status_t;

namespace quern::bench {
namespace {

using Binary = mongocrypt_binary_t;
using Status = mongocrypt_status_t;
using CryptoHook = bool (*)(void*, Binary* key, Binary* iv, Binary* in, Binary* out,
                            std::uint32_t* written, Status*);
using RandomHook = bool (*)(void*, Binary* out, std::uint32_t count, Status*);
using HmacHook = bool (*)(void*, Binary* key, Binary* in, Binary* out, Status*);
using HashHook = bool (*)(void*, Binary* in, Binary* out, Status*);

enum ContextState { kError = 0, kNeedKeys = 3, kReady = 5 };

}  // namespace

struct Libmongocrypt::Api {
  explicit Api(const std::string& library) : handle(dlopen(library.c_str(), RTLD_NOW)) {
    if (handle == nullptr) throw std::runtime_error(dlerror());
#define QUERN_LOAD(name) load(name, "mongocrypt_" #name)
    load(create, "mongocrypt_new");
    QUERN_LOAD(destroy);
    QUERN_LOAD(version);
    QUERN_LOAD(is_crypto_available);
    QUERN_LOAD(setopt_kms_providers);
    QUERN_LOAD(setopt_crypto_hooks);
    QUERN_LOAD(setopt_aes_256_ctr);
    QUERN_LOAD(setopt_bypass_query_analysis);
    QUERN_LOAD(init);
    QUERN_LOAD(status);
    QUERN_LOAD(status_new);
    QUERN_LOAD(status_destroy);
    QUERN_LOAD(status_message);
    QUERN_LOAD(binary_new_from_data);
    QUERN_LOAD(binary_new);
    QUERN_LOAD(binary_data);
    QUERN_LOAD(binary_len);
    QUERN_LOAD(binary_destroy);
    QUERN_LOAD(ctx_new);
    QUERN_LOAD(ctx_destroy);
    QUERN_LOAD(ctx_status);
    QUERN_LOAD(ctx_state);
    QUERN_LOAD(ctx_setopt_key_id);
    QUERN_LOAD(ctx_setopt_algorithm);
    QUERN_LOAD(ctx_setopt_query_type);
    QUERN_LOAD(ctx_setopt_contention_factor);
    QUERN_LOAD(ctx_explicit_encrypt_init);
    QUERN_LOAD(ctx_explicit_decrypt_init);
    QUERN_LOAD(ctx_mongo_feed);
    QUERN_LOAD(ctx_mongo_done);
    QUERN_LOAD(ctx_finalize);
#undef QUERN_LOAD
  }

  template <class Function>
  void load(Function*& function, const char* name) {
    function = reinterpret_cast<Function*>(dlsym(handle, name));
    if (function == nullptr) throw std::runtime_error(std::string("it has no ") + name);
  }

  void* handle;
  mongocrypt_t* (*create)();
  void (*destroy)(mongocrypt_t*);
  const char* (*version)(std::uint32_t*);
  bool (*is_crypto_available)();
  bool (*setopt_kms_providers)(mongocrypt_t*, Binary*);
  bool (*setopt_crypto_hooks)(mongocrypt_t*, CryptoHook, CryptoHook, RandomHook, HmacHook, HmacHook,
                              HashHook, void*);
  bool (*setopt_aes_256_ctr)(mongocrypt_t*, CryptoHook, CryptoHook, void*);
  void (*setopt_bypass_query_analysis)(mongocrypt_t*);
  bool (*init)(mongocrypt_t*);
  bool (*status)(mongocrypt_t*, Status*);
  Status* (*status_new)();
  void (*status_destroy)(Status*);
  const char* (*status_message)(Status*, std::uint32_t*);
  Binary* (*binary_new_from_data)(std::uint8_t*, std::uint32_t);
  Binary* (*binary_new)();
  std::uint8_t* (*binary_data)(const Binary*);
  std::uint32_t (*binary_len)(const Binary*);
  void (*binary_destroy)(Binary*);
  mongocrypt_ctx_t* (*ctx_new)(mongocrypt_t*);
  void (*ctx_destroy)(mongocrypt_ctx_t*);
  bool (*ctx_status)(mongocrypt_ctx_t*, Status*);
  int (*ctx_state)(mongocrypt_ctx_t*);
  bool (*ctx_setopt_key_id)(mongocrypt_ctx_t*, Binary*);
  bool (*ctx_setopt_algorithm)(mongocrypt_ctx_t*, const char*, int);
  bool (*ctx_setopt_query_type)(mongocrypt_ctx_t*, const char*, int);
  bool (*ctx_setopt_contention_factor)(mongocrypt_ctx_t*, std::int64_t);
  bool (*ctx_explicit_encrypt_init)(mongocrypt_ctx_t*, Binary*);
  bool (*ctx_explicit_decrypt_init)(mongocrypt_ctx_t*, Binary*);
  bool (*ctx_mongo_feed)(mongocrypt_ctx_t*, Binary*);
  bool (*ctx_mongo_done)(mongocrypt_ctx_t*);
  bool (*ctx_finalize)(mongocrypt_ctx_t*, Binary*);
};

namespace {

// What the hooks need; they get a pointer to it as their context.
template <class Api>
struct Hooks {
  const Api* api;

  BytesView view(const Binary* binary) const {
    return {api->binary_data(binary), api->binary_len(binary)};
  }

  // A context that keeps its algorithm and takes a new key with each call.
  static bool cipher(void* self, const char* name, int encrypt, EVP_CIPHER_CTX*& context,
                     Binary* key, Binary* iv, Binary* in, Binary* out, std::uint32_t* written) {
    const Hooks& hooks = *static_cast<const Hooks*>(self);
    if (context == nullptr) {
      EVP_CIPHER* algorithm = EVP_CIPHER_fetch(nullptr, name, nullptr);
      context = EVP_CIPHER_CTX_new();
      EVP_CipherInit_ex2(context, algorithm, nullptr, nullptr, encrypt, nullptr);
      EVP_CIPHER_free(algorithm);  // the context holds on to it
    }
    const BytesView input = hooks.view(in);
    const auto size = static_cast<int>(input.size());
    if (EVP_CipherInit_ex2(context, nullptr, hooks.view(key).data(), hooks.view(iv).data(), encrypt,
                           nullptr) != 1 ||
        EVP_Cipher(context, hooks.api->binary_data(out), input.data(),
                   static_cast<unsigned>(size)) != size) {
      return false;
    }
    *written = static_cast<std::uint32_t>(size);
    return true;
  }
  static bool cbc_encrypt(void* self, Binary* key, Binary* iv, Binary* in, Binary* out,
                          std::uint32_t* written, Status*) {
    static EVP_CIPHER_CTX* context = nullptr;
    return cipher(self, "AES-256-CBC", 1, context, key, iv, in, out, written);
  }
  static bool cbc_decrypt(void* self, Binary* key, Binary* iv, Binary* in, Binary* out,
                          std::uint32_t* written, Status*) {
    static EVP_CIPHER_CTX* context = nullptr;
    return cipher(self, "AES-256-CBC", 0, context, key, iv, in, out, written);
  }
  static bool ctr(void* self, Binary* key, Binary* iv, Binary* in, Binary* out,
                  std::uint32_t* written, Status*) {
    static EVP_CIPHER_CTX* context = nullptr;
    return cipher(self, "AES-256-CTR", 1, context, key, iv, in, out, written);
  }
  static bool random(void* self, Binary* out, std::uint32_t count, Status*) {
    random_bytes({static_cast<const Hooks*>(self)->api->binary_data(out), count});
    return true;
  }
  static bool hmac_sha_256(void* self, Binary* key, Binary* in, Binary* out, Status*) {
    const Hooks& hooks = *static_cast<const Hooks*>(self);
    const protocol::HmacSha256Key prepared(hooks.view(key));
    prepared.mac(hooks.view(in), std::span<std::uint8_t, 32>(hooks.api->binary_data(out), 32));
    return true;
  }
  static bool hmac_sha_512(void* self, Binary* key, Binary* in, Binary* out, Status*) {
    const Hooks& hooks = *static_cast<const Hooks*>(self);
    const protocol::HmacSha512Key prepared(hooks.view(key));
    prepared.mac({hooks.view(in)}, std::span<std::uint8_t, 64>(hooks.api->binary_data(out), 64));
    return true;
  }
  static bool sha_256(void* self, Binary* in, Binary* out, Status*) {
    const Hooks& hooks = *static_cast<const Hooks*>(self);
    const BytesView input = hooks.view(in);
    return EVP_Digest(input.data(), input.size(), hooks.api->binary_data(out), nullptr,
                      EVP_sha256(), nullptr) == 1;
  }
};

}  // namespace

struct Libmongocrypt::State {
  explicit State(const std::string& library) : api(library), hooks{&api}, crypt(api.create()) {}
  ~State() { api.destroy(crypt); }  // the library stays loaded

  [[noreturn]] void fail(mongocrypt_ctx_t* context) {
    Status* status = api.status_new();
    if (context != nullptr) {
      api.ctx_status(context, status);
    } else {
      api.status(crypt, status);
    }
    const std::string message = api.status_message(status, nullptr);
    api.status_destroy(status);
    throw std::runtime_error("libmongocrypt: " + message);
  }

  // A binary that borrows the bytes.
  struct Borrowed {
    Borrowed(const Api& api, BytesView bytes)
        : api(api),
          binary(api.binary_new_from_data(const_cast<std::uint8_t*>(bytes.data()),
                                          static_cast<std::uint32_t>(bytes.size()))) {}
    ~Borrowed() { api.binary_destroy(binary); }
    const Api& api;
    Binary* binary;
  };

  template <class Start>
  Bytes run(const Start& start) {
    const std::unique_ptr<mongocrypt_ctx_t, void (*)(mongocrypt_ctx_t*)> context(api.ctx_new(crypt),
                                                                                 api.ctx_destroy);
    if (!start(context.get())) fail(context.get());
    for (int state; (state = api.ctx_state(context.get())) != kReady;) {
      if (state != kNeedKeys) fail(context.get());
      const Borrowed key(api, key_document.bytes());
      if (!api.ctx_mongo_feed(context.get(), key.binary) || !api.ctx_mongo_done(context.get())) {
        fail(context.get());
      }
    }
    const std::unique_ptr<Binary, void (*)(Binary*)> out(api.binary_new(), api.binary_destroy);
    if (!api.ctx_finalize(context.get(), out.get())) fail(context.get());
    const std::uint8_t* data = api.binary_data(out.get());
    return Bytes(data, data + api.binary_len(out.get()));
  }

  Api api;
  Hooks<Api> hooks;
  mongocrypt_t* crypt;
  Uuid key_id;
  bson::Document key_document;
};

Libmongocrypt::Libmongocrypt(const std::string& library, BytesView kek, const Uuid& key_id,
                             BytesView key)
    : state_(std::make_unique<State>(library)) {
  State& s = *state_;
  using H = Hooks<Api>;
  if (!s.api.is_crypto_available() &&
      (!s.api.setopt_crypto_hooks(s.crypt, H::cbc_encrypt, H::cbc_decrypt, H::random,
                                  H::hmac_sha_512, H::hmac_sha_256, H::sha_256, &s.hooks) ||
       !s.api.setopt_aes_256_ctr(s.crypt, H::ctr, H::ctr, &s.hooks))) {
    s.fail(nullptr);
  }
  const auto generic = [](BytesView bytes) {
    return bson::Binary{bson::BinarySubtype::kGeneric, bytes};
  };
  const bson::Document providers = bson::doc("local", bson::doc("key", generic(kek)));
  const State::Borrowed providers_binary(s.api, providers.bytes());
  s.api.setopt_bypass_query_analysis(s.crypt);
  if (!s.api.setopt_kms_providers(s.crypt, providers_binary.binary) || !s.api.init(s.crypt)) {
    s.fail(nullptr);
  }
  const Bytes wrapped = crypto::Fle1Aead(kek).encrypt(RandomSource::system(), {}, key);
  s.key_id = key_id;
  s.key_document = bson::doc("_id", key_id, "keyMaterial", generic(wrapped), "creationDate",
                             bson::Date{0}, "updateDate", bson::Date{0}, "status", 0, "masterKey",
                             bson::doc("provider", "local"));
}

Libmongocrypt::~Libmongocrypt() = default;

std::string Libmongocrypt::version() const { return state_->api.version(nullptr); }

Bytes Libmongocrypt::encrypt(const bson::Document& value, const Options& options) {
  State& s = *state_;
  return s.run([&](mongocrypt_ctx_t* context) {
    const State::Borrowed id(s.api, s.key_id.bytes());
    const State::Borrowed message(s.api, value.bytes());
    return s.api.ctx_setopt_key_id(context, id.binary) &&
           s.api.ctx_setopt_algorithm(context, options.algorithm, -1) &&
           (options.query_type == nullptr ||
            s.api.ctx_setopt_query_type(context, options.query_type, -1)) &&
           (options.contention < 0 ||
            s.api.ctx_setopt_contention_factor(context, options.contention)) &&
           s.api.ctx_explicit_encrypt_init(context, message.binary);
  });
}

Bytes Libmongocrypt::decrypt(const bson::Document& value) {
  State& s = *state_;
  return s.run([&](mongocrypt_ctx_t* context) {
    const State::Borrowed message(s.api, value.bytes());
    return s.api.ctx_explicit_decrypt_init(context, message.binary);
  });
}

}  // namespace quern::bench
