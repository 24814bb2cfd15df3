// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The blob subtypes under the name that the schema layer's users know; bson owns them, because
// crypto and schema both need them and neither may use the other.
#ifndef QUERN_SCHEMA_BLOB_SUBTYPE_H_
#define QUERN_SCHEMA_BLOB_SUBTYPE_H_

#include "quern/bson/blob_subtype.h"

namespace quern::schema {

using bson::blob_subtype;
using bson::BlobSubtype;
using bson::is_ciphertext;
using bson::is_placeholder;

}  // namespace quern::schema

#endif  // QUERN_SCHEMA_BLOB_SUBTYPE_H_
