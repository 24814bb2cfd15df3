// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The client's end of query analysis: each value that the analysis marks is encrypted at once, and
// its payload stands in the command that the analysis writes.
#ifndef QUERN_CLIENT_ENCRYPTING_SINK_H_
#define QUERN_CLIENT_ENCRYPTING_SINK_H_

#include "analysis/analyse.h"
#include "base/random.h"
#include "client/key_lookup.h"
#include "client/schema_resolver.h"
#include "keyvault/key_cache.h"
#include "quern/bson/document.h"

namespace quern::client {

// For one command. Not thread-safe; borrows everything.
class EncryptingSink final : public analysis::MarkingSink {
 public:
  EncryptingSink(const CommandSchemas& schemas, keyvault::KeyCache& cache,
                 const RunContext& context, RandomSource& random);

  // Throws Error for a key that cannot be had and NotSupported for range and text fields. The first
  // value has the keys of all the command's fields loaded, at once.
  void append(const schema::Marking& marking, std::string_view key, bson::Builder& out) override;

  // The command to send: what the analysis wrote through this sink, with encryptionInformation
  // where and when the protocol wants it (command/command_table.h).
  bson::Document finish(analysis::Analysis analysis) const;

 private:
  const CommandSchemas& schemas_;
  keyvault::KeyCache& cache_;
  const RunContext& context_;
  KeyLookup keys_;
  RandomSource& random_;
  bool loaded_ = false;
  bool has_server_payload_ = false;
};

}  // namespace quern::client

#endif  // QUERN_CLIENT_ENCRYPTING_SINK_H_
