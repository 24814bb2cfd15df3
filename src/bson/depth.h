// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// How deep documents are nested: what is walked by recursion must have an end.
#ifndef QUERN_BSON_DEPTH_H_
#define QUERN_BSON_DEPTH_H_

#include "quern/bson/view.h"

namespace quern::bson {

// Whether the document, which is the first level, and the documents, arrays and scopes of code in it
// nest no more levels than that. Allocates nothing.
bool nests_within(View document, int levels);

}  // namespace quern::bson

#endif  // QUERN_BSON_DEPTH_H_
