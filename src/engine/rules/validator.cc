// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/rules/validator.h"

#include <string>

#include "quern/base/error.h"

namespace quern::engine {
namespace {

std::string_view choice(bson::View options, std::string_view name, std::string_view fallback,
                        std::initializer_list<std::string_view> allowed) {
  const bson::Element element = options[name];
  if (element.missing()) return fallback;
  if (element.is_string()) {
    for (const std::string_view value : allowed) {
      if (element.as_string() == value) return value;
    }
  }
  std::string text(name);
  text += " must be one of:";
  for (const std::string_view value : allowed) {
    text += ' ';
    text += value;
  }
  throw Error(ErrorCode::kBadValue, text);
}

// Whether the filter names $$NOW, which parsing replaces. A mere string that looks like it counts:
// it costs time only.
bool names_now(bson::View filter) {
  for (const bson::Element& element : filter) {
    if (element.is_string()) {
      const std::string_view text = element.as_string();
      if (text == "$$NOW" || text.starts_with("$$NOW.")) return true;
    } else if (element.is_document() || element.is_array()) {
      if (names_now(element.as_document_or_array())) return true;
    }
  }
  return false;
}

}  // namespace

std::unique_ptr<const Validator> Validator::from_options(bson::View options) {
  const std::string_view level =
      choice(options, "validationLevel", "strict", {"off", "strict", "moderate"});
  const std::string_view action = choice(options, "validationAction", "error", {"error", "warn"});
  const bson::Element filter = options["validator"];
  if (filter.missing()) return nullptr;
  auto validator = std::make_unique<Validator>();
  validator->matcher_ = query::Matcher::parse(filter.as_document());
  validator->names_now_ = names_now(filter.as_document());
  validator->level_ = level == "moderate" ? Level::kModerate : Level::kStrict;
  validator->warn_only_ = action == "warn";
  if (level == "off" || validator->matcher_.matches_everything()) return nullptr;
  return validator;
}

query::Matcher Validator::matcher_at(bson::Date now) const {
  if (!names_now_) return matcher_;
  query::ParseContext context;
  context.now = now;
  return query::Matcher::parse(matcher_.filter(), context);
}

void Validator::check(bson::View document, bson::Date now) const {
  check(document, matcher_at(now));
}

bool Validator::accepts(bson::View document, bson::Date now) const {
  return matcher_at(now).matches(document);
}

void Validator::check_update(bson::View before, bson::View after, bson::Date now) const {
  const query::Matcher matcher = matcher_at(now);
  if (level_ == Level::kModerate && !matcher.matches(before)) return;
  check(after, matcher);
}

void Validator::check(bson::View document, const query::Matcher& matcher) const {
  if (warn_only_ || matcher.matches(document)) return;
  DatabaseError error(ErrorCode::kDocumentValidationFailure, "Document failed validation");
  bson::Builder info;
  if (const bson::Element id = document["_id"]; !id.missing()) {
    info.append("failingDocumentId", id.value());
  }
  info.open_document("details").append("operatorName", "validator").close();
  error.set_error_info(info.finish_bytes());
  throw error;
}

}  // namespace quern::engine
