// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What an object knows of its stored document: the encrypted values that were read from it or
// written to it last. A save leaves those alone that are still the same, because writing one again
// costs for ever: the state collections count every use of a value.
//
// Of a value only a MAC is kept, under a key that this process made for itself and keeps in secret
// memory. A copy of an object knows the same; where it doesn't, all is written.
#ifndef QUERN_MODELS_STORED_VALUES_H_
#define QUERN_MODELS_STORED_VALUES_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "quern/bson/view.h"
#include "quern/command/decrypted.h"
#include "quern/models/model_info.h"

namespace quern::internal {

// Through what an object was read or saved: a session, or a transaction of one. What a transaction
// did holds in it, and elsewhere only when it is committed: rolled back, it never happened.
struct Origin {
  std::shared_ptr<const Origin> session;  // of a transaction: that of its session
  std::atomic<bool> committed = false;    // of a transaction

  // Whether what was learnt through this one is true for the other.
  bool holds_for(const Origin& other) const;
};

class StoredValues {
 public:
  using Mac = std::array<std::uint8_t, 32>;
  static Mac mac(bson::ValueView value);

  // Of a document of the model that was read, at the paths where something was decrypted.
  static StoredValues of_document(const ModelInfo& model, const DecryptedView& document);

  bool holds(std::string_view path, const Mac& value) const;
  void set(std::string_view path, const Mac& value);
  void erase(std::string_view path);  // and everything below it

 private:
  void collect(const ModelInfo& model, const DecryptedView& document, const std::string& prefix);

  std::map<std::string, Mac, std::less<>> by_path_;
};

// What an Id carries.
struct StoredDocument {
  std::shared_ptr<const Origin> origin;
  const ModelInfo* model;
  StoredValues values;
};

}  // namespace quern::internal

#endif  // QUERN_MODELS_STORED_VALUES_H_
