// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Writes BSON into memory that is reused from document to document. The same calls as
// bson::Builder, for the paths that must not allocate.
#ifndef QUERN_QUERY_VALUE_WRITER_H_
#define QUERN_QUERY_VALUE_WRITER_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "quern/bson/document.h"
#include "query/value/datum.h"

namespace quern::query {

class Writer {
 public:
  Writer() { clear(); }

  void clear();  // begins a new document
  Writer& append(std::string_view key, bson::ValueView value);
  Writer& append(std::string_view key, const Datum& value) { return append(key, value.view()); }
  Writer& append(const bson::Element& element);
  Writer& append_all(bson::View document);
  // Nested documents and arrays. Deeper than validate() accepts is Overflow (15).
  Writer& open(std::string_view key, bson::Type type);  // kDocument or kArray
  Writer& close();
  Writer& push(bson::ValueView value);  // in an array: under the next index
  Writer& push(const Datum& value) { return push(value.view()); }
  Writer& push_open(bson::Type type);

  // A place to return to: rollback() forgets what was written after mark(), nested levels included.
  struct Mark {
    std::size_t size;
    std::size_t depth;
    std::uint32_t next_index;
  };
  Mark mark() const { return {bytes_.size(), frames_.size(), frames_.back().next_index}; }
  void rollback(const Mark& mark);
  std::size_t size() const { return bytes_.size(); }

  // Ends the outermost document: valid until the next clear().
  bson::View finish();
  // The same, moved out.
  bson::Document finish_document();

 private:
  struct Frame {
    std::size_t start;
    std::uint32_t next_index;
  };
  void head(bson::Type type, std::string_view key);
  void end_frame();
  std::string_view next_index();

  Bytes bytes_;
  std::vector<Frame> frames_;
  char index_text_[12];
};

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_WRITER_H_
