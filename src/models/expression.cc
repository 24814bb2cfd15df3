// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/expression.h"

#include <fmt/format.h>

#include "models/decode_error.h"
#include "quern/base/error.h"
#include "quern/bson/compare.h"

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

bson::Document compare(std::string_view path, std::string_view op, bson::ValueView value) {
  return bson::doc(path, bson::doc(op, value));
}

bson::Document compare_in(std::string_view path, std::string_view op,
                          const std::vector<bson::Value>& values) {
  if (values.empty()) return nothing();
  bson::Builder out;
  out.open_document(path).open_array(op);
  for (const bson::Value& value : values) out.push(value);
  out.close().close();
  return out.finish();
}

bson::Document compare_between(std::string_view path, bson::ValueView low, bson::ValueView high) {
  if (bson::compare(low, high) > 0) return nothing();
  return bson::doc(path, bson::doc("$gte", low, "$lte", high));
}

bson::Document match_text(std::string_view path, std::string_view before, std::string_view text,
                          std::string_view after, bool ignore_case) {
  return match_regex(path, fmt::format("{}{}{}", before, escaped(text), after),
                     ignore_case ? "i" : "");
}

bson::Document match_regex(std::string_view path, std::string_view pattern,
                           std::string_view options) {
  if (options.empty()) return bson::doc(path, bson::doc("$regex", pattern));
  return bson::doc(path, bson::doc("$regex", pattern, "$options", options));
}

bson::Document is_null_filter(std::string_view path) {
  return bson::doc(path, bson::doc("$eq", bson::Null{}));
}

bson::Document exists_filter(std::string_view path) {
  return bson::doc(path, bson::doc("$exists", true));
}

bson::Value encode_value(const ValueType& type, const void* value, std::string_view path,
                         bool secret) {
  try {
    bson::Builder out;
    type.encode(value, out, "");
    const bson::Document document = out.finish();
    bson::validate(document.bytes());
    return bson::Value(document.view().front().value());
  } catch (const std::exception& error) {
    bad_value(path, secret ? kSecretFault : error.what());
  }
}

void number_out_of_range(std::string_view path) {
  throw Error(ErrorCode::kBadValue,
              fmt::format("{}: the number is out of the range of the field's type", path));
}

}  // namespace quern::internal
