// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Error 11000 with what MongoDB's reply tells beside the text: keyPattern and keyValue. A key of
// more than 1 KiB is left out of text and keyValue; so are ciphertexts and tags, of which the text
// tells the size. A unique index has no part on an encrypted field, but plain fields may hold
// ciphertexts of the application's own.
#ifndef QUERN_ENGINE_CATALOG_DUPLICATE_KEY_H_
#define QUERN_ENGINE_CATALOG_DUPLICATE_KEY_H_

#include <optional>
#include <string_view>

#include "quern/base/error.h"
#include "quern/bson/document.h"
#include "quern/command/namespace.h"

namespace quern::engine {

class DuplicateKeyError : public IntegrityError {
 public:
  DuplicateKeyError(const Namespace& ns, std::string_view index, bson::View key_pattern,
                    bson::View key_value);

  // keyPattern: {…}[, keyValue: {…}]
  void append_key(bson::Builder& out) const;

 private:
  bson::Document key_pattern_;
  std::optional<bson::Document> key_value_;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_DUPLICATE_KEY_H_
