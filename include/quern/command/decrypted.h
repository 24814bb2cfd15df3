// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a reply says once it is decrypted. The reply itself stays as it came: the plaintexts lie
// beside it, and a decrypted value can only be had by asking for it, element by element. None of
// these types is a bson::View or turns into one, so that plaintext gets into a command only when
// somebody puts it there on purpose.
#ifndef QUERN_COMMAND_DECRYPTED_H_
#define QUERN_COMMAND_DECRYPTED_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "quern/base/export.h"
#include "quern/bson/document.h"

namespace quern {

// Which elements of one reply were decrypted, and to what. Made by the encrypting runner.
class QUERN_EXPORT Plaintexts {
 public:
  struct Entry {
    std::size_t offset;  // of the ciphertext's value from the start of the reply
    bson::Value value;
    std::string_view field;  // path of the encrypted field; empty if there is no schema for it
  };

  // owner keeps the field paths alive.
  explicit Plaintexts(std::shared_ptr<const void> owner = nullptr) : owner_(std::move(owner)) {}

  // In the order of the offsets.
  void add(std::size_t offset, bson::Value value, std::string_view field) {
    entries_.push_back({offset, std::move(value), field});
  }
  const Entry* find(std::size_t offset) const;
  bool empty() const { return entries_.empty(); }

 private:
  std::shared_ptr<const void> owner_;
  std::vector<Entry> entries_;
};

class DecryptedElement;

// A document or an array of a reply, with the plaintexts of its elements at hand. Borrows both.
// Trivially copyable; pass it by value.
class QUERN_EXPORT DecryptedView {
 public:
  // A document of the caller's own making, all of it plaintext (quern::encode gives such): each of
  // its values counts as decrypted. Never for what comes from a server.
  static DecryptedView of_plaintext(bson::View document) {
    return DecryptedView(document, nullptr, nullptr, true);
  }
  // What a server sent, nothing of it decrypted.
  static DecryptedView of_raw(bson::View document) {
    return DecryptedView(document, nullptr, nullptr, false);
  }

  // As it came, with ciphertexts: what may go back to the server, _ids above all.
  bson::View raw() const { return raw_; }

  // The first element with that key, or at that dotted path; a missing one when there is none.
  DecryptedElement operator[](std::string_view key) const;
  DecryptedElement at_path(std::string_view dotted) const;

  class Iterator;
  Iterator begin() const;
  std::default_sentinel_t end() const { return {}; }

  // A copy with every decrypted value in its place, to be shown to whoever may see it. Values that
  // were not decrypted stay the binaries that they are. Don't send it anywhere.
  bson::Document plaintext_document() const;

 private:
  friend class Reply;
  friend class DecryptedElement;
  DecryptedView(bson::View raw, const std::uint8_t* start, const Plaintexts* plaintexts, bool own)
      : raw_(raw), start_(start), plaintexts_(plaintexts), own_(own) {}

  bson::View raw_;
  const std::uint8_t* start_;     // of the reply
  const Plaintexts* plaintexts_;  // null: none
  bool own_;                      // of_plaintext()
};

// One element of it.
class QUERN_EXPORT DecryptedElement {
 public:
  DecryptedElement() : DecryptedElement({}, DecryptedView::of_raw({})) {}

  explicit operator bool() const { return static_cast<bool>(raw_); }
  std::string_view key() const { return raw_.key(); }
  // As it came; a ciphertext if it is one.
  const bson::Element& raw() const { return raw_; }

  // A binary of the subtype of ciphertexts, decrypted or not.
  bool is_ciphertext() const { return raw_.is_binary(bson::BinarySubtype::kEncrypted); }
  bool is_decrypted() const { return own_ ? !is_ciphertext() : entry_ != nullptr; }
  // The decrypted value; the missing value unless is_decrypted().
  bson::ValueView plaintext() const;
  // The path of the encrypted field that it is a value of; empty when it was decrypted without a
  // schema or was not decrypted.
  std::string_view field() const { return entry_ != nullptr ? entry_->field : std::string_view(); }
  // Made by the caller: see of_plaintext().
  bool is_own() const { return own_; }

  // The document or array that it is, as it came, with the plaintexts inside. Throws
  // Error(TypeMismatch) for other values.
  DecryptedView document() const {
    return DecryptedView(raw_.as_document_or_array(), start_, plaintexts_, own_);
  }

 private:
  friend class DecryptedView;
  DecryptedElement(bson::Element raw, const DecryptedView& in)
      : raw_(raw),
        entry_(in.plaintexts_ != nullptr && is_ciphertext()
                   ? in.plaintexts_->find(static_cast<std::size_t>(raw.bytes().data() - in.start_))
                   : nullptr),
        start_(in.start_),
        plaintexts_(in.plaintexts_),
        own_(in.own_) {}

  bson::Element raw_;
  const Plaintexts::Entry* entry_;
  const std::uint8_t* start_;
  const Plaintexts* plaintexts_;
  bool own_;
};

class QUERN_EXPORT DecryptedView::Iterator {
 public:
  using value_type = DecryptedElement;
  using difference_type = std::ptrdiff_t;

  Iterator(bson::View::Iterator at, const DecryptedView& in) : at_(at), in_(in) {}
  DecryptedElement operator*() const { return DecryptedElement(*at_, in_); }
  Iterator& operator++() {
    ++at_;
    return *this;
  }
  void operator++(int) { ++at_; }
  friend bool operator==(const Iterator& a, std::default_sentinel_t end) { return a.at_ == end; }

 private:
  bson::View::Iterator at_;
  DecryptedView in_;
};

inline DecryptedElement DecryptedView::operator[](std::string_view key) const {
  return DecryptedElement(raw_[key], *this);
}
inline DecryptedElement DecryptedView::at_path(std::string_view dotted) const {
  return DecryptedElement(raw_.at_path(dotted), *this);
}
inline DecryptedView::Iterator DecryptedView::begin() const {
  return Iterator(raw_.begin(), *this);
}

}  // namespace quern

#endif  // QUERN_COMMAND_DECRYPTED_H_
