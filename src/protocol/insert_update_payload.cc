// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "protocol/insert_update_payload.h"

#include <algorithm>
#include <string>

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
    binary_member_size("d", kToken) + binary_member_size("s", kToken) + binary_member_size("p", 0) +
    binary_member_size("u", Uuid::kSize) + int32_member_size("t") + binary_member_size("v", 0) +
    binary_member_size("e", kToken) + binary_member_size("l", kToken) + int64_member_size("k");

// The bytes of g, its document of an array included.
std::size_t more_tokens_size(std::span<const TokenSet> sets) {
  if (sets.empty()) return 0;
  std::size_t size = document_member_size("g");
  for (std::size_t i = 0; i < sets.size(); ++i) {
    size += document_member_size(std::to_string(i)) + binary_member_size("d", kToken) +
            binary_member_size("s", kToken) + binary_member_size("l", kToken) +
            binary_member_size("p", sets[i].encrypted_tokens.bytes().size());
  }
  return size;
}

EncryptedTokens encrypted_tokens(const bson::Element& member) {
  const BytesView bytes = binary_member(member, kName);
  if (!EncryptedTokens::is_size(bytes.size())) {
    throw Error(ErrorCode::kBadValue, "BSON field 'InsertUpdatePayloadV2.p' has " +
                                          std::to_string(bytes.size()) +
                                          " bytes, expected 48 to 51");
  }
  return EncryptedTokens::copy_of(bytes);
}

TokenSet token_set(const bson::Element& d, const bson::Element& s, const bson::Element& l,
                   const bson::Element& p) {
  TokenSet set;
  set.edc = decltype(set.edc)::copy_of(binary_member(d, kName, kToken));
  set.esc = decltype(set.esc)::copy_of(binary_member(s, kName, kToken));
  set.server_derived = decltype(set.server_derived)::copy_of(binary_member(l, kName, kToken));
  set.encrypted_tokens = encrypted_tokens(p);
  return set;
}

std::vector<TokenSet> token_sets(const bson::Element& g) {
  static constexpr PayloadField kSetMembers[] = {{"d"}, {"s"}, {"l"}, {"p"}};
  constexpr std::string_view kSet = "InsertUpdatePayloadV2.g";
  std::vector<TokenSet> sets;
  for (const bson::Element& element : array_member(g, kName)) {
    std::array<bson::Element, std::size(kSetMembers)> found;
    read_members(document_member(element, kSet), kSet, kSetMembers, /*ignore_unknown=*/false,
                 found);
    sets.push_back(token_set(found[0], found[1], found[2], found[3]));
  }
  return sets;
}

bson::Type type_member(const bson::Element& member) {
  const std::int32_t type = int32_member(member, kName);
  if (type < 0 || type > 0xFF || !bson::is_valid_type(static_cast<std::uint8_t>(type))) {
    throw Error(ErrorCode::kBadValue, "BSON field 'InsertUpdatePayloadV2.t' is no BSON type");
  }
  return static_cast<bson::Type>(type);
}

}  // namespace

EncryptedTokens EncryptedTokens::copy_of(BytesView bytes) {
  if (!is_size(bytes.size())) {
    throw Error(ErrorCode::kInternalError, "encrypted tokens were given a wrong size");
  }
  EncryptedTokens tokens;
  tokens.size_ = static_cast<std::uint8_t>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), tokens.bytes_.begin());
  return tokens;
}

InsertUpdatePayloadV2 InsertUpdatePayloadV2::parse(BytesView blob) {
  Members members;
  read_members(blob, bson::BlobSubtype::kInsertUpdatePayloadV2, kName, kMembers,
               /*ignore_unknown=*/false, members);
  if (members[kB]) {
    throw NotSupported("payloads for text queries are not supported by this version");
  }
  InsertUpdatePayloadV2 payload;
  payload.tokens = token_set(members[kD], members[kS], members[kL], members[kP]);
  if (members[kG]) payload.more_tokens = token_sets(members[kG]);
  payload.index_key_id = uuid_member(members[kU], kName);
  payload.type = type_member(members[kT]);
  payload.value = binary_member(members[kV], kName);
  payload.server_data_encryption =
      ServerDataEncryptionLevel1Token::copy_of(binary_member(members[kE], kName, kToken));
  payload.contention_factor = int64_member(members[kK], kName);
  check_contention(payload.contention_factor);
  return payload;
}

std::span<std::uint8_t> InsertUpdatePayloadV2::serialize_around(std::size_t value_size,
                                                                Bytes& blob) const {
  constexpr auto kGeneric = bson::BinarySubtype::kGeneric;
  PayloadWriter writer(bson::BlobSubtype::kInsertUpdatePayloadV2,
                       kSizeWithoutValue + tokens.encrypted_tokens.bytes().size() + value_size +
                           more_tokens_size(more_tokens),
                       blob);
  writer.binary("d", kGeneric, tokens.edc.bytes());
  writer.binary("s", kGeneric, tokens.esc.bytes());
  writer.binary("p", kGeneric, tokens.encrypted_tokens.bytes());
  writer.binary("u", bson::BinarySubtype::kUuid, index_key_id.bytes());
  writer.int32("t", static_cast<std::int32_t>(type));
  const std::span<std::uint8_t> room = writer.binary("v", kGeneric, value_size);
  writer.binary("e", kGeneric, server_data_encryption.bytes());
  writer.binary("l", kGeneric, tokens.server_derived.bytes());
  writer.int64("k", contention_factor);
  if (!more_tokens.empty()) {
    writer.open(bson::Type::kArray, "g");
    for (std::size_t i = 0; i < more_tokens.size(); ++i) {
      writer.open(bson::Type::kDocument, std::to_string(i));
      writer.binary("d", kGeneric, more_tokens[i].edc.bytes());
      writer.binary("s", kGeneric, more_tokens[i].esc.bytes());
      writer.binary("l", kGeneric, more_tokens[i].server_derived.bytes());
      writer.binary("p", kGeneric, more_tokens[i].encrypted_tokens.bytes());
      writer.close();
    }
    writer.close();
  }
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
