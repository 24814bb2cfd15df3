// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Accumulators of $group: one state a group and field.
#ifndef QUERN_QUERY_EXPRESSION_ACCUMULATOR_H_
#define QUERN_QUERY_EXPRESSION_ACCUMULATOR_H_

#include <memory>

#include "language/accumulators.h"
#include "query/expression/evaluation.h"

namespace quern::query {

class Accumulator {
 public:
  virtual ~Accumulator() = default;
  // Takes one document's value, which may be missing. Returns how many bytes it holds more for it.
  virtual std::size_t add(const Datum& value) = 0;
  // Valid as long as the accumulator and the evaluation's memory.
  virtual Datum result(Evaluation& evaluation) const = 0;
};

using AccumulatorFactory = std::unique_ptr<Accumulator> (*)();

// Of a row of language/accumulators.h; null for one that this engine does not have.
AccumulatorFactory accumulator_factory(const language::ExpressionOperator& op);

// A value kept beyond the document that it came from.
class HeldDatum {
 public:
  HeldDatum() = default;
  HeldDatum(HeldDatum&&) = default;  // the copy stays where it is
  HeldDatum& operator=(HeldDatum&&) = default;
  // Returns how much larger the copy is than the one before.
  std::size_t set(const Datum& value);
  bool empty() const { return !set_; }
  Datum get() const { return datum_; }

 private:
  Datum datum_;
  Bytes bytes_;
  bool set_ = false;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_EXPRESSION_ACCUMULATOR_H_
