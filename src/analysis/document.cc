// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "analysis/document.h"

#include <fmt/format.h>

#include "analysis/marking.h"
#include "analysis/refusal.h"

namespace quern::analysis {
namespace {

using bson::Element;
using bson::ValueView;
using bson::View;

void members(Context& context, const EncryptionTree& tree, View document, bson::Builder& out) {
  for (const Element& element : document) {
    const std::string_view key = element.key();
    if (const EncryptionTree* node = tree.child(key)) {
      analyse_stored_value(context, *node, key, element, out);
      continue;
    }
    // A name with dots is stored as it stands, but whoever writes one may mean the path.
    if (key.find('.') != std::string_view::npos &&
        tree.resolve(key).kind != EncryptionTree::Target::Kind::kPlain) {
      refuse::operation(fmt::format(
          "The field name '{}' spells a path to an encrypted field: nest documents instead", key));
    }
    out.append(element);
  }
}

}  // namespace

void analyse_stored_document(Context& context, const EncryptionTree& tree, View document,
                             bson::Builder& out) {
  // The server replaces an empty timestamp in a top-level field by the current time, which it
  // cannot do to a ciphertext.
  for (const EncryptionTree& child : tree.children()) {
    if (child.kind() != EncryptionTree::Kind::kEncrypted) continue;
    const Element element = document[child.name()];
    if (element.type() == bson::Type::kTimestamp && element.as_timestamp() == bson::Timestamp{}) {
      refuse::operation(
          fmt::format("A command that inserts cannot supply Timestamp(0, 0) for an encrypted "
                      "top-level field: '{}'",
                      child.name()));
    }
  }
  members(context, tree, document, out);
}

void analyse_stored_value(Context& context, const EncryptionTree& node, std::string_view key,
                          ValueView value, bson::Builder& out) {
  if (node.kind() == EncryptionTree::Kind::kEncrypted) {
    mark_for_insert(context, node.field(), node.field().path, key, value, out);
  } else if (value.is_document()) {
    out.open_document(key);
    members(context, node, value.as_document(), out);
    out.close();
  } else if (value.is_array()) {
    refuse::inside_array(key);
  } else {
    out.append(key, value);
  }
}

}  // namespace quern::analysis
