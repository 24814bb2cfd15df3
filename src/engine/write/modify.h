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

// Which state of the document is wanted back.
enum class Image { kNone, kBefore, kAfter };

struct UpdateStatement {
  Selection selection;
  bson::ValueView update;
  bson::View array_filters;
  bool upsert = false;
  bool bypass_validation = false;
  Image image = Image::kNone;
};

struct ModifyResult {
  std::int64_t matched = 0;  // or deleted
  std::int64_t modified = 0;
  std::optional<bson::Value> upserted_id;
  std::optional<bson::Document> image;  // of a single document, if there is one
};

// One document is one storage transaction; with encryptedFields the payloads' counters are part of
// it, and so is what a retryable write remembers. With multi, documents are written one after the
// other, each if it still matches; a retryable write cannot be multi: InvalidOptions (72).
ModifyResult update_documents(Operation& operation, const Namespace& ns,
                              const UpdateStatement& statement);
ModifyResult delete_documents(Operation& operation, const Namespace& ns, const Selection& selection,
                              Image image = Image::kNone);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_WRITE_MODIFY_H_
