// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/refusal.h"

#include <fmt/format.h>

namespace quern::analysis::refuse {

void operation(const std::string& text) { throw Error(ErrorCode::kQueryFeatureNotAllowed, text); }

void below_encrypted(std::string_view path) {
  operation(
      fmt::format("Invalid operation on path '{}' which contains an encrypted path prefix.", path));
}

void inside_array(std::string_view path) {
  operation(
      fmt::format("Path '{}' leads through an array to an encrypted field: fields cannot be "
                  "encrypted inside arrays",
                  path));
}

void unknown_encryption(std::string_view path) {
  operation(fmt::format(
      "Invalid reference to '{}', whose encryption properties are not known until runtime", path));
}

void removed(std::string_view path) {
  operation(fmt::format(
      "Field '{}' was removed by an earlier stage, whatever has its name now: filter by an "
      "encrypted field before the stage that takes it away",
      path));
}

void wrong_type(const schema::EncryptedField& field, std::string_view path, bson::Type type) {
  std::string text =
      fmt::format("Cannot encrypt element of type: {} at path '{}'", bson::alias(type), path);
  if (field.bson_type) {
    text += fmt::format(": the encrypted field has bsonType {}", bson::alias(*field.bson_type));
  }
  throw Error(ErrorCode::kTypeMismatch, text);
}

void not_yet_encryptable(const schema::EncryptedField& field, std::string_view path) {
  throw NotSupported(
      fmt::format("Field '{}' is encrypted with queryType {}, which this version cannot encrypt or "
                  "query yet: it "
                  "supports equality and fields without queries",
                  path, field.unsupported_query()->type->name));
}

void invalid_operator(std::string_view name, std::string_view path) {
  operation(
      fmt::format("Invalid match expression operator on encrypted field '{}': {}", path, name));
}

void unsupported_operator(std::string_view name) {
  operation(fmt::format("Unsupported match expression operator for encryption: {}", name));
}

void not_queryable(std::string_view path) {
  operation(
      fmt::format("Cannot query on fields encrypted with the randomized encryption algorithm: "
                  "'{}' is encrypted without a query type",
                  path));
}

void null_equality(std::string_view path) {
  operation(fmt::format("Illegal equality to null predicate for encrypted field: '{}'", path));
}

void null_in_list(std::string_view path) {
  operation(
      fmt::format("Illegal equality to null inside $in against an encrypted field: '{}'", path));
}

void infinite_bound(std::string_view path) {
  operation(fmt::format(
      "A bound that is infinite or not a number cannot be compared with encrypted field "
      "'{}': leave the bound out",
      path));
}

void order_in_expression(std::string_view path) {
  operation(fmt::format(
      "Encrypted field '{}' cannot be compared in an expression: compare it in a filter "
      "without $expr",
      path));
}

void comparison(std::string_view path) {
  operation(fmt::format("Comparison to encrypted fields not supported: '{}'", path));
}

void composite_operand(std::string_view name, std::string_view path) {
  operation(
      fmt::format("{} cannot compare an object or array with '{}', which is the prefix of an "
                  "encrypted field: name the fields below it",
                  name, path));
}

void reference(std::string_view path) {
  operation(
      fmt::format("Invalid reference to an encrypted field within aggregate expression: {}", path));
}

void non_constant(std::string_view path) {
  operation(
      fmt::format("Comparison disallowed between Queryable Encryption encrypted fields and "
                  "non-constant expressions; field '{}' is encrypted.",
                  path));
}

void constant(std::string_view path) {
  operation(
      fmt::format("A constant cannot take the place of the encrypted field at path '{}'", path));
}

void stage(std::string_view name) {
  operation(fmt::format(
      "Aggregation stage {} is not allowed or supported with automatic encryption.", name));
}

const bson::MemberFaults kMemberFaults{
    .unknown = {static_cast<std::int32_t>(ErrorCode::kUnknownField),
                "'{where}.{name}' is not understood by automatic encryption.{nearest}"},
    .repeated = {static_cast<std::int32_t>(ErrorCode::kFailedToParse),
                 "'{where}.{name}' is given twice"},
};

void unknown_member(std::string_view where, std::string_view name) {
  throw Error(kMemberFaults.unknown.code,
              fmt::format(fmt::runtime(kMemberFaults.unknown.text), fmt::arg("where", where),
                          fmt::arg("name", name), fmt::arg("nearest", "")));
}

void repeated_member(std::string_view where, bson::View document) {
  bson::require_distinct(document, where, kMemberFaults.repeated);
}

void check_options(std::string_view where, bson::View options,
                   std::span<const std::string_view> known) {
  bson::StrictReader(options, where, known, kMemberFaults);
}

void malformed(const std::string& text) { throw Error(ErrorCode::kFailedToParse, text); }

void wrong_member_type(std::string_view where, std::string_view name, std::string_view wanted,
                       bson::Type type) {
  throw Error(ErrorCode::kTypeMismatch,
              fmt::format("'{}.{}' must be {}, not {}", where, name, wanted, bson::alias(type)));
}

}  // namespace quern::analysis::refuse
