// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Routers say which database a model is read from, written to and created in.
//
// A router is an object of any class that has one or more of these members:
//
//   std::optional<std::string> db_for_read(const ModelRef&, const Hints&) const;
//   std::optional<std::string> db_for_write(const ModelRef&, const Hints&) const;
//   std::optional<bool> allow_relation(const ModelRef&, const ModelRef&, const Hints&) const;
//   std::optional<bool> allow_migrate(std::string_view db, std::string_view app_label,
//                                     std::string_view model, const Hints&) const;
//
// No value means no opinion: the next router is asked. A class with none of them is not a router
// and does not convert, so that a misspelt member does not go unnoticed. Routers are asked from any
// thread.
#ifndef QUERN_PROJECT_ROUTER_H_
#define QUERN_PROJECT_ROUTER_H_

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "quern/models/model_session.h"

namespace quern {

namespace internal {

template <class T>
concept RoutesReads = requires(const T& router, const ModelRef& model, const Hints& hints) {
  { router.db_for_read(model, hints) } -> std::convertible_to<std::optional<std::string>>;
};
template <class T>
concept RoutesWrites = requires(const T& router, const ModelRef& model, const Hints& hints) {
  { router.db_for_write(model, hints) } -> std::convertible_to<std::optional<std::string>>;
};
template <class T>
concept RoutesRelations = requires(const T& router, const ModelRef& model, const Hints& hints) {
  { router.allow_relation(model, model, hints) } -> std::convertible_to<std::optional<bool>>;
};
template <class T>
concept RoutesMigrations = requires(const T& router, std::string_view text, const Hints& hints) {
  { router.allow_migrate(text, text, text, hints) } -> std::convertible_to<std::optional<bool>>;
};

// "myapp::EncryptedRouter", from the compiler's text for the function.
template <class T>
constexpr std::string_view class_name() {
  std::string_view text = __PRETTY_FUNCTION__;
  text.remove_prefix(text.find("T = ") + 4);
  return text.substr(0, text.find_first_of(";]"));
}

}  // namespace internal

// What Router's converting constructor accepts.
template <class T>
concept RouterClass = internal::RoutesReads<T> || internal::RoutesWrites<T> ||
    internal::RoutesRelations<T> || internal::RoutesMigrations<T>;

// Any router, type-erased. Copies share the object.
class Router {
 public:
  template <class T>
  requires(!std::same_as<std::remove_cvref_t<T>, Router> && RouterClass<std::remove_cvref_t<T>>)
      Router(T&& router)  // NOLINT: converts on purpose
      : name_(internal::class_name<std::remove_cvref_t<T>>()) {
    using Class = std::remove_cvref_t<T>;
    auto shared = std::make_shared<const Class>(std::forward<T>(router));
    if constexpr (internal::RoutesReads<Class>) {
      read_ = [shared](const ModelRef& m, const Hints& h) -> std::optional<std::string> {
        return shared->db_for_read(m, h);
      };
    }
    if constexpr (internal::RoutesWrites<Class>) {
      write_ = [shared](const ModelRef& m, const Hints& h) -> std::optional<std::string> {
        return shared->db_for_write(m, h);
      };
    }
    if constexpr (internal::RoutesRelations<Class>) {
      relation_ = [shared](const ModelRef& a, const ModelRef& b,
                           const Hints& h) -> std::optional<bool> {
        return shared->allow_relation(a, b, h);
      };
    }
    if constexpr (internal::RoutesMigrations<Class>) {
      migrate_ = [shared](std::string_view db, std::string_view app, std::string_view model,
                          const Hints& h) -> std::optional<bool> {
        return shared->allow_migrate(db, app, model, h);
      };
    }
  }

  // The class's name with its namespaces.
  const std::string& name() const { return name_; }

  std::optional<std::string> db_for_read(const ModelRef& model, const Hints& hints) const {
    return read_ ? read_(model, hints) : std::nullopt;
  }
  std::optional<std::string> db_for_write(const ModelRef& model, const Hints& hints) const {
    return write_ ? write_(model, hints) : std::nullopt;
  }
  std::optional<bool> allow_relation(const ModelRef& a, const ModelRef& b,
                                     const Hints& hints) const {
    return relation_ ? relation_(a, b, hints) : std::nullopt;
  }
  std::optional<bool> allow_migrate(std::string_view db, std::string_view app_label,
                                    std::string_view model, const Hints& hints) const {
    return migrate_ ? migrate_(db, app_label, model, hints) : std::nullopt;
  }

 private:
  using Pick = std::function<std::optional<std::string>(const ModelRef&, const Hints&)>;
  std::string name_;
  Pick read_;
  Pick write_;
  std::function<std::optional<bool>(const ModelRef&, const ModelRef&, const Hints&)> relation_;
  std::function<std::optional<bool>(std::string_view, std::string_view, std::string_view,
                                    const Hints&)>
      migrate_;
};

// The usual router: one app lives in one database, and nothing else lives there.
struct AppRouter {
  std::string app;
  std::string database;

  std::optional<std::string> db_for_read(const ModelRef& model, const Hints&) const {
    return model.app_label == app ? std::optional(database) : std::nullopt;
  }
  std::optional<std::string> db_for_write(const ModelRef& model, const Hints& hints) const {
    return db_for_read(model, hints);
  }
  std::optional<bool> allow_migrate(std::string_view db, std::string_view app_label,
                                    std::string_view, const Hints&) const {
    if (app_label == app) return db == database;
    if (db == database) return false;
    return std::nullopt;
  }
};

// Keeps models that are only ever embedded out of the database. In Quern they never get there (a
// struct without an Id is not a collection), so this one has no opinion on anything: it is here so
// that settings can be carried over.
struct MongoRouter {
  std::optional<bool> allow_migrate(std::string_view, std::string_view, std::string_view,
                                    const Hints&) const {
    return std::nullopt;
  }
};

}  // namespace quern

#endif  // QUERN_PROJECT_ROUTER_H_
