// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Automatic encryption around any other runner. A command is analysed against the encryptedFields
// of its collections, every value that must be encrypted is, the command runs, and what is
// encrypted in the documents of the reply is decrypted, where the analysis says that it is:
//
//   run ─▶ analysis::analyse, through EncryptingSink ─▶ add encryptionInformation ─▶ inner.run
//                 └───────────── output tree ───────▶ decrypt_reply ◀────────────┘
//   run ◀── the reply as it came, the plaintexts beside it ──┘
//
// What is not understood is refused before any byte is sent.
#ifndef QUERN_CLIENT_ENCRYPTING_RUNNER_H_
#define QUERN_CLIENT_ENCRYPTING_RUNNER_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "keyvault/key_cache.h"
#include "quern/command/command_runner.h"
#include "schema/encrypted_fields_map.h"

namespace quern {
struct CommandRow;
}

namespace quern::client {

class CursorOutputs;
class SchemaResolver;
struct CommandOutput;

// Which ciphertexts of a reply's documents are decrypted.
enum class Decrypt {
  // Those at the paths that the schema says are encrypted, each with its field's key and type.
  kBySchema,
  // The others, too, whatever made them: for values that were encrypted by hand in collections
  // without a schema. The risk: a ciphertext says nothing of the place that it belongs to, so that
  // a server without keys can put any ciphertext that this client has the key of where the
  // application expects something else, and have it decrypted there. Whatever the application then
  // writes, sends or logs of it in the clear is what the server gets for it. Members of replies
  // outside of documents are never decrypted, and models take no such value.
  kAnywhere,
};

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

  Decrypt decrypt = Decrypt::kBySchema;

  // How long an answer of the server about a schema is believed. The embedded engine refuses a
  // command that was judged by an outdated one, and it is judged again.
  std::chrono::milliseconds schema_lifetime{60'000};

  Clock* clock = nullptr;          // default: the system's
  RandomSource* random = nullptr;  // default: the system's
};

// Thread-safe. Borrows inner and keys; both must outlive it.
//
// After a write to a pinned collection that may have made it (an insert, an upsert, createIndexes)
// it asks the server again, unless inner heeds the expected schemas, and throws when the collection
// is no more what the map says: it was dropped meanwhile, by somebody else, and the write has made a
// plain one that keeps ciphertexts which no query finds.
class EncryptingRunner : public CommandRunner {
 public:
  EncryptingRunner(CommandRunner& inner, keyvault::KeyCache& keys, EncryptingOptions options = {});
  ~EncryptingRunner() override;

  keyvault::KeyCache& keys() { return keys_; }

  // Forgets what the server said about schemas.
  void forget_schemas();

 protected:
  // The reply is what the server sent; what was decrypted is had through Reply::decrypted(). The
  // batches of a cursor are decrypted as its command says, by the runner that ran the command.
  //
  // run() throws, beside what CommandRunner::run says: Error(InvalidNamespace) for a "$db" that is
  // not database; Error with the texts of the query analysis for a command that cannot be
  // encrypted; NotSupported for commands that automatic encryption does not know;
  // Error(KeyNotFound), Error(AuthenticationFailed), Error(FailedToParse) for keys that are
  // missing, wrapped by another master key, damaged; Error(OperationFailed) where the schema wants
  // a ciphertext and the server sent something else: a plaintext, an altered ciphertext, one of
  // another field, key, type or kind; Error(IllegalOperation) for a schema of the server that
  // differs from the pinned one.
  Reply do_run(std::string_view database, bson::View command, const RunContext& context) override;

 private:
  // Throws OutdatedSchemas when those that the command was judged by are; nothing is done then.
  Reply run_once(std::string_view database, bson::View command, const RunContext& context);
  // row is the command's, null for one that is not known. Sets output for a command that answers
  // with documents of collections with a schema.
  bson::Document run_analysed(std::string_view database, bson::View command, const CommandRow* row,
                              const RunContext& context,
                              std::shared_ptr<const CommandOutput>& output);
  bson::Document run_compaction(std::string_view database, bson::View command,
                                const RunContext& context);

  CommandRunner& inner_;
  keyvault::KeyCache& keys_;
  RandomSource& random_;
  const Decrypt decrypt_;
  std::unique_ptr<SchemaResolver> schemas_;
  std::unique_ptr<CursorOutputs> cursors_;
};

}  // namespace quern::client

#endif  // QUERN_CLIENT_ENCRYPTING_RUNNER_H_
