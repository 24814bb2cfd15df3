// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A callable of any class that takes these arguments and gives nothing back, as std::function does,
// without what that header costs in every file that includes it. Copies copy the callable.
#ifndef QUERN_BASE_CALLBACK_H_
#define QUERN_BASE_CALLBACK_H_

#include <concepts>
#include <type_traits>
#include <utility>

namespace quern {

template <class... Args>
class Callback {
 public:
  Callback() = default;
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, Callback> &&
           requires(F & call, Args... args) { call(args...); })
      Callback(F&& call)  // NOLINT: converts on purpose
      : held_(is_empty(call) ? nullptr : new Held<std::remove_cvref_t<F>>(std::forward<F>(call))) {}
  Callback(const Callback& other) : held_(other.held_ ? other.held_->copy() : nullptr) {}
  Callback(Callback&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  Callback& operator=(Callback other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~Callback() { delete held_; }

  explicit operator bool() const { return held_ != nullptr; }
  // Only of one that is not empty.
  void operator()(Args... args) const { held_->call(args...); }

 private:
  // A null pointer to a function, or a std::function of nothing.
  template <class F>
  static bool is_empty(const F& call) {
    if constexpr (std::is_class_v<F> && requires { call == nullptr; }) {
      return call == nullptr;
    } else if constexpr (std::is_pointer_v<F>) {
      return call == nullptr;
    } else {
      return false;
    }
  }
  struct Base {
    virtual ~Base() = default;
    virtual Base* copy() const = 0;
    virtual void call(Args... args) = 0;
  };
  template <class F>
  struct Held : Base {
    template <class From>
    explicit Held(From&& from) : function(std::forward<From>(from)) {}
    Base* copy() const override { return new Held(function); }
    void call(Args... args) override { function(args...); }
    F function;
  };
  Base* held_ = nullptr;
};

}  // namespace quern

#endif  // QUERN_BASE_CALLBACK_H_
