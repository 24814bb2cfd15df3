// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {p: projection, q: filter, d: document}: the projection is refused, fails, or gives a valid
// document; so do the stages that share its parser.
#include "query/pipeline/projection.h"
#include "tests/fuzz/query_input.h"

namespace {

using namespace quern;

template <class Parse>
void project(const Parse& parse, bson::View document) {
  try {
    const query::Projection projection = parse();
    bson::Limits limits;
    limits.max_depth = 400;
    bson::validate(projection.apply(document).bytes(), limits);
  } catch (const Error& error) {
    fuzz::require(!error.is(ErrorCode::kInvalidBSON), "results are valid");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::read_input(data, size);
  if (!input) return 0;
  const bson::View spec = fuzz::document_or_empty((*input)["p"]);
  const bson::View document = fuzz::document_or_empty((*input)["d"]);
  try {
    const auto matcher = query::Matcher::parse(fuzz::document_or_empty((*input)["q"]));
    project([&] { return query::Projection::parse(spec, &matcher); }, document);
  } catch (const Error&) {
  }
  project([&] { return query::Projection::parse_project(spec); }, document);
  project([&] { return query::Projection::parse_add_fields(spec); }, document);
  return 0;
}
