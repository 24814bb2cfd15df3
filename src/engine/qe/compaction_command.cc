// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/compaction_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace quern::engine::qe {
namespace {

struct Names {
  std::string_view command;
  std::string_view tokens;
};

Names names_of(CompactionKind kind) {
  return kind == CompactionKind::kCompact
             ? Names{"compactStructuredEncryptionData", "compactionTokens"}
             : Names{"cleanupStructuredEncryptionData", "cleanupTokens"};
}

// Members that any command may have.
bool is_generic(std::string_view member) {
  constexpr std::array<std::string_view, 9> kGeneric = {
      "$db",       "lsid",      "$clusterTime", "$readPreference",     "apiVersion",
      "apiStrict", "maxTimeMS", "comment",      "apiDeprecationErrors"};
  return std::find(kGeneric.begin(), kGeneric.end(), member) != kGeneric.end();
}

[[noreturn]] void wrong_type(const Names& names, std::string_view member, bson::Type type,
                             std::string_view wanted) {
  throw Error(ErrorCode::kTypeMismatch,
              fmt::format("BSON field '{}.{}' is the wrong type '{}', expected type '{}'",
                          names.command, member, bson::alias(type), wanted));
}

void check_padding_factor(const Names& names, const bson::Element& factor) {
  if (!factor.is_number()) wrong_type(names, factor.key(), factor.type(), "double");
  if (!(factor.number() >= 0 && factor.number() <= 1)) {
    throw Error(ErrorCode::kBadValue,
                fmt::format("'{}.{}' must be from 0 to 1", names.command, factor.key()));
  }
}

void check_member(const Names& names, CompactionKind kind, const bson::Element& member) {
  if (member.key() == names.tokens || is_generic(member.key())) return;
  if (kind == CompactionKind::kCompact) {
    if (member.key() == "encryptionInformation") {
      if (!member.is_document()) wrong_type(names, member.key(), member.type(), "object");
      return;
    }
    if (member.key() == "anchorPaddingFactor") return check_padding_factor(names, member);
  }
  throw Error(ErrorCode::kUnknownField,
              fmt::format("BSON field '{}.{}' is an unknown field.", names.command, member.key()));
}

}  // namespace

CompactionCommand CompactionCommand::parse(bson::View command, CompactionKind kind) {
  const Names names = names_of(kind);
  const bson::Element collection = command.front();
  if (!collection.is_string() || collection.as_string().empty()) {
    throw Error(ErrorCode::kInvalidNamespace,
                fmt::format("'{}' takes the name of a collection", names.command));
  }
  bool first = true;
  for (const bson::Element& member : command) {
    if (!first) check_member(names, kind, member);
    first = false;
  }
  const bson::Element tokens = command[names.tokens];
  if (!tokens || tokens.is_null()) {
    throw Error(ErrorCode::kMissingField,
                fmt::format("BSON field '{}.{}' is missing but a required field", names.command,
                            names.tokens));
  }
  if (!tokens.is_document()) wrong_type(names, names.tokens, tokens.type(), "object");
  return CompactionCommand(tokens.as_document());
}

void CompactionCommand::check_covers(const schema::EncryptedFields& fields) const {
  for (const schema::EncryptedField& field : fields.fields()) {
    if (!tokens_.contains(field.path)) {
      throw Error(7294900, fmt::format("The encrypted field '{}' has no token", field.path));
    }
  }
}

CompactionCommand::Tokens CompactionCommand::tokens(const schema::EncryptedFields& fields) const {
  Tokens tokens;
  for (const schema::EncryptedField& field : fields.fields()) {
    const bson::Element token = tokens_[field.path];
    if (token.is_document()) {
      throw Error(8574701, fmt::format("The token of '{}' is one for a range or text field, which "
                                       "it is not",
                                       field.path));
    }
    if (!token.is_binary(bson::BinarySubtype::kGeneric) ||
        token.as_binary().bytes.size() != crypto::EcocToken::kSize) {
      throw Error(6346801,
                  fmt::format("The token of '{}' must be 32 bytes of binary data", field.path));
    }
    tokens.emplace(field.path, crypto::EcocToken::copy_of(token.as_binary().bytes));
  }
  return tokens;
}

}  // namespace quern::engine::qe
