// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The write commands that models send.
#ifndef QUERN_MODELS_WRITE_COMMANDS_H_
#define QUERN_MODELS_WRITE_COMMANDS_H_

#include <string_view>

#include "quern/base/object_id.h"
#include "quern/bson/document.h"

namespace quern::internal {

// An insert whose "documents" array is open: push documents, then finish it.
bson::Builder start_insert(std::string_view collection);
bson::Document finish_insert(bson::Builder& command);

// An update of one document by its _id, if it also passes filter, with $set and $unset; an empty
// one is left out.
bson::Document update_by_id(std::string_view collection, const ObjectId& id, bson::View filter,
                            bson::View set, bson::View unset);
// An update of all documents that pass the filter.
bson::Document update_all(std::string_view collection, bson::View filter, bson::View set);

// limit 1: one document; 0: all.
bson::Document remove_where(std::string_view collection, bson::View filter, std::int32_t limit);

}  // namespace quern::internal

#endif  // QUERN_MODELS_WRITE_COMMANDS_H_
