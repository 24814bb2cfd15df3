// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// One hierarchy of errors: every fault that Quern reports is a quern::Error. It carries the numeric
// code and code name that MongoDB uses for the same fault, so that the embedded engine, a cluster
// and the analyser can be told apart by nothing. Messages say what, where and how to mend it; they
// never hold a secret, a plaintext of an encrypted field or a token.
#ifndef QUERN_BASE_ERROR_H_
#define QUERN_BASE_ERROR_H_

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "quern/base/export.h"

namespace quern {

// Codes with a name of their own (MongoDB's error_codes list). Other codes are plain numbers whose
// name is "Location<number>".
enum class ErrorCode : std::int32_t {
  kOk = 0,
  kInternalError = 1,
  kBadValue = 2,
  kHostUnreachable = 6,
  kFailedToParse = 9,
  kUnauthorized = 13,
  kAuthenticationFailed = 18,
  kTypeMismatch = 14,
  kOverflow = 15,
  kInvalidLength = 16,
  kIllegalOperation = 20,
  kInvalidBSON = 22,
  kLockTimeout = 24,
  kNamespaceNotFound = 26,
  kIndexNotFound = 27,
  kPathNotViable = 28,
  kCannotCreateIndex = 67,
  kIndexAlreadyExists = 68,
  kConflictingUpdateOperators = 40,
  kCursorNotFound = 43,
  kNoMatchingDocument = 47,
  kNamespaceExists = 48,
  kMaxTimeMSExpired = 50,
  kDollarPrefixedFieldName = 52,
  kInvalidIdField = 53,
  kEmptyFieldName = 56,
  kDottedFieldName = 57,
  kCommandNotFound = 59,
  kImmutableField = 66,
  kInvalidOptions = 72,
  kInvalidNamespace = 73,
  kWriteConcernFailed = 64,
  kIndexOptionsConflict = 85,
  kIndexKeySpecsConflict = 86,
  kNetworkTimeout = 89,
  kOperationFailed = 96,
  kNoProgressMade = 82,
  kConflictingOperationInProgress = 117,
  kWriteConflict = 112,
  kDocumentValidationFailure = 121,
  kCommandNotSupported = 115,
  kExceededMemoryLimit = 146,
  kViewDepthLimitExceeded = 165,
  kCommandNotSupportedOnView = 166,
  kOptionNotSupportedOnView = 167,
  kInvalidPipelineOperator = 168,
  kUnknownError = 8,
  kInvalidUUID = 207,
  kKeyNotFound = 211,
  kQueryFeatureNotAllowed = 224,
  kTransactionTooOld = 225,
  kConversionFailure = 241,
  kNoSuchTransaction = 251,
  kTransactionCommitted = 256,
  kOperationNotSupportedInTransaction = 263,
  kNotSingleValueField = 276,
  kCollectionUUIDMismatch = 361,
  kInterrupted = 11601,
  kDuplicateKey = 11000,
  kBSONObjectTooLarge = 10334,
  kFLETransactionAbort = 369,
  kFLEMaxTagLimitExceeded = 377,
  kUnknownField = 40415,
  kMissingField = 40414,
};

// The code's name as MongoDB prints it, such as "BadValue" or "Location6338401".
QUERN_EXPORT std::string code_name(std::int32_t code);

class QUERN_EXPORT Error : public std::runtime_error {
 public:
  Error(std::int32_t code, const std::string& message) : std::runtime_error(message), code_(code) {}
  Error(ErrorCode code, const std::string& message)
      : Error(static_cast<std::int32_t>(code), message) {}

  std::int32_t code() const noexcept { return code_; }
  bool is(ErrorCode code) const noexcept { return code_ == static_cast<std::int32_t>(code); }
  std::string code_name() const { return quern::code_name(code_); }

  // Error labels, such as "TransientTransactionError".
  const std::vector<std::string>& labels() const noexcept { return labels_; }
  bool has_label(std::string_view label) const noexcept;
  Error& add_label(std::string label);

  // BSON of the reply's errInfo, empty when there is none.
  const std::vector<std::uint8_t>& error_info() const noexcept { return error_info_; }
  void set_error_info(std::vector<std::uint8_t> bson) { error_info_ = std::move(bson); }

 private:
  std::int32_t code_;
  std::vector<std::string> labels_;
  std::vector<std::uint8_t> error_info_;
};

// What a database refused or failed to do.
class QUERN_EXPORT DatabaseError : public Error {
 public:
  using Error::Error;
};

// A unique constraint was violated (MongoDB's code 11000).
class QUERN_EXPORT IntegrityError : public DatabaseError {
 public:
  using DatabaseError::DatabaseError;
};

// The request is understood but not supported here.
class QUERN_EXPORT NotSupported : public Error {
 public:
  explicit NotSupported(const std::string& message)
      : Error(ErrorCode::kCommandNotSupported, message) {}
};

// Settings, routers or models do not fit together.
class QUERN_EXPORT ImproperlyConfigured : public Error {
 public:
  explicit ImproperlyConfigured(const std::string& message)
      : Error(ErrorCode::kInvalidOptions, message) {}
};

}  // namespace quern

#endif  // QUERN_BASE_ERROR_H_
