// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What validation found: every fault of an object, by the path of the member. Values of encrypted
// fields never appear in it.
#ifndef QUERN_MODELS_VALIDATION_ERROR_H_
#define QUERN_MODELS_VALIDATION_ERROR_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quern/base/error.h"
#include "quern/base/export.h"

namespace quern {

// Messages by path of C++ member names: {"patient_record.ssn": ["Ensure this value …"]}.
using FaultMap = std::map<std::string, std::vector<std::string>, std::less<>>;

class QUERN_EXPORT ValidationError : public Error {
 public:
  explicit ValidationError(FaultMap faults);
  ValidationError(const ValidationError& other);
  ValidationError& operator=(const ValidationError& other);
  ~ValidationError() override;
  const FaultMap& faults() const noexcept { return faults_; }

 private:
  FaultMap faults_;
};

// Collects faults while validation walks through an object.
class QUERN_EXPORT Faults {
 public:
  Faults();
  ~Faults();
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;

  void add(std::string message);
  // True inside an encrypted field: messages must not show values.
  bool secret() const { return secret_; }
  bool empty() const { return by_path_.empty(); }
  FaultMap take() &&;
  // Throws ValidationError with everything collected, if there is anything.
  void raise_if_any();

  // One step down, until the scope ends.
  class Scope {
   public:
    Scope(Faults& faults, std::string_view name, bool secret = false);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Faults& faults_;
    std::size_t length_;
    bool secret_;
  };

 private:
  std::string path_;
  bool secret_ = false;
  FaultMap by_path_;
};

}  // namespace quern

#endif  // QUERN_MODELS_VALIDATION_ERROR_H_
