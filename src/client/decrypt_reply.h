// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The way back. Decryption follows the schema, not the bytes: in the documents of a reply, at the
// paths that the command's output tree marks as encrypted, and nowhere else, for a server without
// keys chooses the bytes. The reply stays as it came; the plaintexts lie beside it.
#ifndef QUERN_CLIENT_DECRYPT_REPLY_H_
#define QUERN_CLIENT_DECRYPT_REPLY_H_

#include <memory>
#include <string>

#include "analysis/output_tree.h"
#include "client/encrypting_runner.h"
#include "client/schema_resolver.h"
#include "command/command_table.h"
#include "keyvault/key_cache.h"

namespace quern::client {

// What a command's documents look like. Immutable.
struct CommandOutput {
  std::shared_ptr<const CommandSchemas> schemas;  // own the fields that tree borrows
  analysis::OutputTree tree;
  std::string ns;  // as the client named it, for messages
};

// output may be null: nothing in the documents is known to be encrypted. A reply that reports an
// error is left as it is, and one without a ciphertext where there may be some asks for no key.
//
// At a path of the tree there must be a ciphertext of the very field: made with its key, of its
// BSON type, of the kind that a server stores for it; or nothing. Throws Error(OperationFailed)
// that names the path for anything else (a plaintext, another field's ciphertext, one whose type
// byte was changed, an altered one), and what KeyCache::resolve throws. With Decrypt::kAnywhere
// the other ciphertexts in the documents are decrypted, too, whatever their key and type.
Reply decrypt_reply(bson::Document reply, ReplyDocuments where,
                    const std::shared_ptr<const CommandOutput>& output, Decrypt decrypt,
                    keyvault::KeyCache& keys, const RunContext& context = {});

}  // namespace quern::client

#endif  // QUERN_CLIENT_DECRYPT_REPLY_H_
