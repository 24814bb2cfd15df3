// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/write/write_rules.h"

#include "engine/catalog/duplicate_key.h"
#include "engine/rules/depth.h"
#include "engine/rules/limits.h"
#include "engine/rules/validate.h"
#include "engine/rules/validator.h"

namespace quern::engine {
namespace {

constexpr std::size_t kMaxErrorBytes = 1 << 20;
constexpr std::size_t kRoomForId = 32;  // a member _id with an ObjectId: 17

void check_id(bson::ValueView id) {
  switch (id.type()) {
    case bson::Type::kArray:
    case bson::Type::kRegex:
    case bson::Type::kUndefined:
      throw DatabaseError(ErrorCode::kInvalidIdField, "The '_id' value cannot be of type " +
                                                          std::string(bson::alias(id.type())));
    case bson::Type::kDocument:
      if (const bson::Element first = id.as_document().front();
          !first.missing() && first.key().starts_with('$')) {
        throw DatabaseError(ErrorCode::kDollarPrefixedFieldName,
                            "_id fields may not contain '$'-prefixed fields: " +
                                std::string(first.key()) + " is not valid for storage.");
      }
      return;
    default:
      return;
  }
}

void check_size(bson::View document, std::string_view what) {
  if (document.size() <= kMaxDocumentBytes) return;
  throw DatabaseError(ErrorCode::kBSONObjectTooLarge,
                      std::string(what) +
                          " too large. size in bytes: " + std::to_string(document.size()) +
                          ", max size: " + std::to_string(kMaxDocumentBytes));
}

}  // namespace

bson::View with_id(bson::View document, ObjectIdGenerator& ids, bson::Document& scratch) {
  check_size(document, "object to insert");
  const bson::Element first = document.front();
  if (first.key() == "_id" && !first.missing()) {
    check_id(first);
    return document;
  }
  const bson::Element id = document["_id"];
  bson::Builder builder;
  builder.reserve(document.size() + kRoomForId);
  if (id.missing()) {
    builder.append("_id", ids.next()).append_all(document);
  } else {
    check_id(id);
    builder.append(id);
    for (const bson::Element& element : document) {
      if (element.key() != "_id") builder.append(element);
    }
  }
  scratch = builder.finish();
  check_size(scratch, "object to insert");
  return scratch;
}

void check_insert(const Collection& collection, bson::View document, const WriteChecks& checks) {
  check_size(document, "object to insert");
  check_stored_depth(document);
  if (checks.bypass) return;
  if (collection.validator() != nullptr) collection.validator()->check(document, checks.now);
  if (const auto* fields = collection.encrypted_fields()) {
    qe::validate_document(*fields, document);
    if (!checks.encryption_processed) qe::check_plain_insert(document);
  }
}

void check_update(const Collection& collection, bson::View before, bson::View after,
                  const WriteChecks& checks) {
  check_size(after, "Resulting document after update is");
  if (checks.bypass) return;
  if (const Validator* validator = collection.validator()) {
    validator->check_update(before, after, checks.now);
  }
  if (const auto* fields = collection.encrypted_fields()) {
    qe::validate_document(*fields, after);
    if (!checks.encryption_processed) qe::check_plain_update(before, after);
  }
}

void push_write_error(bson::Builder& errors, std::int32_t index, const Error& error) {
  const bool brief = errors.size() > kMaxErrorBytes;
  errors.push_document();
  errors.append("index", index).append("code", error.code());
  errors.append("errmsg", brief ? "" : error.what());
  if (brief) {
    errors.close();
    return;
  }
  if (const auto* duplicate = dynamic_cast<const DuplicateKeyError*>(&error)) {
    duplicate->append_key(errors);
  }
  if (!error.error_info().empty()) {
    errors.append("errInfo", bson::View(error.error_info().data()));
  }
  errors.close();
}

}  // namespace quern::engine
