// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The working memory of evaluation: computed strings, arrays and documents, and the values of
// variables. One a thread; reset it between documents, and nothing is allocated anew. Not
// thread-safe.
#ifndef QUERN_QUERY_EXPRESSION_EVALUATION_H_
#define QUERN_QUERY_EXPRESSION_EVALUATION_H_

#include <memory>
#include <string_view>
#include <vector>

#include "quern/bson/view.h"
#include "query/value/arena.h"
#include "query/value/datum.h"
#include "query/value/writer.h"

namespace quern::query {

class Evaluation {
 public:
  Arena& arena() { return arena_; }
  // Of the values computed since mark, keeps this one and forgets the others.
  Datum keep_only(const Datum& value, const Arena::Mark& mark);
  // Forgets all computed values.
  void reset() { arena_.reset(); }

  // The document under evaluation.
  bson::View root;

  // Variables of $let, $map, …: a slot each, numbered when the expression was parsed.
  Datum& variable(std::size_t slot) {
    if (slot >= variables_.size()) variables_.resize(slot + 1);
    return variables_[slot];
  }

  Datum string(std::string_view text);  // copied to the arena

  // A writer to build one array or document with, nested inside the building of others.
  class Scratch {
   public:
    explicit Scratch(Evaluation& evaluation)
        : evaluation_(evaluation), writer_(evaluation.take()) {}
    ~Scratch() { evaluation_.give_back(); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    Writer& operator*() { return writer_; }
    Writer* operator->() { return &writer_; }
    // What was written, copied to the arena.
    Datum finish(bson::Type type = bson::Type::kDocument);

   private:
    Evaluation& evaluation_;
    Writer& writer_;
  };

 private:
  Writer& take();
  void give_back() { --writers_in_use_; }

  Arena arena_;
  Bytes moved_;  // a value on its way within the arena
  std::vector<Datum> variables_;
  std::vector<std::unique_ptr<Writer>> writers_;
  std::size_t writers_in_use_ = 0;
};

}  // namespace quern::query

#endif  // QUERN_QUERY_EXPRESSION_EVALUATION_H_
