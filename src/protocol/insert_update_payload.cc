// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "protocol/insert_update_payload.h"

#include "protocol/payload_fields.h"
#include "quern/base/error.h"

namespace quern::protocol {
namespace {

constexpr std::string_view kName = "InsertUpdatePayloadV2";
constexpr std::size_t kToken = kSha256Size;

enum Member : std::size_t { kD, kS, kP, kU, kT, kV, kE, kL, kK, kG, kB, kSp, kPn, kTf, kMn, kMx };
constexpr PayloadField kMembers[] = {
    {"d"},         {"s"},         {"p"},         {"u"},         {"t"},        {"v"},
    {"e"},         {"l"},         {"k"},         {"g", false},  {"b", false}, {"sp", false},
    {"pn", false}, {"tf", false}, {"mn", false}, {"mx", false},
};
using Members = std::array<bson::Element, std::size(kMembers)>;

constexpr std::size_t kSizeWithoutValue =
    binary_member_size("d", kToken) + binary_member_size("s", kToken) +
    binary_member_size("p", InsertUpdatePayloadV2::kEncryptedTokenSize) +
    binary_member_size("u", Uuid::kSize) + int32_member_size("t") + binary_member_size("v", 0) +
    binary_member_size("e", kToken) + binary_member_size("l", kToken) + int64_member_size("k");

bson::Type type_member(const bson::Element& member) {
  const std::int32_t type = int32_member(member, kName);
  if (type < 0 || type > 0xFF || !bson::is_valid_type(static_cast<std::uint8_t>(type))) {
    throw Error(ErrorCode::kBadValue, "BSON field 'InsertUpdatePayloadV2.t' is no BSON type");
  }
  return static_cast<bson::Type>(type);
}

}  // namespace

InsertUpdatePayloadV2 InsertUpdatePayloadV2::parse(BytesView blob) {
  Members members;
  read_members(blob, bson::BlobSubtype::kInsertUpdatePayloadV2, kName, kMembers,
               /*ignore_unknown=*/false, members);
  if (members[kG] || members[kB]) {
    throw NotSupported(std::string("payloads for ") + (members[kG] ? "range" : "text") +
                       " queries are not supported by this version");
  }
  InsertUpdatePayloadV2 payload;
  payload.edc = decltype(payload.edc)::copy_of(binary_member(members[kD], kName, kToken));
  payload.esc = decltype(payload.esc)::copy_of(binary_member(members[kS], kName, kToken));
  const BytesView p = binary_member(members[kP], kName, kEncryptedTokenSize);
  std::copy(p.begin(), p.end(), payload.encrypted_tokens.begin());
  payload.index_key_id = uuid_member(members[kU], kName);
  payload.type = type_member(members[kT]);
  payload.value = binary_member(members[kV], kName);
  payload.server_data_encryption =
      ServerDataEncryptionLevel1Token::copy_of(binary_member(members[kE], kName, kToken));
  payload.server_derived =
      ServerDerivedFromDataToken::copy_of(binary_member(members[kL], kName, kToken));
  payload.contention_factor = int64_member(members[kK], kName);
  check_contention(payload.contention_factor);
  return payload;
}

std::span<std::uint8_t> InsertUpdatePayloadV2::serialize_around(std::size_t value_size,
                                                                Bytes& blob) const {
  constexpr auto kGeneric = bson::BinarySubtype::kGeneric;
  PayloadWriter writer(bson::BlobSubtype::kInsertUpdatePayloadV2, kSizeWithoutValue + value_size,
                       blob);
  writer.binary("d", kGeneric, edc.bytes());
  writer.binary("s", kGeneric, esc.bytes());
  writer.binary("p", kGeneric, encrypted_tokens);
  writer.binary("u", bson::BinarySubtype::kUuid, index_key_id.bytes());
  writer.int32("t", static_cast<std::int32_t>(type));
  const std::span<std::uint8_t> room = writer.binary("v", kGeneric, value_size);
  writer.binary("e", kGeneric, server_data_encryption.bytes());
  writer.binary("l", kGeneric, server_derived.bytes());
  writer.int64("k", contention_factor);
  writer.finish();
  return room;
}

Bytes InsertUpdatePayloadV2::serialize() const {
  Bytes blob;
  const std::span<std::uint8_t> room = serialize_around(value.size(), blob);
  std::copy(value.begin(), value.end(), room.begin());
  return blob;
}

InsertUpdateCiphertext InsertUpdateCiphertext::parse(BytesView blob) {
  Members members;
  read_members(blob, bson::BlobSubtype::kInsertUpdatePayloadV2, kName, kMembers,
               /*ignore_unknown=*/true, members);
  const BytesView value = binary_member(members[kV], kName);
  if (value.size() <= Uuid::kSize) {
    throw Error(ErrorCode::kBadValue,
                "BSON field 'InsertUpdatePayloadV2.v' is too short for a key id and a ciphertext");
  }
  check_contention(int64_member(members[kK], kName));
  InsertUpdateCiphertext result;
  result.type = type_member(members[kT]);
  result.user_key_id = Uuid::from_bytes(value.first(Uuid::kSize));
  result.ciphertext = value.subspan(Uuid::kSize);
  return result;
}

}  // namespace quern::protocol
