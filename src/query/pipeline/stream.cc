// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/pipeline/stream.h"

#include "query/expression/evaluation.h"

namespace quern::query {
namespace {

class VectorStream : public DocumentStream {
 public:
  explicit VectorStream(std::vector<bson::Document> documents) : documents_(std::move(documents)) {}
  std::optional<bson::View> next() override {
    if (at_ == documents_.size()) return std::nullopt;
    return documents_[at_++].view();
  }

 private:
  std::vector<bson::Document> documents_;
  std::size_t at_ = 0;
};

class FilteredStream : public DocumentStream {
 public:
  FilteredStream(std::unique_ptr<DocumentStream> source, Matcher matcher)
      : source_(std::move(source)), matcher_(std::move(matcher)) {}
  std::optional<bson::View> next() override {
    while (const auto document = source_->next()) {
      if (matcher_.matches(*document, evaluation_)) return document;
    }
    return std::nullopt;
  }

 private:
  std::unique_ptr<DocumentStream> source_;
  Matcher matcher_;
  Evaluation evaluation_;
};

class SkippedStream : public DocumentStream {
 public:
  SkippedStream(std::unique_ptr<DocumentStream> source, std::int64_t count)
      : source_(std::move(source)), left_(count) {}
  std::optional<bson::View> next() override {
    for (; left_ > 0; --left_) {
      if (!source_->next()) {
        left_ = 0;
        return std::nullopt;
      }
    }
    return source_->next();
  }

 private:
  std::unique_ptr<DocumentStream> source_;
  std::int64_t left_;
};

class LimitedStream : public DocumentStream {
 public:
  LimitedStream(std::unique_ptr<DocumentStream> source, std::int64_t count)
      : source_(std::move(source)), left_(count) {}
  std::optional<bson::View> next() override {
    if (left_ <= 0) return std::nullopt;
    --left_;
    return source_->next();
  }

 private:
  std::unique_ptr<DocumentStream> source_;
  std::int64_t left_;
};

class ProjectedStream : public DocumentStream {
 public:
  ProjectedStream(std::unique_ptr<DocumentStream> source, Projection projection)
      : source_(std::move(source)), projection_(std::move(projection)) {}
  std::optional<bson::View> next() override {
    const auto document = source_->next();
    if (!document || projection_.is_identity()) return document;
    evaluation_.reset();
    out_.clear();
    projection_.apply(*document, out_, evaluation_);
    return out_.finish();
  }

 private:
  std::unique_ptr<DocumentStream> source_;
  Projection projection_;
  Writer out_;
  Evaluation evaluation_;
};

}  // namespace

std::unique_ptr<DocumentStream> empty_stream() { return stream_of({}); }
std::unique_ptr<DocumentStream> stream_of(std::vector<bson::Document> documents) {
  return std::make_unique<VectorStream>(std::move(documents));
}
std::unique_ptr<DocumentStream> filtered(std::unique_ptr<DocumentStream> source, Matcher matcher) {
  return std::make_unique<FilteredStream>(std::move(source), std::move(matcher));
}
std::unique_ptr<DocumentStream> skipped(std::unique_ptr<DocumentStream> source,
                                        std::int64_t count) {
  return std::make_unique<SkippedStream>(std::move(source), count);
}
std::unique_ptr<DocumentStream> limited(std::unique_ptr<DocumentStream> source,
                                        std::int64_t count) {
  return std::make_unique<LimitedStream>(std::move(source), count);
}
std::unique_ptr<DocumentStream> projected(std::unique_ptr<DocumentStream> source,
                                          Projection projection) {
  return std::make_unique<ProjectedStream>(std::move(source), std::move(projection));
}

}  // namespace quern::query
