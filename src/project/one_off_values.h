// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// What makemigrations writes into a migration for documents that are there already, where a new
// member's default will not do: as --default says, else as the user answers, else a refusal.
#ifndef QUERN_PROJECT_ONE_OFF_VALUES_H_
#define QUERN_PROJECT_ONE_OFF_VALUES_H_

#include <string>
#include <vector>

#include "migrations/state.h"
#include "quern/project/command.h"

namespace quern::internal {

class OneOffValues {
 public:
  // apps: the migrations of the others are not written. Throws UsageError for a --default that is
  // not written app.Model.member=VALUE. Borrows the console.
  OneOffValues(CommandContext& context, std::vector<std::string> apps);

  // As migrations::Questioner::value.
  bson::Value value(const migrations::ModelState& model, const std::string& path,
                    const migrations::FieldState& field);

  // Of members that nobody gave a value for.
  const std::vector<std::string>& refusals() const { return refusals_; }
  // Throws UsageError for a --default that no member needs: it is a slip.
  void refuse_unused() const;

 private:
  struct Given {
    std::string label;  // app.Model.member, the model in lower case
    std::string text;
    std::string option;  // as it was written
    bool used = false;
  };
  bson::Value answer(const std::string& label, const migrations::FieldState& field);

  Console& console_;
  const std::vector<std::string> apps_;
  bool ask_;
  std::vector<Given> given_;
  std::vector<std::string> refusals_;
};

}  // namespace quern::internal

#endif  // QUERN_PROJECT_ONE_OFF_VALUES_H_
