// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "protocol/payload_fields.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "bson/strict_reader.h"
#include "quern/base/error.h"

namespace quern::protocol {
namespace {

std::string member_name(std::string_view name, std::string_view key) {
  return "'" + std::string(name) + "." + std::string(key) + "'";
}

[[noreturn]] void wrong_type(const bson::Element& member, std::string_view name,
                             std::string_view expected) {
  throw Error(ErrorCode::kTypeMismatch, "BSON field " + member_name(name, member.key()) +
                                            " is the wrong type '" +
                                            std::string(bson::alias(member.type())) +
                                            "', expected type '" + std::string(expected) + "'");
}

}  // namespace

void check_contention(std::int64_t value) {
  if (value < 0 || value == std::numeric_limits<std::int64_t>::max()) {
    throw Error(ErrorCode::kBadValue, "a contention factor must lie between 0 and 2^63 - 2");
  }
}

PayloadWriter::PayloadWriter(bson::BlobSubtype subtype, std::size_t members_size, Bytes& blob)
    : blob_(blob), at_(1 + 4) {
  const std::size_t document_size = 4 + members_size + 1;
  blob_.resize(1 + document_size);
  blob_[0] = static_cast<std::uint8_t>(subtype);
  store_le(blob_.data() + 1, static_cast<std::uint32_t>(document_size));
}

void PayloadWriter::head(bson::Type type, std::string_view key) {
  blob_[at_++] = static_cast<std::uint8_t>(type);
  std::memcpy(blob_.data() + at_, key.data(), key.size());
  at_ += key.size();
  blob_[at_++] = 0;
}

std::span<std::uint8_t> PayloadWriter::binary(std::string_view key, bson::BinarySubtype subtype,
                                              std::size_t size) {
  head(bson::Type::kBinary, key);
  store_le(blob_.data() + at_, static_cast<std::uint32_t>(size));
  blob_[at_ + 4] = static_cast<std::uint8_t>(subtype);
  at_ += 5 + size;
  return std::span(blob_).subspan(at_ - size, size);
}

void PayloadWriter::binary(std::string_view key, bson::BinarySubtype subtype, BytesView bytes) {
  const std::span<std::uint8_t> room = binary(key, subtype, bytes.size());
  if (!bytes.empty()) std::memcpy(room.data(), bytes.data(), bytes.size());
}

void PayloadWriter::int32(std::string_view key, std::int32_t value) {
  head(bson::Type::kInt32, key);
  store_le(blob_.data() + at_, value);
  at_ += sizeof value;
}

void PayloadWriter::int64(std::string_view key, std::int64_t value) {
  head(bson::Type::kInt64, key);
  store_le(blob_.data() + at_, value);
  at_ += sizeof value;
}

void PayloadWriter::open(bson::Type type, std::string_view key) {
  head(type, key);
  opened_.at(depth_++) = at_;
  at_ += 4;
}

void PayloadWriter::close() {
  blob_[at_++] = 0;
  const std::size_t begin = opened_.at(--depth_);
  store_le(blob_.data() + begin, static_cast<std::uint32_t>(at_ - begin));
}

void PayloadWriter::finish() {
  if (at_ + 1 != blob_.size()) {
    throw Error(ErrorCode::kInternalError, "a payload's size was computed wrongly");
  }
  blob_[at_] = 0;
}

void read_members(BytesView blob, bson::BlobSubtype subtype, std::string_view name,
                  std::span<const PayloadField> table, bool ignore_unknown,
                  std::span<bson::Element> found) {
  if (blob.empty() || blob[0] != static_cast<std::uint8_t>(subtype)) {
    throw Error(ErrorCode::kBadValue, "a binary that should hold a " + std::string(name) +
                                          " does not start with byte " +
                                          std::to_string(static_cast<int>(subtype)));
  }
  read_members(bson::View::parse(blob.subspan(1)), name, table, ignore_unknown, found);
}

void read_members(bson::View document, std::string_view name, std::span<const PayloadField> table,
                  bool ignore_unknown, std::span<bson::Element> found) {
  constexpr std::size_t kMost = 16;
  std::array<std::string_view, kMost> keys;
  if (table.size() > kMost) {
    throw Error(ErrorCode::kInternalError, "a payload with more than 16 known members");
  }
  std::ranges::transform(table, keys.begin(), &PayloadField::key);
  const bson::Members members{.known = {keys.data(), table.size()},
                              .ignores_others = ignore_unknown};
  bson::require_members(document, name, members);
  for (std::size_t i = 0; i < table.size(); ++i) {
    found[i] = document[table[i].key];
    if (table[i].required && !found[i]) {
      bson::StrictReader(document, name, members).missing(table[i].key);
    }
  }
}

BytesView binary_member(const bson::Element& member, std::string_view name) {
  if (!member.is_binary(bson::BinarySubtype::kGeneric)) wrong_type(member, name, "binData");
  return member.as_binary().bytes;
}

BytesView binary_member(const bson::Element& member, std::string_view name, std::size_t size) {
  const BytesView bytes = binary_member(member, name);
  if (bytes.size() != size) {
    throw Error(ErrorCode::kBadValue, "BSON field " + member_name(name, member.key()) + " has " +
                                          std::to_string(bytes.size()) + " bytes, expected " +
                                          std::to_string(size));
  }
  return bytes;
}

Uuid uuid_member(const bson::Element& member, std::string_view name) {
  if (!member.is_binary(bson::BinarySubtype::kUuid)) wrong_type(member, name, "binData");
  return member.as_uuid();
}

std::int32_t int32_member(const bson::Element& member, std::string_view name) {
  if (member.type() != bson::Type::kInt32) wrong_type(member, name, "int");
  return member.as_int32();
}

std::int64_t int64_member(const bson::Element& member, std::string_view name) {
  if (member.type() != bson::Type::kInt64) wrong_type(member, name, "long");
  return member.as_int64();
}

bson::View array_member(const bson::Element& member, std::string_view name) {
  if (!member.is_array()) wrong_type(member, name, "array");
  return member.as_array();
}

bson::View document_member(const bson::Element& member, std::string_view name) {
  if (!member.is_document()) wrong_type(member, name, "object");
  return member.as_document();
}

}  // namespace quern::protocol
