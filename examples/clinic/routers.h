// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Everything of myapp lives in the encrypted database, and nothing else lives there.
// quern::AppRouter{.app = "myapp", .database = "encrypted"} does the same.
#ifndef EXAMPLES_CLINIC_ROUTERS_H_
#define EXAMPLES_CLINIC_ROUTERS_H_

#include <optional>
#include <string>
#include <string_view>

#include "quern/project/router.h"

namespace myapp {

struct EncryptedRouter {
  std::optional<bool> allow_migrate(std::string_view db, std::string_view app_label,
                                    std::string_view /*model*/, const quern::Hints&) const {
    if (app_label == "myapp") return db == "encrypted";
    if (db == "encrypted") return false;
    return std::nullopt;
  }
  std::optional<std::string> db_for_read(const quern::ModelRef& model, const quern::Hints&) const {
    if (model.app_label == "myapp") return "encrypted";
    return std::nullopt;
  }
  std::optional<std::string> db_for_write(const quern::ModelRef& model,
                                          const quern::Hints& hints) const {
    return db_for_read(model, hints);
  }
};

}  // namespace myapp

#endif  // EXAMPLES_CLINIC_ROUTERS_H_
