// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Creating and dropping an encrypted collection together with its state collections, in the order
// and with the commands that MongoDB's drivers use.
#ifndef QUERN_CLIENT_ENCRYPTED_COLLECTION_H_
#define QUERN_CLIENT_ENCRYPTED_COLLECTION_H_

#include <string>

#include "keyvault/key_vault.h"
#include "quern/command/command_runner.h"
#include "quern/command/namespace.h"

namespace quern::client {

struct CreateEncryptedOptions {
  std::string provider = "local";      // of the data keys that are created
  bson::Document master_key = {};      // the provider's master key for them, without provider
  bson::Document create_options = {};  // further members of the create command, such as validator
};

// Gives every field without a keyId (absent or null) the data key of the alternate name that it
// names (keyAltName) or else of "<collection>.<path>", found in the vault or created there. Returns
// the encryptedFields with all keyIds filled in. Idempotent.
bson::Document complete_encrypted_fields(keyvault::KeyVault& vault, const Namespace& ns,
                                         bson::View encrypted_fields,
                                         const CreateEncryptedOptions& options = {});

// complete_encrypted_fields(), then creates the state collections, the collection and the index on
// __safeContent__. Safe to run again after it was interrupted anywhere: what is there already is
// kept, and no second data key is made. Throws DatabaseError(NamespaceExists) when the collection
// is there with other encryptedFields. Returns the encryptedFields it was created with. runner may
// be plain or encrypting.
bson::Document create_encrypted_collection(CommandRunner& runner, keyvault::KeyVault& vault,
                                           const Namespace& ns, bson::View encrypted_fields,
                                           const CreateEncryptedOptions& options = {});

// Drops the state collections (esc, ecoc, and ecoc.compact if an interrupted compaction left it),
// then the collection. What is not there is not an error. Data keys stay in the vault. The state
// collections' names are those of encrypted_fields where it gives them, else the default ones.
void drop_encrypted_collection(CommandRunner& runner, const Namespace& ns,
                               bson::View encrypted_fields = {});

}  // namespace quern::client

#endif  // QUERN_CLIENT_ENCRYPTED_COLLECTION_H_
