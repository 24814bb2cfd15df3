// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Routers say which database a model is read from, written to and created in.
//
// A router is an object of any class that has one or more of these members:
//
//   std::optional<std::string> db_for_read(const ModelRef&, const Hints&) const;
//   std::optional<std::string> db_for_write(const ModelRef&, const Hints&) const;
//   std::optional<bool> allow_migrate(std::string_view db, std::string_view app_label,
//                                     std::string_view model, const Hints&) const;
//
// model is ModelRef::name, as in the other two: the struct's name, such as "Patient"; it is empty
// for a function of a migration, which belongs to no model.
//
// No value means no opinion: the next router is asked. A class with none of them is not a router
// and does not convert, and one that has a member of such a name with other parameters does not
// compile, so that neither goes unnoticed. Routers are asked from any thread.
//
// allow_relation may be there, so that routers can be carried over, but models have no relations
// and nobody asks it: `manage check` says so.
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

#include "quern/models/model_info.h"

namespace quern {

namespace internal {

// Whether a class has a member of that name, whatever it is: overloaded ones and templates have no
// address, but in a class that derives from theirs and from one with such a member the name is
// ambiguous.
struct RouterNames {
  int db_for_read;
  int db_for_write;
  int allow_relation;
  int allow_migrate;
};
template <class T>
struct WithRouterNames : T, RouterNames {};
template <class T>
concept HasRead = requires {
  &T::db_for_read;
}
|| (!std::is_final_v<T> && !requires { &WithRouterNames<T>::db_for_read; });
template <class T>
concept HasWrite = requires {
  &T::db_for_write;
}
|| (!std::is_final_v<T> && !requires { &WithRouterNames<T>::db_for_write; });
template <class T>
concept HasRelation = requires {
  &T::allow_relation;
}
|| (!std::is_final_v<T> && !requires { &WithRouterNames<T>::allow_relation; });
template <class T>
concept HasMigrate = requires {
  &T::allow_migrate;
}
|| (!std::is_final_v<T> && !requires { &WithRouterNames<T>::allow_migrate; });

template <class T>
concept RoutesReads = requires(const T& router, const ModelRef& model, const Hints& hints) {
  { router.db_for_read(model, hints) } -> std::convertible_to<std::optional<std::string>>;
};
template <class T>
concept RoutesWrites = requires(const T& router, const ModelRef& model, const Hints& hints) {
  { router.db_for_write(model, hints) } -> std::convertible_to<std::optional<std::string>>;
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

// What Router's converting constructor takes: a class with a member that routers have.
template <class T>
concept RouterClass = std::is_class_v<T> &&
    (internal::HasRead<T> || internal::HasWrite<T> || internal::HasMigrate<T>);

// Any router, type-erased. Copies share the object.
class Router {
 public:
  template <class T>
  requires(!std::same_as<std::remove_cvref_t<T>, Router> && RouterClass<std::remove_cvref_t<T>>)
      Router(T&& router)  // NOLINT: converts on purpose
      : name_(internal::class_name<std::remove_cvref_t<T>>()) {
    using Class = std::remove_cvref_t<T>;
    auto shared = std::make_shared<const Class>(std::forward<T>(router));
    if constexpr (internal::HasRead<Class>) {
      static_assert(internal::RoutesReads<Class>,
                    "db_for_read must be: std::optional<std::string> "
                    "db_for_read(const ModelRef&, const Hints&) const");
      read_ = [shared](const ModelRef& m, const Hints& h) -> std::optional<std::string> {
        return shared->db_for_read(m, h);
      };
    }
    if constexpr (internal::HasWrite<Class>) {
      static_assert(internal::RoutesWrites<Class>,
                    "db_for_write must be: std::optional<std::string> "
                    "db_for_write(const ModelRef&, const Hints&) const");
      write_ = [shared](const ModelRef& m, const Hints& h) -> std::optional<std::string> {
        return shared->db_for_write(m, h);
      };
    }
    if constexpr (internal::HasMigrate<Class>) {
      static_assert(internal::RoutesMigrations<Class>,
                    "allow_migrate must be: std::optional<bool> allow_migrate(std::string_view, "
                    "std::string_view, std::string_view, const Hints&) const");
      migrate_ = [shared](std::string_view db, std::string_view app, std::string_view model,
                          const Hints& h) -> std::optional<bool> {
        return shared->allow_migrate(db, app, model, h);
      };
    }
    has_allow_relation_ = internal::HasRelation<Class>;
  }

  // The class's name with its namespaces.
  const std::string& name() const { return name_; }
  // The class has one, which is never asked.
  bool has_allow_relation() const { return has_allow_relation_; }

  std::optional<std::string> db_for_read(const ModelRef& model, const Hints& hints) const {
    return read_ ? read_(model, hints) : std::nullopt;
  }
  std::optional<std::string> db_for_write(const ModelRef& model, const Hints& hints) const {
    return write_ ? write_(model, hints) : std::nullopt;
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
  std::function<std::optional<bool>(std::string_view, std::string_view, std::string_view,
                                    const Hints&)>
      migrate_;
  bool has_allow_relation_ = false;
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
