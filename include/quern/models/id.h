// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Id: the primary key of a model, an ObjectId stored as _id. The member that makes a struct a
// collection. Unset until the object is saved (or set by hand); it also remembers the database that
// the object was loaded from or saved to, so that a later save goes there again, and which encrypted
// values are stored there, so that a later save leaves those alone that did not change.
#ifndef QUERN_MODELS_ID_H_
#define QUERN_MODELS_ID_H_

#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "quern/base/export.h"
#include "quern/base/object_id.h"

namespace quern {

namespace internal {
struct StoredDocument;
}

class Id {
 public:
  Id() = default;
  Id(const ObjectId& value) : value_(value), set_(true) {}

  bool is_set() const { return set_; }
  explicit operator bool() const { return set_; }
  const ObjectId& value() const { return value_; }  // all zeros while unset
  std::string to_string() const { return set_ ? value_.to_string() : std::string(); }

  // Alias of the database that holds the object; empty while unknown.
  const std::string& database() const { return database_; }
  void remember(std::string_view database,
                std::shared_ptr<const internal::StoredDocument> stored = nullptr) {
    database_ = database;
    stored_ = std::move(stored);
  }
  // What the session keeps here; null while nothing is known.
  const std::shared_ptr<const internal::StoredDocument>& stored() const { return stored_; }
  void clear() { *this = Id(); }

  // By value; two unset ids are equal.
  friend bool operator==(const Id& a, const Id& b) {
    return a.set_ == b.set_ && a.value_ == b.value_;
  }
  friend QUERN_EXPORT std::ostream& operator<<(std::ostream& out, const Id& id);

 private:
  ObjectId value_;
  bool set_ = false;
  std::string database_;
  std::shared_ptr<const internal::StoredDocument> stored_;
};

}  // namespace quern

#endif  // QUERN_MODELS_ID_H_
