// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: allow_migrate must be: std::optional<bool> allow_migrate(std::string_view
#include "quern/project/router.h"

struct EncryptedRouter {
  std::optional<bool> allow_migrate(std::string_view db, std::string_view app_label) const {
    return db == app_label;
  }
};

quern::Router router{EncryptedRouter{}};
