// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Constants that would stand for an encrypted field: whoever writes one there, or compares it with
// a name that stood for a field, means a value of that field, which would be sent as it is.
#ifndef QUERN_ANALYSIS_CONSTANTS_H_
#define QUERN_ANALYSIS_CONSTANTS_H_

#include <string_view>

#include "analysis/encryption_tree.h"

namespace quern::analysis {

// Refuses a value that comes in place of what is at the path ("" for a whole document) when it may
// hold constants where that is, or was, encrypted.
void refuse_constants(const EncryptionTree& documents, std::string_view path,
                      const EncryptionTree& value);

// Refuses two values of which nothing is encrypted and that are computed with together when either
// may hold constants where the other one was encrypted. Paths are for the message.
void refuse_compared_constants(const EncryptionTree& left, std::string_view left_path,
                               const EncryptionTree& right, std::string_view right_path);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_CONSTANTS_H_
