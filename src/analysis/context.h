// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What the parts of one analysis share.
#ifndef QUERN_ANALYSIS_CONTEXT_H_
#define QUERN_ANALYSIS_CONTEXT_H_

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "analysis/analyse.h"
#include "analysis/encryption_tree.h"

namespace quern::analysis {

class Context {
 public:
  Context(std::string_view database, const SchemaMap& schemas, MarkingSink& sink)
      : database_(database), schemas_(schemas), sink_(sink) {}

  std::string_view database() const { return database_; }

  // The schema of a collection of the database, and the tree of its documents. Throw Error when it
  // was not supplied: what is not known cannot be taken for plain.
  const CompiledSchema& schema_of(std::string_view collection) const;
  const EncryptionTree& tree_of(std::string_view collection) const {
    return schema_of(collection).tree();
  }

  // Whether a namespace is known to have encrypted fields.
  bool encrypts(std::string_view ns) const;

  // Keeps a string for as long as the analysis lasts, for names that trees borrow.
  std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }

  // The variables of the command's let. Nothing in them is encrypted. nullptr for one that is not
  // known.
  const EncryptionTree* variable(std::string_view name) const {
    const auto found = variables_.find(name);
    return found == variables_.end() ? nullptr : &found->second;
  }
  void add_variable(std::string_view name, EncryptionTree value) {
    variables_.insert_or_assign(name, std::move(value));
  }

  // What the documents that the command answers with look like, where not like those of its
  // collection: said by its projection or its pipeline.
  const std::optional<EncryptionTree>& output() const { return output_; }
  void set_output(EncryptionTree tree) { output_ = std::move(tree); }

  MarkingSink& sink() { return sink_; }
  // Numbers the intervals of the command.
  std::int32_t next_interval_id() { return next_interval_id_++; }
  bool marked() const { return marked_; }
  void set_marked() { marked_ = true; }

 private:
  std::string_view database_;
  const SchemaMap& schemas_;
  MarkingSink& sink_;
  std::deque<std::string> kept_;
  std::map<std::string_view, EncryptionTree> variables_;
  std::optional<EncryptionTree> output_;
  std::int32_t next_interval_id_ = 0;
  bool marked_ = false;
};

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_CONTEXT_H_
