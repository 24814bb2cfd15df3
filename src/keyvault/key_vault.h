// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The key vault: the ordinary collection that holds the wrapped data keys, found by id or by
// alternate name. It runs over a plain CommandRunner (never over an encrypting one).
//
// Reads ask for read concern majority and writes for write concern majority: a key that could be
// rolled back would take the data that it encrypts with it.
#ifndef QUERN_KEYVAULT_KEY_VAULT_H_
#define QUERN_KEYVAULT_KEY_VAULT_H_

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/secret_bytes.h"
#include "keyvault/data_key_document.h"
#include "kms/registry.h"
#include "quern/command/command_runner.h"
#include "quern/command/namespace.h"

namespace quern::keyvault {

struct DataKeyOptions {
  std::string provider = "local";
  bson::Document master_key = {};  // which master key of the provider, without provider
  std::vector<std::string> alt_names = {};
  std::optional<SecretBytes> key_material = {};  // 96 bytes to use instead of random ones
};

struct RewrapResult {
  std::int64_t matched = 0;
  std::int64_t modified = 0;
};

// Thread-safe. Borrows runner, clock and random; all must outlive it.
class KeyVault {
 public:
  KeyVault(CommandRunner& runner, Namespace ns, std::shared_ptr<const kms::KmsRegistry> kms,
           Clock& clock = Clock::system(), RandomSource& random = RandomSource::system());

  const Namespace& ns() const { return ns_; }
  std::string name() const { return ns_.to_string(); }

  // Creates the unique partial index on keyAltNames. Idempotent; every method that writes an
  // alternate name calls it once first.
  void ensure_index();

  // Every key whose id is in ids or which has a name in alt_names, in one query. Missing ones are
  // simply not in the result; a damaged document, one that was not asked for, and two of one id or
  // alternate name are Error(FailedToParse), at once: an answer is no longer than its question.
  // This catches a wrong or careless answer, not a forged one: nothing in MongoDB's format binds
  // the wrapped key to its id, so a server that writes documents itself can put one wrapped key in
  // the place of another.
  std::vector<DataKeyDocument> fetch(std::span<const Uuid> ids,
                                     std::span<const std::string> alt_names,
                                     const RunContext& context = {});
  std::optional<DataKeyDocument> find(const Uuid& id, const RunContext& context = {});
  std::optional<DataKeyDocument> find(std::string_view alt_name, const RunContext& context = {});
  std::vector<DataKeyDocument> all();

  // Creates a data key. Throws IntegrityError (11000) when one of the alternate names is taken.
  Uuid create(DataKeyOptions options = {});

  // The key of that alternate name, created when there is none. Safe against other processes doing
  // the same at the same time: the unique index decides, the loser finds the winner's key.
  Uuid find_or_create(std::string_view alt_name, std::string_view provider = "local",
                      bson::View master_key = {});

  // The data key in the clear. Errors: ImproperlyConfigured when its provider is not configured,
  // AuthenticationFailed when another master key wrapped it, FailedToParse when it is damaged.
  SecretBytes unwrap(const DataKeyDocument& document) const;

  // The document as it was before, nothing when there is no such key.
  std::optional<DataKeyDocument> add_alt_name(const Uuid& id, std::string_view alt_name);
  std::optional<DataKeyDocument> remove_alt_name(const Uuid& id, std::string_view alt_name);
  // False when there was no such key. What it encrypted is lost for good.
  bool remove(const Uuid& id);

  // Wraps the data keys that match filter again: with another provider or master key, or with the
  // present ones when provider is empty. The data keys themselves, and so the data, stay the same.
  RewrapResult rewrap_many(bson::View filter, std::string_view provider = {},
                           bson::View master_key = {});

 private:
  void query(bson::View filter, const RunContext& context,
             const std::function<void(DataKeyDocument)>& visit);
  std::vector<DataKeyDocument> query(bson::View filter, const RunContext& context = {});
  void insert(const DataKeyDocument& document);

  CommandRunner& runner_;
  const Namespace ns_;
  const std::shared_ptr<const kms::KmsRegistry> kms_;
  Clock& clock_;
  RandomSource& random_;
  std::mutex index_mutex_;
  bool index_ready_ = false;
};

}  // namespace quern::keyvault

#endif  // QUERN_KEYVAULT_KEY_VAULT_H_
