// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// {e: expression, d: document}: the expression is refused, fails, or gives a value that is valid
// BSON and the same every time.
#include "query/expression/expression.h"
#include "tests/fuzz/query_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quern;
  const auto input = fuzz::read_input(data, size);
  if (!input) return 0;
  try {
    const auto expression = query::Expression::parse((*input)["e"].value());
    const bson::View document = fuzz::document_or_empty((*input)["d"]);
    query::Evaluation first;
    query::Evaluation second;
    const query::Datum a = expression.evaluate(document, first);
    const query::Datum b = expression.evaluate(document, second);
    fuzz::require(a.type() == b.type() && equal(a.view().bytes(), b.view().bytes()),
                  "evaluation is repeatable");
    if (!a.missing()) bson::validate(bson::doc("r", a.view()).bytes());
  } catch (const Error& error) {
    // A computed value may nest one level deeper here than it may in a document.
    if (error.is(ErrorCode::kInvalidBSON)) {
      const std::string_view text = error.what();
      fuzz::require(text.find("nest") != text.npos || text.find("deep") != text.npos,
                    "computed values are valid");
    }
  }
  return 0;
}
