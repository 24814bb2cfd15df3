// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/insert.h"

#include "engine/qe/payloads.h"

namespace quern::engine::qe {

bson::Document prepare_insert(Operation& op, const Namespace& ns,
                              const schema::EncryptedFields& fields,
                              const WrittenDocument& document, bson::View leading,
                              bool bypass_document_validation) {
  if (!bypass_document_validation) document.check_no_safe_content();
  document.check_blobs();
  return document.with_tags(issue_values(op, ns, fields, document.payloads()), leading);
}

}  // namespace quern::engine::qe
