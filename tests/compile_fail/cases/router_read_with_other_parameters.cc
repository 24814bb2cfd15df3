// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: db_for_read must be: std::optional<std::string> db_for_read(const ModelRef&
#include "quern/project/router.h"

struct EncryptedRouter {
  std::optional<std::string> db_for_read(const std::string&) const { return "encrypted"; }
};

quern::Router router{EncryptedRouter{}};
