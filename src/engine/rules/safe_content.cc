// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/rules/safe_content.h"

#include "quern/base/error.h"

namespace quern::engine::qe {
namespace {

void walk(bson::View document, std::string& path, const BlobVisitor& visit) {
  const std::size_t length = path.size();
  for (const bson::Element& element : document) {
    if (length == 0 && element.key() == kSafeContent) continue;
    if (element.is_document() || element.is_array() ||
        element.is_binary(bson::BinarySubtype::kEncrypted)) {
      if (length != 0) path += '.';
      path += element.key();
      if (element.type() != bson::Type::kBinary) {
        walk(element.as_document_or_array(), path, visit);
      } else {
        visit(path, bson::blob_facts(element.value()), element.as_binary().bytes);
      }
      path.resize(length);
    }
  }
}

}  // namespace

void append_tags(bson::Builder& array, std::span<const Tag> tags) {
  for (const Tag& tag : tags) array.push(bson::Binary{bson::BinarySubtype::kGeneric, tag});
}

void for_each_blob(bson::View document, const BlobVisitor& visit) {
  std::string path;
  walk(document, path, visit);
}

std::optional<protocol::IndexedValue> indexed_value(BytesView blob) {
  try {
    return protocol::IndexedValue::parse(blob);
  } catch (const Error&) {
    return std::nullopt;
  }
}

void append_tags_of(const protocol::IndexedValue& value, std::vector<Tag>& tags) {
  for (std::size_t i = 0; i < value.block_count(); ++i) tags.push_back(value.block(i).tag());
}

}  // namespace quern::engine::qe
