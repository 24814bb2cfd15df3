// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/update.h"

#include <fmt/format.h>

#include <algorithm>

#include "bson/strict_reader.h"
#include "bson/transform.h"
#include "engine/qe/insert.h"
#include "engine/qe/payloads.h"
#include "engine/qe/query_algorithm.h"

namespace quern::engine::qe {
namespace {

bool is_modifier(bson::View update) { return update.front().key().starts_with('$'); }

bson::Value document_value(const bson::Document& document) {
  return bson::Value(document.view().as_value());
}

// The modifier with the stored values in $set and the tags in $push.
bson::Document with_issued_modifier(bson::View update, const WrittenDocument& set,
                                    const IssuedValues& issued) {
  const auto append_push = [&](bson::Builder& out) {
    out.open_document(kSafeContent).open_array("$each");
    append_tags(out, issued.tags);
    out.close().close();
  };
  bson::Builder out;
  bool pushed = false;
  bson::transform(update, out, [&](const bson::Element& op, bson::EnclosingPath, bson::Builder&) {
    if (op.key() == "$set") {
      out.append("$set", set.with_stored_values(issued));
    } else if (op.key() == "$push") {
      if (!op.is_document()) throw Error(6371511, "$push must be an object");
      if (op.as_document().contains(kSafeContent)) {
        throw Error(6371512,
                    "An update of encrypted fields cannot $push to __safeContent__ itself");
      }
      out.open_document("$push").append_all(op.as_document());
      append_push(out);
      out.close();
      pushed = true;
    } else {
      return bson::Edit::kCopy;
    }
    return bson::Edit::kDone;
  });
  if (!pushed) {
    out.open_document("$push");
    append_push(out);
    out.close();
  }
  return out.finish();
}

bool is_in_safe_content(std::string_view path) {
  if (!path.starts_with(kSafeContent)) return false;
  path.remove_prefix(kSafeContent.size());
  return path.empty() || path.front() == '.';
}

// Refuses an operator that writes to __safeContent__ or below. A path may stand on both sides of
// $rename.
void check_no_tags_written(const bson::Element& op) {
  if (!op.is_document()) return;  // an error that the parser of updates words
  for (const bson::Element& target : op.as_document()) {
    const bool renamed_to =
        op.key() == "$rename" && target.is_string() && is_in_safe_content(target.as_string());
    if (!renamed_to && !is_in_safe_content(target.key())) continue;
    if (op.key() == "$push") {
      throw Error(6371512, "An update of encrypted fields cannot $push to __safeContent__ itself");
    }
    refuse_safe_content();
  }
}

bson::Value prepare_modifier(Operation& op, const Namespace& ns,
                             const schema::EncryptedFields& fields, bson::View update,
                             bool bypass_document_validation) {
  bson::require_distinct(update, "update");
  for (const bson::Element& one : update) {
    if (one.key() != "$set" && one.is_document() && has_insert_payload(one.as_document())) {
      throw Error(
          6373503,
          fmt::format("An encrypted value can be written with $set only, not with {}", one.key()));
    }
    if (!bypass_document_validation) check_no_tags_written(one);
  }
  const bson::Element set = update["$set"];
  if (!set.is_document()) return document_value(bson::Document(update));
  const WrittenDocument written(set.as_document());
  written.check_blobs();
  if (written.payloads().empty()) return document_value(bson::Document(update));
  const IssuedValues issued = issue_values(op, ns, fields, written.payloads());
  return document_value(with_issued_modifier(update, written, issued));
}

// The tags of a document's values at indexed paths, in ascending order.
std::vector<Tag> tags_of_values(const schema::EncryptedFields& fields, bson::View document) {
  std::vector<Tag> tags;
  for_each_blob(document, [&](std::string_view path, const bson::BlobFacts* facts, BytesView blob) {
    if (facts == nullptr || facts->role != bson::BlobRole::kValue) return;
    if (facts->version == 1) {
      throw Error(7293202, fmt::format("'{}' holds a value of Queryable Encryption version 1, "
                                       "which is no longer supported",
                                       path));
    }
    if (!facts->is_indexed()) return;
    (void)query_algorithm(schema::algorithm_of(facts->subtype)->algorithm);  // or NotSupported
    const schema::EncryptedField* field = fields.find(path);
    const auto value = indexed_value(blob);  // none: damaged bytes, which were never found by a tag
    if (field != nullptr && field->is_indexed() && value) append_tags_of(*value, tags);
  });
  std::sort(tags.begin(), tags.end());
  return tags;
}

// Nothing for a value that cannot be a tag.
std::optional<Tag> listed_tag(bson::ValueView value) {
  if (!value.is_binary(bson::BinarySubtype::kGeneric)) return std::nullopt;
  const BytesView bytes = value.as_binary().bytes;
  Tag tag;
  if (bytes.size() != tag.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), tag.begin());
  return tag;
}

}  // namespace

