// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Writing a document again with one field of it changed.
#ifndef QUERN_QUERY_VALUE_SET_FIELD_H_
#define QUERN_QUERY_VALUE_SET_FIELD_H_

#include "query/value/field_path.h"
#include "query/value/writer.h"

namespace quern::query {

// The members of document, with value at path in place of what is there; documents on the way are
// made as needed, and what isn't one is replaced. A missing value takes the field away.
void append_with_field(bson::View document, const FieldPath& path, bson::ValueView value,
                       Writer& out);

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_SET_FIELD_H_
