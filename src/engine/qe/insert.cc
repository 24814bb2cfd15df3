// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/insert.h"

#include "engine/qe/payloads.h"

namespace quern::engine::qe {
namespace {

bool holds_insert_payload(bson::ValueView value) {
  if (value.is_document() || value.is_array()) {
    return has_insert_payload(value.as_document_or_array());
  }
  return is_insert_payload(value);
}

}  // namespace

bool has_insert_payload(bson::View document) {
  for (const bson::Element& element : document) {
    if (holds_insert_payload(element)) return true;
  }
  return false;
}

bson::Document prepare_insert(Operation& op, const Namespace& ns,
                              const schema::EncryptedFields& fields, bson::View document,
                              bool bypass_document_validation) {
  if (!bypass_document_validation) check_no_safe_content(document);
  const std::vector<LocatedPayload> payloads = locate_insert_payloads(document);
  if (payloads.empty()) return bson::Document(document);

  return with_issued_values(document, issue_values(op, ns, fields, payloads));
}

}  // namespace quern::engine::qe