void check_update_command(bson::View command) {
  const bson::Element updates = command["updates"];
  if (!updates.is_array()) return;  // reported by whoever parses the command
  const bson::View statements = updates.as_array();
  if (statements.count() != 1) {
    throw Error(6371502, "An update with Queryable Encryption takes one statement at a time");
  }
  const bson::Element statement = statements.front();
  if (!statement.is_document()) return;
  if (statement.as_document()["multi"].truthy()) {
    throw Error(6371503, "An update with Queryable Encryption cannot be multi");
  }
  if (statement.as_document()["u"].is_array()) {
    throw Error(6371517, "An update with Queryable Encryption cannot be a pipeline");
  }
}

void check_delete_command(bson::View command) {
  const bson::Element deletes = command["deletes"];
  if (deletes.is_array() && deletes.as_array().count() != 1) {
    throw Error(6371302, "A delete with Queryable Encryption takes one statement at a time");
  }
}

void check_find_and_modify(bson::View command) {
  const bson::Element update = command["update"];
  if (update && command["remove"].truthy()) {
    throw Error(6371401, "findAndModify takes either update or remove");
  }
  if (command["new"].truthy()) {
    throw Error(6371402, "findAndModify with Queryable Encryption only supports new: false");
  }
  const bson::Element projection = command["fields"];
  if (projection.is_document() && !projection.as_document().empty()) {
    throw Error(6371408, "findAndModify with Queryable Encryption does not support fields");
  }
  if (update.is_array()) {
    throw Error(6439901, "findAndModify with Queryable Encryption cannot take a pipeline");
  }
}

bson::Value prepare_update(Operation& op, const Namespace& ns,
                           const schema::EncryptedFields& fields, bson::ValueView update,
                           bool bypass_document_validation) {
  const bson::View document = update.as_document();
  if (is_modifier(document)) {
    return prepare_modifier(op, ns, fields, document, bypass_document_validation);
  }
  return document_value(
      prepare_insert(op, ns, fields, WrittenDocument(document), {}, bypass_document_validation));
}

bson::Document finish_update(const schema::EncryptedFields& fields, bson::View after) {
  const std::vector<Tag> wanted = tags_of_values(fields, after);
  const bson::Element tags = after[kSafeContent];
  if (!wanted.empty()) {
    if (!tags) throw Error(6371506, "The updated document has lost its __safeContent__");
    if (!tags.is_array()) throw Error(6371507, "__safeContent__ must be an array");
  }
  if (!tags.is_array()) return bson::Document(after);
  return bson::transform(
      after, [&](const bson::Element& element, bson::EnclosingPath around, bson::Builder& out) {
        if (around.empty()) {
          const bool is_tags = element.key() == kSafeContent && element.is_array();
          return is_tags ? bson::Edit::kEnter : bson::Edit::kCopy;
        }
        const auto tag = listed_tag(element);
        if (tag && std::binary_search(wanted.begin(), wanted.end(), *tag))
          out.push(element.value());
        return bson::Edit::kDone;
      });
}

void check_upserted(const schema::EncryptedFields& fields, bson::View document) {
  std::vector<Tag> listed;
  if (const bson::Element tags = document[kSafeContent]) {
    if (!tags.is_array()) refuse_safe_content();
    for (const bson::Element& element : tags.as_array()) {
      const auto tag = listed_tag(element);
      if (!tag) refuse_safe_content();
      listed.push_back(*tag);
    }
  }
  std::sort(listed.begin(), listed.end());
  if (listed != tags_of_values(fields, document)) refuse_safe_content();
}

}  // namespace quern::engine::qe
