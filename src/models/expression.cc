// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/expression.h"

#include <fmt/format.h>

#include "models/encode_error.h"
#include "models/filter.h"
#include "models/utf8.h"
#include "quern/base/error.h"
#include "quern/bson/compare.h"
#include "quern/bson/document.h"

namespace quern::internal {
namespace {

// The branches of a filter that consists of that operator alone, or the filter as its only branch.
void append_branches(bson::Builder& out, std::string_view op, bson::View filter) {
  if (filter.count() == 1 && filter.front().key() == op) {
    for (const bson::Element& branch : filter.front().as_array()) out.push(branch.value());
  } else {
    out.push(filter);
  }
}

bson::Document combine(std::string_view op, bson::View a, bson::View b) {
  if (a.empty()) return bson::Document(b);
  if (b.empty()) return bson::Document(a);
  bson::Builder out;
  out.open_array(op);
  append_branches(out, op, a);
  append_branches(out, op, b);
  out.close();
  return out.finish();
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x80 || byte == '_' || (byte >= '0' && byte <= '9') ||
                       (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
    if (c == '\0') {
      throw Error(ErrorCode::kBadValue, "a text condition cannot look for NUL characters");
    }
    if (!plain) result += '\\';
    result += c;
  }
  return result;
}

}  // namespace

bson::Document all_of(bson::View a, bson::View b) { return combine("$and", a, b); }
bson::Document any_of(bson::View a, bson::View b) { return combine("$or", a, b); }

bson::Document none_of(bson::View a) {
  if (a.empty()) return {};
  bson::Builder out;
  out.open_array("$nor").push(a).close();
  return out.finish();
}

bson::Document nothing() { return bson::doc("_id", bson::doc("$in", bson::array())); }

Condition::Condition() noexcept = default;
Condition::Condition(bson::Document filter) {
  if (!filter.empty()) filter_ = new bson::Document(std::move(filter));
}
Condition::Condition(const Condition& other)
    : filter_(other.filter_ != nullptr ? new bson::Document(*other.filter_) : nullptr) {}
Condition::Condition(Condition&& other) noexcept : filter_(std::exchange(other.filter_, nullptr)) {}
Condition& Condition::operator=(const Condition& other) {
  if (this != &other) *this = Condition(other);
  return *this;
}
Condition& Condition::operator=(Condition&& other) noexcept {
  std::swap(filter_, other.filter_);
  return *this;
}
Condition::~Condition() { delete filter_; }

const bson::Document& Condition::filter() const {
  static const auto& neutral = *new bson::Document;
  return filter_ != nullptr ? *filter_ : neutral;
}
bool Condition::neutral() const { return filter_ == nullptr; }

Condition all_of(const Condition& a, const Condition& b) {
  return Condition(all_of(a.filter().view(), b.filter().view()));
}
Condition any_of(const Condition& a, const Condition& b) {
  return Condition(any_of(a.filter().view(), b.filter().view()));
}
Condition none_of(const Condition& a) { return Condition(none_of(a.filter().view())); }

struct Operands::State {
  std::string_view path;  // lives for ever
  const ValueType& type;
  bool secret;
  std::vector<bson::Value> values;
};
Operands::Operands(std::string_view path, const ValueType& type, bool secret)
    : state_(new State{path, type, secret, {}}) {}
Operands::~Operands() { delete state_; }

void Operands::add(const void* value) {
  state_->values.push_back(encode_value(state_->type, value, state_->path, state_->secret));
}

Condition Operands::compare(const char* op) const {
  return Condition(bson::doc(state_->path, bson::doc(op, state_->values.front())));
}

Condition Operands::in() const {
  if (state_->values.empty()) return Condition(nothing());
  bson::Builder out;
  out.open_document(state_->path).open_array("$in");
  for (const bson::Value& value : state_->values) out.push(value);
  out.close().close();
  return Condition(out.finish());
}

Condition Operands::between() const {
  const bson::ValueView low = state_->values[0];
  const bson::ValueView high = state_->values[1];
  if (bson::compare(low, high) > 0) return Condition(nothing());
  return Condition(bson::doc(state_->path, bson::doc("$gte", low, "$lte", high)));
}

Condition match_text(std::string_view path, const char* before, std::string_view text,
                     const char* after, bool ignore_case) {
  return match_regex(path, fmt::format("{}{}{}", before, escaped(text), after),
                     ignore_case ? "i" : "");
}

Condition match_regex(std::string_view path, std::string_view pattern, std::string_view options) {
  encode_step(path, false, [&] { expect_utf8(pattern); });
  if (options.empty()) return Condition(bson::doc(path, bson::doc("$regex", pattern)));
  return Condition(bson::doc(path, bson::doc("$regex", pattern, "$options", options)));
}

Condition is_null_filter(std::string_view path) {
  return Condition(bson::doc(path, bson::doc("$eq", bson::Null{})));
}

Condition exists_filter(std::string_view path) {
  return Condition(bson::doc(path, bson::doc("$exists", true)));
}

bson::Value encode_value(const ValueType& type, const void* value, std::string_view path,
                         bool secret) {
  bson::Builder out;
  encode_step(path, secret, [&] { type.encode(value, out, ""); });
  const bson::Document document = out.finish();
  return bson::Value(document.view().front().value());
}

void number_out_of_range(std::string_view path) {
  throw Error(ErrorCode::kBadValue,
              fmt::format("{}: the number is out of the range of the field's type", path));
}

}  // namespace quern::internal
