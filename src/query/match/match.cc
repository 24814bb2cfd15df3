// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/match/match.h"

#include "query/match/match_in.h"
#include "query/match/match_parser.h"

namespace quern::query {

struct Matcher::Shared {
  bson::Document filter;
  std::unique_ptr<const MatchNode> root;
};

Matcher::Matcher() : Matcher(parse({})) {}

Matcher Matcher::parse(bson::View filter, const ParseContext& context) {
  auto shared = std::make_shared<Shared>();
  shared->filter = bson::Document(filter);
  shared->root = MatchParser(context).parse(shared->filter.view());
  return Matcher(std::move(shared));
}

Matcher Matcher::equal_to_any(std::string_view path, bson::View values) {
  auto shared = std::make_shared<Shared>();
  shared->filter = bson::doc(path, bson::doc("$in", values.as_value(bson::Type::kArray)));
  const bson::View held = shared->filter[path].as_document()["$in"].as_array();
  shared->root =
      at_path(FieldPath(path), Condition::of(std::make_unique<In>(held, In::Regexes::kValues)));
  return Matcher(std::move(shared));
}

Matcher::Matcher(std::shared_ptr<const Shared> shared)
    : shared_(std::move(shared)), root_(shared_->root.get()) {}

bool Matcher::matches(bson::View document) const {
  MatchState state(document);
  return root_->matches(document, state);
}

bool Matcher::matches(bson::View document, ArrayPosition& position) const {
  MatchState state(document);
  const bool result = root_->matches(document, state);
  position.index.reset();
  if (result && state.position != kNoIndex) position.index = state.position;
  return result;
}

bool Matcher::matches(bson::View document, Evaluation& evaluation) const {
  MatchState state(document, &evaluation);
  return root_->matches(document, state);
}

bson::View Matcher::filter() const { return shared_->filter.view(); }

bool Matcher::matches_everything() const { return root_->is_empty(); }

}  // namespace quern::query
