// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// libmongocrypt as a peer, loaded at run time from $LIBMONGOCRYPT_SO: explicit encryption with a
// key that it has cached. Some builds have no crypto of their own, so that hooks are needed; they
// use prepared algorithms and contexts, to slow the peer down as little as possible.
#ifndef QUERN_BENCHMARKS_LIBMONGOCRYPT_H_
#define QUERN_BENCHMARKS_LIBMONGOCRYPT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "quern/bson/document.h"

namespace quern::bench {

class Libmongocrypt {
 public:
  struct Options {
    const char* algorithm = nullptr;   // "Indexed", "Unindexed", …
    const char* query_type = nullptr;  // "equality", or none
    std::int64_t contention = -1;      // none when negative
  };

  // Throws std::runtime_error that says why the library cannot be used. kek and key have 96 bytes.
  Libmongocrypt(const std::string& library, BytesView kek, const Uuid& key_id, BytesView key);
  ~Libmongocrypt();

  std::string version() const;
  // Encrypts {v: value}; gives {v: binary of subtype 6}.
  Bytes encrypt(const bson::Document& value, const Options& options);
  // Decrypts {v: binary}; gives {v: value}.
  Bytes decrypt(const bson::Document& value);

 private:
  struct Api;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace quern::bench

#endif  // QUERN_BENCHMARKS_LIBMONGOCRYPT_H_
