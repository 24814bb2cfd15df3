// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Documents and values that are to be stored.
#ifndef QUERN_ANALYSIS_DOCUMENT_H_
#define QUERN_ANALYSIS_DOCUMENT_H_

#include <string_view>

#include "analysis/context.h"
#include "quern/bson/document.h"

namespace quern::analysis {

// Appends the members of a whole document to the open document of out, values of encrypted fields
// marked. tree is the collection's.
void analyse_stored_document(Context& context, const EncryptionTree& tree, bson::View document,
                             bson::Builder& out);

// Appends under the key a value for the path to which node (kEncrypted or kObject) belongs in the
// collection's tree.
void analyse_stored_value(Context& context, const EncryptionTree& node, std::string_view key,
                          bson::ValueView value, bson::Builder& out);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_DOCUMENT_H_
