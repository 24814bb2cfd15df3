// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "schema/placeholder.h"

#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "bson/strict_reader.h"
#include "quern/base/error.h"
#include "quern/bson/blob_subtype.h"

namespace quern::schema {

using bson::BlobSubtype;

namespace {

[[noreturn]] void malformed(const std::string& what) {
  throw Error(ErrorCode::kFailedToParse, "malformed encryption placeholder: " + what);
}

bson::View document_of(BytesView blob, BlobSubtype subtype) {
  if (blob.size() < 6 || blob[0] != static_cast<std::uint8_t>(subtype)) {
    malformed("expected byte " + std::to_string(static_cast<int>(subtype)) + " and a document");
  }
  try {
    return bson::View::parse(blob.subspan(1));
  } catch (const Error& error) {
    malformed(error.what());
  }
}

constexpr auto kMalformed = static_cast<std::int32_t>(ErrorCode::kFailedToParse);
constexpr bson::MemberFaults kFaults{
    .unknown = {kMalformed, "malformed encryption placeholder: unknown key '{name}'"},
    .repeated = {kMalformed, "malformed encryption placeholder: key '{name}' is there twice"},
    .missing = {kMalformed, "malformed encryption placeholder: key '{name}' is missing"},
};
constexpr std::string_view kWhere = "encryption placeholder";

std::int32_t int32_between(const bson::Element& element, std::int32_t low, std::int32_t high) {
  if (element.type() != bson::Type::kInt32 || element.as_int32() < low ||
      element.as_int32() > high) {
    malformed("key '" + std::string(element.key()) + "' must be an int32 between " +
              std::to_string(low) + " and " + std::to_string(high));
  }
  return element.as_int32();
}

std::int64_t int64_between(const bson::Element& element, std::int64_t low, std::int64_t high) {
  if (element.type() != bson::Type::kInt64 || element.as_int64() < low ||
      element.as_int64() > high) {
    malformed("key '" + std::string(element.key()) + "' must be an int64 between " +
              std::to_string(low) + " and " + std::to_string(high));
  }
  return element.as_int64();
}

const AlgorithmFacts& algorithm_member(const bson::Element& element) {
  const AlgorithmFacts* facts =
      element.type() == bson::Type::kInt32 ? algorithm_from_number(element.as_int32()) : nullptr;
  if (facts == nullptr) {
    malformed("key '" + std::string(element.key()) + "' must be the int32 of an algorithm");
  }
  return *facts;
}

Uuid uuid(const bson::Element& element) {
  if (!element.is_binary(bson::BinarySubtype::kUuid) ||
      element.as_binary().bytes.size() != Uuid::kSize) {
    malformed("key '" + std::string(element.key()) + "' must be a UUID");
  }
  return element.as_uuid();
}

Bytes with_subtype(BlobSubtype subtype, const bson::Document& document) {
  Bytes blob;
  blob.reserve(1 + document.size());
  blob.push_back(static_cast<std::uint8_t>(subtype));
  blob.insert(blob.end(), document.bytes().begin(), document.bytes().end());
  return blob;
}

bson::Value encrypted_binary(BytesView blob) {
  return bson::Value::of(bson::Binary{bson::BinarySubtype::kEncrypted, blob});
}

}  // namespace

EncryptionPlaceholder EncryptionPlaceholder::parse(BytesView blob) {
  static constexpr std::string_view kKeys[] = {"t", "a", "ki", "ku", "v", "cm", "s"};
  const bson::StrictReader reader(document_of(blob, BlobSubtype::kPlaceholder), kWhere,
                                  bson::Members{.known = kKeys, .ignores_others = true}, kFaults);
  EncryptionPlaceholder placeholder;
  placeholder.kind = static_cast<Kind>(int32_between(reader.required("t"), 1, 2));
  placeholder.algorithm = algorithm_member(reader.required("a")).algorithm;
  placeholder.index_key_id = uuid(reader.required("ki"));
  placeholder.user_key_id = uuid(reader.required("ku"));
  placeholder.value = bson::Value(reader.required("v").value());
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  placeholder.max_contention = int64_between(reader.required("cm"), 0, kMax - 1);
  if (const bson::Element sparsity = reader["s"]) {
    placeholder.sparsity = int64_between(sparsity, 0, kMax);
  }
  if (placeholder.kind == kFind && !algorithm_facts(placeholder.algorithm).find) {
    malformed("an unindexed value cannot be searched for");
  }
  return placeholder;
}

Bytes EncryptionPlaceholder::serialize() const {
  bson::Builder builder;
  builder.reserve(128 + value.view().bytes().size());
  builder.append("t", static_cast<std::int32_t>(kind))
      .append("a", static_cast<std::int32_t>(algorithm))
      .append("ki", index_key_id)
      .append("ku", user_key_id)
      .append("v", value)
      .append("cm", max_contention);
  if (sparsity != 0) builder.append("s", sparsity);
  return with_subtype(BlobSubtype::kPlaceholder, builder.finish());
}

bson::Value EncryptionPlaceholder::to_value() const { return encrypted_binary(serialize()); }

CsflePlaceholder CsflePlaceholder::parse(BytesView blob) {
  const bson::StrictReader reader(document_of(blob, BlobSubtype::kCsflePlaceholder), kWhere,
                                  {"v", "a", "ki", "ka"}, kFaults);
  const bson::Element id = reader["ki"];
  const bson::Element name = reader["ka"];
  if (id.missing() == name.missing()) malformed("expected one of 'ki' and 'ka'");
  CsflePlaceholder placeholder;
  placeholder.value = bson::Value(reader.required("v").value());
  placeholder.algorithm = static_cast<Algorithm>(int32_between(reader.required("a"), 1, 2));
  if (id) {
    placeholder.key = uuid(id);
  } else {
    if (!name.is_string()) malformed("key 'ka' must be a string");
    placeholder.key = std::string(name.as_string());
  }
  return placeholder;
}

Bytes CsflePlaceholder::serialize() const {
  bson::Builder builder;
  builder.append("v", value).append("a", static_cast<std::int32_t>(algorithm));
  if (const Uuid* id = std::get_if<Uuid>(&key)) {
    builder.append("ki", *id);
  } else {
    builder.append("ka", std::get<std::string>(key));
  }
  return with_subtype(BlobSubtype::kCsflePlaceholder, builder.finish());
}

bson::Value CsflePlaceholder::to_value() const { return encrypted_binary(serialize()); }

}  // namespace quern::schema
