// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A collection's validator: the filter that every written document has to match.
#ifndef QUERN_ENGINE_RULES_VALIDATOR_H_
#define QUERN_ENGINE_RULES_VALIDATOR_H_

#include <memory>

#include "quern/bson/document.h"
#include "query/match/match.h"

namespace quern::engine {

// Immutable, thread-safe.
class Validator {
 public:
  // Null when the options have no validator, or one that matches everything, or validationLevel
  // "off". Throws what the filter deserves, BadValue for an unknown level or action.
  static std::unique_ptr<const Validator> from_options(bson::View options);

  // now: what $$NOW means. Throws DocumentValidationFailure (121) with errInfo.failingDocumentId,
  // unless validationAction is "warn".
  void check(bson::View document, bson::Date now) const;
  // Whether the document is as check() wants it, whatever validationAction is.
  bool accepts(bson::View document, bson::Date now) const;
  // With validationLevel "moderate" a document that failed before may go on failing.
  void check_update(bson::View before, bson::View after, bson::Date now) const;

 private:
  enum class Level { kStrict, kModerate };
  query::Matcher matcher_at(bson::Date now) const;
  void check(bson::View document, const query::Matcher& matcher) const;

  query::Matcher matcher_;
  bool names_now_ = false;  // the matcher has to be parsed anew for each operation
  Level level_ = Level::kStrict;
  bool warn_only_ = false;
};

}  // namespace quern::engine

#endif  // QUERN_ENGINE_RULES_VALIDATOR_H_
