// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/one_off_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <utility>

#include "base/text.h"
#include "migrations/required_value.h"
#include "project/question.h"
#include "quern/base/error.h"

namespace quern::internal {
namespace {

// app.Model.member with the model's name in lower case; empty for another text.
std::string normalized(const std::string& label) {
  const std::size_t app = label.find('.');
  const std::size_t model = app == std::string::npos ? app : label.find('.', app + 1);
  if (model == std::string::npos || model + 1 == label.size()) return "";
  return label.substr(0, app) + to_lower(label.substr(app, model - app)) + label.substr(model);
}

}  // namespace

OneOffValues::OneOffValues(CommandContext& context, std::vector<std::string> apps)
    : console_(context.console),
      apps_(std::move(apps)),
      ask_(context.console.in_is_terminal && !context.arguments.has("noinput")) {
  for (const std::string& option : context.arguments.all("default")) {
    const std::size_t equals = std::min(option.find('='), option.size());
    const std::string label = normalized(option.substr(0, equals));
    if (label.empty() || equals == option.size()) {
      throw UsageError(fmt::format("--default {}: write it as app.Model.member=VALUE", option));
    }
    given_.push_back({label, option.substr(equals + 1), option});
  }
}

bson::Value OneOffValues::value(const migrations::ModelState& model, const std::string& path,
                                const migrations::FieldState& field) {
  if (std::find(apps_.begin(), apps_.end(), model.app) == apps_.end()) return {};
  const std::string label = model.label() + "." + path;
  for (Given& given : given_) {
    if (given.label != normalized(label)) continue;
    given.used = true;
    try {
      return migrations::parse_value(given.text, field);
    } catch (const Error& error) {
      throw UsageError(fmt::format("--default {}: {}", given.option, error.what()));
    }
  }
  if (ask_) return answer(label, field);
  refusals_.push_back(fmt::format(
      "{0} may not be empty, and documents that are there have none, so that none of them could be "
      "saved: say --default {0}=VALUE ({1}) for what they get, once, or give the member a default "
      "in the struct, or make it a std::optional",
      label, migrations::expected_value(field)));
  return {};
}

bson::Value OneOffValues::answer(const std::string& label, const migrations::FieldState& field) {
  console_.out << fmt::format(
      "{} may not be empty, and documents that are there have none. Give the value that they get, "
      "once, or end with Ctrl-D and give the member a default in the struct.\n",
      label);
  while (true) {
    const std::string text =
        ask(console_, fmt::format("Value ({}): ", migrations::expected_value(field)));
    try {
      return migrations::parse_value(text, field);
    } catch (const Error& error) {
      console_.out << fmt::format("This will not do: {}.\n", error.what());
    }
  }
}

void OneOffValues::refuse_unused() const {
  for (const Given& given : given_) {
    if (given.used) continue;
    throw UsageError(fmt::format(
        "--default {}: there is no such member that is new, or may be null no more, and needs one",
        given.option));
  }
}

}  // namespace quern::internal
