// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/encrypt_marked.h"

#include <fmt/format.h>

#include <vector>

#include "bson/transform.h"
#include "client/key_lookup.h"
#include "command/command_table.h"
#include "crypto/encrypt.h"
#include "quern/base/error.h"
#include "schema/blob_subtype.h"
#include "schema/placeholder.h"

namespace quern::client {
namespace {

using schema::BlobSubtype;
using Placeholder = schema::EncryptionPlaceholder;

bool is_server_payload(BlobSubtype subtype) {
  switch (subtype) {
    case BlobSubtype::kInsertUpdatePayloadV1:
    case BlobSubtype::kFindEqualityPayloadV1:
    case BlobSubtype::kFindRangePayloadV1:
    case BlobSubtype::kInsertUpdatePayloadV2:
    case BlobSubtype::kFindEqualityPayloadV2:
    case BlobSubtype::kFindRangePayloadV2:
    case BlobSubtype::kFindTextPayload:
      return true;
    default:
      return false;
  }
}

bool is_container(bson::ValueView value) { return value.is_document() || value.is_array(); }

class Encryptor {
 public:
  Encryptor(const CommandSchemas& schemas, keyvault::KeyCache& cache, RandomSource& random)
      : cache_(cache),
        keys_(cache, [&schemas](const Uuid& id) { return schemas.describe_key(id); }),
        random_(random) {}

  // First pass: parses every marking, in document order, and loads all keys at once.
  void collect(bson::View document) {
    collect_markings(document);
    std::vector<Uuid> ids;
    for (const Placeholder& marking : markings_) {
      ids.push_back(marking.index_key_id);
      ids.push_back(marking.user_key_id);
    }
    if (!ids.empty()) cache_.preload(ids);
  }

  // Second pass: copies the members of document into out with payloads in place of markings. It
  // must meet the markings in the order of the first pass.
  void copy(bson::View document, bson::Builder& out) {
    bson::transform(
        document, out,
        [&](const bson::Element& member, bson::EnclosingPath, bson::Builder& copied) {
          if (schema::blob_subtype(member) != BlobSubtype::kPlaceholder) return bson::Edit::kEnter;
          const Bytes blob = encrypt(markings_[next_marking_++]);
          copied.append(member.key(), bson::Binary{bson::BinarySubtype::kEncrypted, blob});
          return bson::Edit::kDone;
        });
  }

  bool has_server_payload() const { return has_server_payload_; }

 private:
  void collect_markings(bson::View document) {
    for (const bson::Element& member : document) {
      if (is_container(member)) {
        collect_markings(member.as_document_or_array());
        continue;
      }
      const auto subtype = schema::blob_subtype(member);
      if (!subtype) continue;
      if (subtype == BlobSubtype::kPlaceholder) {
        markings_.push_back(Placeholder::parse(member.as_binary().bytes));
        has_server_payload_ |= markings_.back().algorithm != Placeholder::kUnindexed;
      } else if (subtype == BlobSubtype::kCsflePlaceholder) {
        throw NotSupported(
            "client-side field level encryption by JSON schema is not supported: use "
            "encryptedFields");
      } else {
        has_server_payload_ |= is_server_payload(*subtype);
      }
    }
  }

  Bytes encrypt(const Placeholder& marking) {
    const keyvault::KeyCache::Key user_key = keys_(marking.user_key_id);
    switch (marking.algorithm) {
      case Placeholder::kUnindexed:
        if (marking.kind == Placeholder::kFind) break;
        return crypto::unindexed_value(*user_key, marking.user_key_id, marking.value, random_);
      case Placeholder::kEquality: {
        const keyvault::KeyCache::Key index_key = keys_(marking.index_key_id);
        if (marking.kind == Placeholder::kFind) {
          return crypto::find_equality_payload(*index_key, marking.value, marking.max_contention);
        }
        return crypto::insert_equality_payload(*index_key, marking.index_key_id, *user_key,
                                               marking.user_key_id, marking.value,
                                               marking.max_contention, random_);
      }
      case Placeholder::kRange:
        throw NotSupported("encrypting for range queries is not supported by this version");
      case Placeholder::kText:
        throw NotSupported(
            "encrypting for prefix, suffix and substring queries is not supported by this version");
    }
    throw Error(ErrorCode::kBadValue, "a marking asks to find by a field that cannot be queried");
  }

  keyvault::KeyCache& cache_;
  KeyLookup keys_;
  RandomSource& random_;
  std::vector<Placeholder> markings_;
  std::size_t next_marking_ = 0;
  bool has_server_payload_ = false;
};

}  // namespace

bson::Document encrypt_marked(bson::View marked, const CommandSchemas& schemas,
                              keyvault::KeyCache& keys, RandomSource& random) {
  constexpr std::string_view kInformation = "encryptionInformation";
  Encryptor encryptor(schemas, keys, random);
  encryptor.collect(marked);

  const bson::Element first = marked.front();
  bson::Builder command;
  if (first.key() == "explain") {
    // What is explained carries it, with all that its own command would carry.
    command.open_document("explain");
    encryptor.copy(first.as_document(), command);
    command.append(kInformation, schemas.encryption_information);
    command.close();
    for (auto member = ++marked.begin(); member != marked.end(); ++member) {
      command.append(*member);
    }
    return command.finish();
  }
  encryptor.copy(marked, command);
  const CommandRow* row = find_command_row(first.key());
  const EncryptionInformationRule rule =
      row == nullptr ? EncryptionInformationRule::kAlways : row->encryption_information;
  if (rule == EncryptionInformationRule::kAlways ||
      (rule == EncryptionInformationRule::kWithPayload && encryptor.has_server_payload())) {
    command.append(kInformation, schemas.encryption_information);
  }
  return command.finish();
}

}  // namespace quern::client
