// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A document that a client wants written, walked once: what writes need to know of its encrypted
// values, and where they lie, so that their replacements are put in without another walk.
#ifndef QUERN_ENGINE_QE_WRITTEN_DOCUMENT_H_
#define QUERN_ENGINE_QE_WRITTEN_DOCUMENT_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/rules/safe_content.h"
#include "quern/bson/document.h"

namespace quern::engine::qe {

// An insert payload (subtype 6, first byte 11) where it was found. blob is borrowed from the
// document.
struct LocatedPayload {
  std::string path;
  BytesView blob;
};

// What takes the payloads' places: a stored value each, in the same order, and the tags of all.
struct IssuedValues {
  std::vector<Bytes> stored_values;
  std::vector<Tag> tags;
};

// Borrows the document.
class WrittenDocument {
 public:
  explicit WrittenDocument(bson::View document);

  bson::View view() const { return document_; }
  // In the order of the document's members, at any depth outside of __safeContent__.
  std::span<const LocatedPayload> payloads() const { return payloads_; }

  // Throws 7291901, 7413901 or 6373503 when there is a blob that no client may send in a write:
  // payloads and values of version 1, placeholders, stored values, and what the protocol does not
  // know.
  void check_blobs() const;
  // Throws 6666200 when it names __safeContent__ itself.
  void check_no_safe_content() const;

  // The document with the stored values in the payloads' places.
  bson::Document with_stored_values(const IssuedValues& issued) const;
  // The same with the tags appended to __safeContent__, which comes last unless the document has
  // one, and with the members of leading in front. Throws 6373510 when __safeContent__ is no array.
  bson::Document with_tags(const IssuedValues& issued, bson::View leading) const;

 private:
  static constexpr std::size_t kTop = ~std::size_t{0};

  // A document or array below the top; outer is the one around it.
  struct Enclosing {
    std::size_t at;
    std::size_t outer;
  };
  // A stretch of the document, and what it lies in.
  struct Place {
    std::size_t from;
    std::size_t to;
    std::size_t outer;
  };
  struct Edit {
    Place place;
    Bytes replacement;
  };

  void walk(bson::View document, std::size_t outer, std::string& path);
  void note(std::string_view path, bson::ValueView value, std::size_t outer);
  Place place_of(BytesView bytes, std::size_t outer) const;
  std::vector<Edit> value_edits(const IssuedValues& issued) const;
  bson::Document edited(bson::View leading, std::span<const Edit> edits, bson::View trailing) const;

  bson::View document_;
  std::vector<LocatedPayload> payloads_;
  std::vector<Place> places_;           // of the payloads' values
  std::vector<Enclosing> enclosing_;    // what holds one, and some that don't
  std::vector<bson::Element> tags_;     // the members called __safeContent__
  std::optional<std::string> refused_;  // the path of the first blob that no client may send
  const bson::BlobFacts* refused_facts_ = nullptr;
};

// Whether one is in there, at any depth.
bool has_insert_payload(bson::View document);

// Throws 6666200.
[[noreturn]] void refuse_safe_content();

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_WRITTEN_DOCUMENT_H_
