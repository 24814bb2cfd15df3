// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Updates, findAndModify and deletes with encryptionInformation. The engine's part, all in one
// transaction body that is run again after a write conflict:
//
//   check_update_command / check_find_and_modify / check_delete_command     once, before any work
//   q        = rewrite_filter(op, ns, fields, q)
//   prepared = prepare_update(op, ns, fields, u)        before the document is looked for
//   after    = Update::parse(prepared).apply(before)    or apply_upsert, then check_upserted
//   after    = finish_update(fields, after)             without the tags of values that are gone
//   validate_document(*stored_fields, after)            write after in place of before
#ifndef QUERN_ENGINE_QE_UPDATE_H_
#define QUERN_ENGINE_QE_UPDATE_H_

#include "quern/bson/document.h"
#include "quern/command/namespace.h"
#include "schema/encrypted_fields.h"

namespace quern::engine {
class Operation;
}

namespace quern::engine::qe {

// Shapes that Queryable Encryption cannot process. Throw 6371502 (one statement only), 6371503 (no
// multi), 6371517 (no pipeline); 6371302; 6371401, 6371402 (new: false only), 6371408 (no fields),
// 6439901 (no pipeline). The command is the client's, with updates and deletes as members.
void check_update_command(bson::View command);
void check_delete_command(bson::View command);
void check_find_and_modify(bson::View command);

// The update to apply: insert payloads in $set, or anywhere in a replacement, become stored values
// with counters, ESC and ECOC entries (as in prepare_insert), and their tags are pushed onto
// __safeContent__ ($push of a modifier, member of a replacement). Comes back as a document value.
bson::Value prepare_update(Operation& op, const Namespace& ns,
                           const schema::EncryptedFields& fields, bson::ValueView update,
                           bool bypass_document_validation = false);

// The document that results: after, with exactly those of its tags that belong to a value which it
// holds at an indexed path of the fields (the collection's own, of which a command may know a part
// only). Throws 7293202 for values of the dropped protocol version 1, 6371506 or
// 6371507 when indexed values have no __safeContent__ array.
bson::Document finish_update(const schema::EncryptedFields& fields, bson::View after);

// For the document that an upsert inserts. Throws 6666200 unless __safeContent__ holds the tags of
// its encrypted values and nothing else: the filter may bring others along.
void check_upserted(const schema::EncryptedFields& fields, bson::View document);

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_UPDATE_H_
