// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/rules/safe_content.h"

#include "protocol/indexed_equality_value.h"
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
        visit(path, bson::blob_subtype(element), element.as_binary().bytes);
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

std::optional<Tag> tag_of(BytesView blob) {
  try {
    return protocol::IndexedEqualityEncryptedValueV2::parse(blob).tag();
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace quern::engine::qe
