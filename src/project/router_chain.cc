// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/router_chain.h"

#include <fmt/format.h>

#include "base/nearest.h"
#include "quern/base/error.h"

namespace quern {
namespace {

// Without its namespaces.
std::string_view short_name(const Router& router) {
  const std::string_view name = router.name();
  const std::size_t colon = name.rfind("::");
  return colon == std::string_view::npos ? name : name.substr(colon + 2);
}

}  // namespace

template <class Ask>
std::string RouterChain::pick(const Hints& hints, const Ask& ask) const {
  for (const Router& router : routers_) {
    const std::optional<std::string> alias = ask(router);
    if (!alias || alias->empty()) continue;
    if (!aliases_.contains(*alias)) {
      const std::vector<std::string> known(aliases_.begin(), aliases_.end());
      const auto hint = nearest(*alias, known);
      throw ImproperlyConfigured(
          fmt::format("router {} returned unknown database '{}'{}", short_name(router), *alias,
                      hint ? fmt::format(". Did you mean '{}'?", *hint) : ""));
    }
    return *alias;
  }
  return hints.instance_database.empty() ? "default" : std::string(hints.instance_database);
}

std::string RouterChain::db_for_read(const ModelRef& model, const Hints& hints) const {
  return pick(hints, [&](const Router& router) { return router.db_for_read(model, hints); });
}

std::string RouterChain::db_for_write(const ModelRef& model, const Hints& hints) const {
  return pick(hints, [&](const Router& router) { return router.db_for_write(model, hints); });
}

bool RouterChain::allow_migrate(std::string_view alias, std::string_view app,
                                std::string_view model, const Hints& hints) const {
  for (const Router& router : routers_) {
    if (const std::optional<bool> answer = router.allow_migrate(alias, app, model, hints)) {
      return *answer;
    }
  }
  return true;
}

std::string RouterChain::who_decided_write(const ModelRef& model, const Hints& hints) const {
  std::vector<std::string> answers;
  for (const Router& router : routers_) {
    const std::optional<std::string> alias = router.db_for_write(model, hints);
    const bool decided = alias && !alias->empty();
    answers.push_back(decided ? fmt::format("{} ('{}')", short_name(router), *alias)
                              : fmt::format("{} (no opinion)", short_name(router)));
    if (decided) break;
  }
  return answers.empty() ? "none" : fmt::format("{}", fmt::join(answers, ", "));
}

}  // namespace quern
