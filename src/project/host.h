// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What a database's `host` says.
#ifndef QUERN_PROJECT_HOST_H_
#define QUERN_PROJECT_HOST_H_

#include <string>
#include <string_view>

#include "quern/project/settings.h"

namespace quern {

struct Host {
  enum class Kind { kEmbedded, kMemory, kMongo };
  Kind kind;
  std::string location;  // the path, the name (may be empty), the whole connection string

  // Throws ImproperlyConfigured for anything else.
  static Host parse(std::string_view text);
};

// The database's name: `name`, or the one in the connection string's path; empty when neither is
// there.
std::string database_name(const DatabaseSettings& settings);

// The connection string with the options and the port of the settings worked in. Credentials are
// not.
std::string connection_string(const DatabaseSettings& settings);

}  // namespace quern

#endif  // QUERN_PROJECT_HOST_H_
