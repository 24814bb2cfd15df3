// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Query analysis: what automatic encryption has to do to a command, decided from the command and
// the schemas alone. Every value that meets an encrypted field is marked: handed to a sink, which
// says what takes its place (a schema::EncryptionPlaceholder, or its ciphertext), and whatever encryption cannot express
// is refused with the reason. No keys and no ciphertext are seen here.
//
// The rule is to fail closed: a command, member, operator, stage or option that is not understood
// is refused, because passing it on could send a value of an encrypted field in the clear.
#ifndef QUERN_ANALYSIS_ANALYSE_H_
#define QUERN_ANALYSIS_ANALYSE_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/compiled_schema.h"
#include "analysis/marking_sink.h"
#include "analysis/output_tree.h"
#include "quern/bson/document.h"

namespace quern::analysis {

// A command as it is read before its schemas are known: once, for its namespaces and its analysis.
// Borrows the database and the command.
class Subject {
 public:
  // Throws Error for a command that automatic encryption does not support.
  Subject(std::string_view database, bson::View command);
  Subject(Subject&&) noexcept;
  Subject& operator=(Subject&&) noexcept;
  ~Subject();

  // The namespaces whose schemas analyse() needs: the command's collection first, then those that
  // its pipeline joins, and those that it writes, each once. Empty for a command that is passed on
  // without analysis.
  const std::vector<std::string>& namespaces() const;

 private:
  friend struct SubjectParts;
  friend struct Analysis analyse(const Subject& subject, const SchemaMap& schemas,
                                 MarkingSink& sink);
  std::unique_ptr<const struct SubjectParts> parts_;
};

struct Analysis {
  // At least one value was marked.
  bool has_encryption_placeholders = false;
  // One of the supplied schemas has an encrypted field. When false, the result is the command.
  bool schema_requires_encryption = false;
  // The command came with a payload for the server, made by its sender.
  bool holds_payload = false;
  // The whole command again: same name, same members, marked values as the sink has them.
  bson::Document result;
  // Where the documents of its reply (command/command_table.h) hold ciphertexts; empty when it
  // answers with none. Borrows the fields of the schemas.
  OutputTree output = {};
};

// Analyses a validated command that carries neither schema nor encryptionInformation. One that
// already holds markings is refused, also on plain collections: they are made here only. All keys
// of the schemas' fields must be known by id. Throws Error for a refusal; its text names the path,
// operator, stage or member at fault and never a value. Pure and thread-safe.
Analysis analyse(const Subject& subject, const SchemaMap& schemas, MarkingSink& sink);
// The same with placeholders in the places of the values.
Analysis analyse(const Subject& subject, const SchemaMap& schemas);
Analysis analyse(std::string_view database, bson::View command, const SchemaMap& schemas);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_ANALYSE_H_
