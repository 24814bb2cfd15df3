// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A copy of a document in which some elements are others, or gone.
//
//   const Document without_secrets = transform(document, [](const Element& e, EnclosingPath,
//   Builder&) {
//     return e.key() == "secret" ? Edit::kDone : Edit::kEnter;
//   });
#ifndef QUERN_BSON_TRANSFORM_H_
#define QUERN_BSON_TRANSFORM_H_

#include <span>
#include <string_view>
#include <vector>

#include "quern/bson/document.h"

namespace quern::bson {

// What becomes of an element.
enum class Edit {
  kCopy,   // it is copied with everything inside
  kEnter,  // the same, but a document or an array is copied element by element
  kDone,   // the callback has written what takes its place, or nothing
};

// The names of the documents and arrays around an element, from the outermost.
using EnclosingPath = std::span<const std::string_view>;

namespace internal {
template <class Callback>
void transform(View document, std::vector<std::string_view>& path, Builder& out,
               Callback& callback) {
  for (const Element& element : document) {
    const Edit edit = callback(element, EnclosingPath(path), out);
    if (edit == Edit::kDone) continue;
    if (edit == Edit::kCopy || !(element.is_document() || element.is_array())) {
      out.append(element);
      continue;
    }
    element.is_array() ? out.open_array(element.key()) : out.open_document(element.key());
    path.push_back(element.key());
    transform(element.as_document_or_array(), path, out, callback);
    path.pop_back();
    out.close();
  }
}
}  // namespace internal

// Appends the elements of document as callback(element, path, out) has them, in their order.
template <class Callback>
void transform(View document, Builder& out, Callback&& callback) {
  std::vector<std::string_view> path;
  internal::transform(document, path, out, callback);
}

template <class Callback>
Document transform(View document, Callback&& callback) {
  Builder out;
  transform(document, out, callback);
  return out.finish();
}

}  // namespace quern::bson

#endif  // QUERN_BSON_TRANSFORM_H_
