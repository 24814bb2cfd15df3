// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What get() throws when there isn't exactly one object. Catch the template for one model, the base
// for any.
#ifndef QUERN_MODELS_ERRORS_H_
#define QUERN_MODELS_ERRORS_H_

#include <string>

#include "quern/base/error.h"
#include "quern/base/export.h"

namespace quern {

class QUERN_EXPORT ObjectDoesNotExist : public Error {
 public:
  explicit ObjectDoesNotExist(const std::string& message)
      : Error(ErrorCode::kNoMatchingDocument, message) {}
};

template <class T>
class QUERN_EXPORT DoesNotExist : public ObjectDoesNotExist {
 public:
  using ObjectDoesNotExist::ObjectDoesNotExist;
};

class QUERN_EXPORT MultipleObjects : public Error {
 public:
  explicit MultipleObjects(const std::string& message)
      : Error(ErrorCode::kOperationFailed, message) {}
};

template <class T>
class QUERN_EXPORT MultipleObjectsReturned : public MultipleObjects {
 public:
  using MultipleObjects::MultipleObjects;
};

}  // namespace quern

#endif  // QUERN_MODELS_ERRORS_H_
