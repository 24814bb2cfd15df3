// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/command/decrypted.h"

#include <algorithm>

namespace quern {

const Plaintexts::Entry* Plaintexts::find(std::size_t offset) const {
  const auto at = std::ranges::lower_bound(entries_, offset, {}, &Entry::offset);
  return at != entries_.end() && at->offset == offset ? &*at : nullptr;
}

bson::ValueView DecryptedElement::plaintext() const {
  if (entry_ != nullptr) return entry_->value;
  return own_ && !is_ciphertext() ? raw_.value() : bson::ValueView();
}

namespace {

void copy(const DecryptedView& view, bson::Builder& out) {
  for (const DecryptedElement element : view) {
    if (element.raw().is_document() || element.raw().is_array()) {
      if (element.raw().is_document()) {
        out.open_document(element.key());
      } else {
        out.open_array(element.key());
      }
      copy(element.document(), out);
      out.close();
    } else if (element.is_decrypted()) {
      out.append(element.key(), element.plaintext());
    } else {
      out.append(element.raw());
    }
  }
}

}  // namespace

bson::Document DecryptedView::plaintext_document() const {
  bson::Builder out;
  copy(*this, out);
  return out.finish();
}

}  // namespace quern
