// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// From insert payloads to stored values: finding them in a document, checking them against the
// schema, counting the use of their tokens, putting the result in their place. What inserts and
// updates share; see engine/qe/insert.h and engine/qe/update.h.
#ifndef QUERN_ENGINE_QE_PAYLOADS_H_
#define QUERN_ENGINE_QE_PAYLOADS_H_

#include <span>
#include <string>
#include <vector>

#include "engine/rules/safe_content.h"
#include "quern/bson/document.h"
#include "quern/command/namespace.h"
#include "schema/encrypted_fields.h"

namespace quern::engine {
class Operation;
}

namespace quern::engine::qe {

bool is_insert_payload(bson::ValueView value);

// An insert payload where it was found. blob is borrowed from the document.
struct LocatedPayload {
  std::string path;
  BytesView blob;
};

// The insert payloads of a document in the order of its members. Throws 7291901, 7413901 or 6373503
// for blobs that no client may send in a write: payloads and values of version 1, placeholders,
// stored values, and what the protocol does not know.
std::vector<LocatedPayload> locate_insert_payloads(bson::View document);

// What takes the payloads' places: a stored value each, in the same order, and the tags of all.
struct IssuedValues {
  std::vector<Bytes> stored_values;
  std::vector<Tag> tags;

  bool empty() const { return tags.empty(); }
};

// Checks the payloads against the schema and issues a counter, an ESC and an ECOC entry for each,
// in the operation's transaction. See prepare_insert for the errors.
IssuedValues issue_values(Operation& op, const Namespace& ns, const schema::EncryptedFields& fields,
                          std::span<const LocatedPayload> payloads);

// The document with its payloads replaced by the stored values, and the tags appended to
// __safeContent__, which comes last unless the document has one. Throws 6373510 when that is no
// array.
bson::Document with_issued_values(bson::View document, const IssuedValues& issued);

// Appends the members of a document to the builder, with the payloads replaced by the stored
// values.
void append_with_stored_values(bson::Builder& out, bson::View document, const IssuedValues& issued);

// Throws 6666200 when a write with encryptionInformation names __safeContent__ itself.
void check_no_safe_content(bson::View document);
[[noreturn]] void refuse_safe_content();

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_PAYLOADS_H_
