// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The documents of the plain load (load_thread.h).
#ifndef QUERN_TESTS_CRASH_PLAIN_LOAD_H_
#define QUERN_TESTS_CRASH_PLAIN_LOAD_H_

#include <random>
#include <string>
#include <string_view>

#include "quern/bson/document.h"

namespace quern::crash {

struct PlainLoad {
  static constexpr std::string_view kCollection = "plain";
  using State = int;

  static State next(std::mt19937& random) { return static_cast<int>(random() % 1000); }
  static std::string text(State value) { return std::to_string(value); }
  // Everything in a document follows from its id and one number: a torn one shows.
  static bson::Document document(const std::string& id, State value) {
    return bson::doc("_id", id, "value", value, "unique", id + ":" + std::to_string(value), "tags",
                     bson::array(value, value + 1, value + 2), "filler", std::string(200, 'x'));
  }
  static bson::Document update(const std::string& id, State value) { return document(id, value); }
};

}  // namespace quern::crash

#endif  // QUERN_TESTS_CRASH_PLAIN_LOAD_H_
