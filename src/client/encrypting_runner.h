// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Automatic encryption around any other runner. A command is analysed against the encryptedFields
// of its collections, every value that must be encrypted is, the command runs, and the reply is
// decrypted:
//
//   run ─▶ analysis::analyse ─▶ encrypt_marked ─▶ add encryptionInformation ─▶ inner.run
//   run ◀───────────────────────────────────────── decrypt_document ◀──────────────┘
//
// What is not understood is refused before any byte is sent.
#ifndef QUERN_CLIENT_ENCRYPTING_RUNNER_H_
#define QUERN_CLIENT_ENCRYPTING_RUNNER_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "keyvault/key_cache.h"
#include "quern/command/command_runner.h"
#include "schema/encrypted_fields_map.h"

namespace quern::client {

class SchemaResolver;

struct EncryptingOptions {
  // The pinned schemas, by "database.collection". What the map says is used whatever the server
  // says.
  std::optional<schema::EncryptedFieldsMap> map = {};

  // Ask the server (listCollections) for the encryptedFields of the collections that a command
  // names. Those of a collection that the map lists must then equal the map's, or every command on
  // it is refused: a server whose schema is weaker or has drifted may be lying. Those of a
  // collection that the map does not list are used as they are. When false, such a collection is a
  // plain one.
  bool ask_server = true;

  // The server may encrypt more fields than the map lists, but none of these otherwise: its schema
  // is then the one in use. For maps made of an application's models, which may have lost members
  // that the collection still has.
  bool allow_more_fields = false;

  // Refuse commands on collections that the map does not list. List plain ones with fields: [].
  bool require_map = false;

  // How long an answer of the server about a schema is believed.
  std::chrono::milliseconds schema_lifetime{60'000};

  Clock* clock = nullptr;          // default: the system's
  RandomSource* random = nullptr;  // default: the system's
};

// Thread-safe. Borrows inner and keys; both must outlive it.
class EncryptingRunner : public CommandRunner {
 public:
  EncryptingRunner(CommandRunner& inner, keyvault::KeyCache& keys, EncryptingOptions options = {});
  ~EncryptingRunner() override;

  keyvault::KeyCache& keys() { return keys_; }

  // Forgets what the server said about schemas.
  void forget_schemas();

 protected:
  // run() throws, beside what CommandRunner::run says: Error(InvalidNamespace) for a "$db" that is
  // not database; Error with the texts of the query analysis for a command that cannot be
  // encrypted; NotSupported for commands that automatic encryption does not know;
  // Error(KeyNotFound), Error(AuthenticationFailed), Error(FailedToParse) for keys that are
  // missing, wrapped by another master key, damaged; Error(OperationFailed) for a ciphertext that
  // was altered or made by another key; Error(IllegalOperation) for a schema of the server that
  // differs from the pinned one.
  Reply do_run(std::string_view database, bson::View command, const RunContext& context) override;

 private:
  Reply run_analysed(std::string_view database, bson::View command, const RunContext& context);
  Reply run_compaction(std::string_view database, bson::View command, const RunContext& context);

  CommandRunner& inner_;
  keyvault::KeyCache& keys_;
  RandomSource& random_;
  std::unique_ptr<SchemaResolver> schemas_;
};

}  // namespace quern::client

#endif  // QUERN_CLIENT_ENCRYPTING_RUNNER_H_
