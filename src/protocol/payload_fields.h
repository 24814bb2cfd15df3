// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Reading and writing the documents of the payloads: one blob subtype byte, then a BSON document
// with a fixed set of members. The writer makes the blob with one allocation of the exact size.
#ifndef QUERN_PROTOCOL_PAYLOAD_FIELDS_H_
#define QUERN_PROTOCOL_PAYLOAD_FIELDS_H_

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "quern/bson/blob_subtype.h"

namespace quern::protocol {

// Contention factors and their maximum: 0 .. 2^63-2, else Error(BadValue).
void check_contention(std::int64_t value);

// The value bytes that a document member of that kind takes, key and type byte included.
constexpr std::size_t binary_member_size(std::string_view key, std::size_t bytes) {
  return 1 + key.size() + 1 + 4 + 1 + bytes;
}
constexpr std::size_t int32_member_size(std::string_view key) { return 1 + key.size() + 1 + 4; }
constexpr std::size_t int64_member_size(std::string_view key) { return 1 + key.size() + 1 + 8; }
// Without what is in the document or array.
constexpr std::size_t document_member_size(std::string_view key) {
  return 1 + key.size() + 1 + 4 + 1;
}

class PayloadWriter {
 public:
  // members_size is the sum of the members' sizes.
  PayloadWriter(bson::BlobSubtype subtype, std::size_t members_size, Bytes& blob);

  // Room for the bytes of a binary member.
  std::span<std::uint8_t> binary(std::string_view key, bson::BinarySubtype subtype,
                                 std::size_t size);
  void binary(std::string_view key, bson::BinarySubtype subtype, BytesView bytes);
  void int32(std::string_view key, std::int32_t value);
  void int64(std::string_view key, std::int64_t value);
  // A document or an array, whose members follow up to close().
  void open(bson::Type type, std::string_view key);
  void close();
  // Throws Error(InternalError) unless exactly members_size bytes were written.
  void finish();

 private:
  void head(bson::Type type, std::string_view key);

  static constexpr std::size_t kDepth = 4;

  Bytes& blob_;
  std::size_t at_;
  std::array<std::size_t, kDepth> opened_{};  // where the documents begin that are open
  std::size_t depth_ = 0;
};

// A member that a payload may hold, in the order of its table.
struct PayloadField {
  std::string_view key;
  bool required = true;
};

// Checks the blob's first byte and its document, then sorts the members into found by the position
// of their key in the table (missing ones stay missing). Throws Error with 40415 for an unknown
// member (unless ignore_unknown), 40414 for a missing one and 40413 for one that is there
// twice; name is the payload's, for messages. found is as long as the table.
void read_members(BytesView blob, bson::BlobSubtype subtype, std::string_view name,
                  std::span<const PayloadField> table, bool ignore_unknown,
                  std::span<bson::Element> found);
// The same for a document inside a payload.
void read_members(bson::View document, std::string_view name, std::span<const PayloadField> table,
                  bool ignore_unknown, std::span<bson::Element> found);

// Typed access with the payload's name in the message. Wrong types throw TypeMismatch (14), wrong
// lengths BadValue (2).
BytesView binary_member(const bson::Element& member, std::string_view name);
BytesView binary_member(const bson::Element& member, std::string_view name, std::size_t size);
Uuid uuid_member(const bson::Element& member, std::string_view name);
std::int32_t int32_member(const bson::Element& member, std::string_view name);
std::int64_t int64_member(const bson::Element& member, std::string_view name);
bson::View array_member(const bson::Element& member, std::string_view name);
bson::View document_member(const bson::Element& member, std::string_view name);

}  // namespace quern::protocol

#endif  // QUERN_PROTOCOL_PAYLOAD_FIELDS_H_
