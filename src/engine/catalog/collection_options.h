// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The options of a collection: from a create command to the document that the catalog keeps and
// listCollections shows.
#ifndef QUERN_ENGINE_CATALOG_COLLECTION_OPTIONS_H_
#define QUERN_ENGINE_CATALOG_COLLECTION_OPTIONS_H_

#include <string_view>

#include "quern/bson/document.h"

namespace quern::engine {

// Checks the options of a create command and puts them in order, so that equal options are equal
// documents. Throws InvalidOptions, CommandNotSupported for capped collections, views, time series,
// TTL and collations, and what the validator or encryptedFields deserve.
bson::Document collection_options(std::string_view collection, bson::View command);

// The options after a collMod with validator, validationLevel, validationAction.
bson::Document modified_options(bson::View options, bson::View command);

}  // namespace quern::engine

#endif  // QUERN_ENGINE_CATALOG_COLLECTION_OPTIONS_H_
