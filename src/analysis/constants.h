// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Constants in computed fields. One that takes the place of an encrypted field would be sent as it
// is, and whoever writes it there means a value of that field.
#ifndef QUERN_ANALYSIS_CONSTANTS_H_
#define QUERN_ANALYSIS_CONSTANTS_H_

#include <string_view>

#include "analysis/encryption_tree.h"
#include "quern/bson/view.h"

namespace quern::analysis {

// Refuses a well-formed expression whose value is to replace old, which stands at the path ("" for
// a whole document), and is made of constants where old has encrypted fields. Conditions do not
// count: nothing of them is in the value.
void refuse_constants(const EncryptionTree& old, std::string_view path, bson::ValueView expression);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_CONSTANTS_H_
