// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $set, $setOnInsert, $unset, $rename, $currentDate.
#include "bson/strict_reader.h"
#include "quern/base/error.h"
#include "query/update/update_parser.h"
#include "query/value/path_walk.h"
#include "query/value/values.h"

namespace quern::query {
namespace {

class Set : public Modifier {
 public:
  Set(bson::Value value, bool only_on_insert)
      : value_(std::move(value)), only_on_insert_(only_on_insert) {}
  Effect apply(bson::ValueView old, std::string_view key, Writer& out, const UpdateContext& context,
               const std::string&) const override {
    if (!creates(context) || identical(old, value_)) return Effect::kNone;
    out.append(key, value_.view());
    return Effect::kSet;
  }
  bool creates(const UpdateContext& context) const override {
    return !only_on_insert_ || context.inserting;
  }

 private:
  bson::Value value_;
  bool only_on_insert_;
};

class Unset : public Modifier {
 public:
  Effect apply(bson::ValueView old, std::string_view, Writer&, const UpdateContext&,
               const std::string&) const override {
    return old.missing() ? Effect::kNone : Effect::kRemove;
  }
  bool creates(const UpdateContext&) const override { return false; }
};

// The target end of a $rename; the source end is an Unset.
class RenameFrom : public Modifier {
 public:
  RenameFrom(FieldPath source, FieldPath target)
      : source_(std::move(source)), target_(std::move(target)) {}
  Effect apply(bson::ValueView old, std::string_view key, Writer& out, const UpdateContext& context,
               const std::string&) const override {
    const bson::ValueView value = find(source_, context.root, "source");
    if (value.missing()) return Effect::kNone;
    find(target_, context.root, "destination");
    // Refused even where the value is the same: the source would go.
    if (!context.inserting && target_[0].name == "_id") {
      throw Error(ErrorCode::kImmutableField, "Performing an update on the path '" +
                                                  target_.text() +
                                                  "' would modify the immutable field '_id'");
    }
    if (identical(old, value)) return Effect::kNone;
    out.append(key, value);
    return Effect::kSet;
  }
  bool creates(const UpdateContext& context) const override {
    return !find(source_, context.root, "source").missing();
  }

 private:
  static bson::ValueView find(const FieldPath& path, bson::View root, const char* role) {
    bson::ValueView value = root.as_value();
    for (std::size_t i = 0; i < path.size(); ++i) {
      if (value.is_array()) {
        throw Error(ErrorCode::kBadValue, std::string("The ") + role +
                                              " field cannot be an array element, '" + path.text() +
                                              "'");
      }
      if (value.missing()) return {};
      if (!value.is_document()) {
        throw Error(ErrorCode::kPathNotViable,
                    std::string("The ") + role + " field '" + path.text() +
                        "' cannot be: a value on its path is no document");
      }
      value = find_field(value.as_document(), path[i].field);
    }
    return value;
  }

  FieldPath source_;
  FieldPath target_;
};

}  // namespace

void parse_set(const bson::Element& argument, UpdateParser& parser) {
  parser.add(argument.key(), std::make_unique<Set>(bson::Value(argument.value()), false));
}
void parse_set_on_insert(const bson::Element& argument, UpdateParser& parser) {
  parser.add(argument.key(), std::make_unique<Set>(bson::Value(argument.value()), true));
}
void parse_unset(const bson::Element& argument, UpdateParser& parser) {
  parser.add(argument.key(), std::make_unique<Unset>());
}

void parse_rename(const bson::Element& argument, UpdateParser& parser) {
  if (!argument.is_string()) {
    throw Error(ErrorCode::kBadValue,
                "The 'to' field for $rename must be a string: " + std::string(argument.key()));
  }
  const std::string source(argument.key());
  const std::string target(argument.as_string());
  const auto dynamic = [](const std::string& path) { return path.find(".$") != path.npos; };
  if (target.find('\0') != target.npos) {
    throw Error(9867600, "The 'to' field for $rename cannot contain an embedded null byte");
  }
  if (dynamic(source)) {
    throw Error(ErrorCode::kBadValue, "The source field for $rename may not be dynamic: " + source);
  }
  if (dynamic(target)) {
    throw Error(ErrorCode::kBadValue,
                "The destination field for $rename may not be dynamic: " + target);
  }
  if (source == target) {
    throw Error(ErrorCode::kBadValue,
                "The source and target field for $rename must differ: " + source);
  }
  if (source.starts_with(target + ".") || target.starts_with(source + ".")) {
    throw Error(ErrorCode::kBadValue,
                "The source and target field for $rename must not be on the same path: " + source +
                    ", " + target);
  }
  parser.add(source, std::make_unique<Unset>());
  parser.add(target, std::make_unique<RenameFrom>(FieldPath(source), FieldPath(target)));
}

void parse_current_date(const bson::Element& argument, UpdateParser& parser) {
  bool timestamp = false;
  if (argument.is_document()) {
    bson::require_distinct(argument.as_document(), "$currentDate");
    for (const bson::Element& option : argument.as_document()) {
      const bool known = option.key() == "$type" && option.is_string() &&
                         (option.as_string() == "date" || option.as_string() == "timestamp");
      if (!known) {
        throw Error(ErrorCode::kBadValue,
                    "The '$type' of $currentDate must be 'date' or 'timestamp', "
                    "and the only option: " +
                        std::string(argument.key()));
      }
      timestamp = option.as_string() == "timestamp";
    }
  } else if (argument.type() != bson::Type::kBool) {
    throw Error(ErrorCode::kBadValue,
                std::string(bson::alias(argument.type())) +
                    " is not valid type for $currentDate. Please use a boolean ('true') or a $type "
                    "expression ({$type: 'timestamp/date'}).");
  }
  const bson::Date now = parser.context().now;
  const auto seconds = static_cast<std::uint32_t>(now.milliseconds / 1000);
  parser.add(
      argument.key(),
      std::make_unique<Set>(
          timestamp ? bson::Value::of(bson::Timestamp{1, seconds}) : bson::Value::of(now), false));
}

}  // namespace quern::query
