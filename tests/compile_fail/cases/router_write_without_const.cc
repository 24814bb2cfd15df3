// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: db_for_write must be: std::optional<std::string> db_for_write(const ModelRef&
#include "quern/project/router.h"

struct EncryptedRouter {
  std::optional<std::string> db_for_write(const quern::ModelRef&, const quern::Hints&) {
    return "encrypted";
  }
};

quern::Router router{EncryptedRouter{}};
