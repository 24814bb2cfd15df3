// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {p: [stages], d: [documents]}: the pipeline is refused, fails, or gives valid documents; any
// collection that it joins holds the same documents.
#include "query/pipeline/pipeline.h"
#include "tests/fuzz/query_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quern;
  const auto input = fuzz::read_input(data, size);
  if (!input) return 0;
  const auto documents = fuzz::documents_of((*input)["d"]);
  int joins = 0;
  query::PipelineContext context;
  context.memory_limit = 1'000'000;
  context.lookup = [&](std::string_view, const query::Pipeline& sub) {
    if (++joins > 100) return query::empty_stream();
    return sub.attach(query::stream_of(documents));
  };
  try {
    const auto pipeline = query::Pipeline::parse(fuzz::array_or_empty((*input)["p"]), context);
    (void)pipeline.leading();
    const auto out = pipeline.attach(query::stream_of(documents));
    bson::Limits limits;
    limits.max_depth = 400;
    for (int i = 0; i < 1000; ++i) {
      const auto document = out->next();
      if (!document) break;
      bson::validate(document->bytes(), limits);
    }
  } catch (const Error& error) {
    fuzz::require(!error.is(ErrorCode::kInvalidBSON), "results are valid");
  }
  return 0;
}
