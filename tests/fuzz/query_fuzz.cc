// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Hostile filters, updates, projections and pipelines, as members of one document in Extended JSON:
// {documents: […], filter, projection, update, arrayFilters, pipeline}. What is parsed is run over
// the documents; every result is valid BSON.
#include <cstdint>
#include <vector>

#include "quern/base/error.h"
#include "quern/bson/json.h"
#include "query/pipeline.h"
#include "query/projection.h"
#include "query/update.h"

namespace {

using namespace quern;

template <class Work>
void expect_typed_errors(const Work& work) {
  try {
    work();
  } catch (const Error&) {
  }
}

void run(bson::View input) {
  std::vector<bson::Document> documents;
  if (input["documents"].is_array()) {
    for (const bson::Element& document : input["documents"].as_array()) {
      if (document.is_document()) documents.emplace_back(document.as_document());
    }
  }
  documents.emplace_back();
  query::Matcher matcher;
  if (input["filter"].is_document()) {
    expect_typed_errors([&] { matcher = query::Matcher::parse(input["filter"].as_document()); });
  }
  for (const bson::Document& document : documents) {
    expect_typed_errors([&] { (void)matcher.matches(document.view()); });
  }
  if (input["projection"].is_document()) {
    expect_typed_errors([&] {
      const auto projection = query::Projection::parse(input["projection"].as_document(), &matcher);
      for (const bson::Document& document : documents) {
        bson::validate(projection.apply(document.view()).bytes());
      }
    });
  }
  if (input["update"]) {
    expect_typed_errors([&] {
      const bson::Element filters = input["arrayFilters"];
      const auto update = query::Update::parse(
          input["update"].value(), filters.is_array() ? filters.as_array() : bson::View());
      for (const bson::Document& document : documents) {
        expect_typed_errors(
            [&] { bson::validate(update.apply(document.view(), matcher).document.bytes()); });
      }
      bson::validate(update.apply_upsert(matcher).bytes());
    });
  }
  if (input["pipeline"].is_array()) {
    expect_typed_errors([&] {
      const auto pipeline = query::Pipeline::parse(input["pipeline"].as_array());
      const auto stream = pipeline.attach(query::stream_of(documents));
      for (int i = 0; i < 1000; ++i) {
        const auto document = stream->next();
        if (!document) break;
        bson::validate(document->bytes());
      }
    });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  expect_typed_errors([&] {
    const bson::Document input = bson::from_json({reinterpret_cast<const char*>(data), size});
    run(input.view());
  });
  return 0;
}
