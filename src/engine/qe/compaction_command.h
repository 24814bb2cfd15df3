// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The two commands as documents: what they may hold, and the tokens in them.
#ifndef QUERN_ENGINE_QE_COMPACTION_COMMAND_H_
#define QUERN_ENGINE_QE_COMPACTION_COMMAND_H_

#include <map>
#include <string>

#include "protocol/tokens.h"
#include "quern/bson/view.h"
#include "schema/encrypted_fields.h"

namespace quern::engine::qe {

enum class CompactionKind { kCompact, kCleanup };

// {compactStructuredEncryptionData: name, compactionTokens: {path: token, …}, …} or
// {cleanupStructuredEncryptionData: name, cleanupTokens: …}. Borrows from the command.
class CompactionCommand {
 public:
  // Checks all but the tokens themselves. Throws InvalidNamespace (73), MissingField, TypeMismatch,
  // UnknownField, BadValue (anchorPaddingFactor).
  static CompactionCommand parse(bson::View command, CompactionKind kind);

  // Throws 7294900 unless every path of the schema has a token.
  void check_covers(const schema::EncryptedFields& fields) const;

  // The ECOC tokens by path. Throws 6346801 for one that is neither 32 bytes nor, for a range or
  // text field, {ecoc, anchorPaddingToken}; 8574701 for one of the wrong of the two.
  struct FieldToken {
    protocol::EcocToken ecoc;
    std::size_t record_extra;  // as in schema::AlgorithmFacts
  };
  using Tokens = std::map<std::string, FieldToken, std::less<>>;
  Tokens tokens(const schema::EncryptedFields& fields) const;

 private:
  explicit CompactionCommand(bson::View tokens) : tokens_(tokens) {}
  bson::View tokens_;
};

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_COMPACTION_COMMAND_H_
