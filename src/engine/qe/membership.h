// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Comparisons with find payloads in aggregation expressions:
//
//   {$eq: ["$path", payload]}   {$ne: [payload, "$path"]}   {$in: ["$path", [payload, …]]}
#ifndef QUERN_ENGINE_QE_MEMBERSHIP_H_
#define QUERN_ENGINE_QE_MEMBERSHIP_H_

#include <optional>
#include <string_view>
#include <vector>

#include "quern/bson/view.h"

namespace quern::engine::qe {

// "The field at path is (or, negated, isn't) one of the values that payloads stand for."
// Borrows from the expression.
struct Membership {
  std::string_view path;
  std::vector<bson::ValueView> payloads;
  bool negated = false;

  // What an expression with one operator says, if it is such a comparison; nothing if it is
  // something else. Throws 6672413 or 6672417 when the other side is no field path, 6334100 for two
  // constants, 6334102 for a list that holds anything but payloads, 7292600 for another comparison
  // of a payload.
  static std::optional<Membership> of_expression(bson::View expression);
};

}  // namespace quern::engine::qe

#endif  // QUERN_ENGINE_QE_MEMBERSHIP_H_
