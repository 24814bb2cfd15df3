// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/compaction_command.h"

#include <fmt/format.h>

#include "engine/rules/command_reader.h"

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

void check_padding_factor(const Names& names, const CommandReader& arguments) {
  const bson::Element factor = arguments["anchorPaddingFactor"];
  if (!factor || factor.is_null()) return;
  if (!factor.is_number()) arguments.wrong_type(factor, "double");
  if (!(factor.number() >= 0 && factor.number() <= 1)) {
    throw Error(ErrorCode::kBadValue,
                fmt::format("'{}.{}' must be from 0 to 1", names.command, factor.key()));
  }
}

CommandReader arguments_of(const Names& names, bson::View command, CompactionKind kind) {
  if (kind == CompactionKind::kCleanup)
    return CommandReader(command, names.command, {names.tokens});
  const CommandReader arguments(command, names.command,
                                {names.tokens, "encryptionInformation", "anchorPaddingFactor"});
  check_padding_factor(names, arguments);
  arguments.document("encryptionInformation");
  return arguments;
}

}  // namespace

CompactionCommand CompactionCommand::parse(bson::View command, CompactionKind kind) {
  const Names names = names_of(kind);
  const bson::Element collection = command.front();
  if (!collection.is_string() || collection.as_string().empty()) {
    throw Error(ErrorCode::kInvalidNamespace,
                fmt::format("'{}' takes the name of a collection", names.command));
  }
  const CommandReader arguments = arguments_of(names, command, kind);
  arguments.required_value(names.tokens);
  const bson::View tokens = arguments.required_document(names.tokens);
  bson::require_distinct(tokens, names.tokens);
  return CompactionCommand(tokens);
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
    const schema::AlgorithmFacts& facts = schema::algorithm_facts(field.algorithm());
    if (facts.padded) {
      throw NotSupported(fmt::format("The embedded engine cannot compact {} queries yet ('{}')",
                                     facts.name, field.path));
    }
    if (token.is_document()) {
      throw Error(8574701, fmt::format("The token of '{}' is one for a range or text field, which "
                                       "it is not",
                                       field.path));
    }
    if (!token.is_binary(bson::BinarySubtype::kGeneric) ||
        token.as_binary().bytes.size() != protocol::EcocToken::kSize) {
      throw Error(6346801,
                  fmt::format("The token of '{}' must be 32 bytes of binary data", field.path));
    }
    tokens.emplace(field.path, FieldToken{protocol::EcocToken::copy_of(token.as_binary().bytes),
                                          facts.record_extra});
  }
  return tokens;
}

}  // namespace quern::engine::qe
