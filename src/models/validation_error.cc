// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/validation_error.h"

#include <fmt/format.h>

namespace quern {
namespace {

std::string render(const FaultMap& faults) {
  std::string text;
  for (const auto& [path, messages] : faults) {
    text += fmt::format("{}\"{}\": [", text.empty() ? "{" : ", ", path);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      text += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", messages[i]);
    }
    text += "]";
  }
  return text + "}";
}

}  // namespace

ValidationError::ValidationError(FaultMap faults)
    : Error(ErrorCode::kDocumentValidationFailure, render(faults)), faults_(std::move(faults)) {}

ValidationError::ValidationError(const ValidationError&) = default;
ValidationError& ValidationError::operator=(const ValidationError&) = default;
ValidationError::~ValidationError() = default;

Faults::Faults() = default;
Faults::~Faults() = default;

void Faults::add(std::string message) { by_path_[path_].push_back(std::move(message)); }

FaultMap Faults::take() && { return std::move(by_path_); }

void Faults::raise_if_any() {
  if (!by_path_.empty()) throw ValidationError(std::move(by_path_));
}

Faults::Scope::Scope(Faults& faults, std::string_view name, bool secret)
    : faults_(faults), length_(faults.path_.size()), secret_(faults.secret_) {
  if (length_ > 0) faults_.path_ += '.';
  faults_.path_ += name;
  faults_.secret_ = secret_ || secret;
}

Faults::Scope::~Scope() {
  faults_.path_.resize(length_);
  faults_.secret_ = secret_;
}

}  // namespace quern
