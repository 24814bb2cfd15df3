// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// $facet: several pipelines over the same documents, the results side by side in one document.
#include "quern/base/error.h"
#include "query/pipeline/stage.h"
#include "query/value/writer.h"

namespace quern::query {
namespace {

struct Facet {
  std::string name;
  Pipeline pipeline;
};

// Documents held by somebody else, from the start.
class HeldStream : public DocumentStream {
 public:
  explicit HeldStream(const std::vector<bson::Document>& documents) : documents_(documents) {}
  std::optional<bson::View> next() override {
    if (at_ == documents_.size()) return std::nullopt;
    return documents_[at_++].view();
  }

 private:
  const std::vector<bson::Document>& documents_;
  std::size_t at_ = 0;
};

class FacetStream : public DocumentStream {
 public:
  FacetStream(std::unique_ptr<DocumentStream> source,
              std::shared_ptr<const std::vector<Facet>> facets, std::size_t memory_limit)
      : source_(std::move(source)), facets_(std::move(facets)), memory_limit_(memory_limit) {}

  std::optional<bson::View> next() override {
    if (source_ == nullptr) return std::nullopt;
    std::vector<bson::Document> documents;
    std::size_t memory = 0;
    while (const auto document = source_->next()) {
      memory += document->size() + sizeof(bson::Document);
      check(memory);
      documents.emplace_back(*document);
    }
    source_.reset();
    for (const Facet& facet : *facets_) {
      out_.open(facet.name, bson::Type::kArray);
      const auto results = facet.pipeline.attach(std::make_unique<HeldStream>(documents));
      while (const auto result = results->next()) {
        out_.push(result->as_value());
        check(out_.size());
      }
      out_.close();
    }
    return out_.finish();
  }

 private:
  void check(std::size_t memory) const {
    if (memory <= memory_limit_) return;
    throw Error(ErrorCode::kExceededMemoryLimit, "Exceeded memory limit of " +
                                                     std::to_string(memory_limit_) +
                                                     " bytes for $facet: filter before it");
  }

  std::unique_ptr<DocumentStream> source_;  // null once it is read
  std::shared_ptr<const std::vector<Facet>> facets_;
  std::size_t memory_limit_;
  Writer out_;
};

class FacetStage : public Stage {
 public:
  FacetStage(std::vector<Facet> facets, std::size_t memory_limit)
      : facets_(std::make_shared<const std::vector<Facet>>(std::move(facets))),
        memory_limit_(memory_limit) {}
  std::unique_ptr<DocumentStream> attach(std::unique_ptr<DocumentStream> source) const override {
    return std::make_unique<FacetStream>(std::move(source), facets_, memory_limit_);
  }

 private:
  std::shared_ptr<const std::vector<Facet>> facets_;
  std::size_t memory_limit_;
};

}  // namespace

StagePtr make_stage(const language::FacetSpec& spec, const PipelineContext& context) {
  std::vector<Facet> facets;
  for (const language::FacetSpec::Output& output : spec.outputs) {
    facets.push_back({std::string(output.name), Pipeline::make(output.pipeline, context)});
  }
  return std::make_unique<FacetStage>(std::move(facets), context.memory_limit);
}

}  // namespace quern::query
