// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $unwind: a document for each member of an array.
#include "language/field_path.h"
#include "query/pipeline/stage.h"
#include "query/value/path_walk.h"
#include "query/value/set_field.h"

namespace quern::query {
namespace {

struct Unwinding {
  FieldPath path;
  std::optional<FieldPath> index;
  bool keep_empty = false;
};

class UnwindStream : public DocumentStream {
 public:
  UnwindStream(std::unique_ptr<DocumentStream> source, Unwinding spec)
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
        // The source's document lives no longer than the batch that it was read in.
        owned_ = bson::Document(document_);
        document_ = owned_.view();
        array_ = find().as_array();
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
  Unwinding spec_;
  bson::Document owned_;
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
  explicit UnwindStage(Unwinding spec) : spec_(std::move(spec)) {}
  std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source) const override {
    return std::make_unique<UnwindStream>(std::move(source), spec_);
  }

 private:
  Unwinding spec_;
};

}  // namespace

StagePtr make_stage(const language::UnwindSpec& spec, const PipelineContext&) {
  language::check_field_path(spec.path);
  Unwinding unwinding{FieldPath(spec.path), std::nullopt, spec.keeps_empty};
  if (spec.index) {
    language::check_field_path(*spec.index);
    unwinding.index.emplace(*spec.index);
  }
  return std::make_unique<UnwindStage>(std::move(unwinding));
}

}  // namespace quern::query
