// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Constants in expressions. One that takes the place of an encrypted field, or is compared with one
// that an earlier stage took away, would be sent as it is, and whoever writes it there means a
// value of that field.
#ifndef QUERN_ANALYSIS_CONSTANTS_H_
#define QUERN_ANALYSIS_CONSTANTS_H_

#include <string_view>

#include "analysis/encryption_tree.h"
#include "quern/bson/view.h"

namespace quern::analysis {

// Refuses a well-formed expression whose value is to replace old, which stands at the path ("" for
// a whole document), and is made of constants where old has encrypted fields. Conditions do not
// count: nothing of them is in the value; nor do names of fields, and positions. A variable counts
// as a constant, unless the expression itself binds it to something else.
void refuse_constants(const EncryptionTree& old, std::string_view path, bson::ValueView expression);

// The same for an expression that is compared with a value that looks like document, which stands
// at the path and holds names of fields that an earlier stage took away.
void refuse_compared_constants(const EncryptionTree& document, std::string_view path,
                               bson::ValueView expression);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_CONSTANTS_H_
