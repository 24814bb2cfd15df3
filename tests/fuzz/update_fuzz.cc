// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {u: update, f: array filters, q: filter, d: document}: the update is refused, fails, or gives a
// valid document with the same _id; without a change it gives the same bytes.
#include "quern/bson/compare.h"
#include "query/update/update.h"
#include "tests/fuzz/query_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quern;
  const auto input = fuzz::read_input(data, size);
  if (!input) return 0;
  try {
    const auto matcher = query::Matcher::parse(fuzz::document_or_empty((*input)["q"]));
    const auto update =
        query::Update::parse((*input)["u"].value(), fuzz::array_or_empty((*input)["f"]));
    const bson::View document = fuzz::document_or_empty((*input)["d"]);
    try {
      const auto outcome = update.apply(document, matcher);
      bson::Limits limits;
      limits.max_depth = 400;
      bson::validate(outcome.document.bytes(), limits);
      const bson::Element id = document["_id"];
      fuzz::require(id.missing() || bson::compare(id.value(), outcome.document["_id"].value()) == 0,
                    "_id stays");
      fuzz::require(outcome.modified != (outcome.document.view() == document),
                    "modified says whether the bytes differ");
    } catch (const Error& error) {
      fuzz::require(!error.is(ErrorCode::kInvalidBSON), "results are valid");
    }
    const bson::Document inserted = update.apply_upsert(matcher);
    fuzz::require(!inserted.view().contains("_id") || inserted.view().front().key() == "_id",
                  "an upsert begins with its _id");
  } catch (const Error&) {
  }
  return 0;
}
