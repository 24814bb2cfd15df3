// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Updates and deletes: what the commands update, delete and findAndModify share.
#ifndef QUERN_ENGINE_WRITE_MODIFY_H_
#define QUERN_ENGINE_WRITE_MODIFY_H_

#include <cstdint>
#include <optional>

#include "engine/qe/tag_query.h"
#include "engine/session/operation.h"
#include "quern/bson/document.h"
#include "query/value/parse_context.h"
#include "schema/encrypted_fields.h"

namespace quern::engine {

// Which documents a statement means. All views are of the command.
struct Selection {
  bson::View filter;
  bson::View sort;       // which one if there are several
  bson::ValueView hint;  // missing, a name, or a key pattern
  bool multi = false;
  query::ParseContext context;
  // Set when the command carries encryptionInformation: the filter may hold find payloads.
  const schema::EncryptedFields* fields = nullptr;
  qe::TooManyTags too_many_tags = qe::TooManyTags::kScan;
};

struct UpdateStatement {
  Selection selection;
  bson::ValueView update;
  bson::View array_filters;
  bool upsert = false;
  bool bypass_validation = false;
  bool keep_images = false;  // fill in before and after
};

struct UpdateResult {
  std::int64_t matched = 0;
  std::int64_t modified = 0;
  std::optional<bson::Value> upserted_id;
  std::optional<bson::Document> before;
  std::optional<bson::Document> after;
};

// One document is one storage transaction; with encryptedFields the payloads' counters are part of
// it. With multi, documents are updated one after the other, each if it still matches.
UpdateResult update_documents(Operation& operation, const Namespace& ns,
                              const UpdateStatement& statement);

struct DeleteResult {
  std::int64_t deleted = 0;
  std::optional<bson::Document> before;  // of a single delete, if keep_image
};

DeleteResult delete_documents(Operation& operation, const Namespace& ns, const Selection& selection,
                              bool keep_image = false);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_WRITE_MODIFY_H_
