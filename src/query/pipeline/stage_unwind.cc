// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $unwind: a document for each member of an array.
#include "quern/base/error.h"
#include "query/expression/expression_parser.h"
#include "query/pipeline/stage.h"
#include "query/value/path_walk.h"
#include "query/value/set_field.h"

namespace quern::query {
namespace {

struct UnwindSpec {
  FieldPath path;
  std::optional<FieldPath> index;
  bool keep_empty = false;
};

class UnwindStream : public DocumentStream {
 public:
  UnwindStream(std::unique_ptr<DocumentStream> source, UnwindSpec spec)
      : source_(std::move(source)), spec_(std::move(spec)) {}

  std::optional<bson::View> next() override {
    for (;;) {
      if (unwinding_ && members_ != array_.end()) {
        const bson::ValueView member = members_->value();
        ++members_;
        return write(member, Datum::of(index_++));
      }
      unwinding_ = false;
      const auto document = source_->next();
      if (!document) return std::nullopt;
      document_ = *document;
      const bson::ValueView value = find();
      if (value.is_array() && !value.as_array().empty()) {
        array_ = value.as_array();
        members_ = array_.begin();
        index_ = 0;
        unwinding_ = true;
        continue;
      }
      const bool nothing = value.missing() || value.is_null() || value.is_array() ||
                           value.type() == bson::Type::kUndefined;
      if (nothing && !spec_.keep_empty) continue;
      if (!spec_.index && !value.is_array()) return document_;
      return write(value.is_array() ? bson::ValueView() : value, Datum::null());
    }
  }

 private:
  // Through documents only: an array on the way isn't unwound.
  bson::ValueView find() const {
    bson::ValueView value = document_.as_value();
    for (std::size_t i = 0; i < spec_.path.size(); ++i) {
      if (!value.is_document()) return {};
      value = find_field(value.as_document(), spec_.path[i].field);
    }
    return value;
  }

  bson::View write(bson::ValueView value, const Datum& index) {
    out_.clear();
    append_with_field(document_, spec_.path, value, out_);
    const bson::View document = out_.finish();
    if (!spec_.index) return document;
    with_index_.clear();
    append_with_field(document, *spec_.index, index.view(), with_index_);
    return with_index_.finish();
  }

  std::unique_ptr<DocumentStream> source_;
  UnwindSpec spec_;
  bson::View document_;
  bson::View array_;
  bson::View::Iterator members_;
  std::int64_t index_ = 0;
  bool unwinding_ = false;
  Writer out_;
  Writer with_index_;
};

class UnwindStage : public Stage {
 public:
  explicit UnwindStage(UnwindSpec spec) : spec_(std::move(spec)) {}
  std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source) const override {
    return std::make_unique<UnwindStream>(std::move(source), spec_);
  }

 private:
  UnwindSpec spec_;
};

}  // namespace

StagePtr parse_unwind_stage(const bson::Element& spec, const PipelineContext&) {
  UnwindSpec parsed;
  std::string path;
  if (spec.is_string()) {
    path = spec.as_string();
  } else if (spec.is_document()) {
    for (const bson::Element& option : spec.as_document()) {
      if (option.key() == "path") {
        if (!option.is_string()) {
          throw Error(28808, "expected a string as the path for $unwind stage, got " +
                                 std::string(bson::alias(option.type())));
        }
        path = option.as_string();
      } else if (option.key() == "preserveNullAndEmptyArrays") {
        if (option.type() != bson::Type::kBool) {
          throw Error(28809,
                      "expected a boolean for the preserveNullAndEmptyArrays option to $unwind "
                      "stage");
        }
        parsed.keep_empty = option.as_bool();
      } else if (option.key() == "includeArrayIndex") {
        if (!option.is_string() || option.as_string().empty()) {
          throw Error(28810,
                      "expected a non-empty string for the includeArrayIndex option to $unwind "
                      "stage");
        }
        if (option.as_string().starts_with('$')) {
          throw Error(28822,
                      "includeArrayIndex option to $unwind stage should not be prefixed with a "
                      "'$'");
        }
        check_field_path(option.as_string());
        parsed.index.emplace(option.as_string());
      } else {
        throw Error(28811, "unrecognized option to $unwind stage: " + std::string(option.key()));
      }
    }
  } else {
    throw Error(15981,
                "expected either a string or an object as specification for $unwind stage, "
                "got " +
                    std::string(bson::alias(spec.type())));
  }
  if (path.empty()) throw Error(28812, "no path specified to $unwind stage");
  if (path.front() != '$') {
    throw Error(28818, "path option to $unwind stage should be prefixed with a '$': " + path);
  }
  check_field_path(std::string_view(path).substr(1));
  parsed.path = FieldPath(std::string_view(path).substr(1));
  return std::make_unique<UnwindStage>(std::move(parsed));
}

}  // namespace quern::query
