// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "protocol/find_equality_payload.h"

#include <array>

#include "protocol/payload_fields.h"

namespace quern::protocol {
namespace {

constexpr std::string_view kName = "FindEqualityPayloadV2";
constexpr std::size_t kToken = kSha256Size;

enum Member : std::size_t { kD, kS, kL, kCm };
constexpr PayloadField kMembers[] = {{"d"}, {"s"}, {"l"}, {"cm"}};

constexpr std::size_t kSize = binary_member_size("d", kToken) + binary_member_size("s", kToken) +
                              binary_member_size("l", kToken) + int64_member_size("cm");

}  // namespace

FindEqualityPayloadV2 FindEqualityPayloadV2::parse(BytesView blob) {
  std::array<bson::Element, std::size(kMembers)> members;
  read_members(blob, bson::BlobSubtype::kFindEqualityPayloadV2, kName, kMembers,
               /*ignore_unknown=*/false, members);
  FindEqualityPayloadV2 payload;
  payload.tokens.edc = EdcDerivedFromDataToken::copy_of(binary_member(members[kD], kName, kToken));
  payload.tokens.esc = EscDerivedFromDataToken::copy_of(binary_member(members[kS], kName, kToken));
  payload.tokens.server_derived =
      ServerDerivedFromDataToken::copy_of(binary_member(members[kL], kName, kToken));
  payload.max_contention = int64_member(members[kCm], kName);
  check_contention(payload.max_contention);
  return payload;
}

Bytes FindEqualityPayloadV2::serialize() const {
  constexpr auto kGeneric = bson::BinarySubtype::kGeneric;
  Bytes blob;
  PayloadWriter writer(bson::BlobSubtype::kFindEqualityPayloadV2, kSize, blob);
  writer.binary("d", kGeneric, tokens.edc.bytes());
  writer.binary("s", kGeneric, tokens.esc.bytes());
  writer.binary("l", kGeneric, tokens.server_derived.bytes());
  writer.int64("cm", max_contention);
  writer.finish();
  return blob;
}

}  // namespace quern::protocol
