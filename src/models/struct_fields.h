// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The completed members of a struct, behind the name that the headers know.
#ifndef QUERN_MODELS_STRUCT_FIELDS_H_
#define QUERN_MODELS_STRUCT_FIELDS_H_

#include <vector>

#include "quern/models/model.h"
#include "quern/models/model_info.h"

namespace quern::internal {

class StructFields {
 public:
  std::vector<FieldInfo> list;
};

}  // namespace quern::internal

#endif  // QUERN_MODELS_STRUCT_FIELDS_H_
