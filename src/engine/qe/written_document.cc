// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/written_document.h"

#include <fmt/format.h>

#include <algorithm>

#include "quern/base/error.h"

namespace quern::engine::qe {
namespace {

using bson::BlobRole;

bool is_insert_payload(const bson::BlobFacts* facts) {
  return facts != nullptr && facts->is(BlobRole::kInsertPayload, 2);
}

// Others are left to the collection's implicit schema.
bool may_be_written(const bson::BlobFacts* facts) {
  return is_insert_payload(facts) ||
         (facts != nullptr && (facts->role == BlobRole::kFindPayload ||
                               facts->subtype == bson::BlobSubtype::kUnindexedValueV2));
}

// The bytes of a document's members.
BytesView members(bson::View document) { return document.bytes().subspan(4, document.size() - 5); }

void append(Bytes& out, BytesView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

void append_size(Bytes& out, std::size_t size) {
  out.resize(out.size() + 4);
  store_le(out.data() + out.size() - 4, static_cast<std::int32_t>(size));
}

void grow(std::uint8_t* size, std::ptrdiff_t by) {
  store_le(size, static_cast<std::int32_t>(load_le<std::int32_t>(size) + by));
}

// Binary of subtype 6, as a member's value.
Bytes encrypted_binary(BytesView bytes) {
  Bytes value;
  value.reserve(5 + bytes.size());
  append_size(value, bytes.size());
  value.push_back(static_cast<std::uint8_t>(bson::BinarySubtype::kEncrypted));
  append(value, bytes);
  return value;
}

// {__safeContent__: [old tags, new tags]}
bson::Document safe_content(bson::View old_tags, std::span<const Tag> tags) {
  constexpr std::size_t kRoomForTag = 48;
  bson::Builder out;
  out.reserve(64 + old_tags.size() + kRoomForTag * tags.size());
  out.open_array(kSafeContent);
  for (const bson::Element& tag : old_tags) out.push(tag.value());
  append_tags(out, tags);
  out.close();
  return out.finish();
}

}  // namespace

bool has_insert_payload(bson::View document) {
  for (const bson::Element& element : document) {
    if (element.is_document() || element.is_array()
            ? has_insert_payload(element.as_document_or_array())
            : is_insert_payload(bson::blob_facts(element.value()))) {
      return true;
    }
  }
  return false;
}

void refuse_safe_content() {
  throw Error(6666200, "Cannot modify __safeContent__ field in document.");
}

WrittenDocument::WrittenDocument(bson::View document) : document_(document) {
  std::string path;
  walk(document, kTop, path);
}

void WrittenDocument::walk(bson::View document, std::size_t outer, std::string& path) {
  const std::size_t length = path.size();
  for (const bson::Element& element : document) {
    if (outer == kTop && element.key() == kSafeContent) {
      tags_.push_back(element);
      continue;
    }
    const bool nested = element.is_document() || element.is_array();
    if (!nested && !element.is_binary(bson::BinarySubtype::kEncrypted)) continue;
    if (length != 0) path += '.';
    path += element.key();
    if (nested) {
      const bson::View inner = element.as_document_or_array();
      enclosing_.push_back({place_of(inner.bytes(), outer).from, outer});
      walk(inner, enclosing_.size() - 1, path);
    } else {
      note(path, element.value(), outer);
    }
    path.resize(length);
  }
}

void WrittenDocument::note(std::string_view path, bson::ValueView value, std::size_t outer) {
  const bson::BlobFacts* facts = bson::blob_facts(value);
  if (is_insert_payload(facts)) {
    payloads_.push_back({std::string(path), value.as_binary().bytes});
    places_.push_back(place_of(value.bytes(), outer));
  } else if (!refused_ && !may_be_written(facts)) {
    refused_ = path;
    refused_facts_ = facts;
  }
}

WrittenDocument::Place WrittenDocument::place_of(BytesView bytes, std::size_t outer) const {
  const auto from = static_cast<std::size_t>(bytes.data() - document_.bytes().data());
  return {from, from + bytes.size(), outer};
}

void WrittenDocument::check_blobs() const {
  if (!refused_) return;
  if (refused_facts_ != nullptr && refused_facts_->is(BlobRole::kInsertPayload, 1)) {
    throw Error(7291901, fmt::format("'{}' holds a payload of Queryable Encryption version 1, "
                                     "which is no longer supported",
                                     *refused_));
  }
  if (refused_facts_ != nullptr &&
      refused_facts_->subtype == bson::BlobSubtype::kUnindexedValueV1) {
    throw Error(7413901, fmt::format("'{}' holds a value of Queryable Encryption version 1, "
                                     "which is no longer supported",
                                     *refused_));
  }
  throw Error(6373503, fmt::format("'{}' holds an encrypted value of a kind that cannot be written",
                                   *refused_));
}

void WrittenDocument::check_no_safe_content() const {
  if (!tags_.empty()) refuse_safe_content();
}

std::vector<WrittenDocument::Edit> WrittenDocument::value_edits(const IssuedValues& issued) const {
  std::vector<Edit> edits;
  edits.reserve(places_.size() + tags_.size());
  for (std::size_t i = 0; i < places_.size(); ++i) {
    edits.push_back({places_[i], encrypted_binary(issued.stored_values[i])});
  }
  return edits;
}

bson::Document WrittenDocument::with_stored_values(const IssuedValues& issued) const {
  return edited({}, value_edits(issued), {});
}

bson::Document WrittenDocument::with_tags(const IssuedValues& issued, bson::View leading) const {
  std::vector<Edit> edits = value_edits(issued);
  if (issued.tags.empty()) return edited(leading, edits, {});
  if (tags_.empty()) return edited(leading, edits, safe_content({}, issued.tags));
  for (const bson::Element& old : tags_) {
    if (!old.is_array()) throw Error(6373510, "__safeContent__ must be an array");
    const bson::Document all = safe_content(old.as_array(), issued.tags);
    const BytesView value = all.view().front().bytes();
    edits.push_back({place_of(old.bytes(), kTop), Bytes(value.begin(), value.end())});
  }
  std::ranges::sort(edits, {}, [](const Edit& edit) { return edit.place.from; });
  return edited(leading, edits, {});
}

bson::Document WrittenDocument::edited(bson::View leading, std::span<const Edit> edits,
                                       bson::View trailing) const {
  const BytesView source = document_.bytes();
  std::size_t size = source.size() + leading.size() + trailing.size();
  for (const Edit& edit : edits) size += edit.replacement.size();
  Bytes out;
  out.reserve(size);
  append_size(out, 0);
  append(out, members(leading));
  auto moved =
      static_cast<std::ptrdiff_t>(members(leading).size());  // what follows, against the source
  // Where the sizes of enclosing documents are by now.
  std::vector<std::ptrdiff_t> sizes(enclosing_.size(), -1);
  std::size_t done = 4;
  for (const auto& [place, replacement] : edits) {
    for (std::size_t at = place.outer; at != kTop && sizes[at] < 0; at = enclosing_[at].outer) {
      sizes[at] = static_cast<std::ptrdiff_t>(enclosing_[at].at) + moved;
    }
    append(out, source.subspan(done, place.from - done));
    append(out, replacement);
    done = place.to;
    const auto grown = static_cast<std::ptrdiff_t>(replacement.size()) -
                       static_cast<std::ptrdiff_t>(place.to - place.from);
    moved += grown;
    for (std::size_t at = place.outer; at != kTop; at = enclosing_[at].outer) {
      grow(out.data() + sizes[at], grown);
    }
  }
  append(out, source.subspan(done, source.size() - 1 - done));
  append(out, members(trailing));
  out.push_back(0);
  store_le(out.data(), static_cast<std::int32_t>(out.size()));
  return bson::Document::from_trusted(std::move(out));
}

}  // namespace quern::engine::qe
