// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The documents of a model as a migration finds them: by the description that the migrations before
// it made, whatever the structs of today look like. A function of a migration gets one from its
// context:
//
//   db.function("myapp", "split_names", [](const quern::MigrationContext& context) {
//     const quern::HistoricalModel patients = context.model("myapp", "Patient");
//     patients.update_each([](quern::bson::View patient) {
//       return quern::bson::doc("first_name", first_word(patient["name"].as_string()));
//     });
//   });
//
// Documents and paths have the stored names. What the description has encrypted is decrypted in the
// documents that come out, and encrypted in what goes in, whatever the compiled models and the
// server say. Validation does not look at it.
#ifndef QUERN_PROJECT_HISTORICAL_MODEL_H_
#define QUERN_PROJECT_HISTORICAL_MODEL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/base/export.h"
#include "quern/bson/document.h"

namespace quern {

// Copies share what they work on, which lives as long as the call of the function.
//
// equal: what documents must have, stored paths to values, {"record.ssn": "123-45-6789"}; empty: all
// of them. Everything throws Error(BadValue) for a path that the model does not have, with the
// nearest one, and what CommandRunner::run and throw_if_error() throw; among it a refusal of an
// encrypted path without an equality query in equal.
class QUERN_EXPORT HistoricalModel {
 public:
  const std::string& collection() const;
  // The stored paths of its members, structs before what is in them.
  std::vector<std::string> paths() const;

  std::int64_t count(bson::View equal = {}) const;
  std::optional<bson::Document> find_one(bson::View equal = {}) const;
  // Until visit returns false.
  void for_each(const std::function<bool(bson::View document)>& visit, bson::View equal = {}) const;

  // An _id is made when the document has none.
  void insert(bson::View document) const;
  // Sets what change returns for each document, paths to values; an empty document: nothing. Returns
  // how many documents were changed. Each is changed on its own: after an interruption some are.
  std::int64_t update_each(const std::function<bson::Document(bson::View document)>& change,
                           bson::View equal = {}) const;
  // Removes paths from the documents. Returns how many documents had one of them.
  std::int64_t unset(const std::vector<std::string>& paths, bson::View equal = {}) const;

  class Implementation;
  explicit HistoricalModel(std::shared_ptr<Implementation> implementation);

 private:
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace quern

#endif  // QUERN_PROJECT_HISTORICAL_MODEL_H_
