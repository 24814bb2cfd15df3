// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// From an update's BSON to its tree. A table in update_parser.cc names every operator; an operator
// is a parse function in the file of its family and a line there.
#ifndef QUERN_QUERY_UPDATE_UPDATE_PARSER_H_
#define QUERN_QUERY_UPDATE_UPDATE_PARSER_H_

#include <memory>
#include <set>
#include <string>

#include "query/update/update_node.h"
#include "query/value/parse_context.h"

namespace quern::query {

class UpdateParser {
 public:
  UpdateParser(UpdateNode& tree, const ArrayFilters& filters, const ParseContext& context)
      : tree_(tree), filters_(filters), context_(context) {}

  void parse(bson::View operators);

  // Checks path and puts modifier at its end.
  void add(std::string_view path, std::unique_ptr<const Modifier> modifier);
  const ParseContext& context() const { return context_; }

 private:
  void check_path(const FieldPath& path);
  void bind_filters(UpdateNode& node);

  UpdateNode& tree_;
  const ArrayFilters& filters_;
  const ParseContext& context_;
  std::set<std::string, std::less<>> used_;
};

// argument: the path and what the operator is given for it.
using UpdateOperatorParser = void (*)(const bson::Element& argument, UpdateParser& parser);

// update_fields.cc
void parse_set(const bson::Element&, UpdateParser&);
void parse_set_on_insert(const bson::Element&, UpdateParser&);
void parse_unset(const bson::Element&, UpdateParser&);
void parse_rename(const bson::Element&, UpdateParser&);
void parse_current_date(const bson::Element&, UpdateParser&);
// update_numbers.cc
void parse_inc(const bson::Element&, UpdateParser&);
void parse_mul(const bson::Element&, UpdateParser&);
void parse_min(const bson::Element&, UpdateParser&);
void parse_max(const bson::Element&, UpdateParser&);
void parse_bit(const bson::Element&, UpdateParser&);
// update_push.cc
void parse_push(const bson::Element&, UpdateParser&);
// update_arrays.cc
void parse_add_to_set(const bson::Element&, UpdateParser&);
void parse_pop(const bson::Element&, UpdateParser&);
void parse_pull(const bson::Element&, UpdateParser&);
void parse_pull_all(const bson::Element&, UpdateParser&);

// {} or [{x: …}, {"y.a": …}].
ArrayFilters parse_array_filters(bson::View filters, const ParseContext& context);

}  // namespace quern::query

#endif  // QUERN_QUERY_UPDATE_UPDATE_PARSER_H_
