// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Asks a project's routers, in order.
#ifndef QUERN_PROJECT_ROUTER_CHAIN_H_
#define QUERN_PROJECT_ROUTER_CHAIN_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "quern/project/router.h"

namespace quern {

// Immutable; asked from any thread.
class RouterChain {
 public:
  RouterChain(std::vector<Router> routers, std::set<std::string> aliases)
      : routers_(std::move(routers)), aliases_(std::move(aliases)) {}

  // The first router with an opinion decides, then the alias in the hints, then "default". Throws
  // ImproperlyConfigured when a router names an alias that does not exist.
  std::string db_for_read(const ModelRef& model, const Hints& hints = {}) const;
  std::string db_for_write(const ModelRef& model, const Hints& hints = {}) const;
  // Without an opinion: yes. The model is ModelRef::name, for routers too; empty for what belongs to
  // no model.
  bool allow_migrate(std::string_view alias, std::string_view app, std::string_view model,
                     const Hints& hints = {}) const;

  // "EncryptedRouter (no opinion), AppRouter ('encrypted')": who was asked and said what.
  std::string who_decided_write(const ModelRef& model, const Hints& hints = {}) const;

 private:
  template <class Ask>
  std::string pick(const Hints& hints, const Ask& ask) const;

  std::vector<Router> routers_;
  std::set<std::string> aliases_;
};

}  // namespace quern

#endif  // QUERN_PROJECT_ROUTER_CHAIN_H_
