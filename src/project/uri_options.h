// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The options that a MongoDB connection string can have. The driver ignores unknown ones, and then
// a slip such as "tsl" would go unnoticed.
#ifndef QUERN_PROJECT_URI_OPTIONS_H_
#define QUERN_PROJECT_URI_OPTIONS_H_

#include <string>
#include <string_view>
#include <vector>

namespace quern {

const std::vector<std::string>& uri_option_names();

// In upper or lower case, as connection strings are read.
bool is_uri_option(std::string_view name);

// The names of the options in the part after "?", as they stand there. None when there is an "@" in
// it: it may be the rest of a password that was not percent-encoded.
std::vector<std::string> option_names_of(std::string_view uri);

}  // namespace quern

#endif  // QUERN_PROJECT_URI_OPTIONS_H_
