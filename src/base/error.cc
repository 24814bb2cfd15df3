// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/base/error.h"

#include <algorithm>
#include <utility>

namespace quern {
namespace {

// Codes that one place in the source uses, which spells them as numbers.
constexpr std::pair<std::int32_t, const char*> kRareCodes[] = {
    {261, "TooManyLogicalSessions"},
    {292, "QueryExceededMemoryLimitNoDiskUseAllowed"},
    {50768, "NotARetryableWriteCommand"},
};

}  // namespace

std::string code_name(std::int32_t code) {
  switch (static_cast<ErrorCode>(code)) {
#define QUERN_CODE(name)   \
  case ErrorCode::k##name: \
    return #name
    case ErrorCode::kOk:
      return "OK";
      QUERN_CODE(InternalError);
      QUERN_CODE(BadValue);
      QUERN_CODE(HostUnreachable);
      QUERN_CODE(FailedToParse);
      QUERN_CODE(Unauthorized);
      QUERN_CODE(AuthenticationFailed);
      QUERN_CODE(TypeMismatch);
      QUERN_CODE(Overflow);
      QUERN_CODE(InvalidLength);
      QUERN_CODE(IllegalOperation);
      QUERN_CODE(InvalidBSON);
      QUERN_CODE(LockTimeout);
      QUERN_CODE(NamespaceNotFound);
      QUERN_CODE(IndexNotFound);
      QUERN_CODE(PathNotViable);
      QUERN_CODE(CannotCreateIndex);
      QUERN_CODE(IndexAlreadyExists);
      QUERN_CODE(ConflictingUpdateOperators);
      QUERN_CODE(CursorNotFound);
      QUERN_CODE(NoMatchingDocument);
      QUERN_CODE(NamespaceExists);
      QUERN_CODE(MaxTimeMSExpired);
      QUERN_CODE(DollarPrefixedFieldName);
      QUERN_CODE(InvalidIdField);
      QUERN_CODE(EmptyFieldName);
      QUERN_CODE(DottedFieldName);
      QUERN_CODE(CommandNotFound);
      QUERN_CODE(ImmutableField);
      QUERN_CODE(InvalidOptions);
      QUERN_CODE(InvalidNamespace);
      QUERN_CODE(WriteConcernFailed);
      QUERN_CODE(IndexOptionsConflict);
      QUERN_CODE(IndexKeySpecsConflict);
      QUERN_CODE(NetworkTimeout);
      QUERN_CODE(OperationFailed);
      QUERN_CODE(NoProgressMade);
      QUERN_CODE(ConflictingOperationInProgress);
      QUERN_CODE(WriteConflict);
      QUERN_CODE(DocumentValidationFailure);
      QUERN_CODE(CommandNotSupported);
      QUERN_CODE(ExceededMemoryLimit);
      QUERN_CODE(ViewDepthLimitExceeded);
      QUERN_CODE(CommandNotSupportedOnView);
      QUERN_CODE(OptionNotSupportedOnView);
      QUERN_CODE(InvalidPipelineOperator);
      QUERN_CODE(UnknownError);
      QUERN_CODE(InvalidUUID);
      QUERN_CODE(KeyNotFound);
      QUERN_CODE(QueryFeatureNotAllowed);
      QUERN_CODE(TransactionTooOld);
      QUERN_CODE(ConversionFailure);
      QUERN_CODE(NoSuchTransaction);
      QUERN_CODE(TransactionCommitted);
      QUERN_CODE(OperationNotSupportedInTransaction);
      QUERN_CODE(NotSingleValueField);
      QUERN_CODE(CollectionUUIDMismatch);
      QUERN_CODE(Interrupted);
      QUERN_CODE(DuplicateKey);
      QUERN_CODE(BSONObjectTooLarge);
      QUERN_CODE(FLETransactionAbort);
      QUERN_CODE(FLEMaxTagLimitExceeded);
    case ErrorCode::kUnknownField:
    case ErrorCode::kMissingField:
      break;
#undef QUERN_CODE
  }
  for (const auto& [rare, name] : kRareCodes) {
    if (rare == code) return name;
  }
  return "Location" + std::to_string(code);
}

bool Error::has_label(std::string_view label) const noexcept {
  return std::find(labels_.begin(), labels_.end(), label) != labels_.end();
}

Error& Error::add_label(std::string label) {
  if (!has_label(label)) {
    labels_.push_back(std::move(label));
  }
  return *this;
}

}  // namespace quern
