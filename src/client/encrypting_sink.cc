// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/encrypting_sink.h"

#include <utility>
#include <vector>

#include "command/command_table.h"
#include "crypto/query_algorithm.h"

namespace quern::client {
namespace {

constexpr std::string_view kInformation = "encryptionInformation";

}  // namespace

EncryptingSink::EncryptingSink(const CommandSchemas& schemas, keyvault::KeyCache& cache,
                               const RunContext& context, RandomSource& random)
    : schemas_(schemas),
      cache_(cache),
      context_(context),
      keys_(cache, context, [&schemas](const Uuid& id) { return schemas.describe_key(id); }),
      random_(random) {}

void EncryptingSink::append(const schema::Marking& marking, std::string_view key,
                            bson::Builder& out) {
  if (!std::exchange(loaded_, true)) {
    std::vector<Uuid> ids;
    for (const auto& [ns, compiled] : schemas_.map) {
      for (const schema::EncryptedField& field : compiled.fields().fields()) {
        if (field.key_id) ids.push_back(*field.key_id);
      }
    }
    cache_.preload(ids, context_);
  }
  const keyvault::KeyCache::Key data_key = keys_(*marking.field.key_id);
  const Bytes blob =
      crypto::query_algorithm(marking.algorithm()).encrypt(marking, *data_key, random_);
  has_server_payload_ |= bson::known_blob_facts(blob.front())->is_server_payload();
  out.append(key, bson::Binary{bson::BinarySubtype::kEncrypted, blob});
}

bson::Document EncryptingSink::finish(analysis::Analysis analysis) const {
  const bson::Element first = analysis.result.view().front();
  const CommandRow* row = find_command_row(first.key());
  if (row != nullptr && row->id == CommandId::kExplain) {
    // What is explained carries it, with all that its own command would carry.
    bson::Builder command;
    command.open_document(first.key()).append_all(first.as_document());
    command.append(kInformation, schemas_.encryption_information).close();
    for (auto member = ++analysis.result.view().begin(); member != analysis.result.view().end();
         ++member) {
      command.append(*member);
    }
    return command.finish();
  }
  const EncryptionInformationRule rule =
      row == nullptr ? EncryptionInformationRule::kAlways : row->encryption_information;
  const bool has_payload = has_server_payload_ || analysis.holds_payload;
  if (rule == EncryptionInformationRule::kNever ||
      (rule == EncryptionInformationRule::kWithPayload && !has_payload)) {
    return std::move(analysis.result);
  }
  bson::Builder command;
  command.append_all(analysis.result).append(kInformation, schemas_.encryption_information);
  return command.finish();
}

}  // namespace quern::client
