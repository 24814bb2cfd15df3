// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "query/expression/evaluation.h"

namespace quern::query {

Datum Evaluation::string(std::string_view text) {
  std::uint8_t* to = arena_.allocate(text.size() + 5);
  store_le(to, static_cast<std::uint32_t>(text.size() + 1));
  if (!text.empty()) std::memcpy(to + 4, text.data(), text.size());
  to[4 + text.size()] = 0;
  return bson::ValueView(bson::Type::kString, {to, text.size() + 5});
}

Datum Evaluation::keep_only(const Datum& value, const Arena::Mark& mark) {
  if (Datum::is_inline(value.type())) {
    arena_.rewind(mark);
    return value;
  }
  const bson::ValueView view = value.view();
  moved_.assign(view.bytes().begin(), view.bytes().end());
  arena_.rewind(mark);
  return bson::ValueView(view.type(), arena_.copy(moved_));
}

Writer& Evaluation::take() {
  if (writers_in_use_ == writers_.size()) writers_.push_back(std::make_unique<Writer>());
  Writer& writer = *writers_[writers_in_use_++];
  writer.clear();
  return writer;
}

Datum Evaluation::Scratch::finish(bson::Type type) {
  return bson::ValueView(type, evaluation_.arena_.copy(writer_.finish().bytes()));
}

}  // namespace quern::query
