// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Filters of MongoDB's query language, put together. An empty one holds for every document.
#ifndef QUERN_MODELS_FILTER_H_
#define QUERN_MODELS_FILTER_H_

#include <string_view>

#include "models/value_type.h"
#include "quern/bson/document.h"

namespace quern::internal {

bson::Document all_of(bson::View a, bson::View b);
bson::Document any_of(bson::View a, bson::View b);
bson::Document none_of(bson::View a);
bson::Document nothing();  // no document passes it

// Throws Error(BadValue) with the path for what cannot be stored; secret: without saying why.
bson::Value encode_value(const ValueType& type, const void* value, std::string_view path,
                         bool secret);

}  // namespace quern::internal

#endif  // QUERN_MODELS_FILTER_H_
