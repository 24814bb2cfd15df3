// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// How loops over the data of one document ask whether their work is still wanted: deep inside an
// evaluation nobody carries an operation along, so the thread knows whom it works for.
#ifndef QUERN_QUERY_VALUE_INTERRUPT_H_
#define QUERN_QUERY_VALUE_INTERRUPT_H_

namespace quern::query {

// Whose work a thread does. Throws what ends it: its time limit, a cancellation.
class Interruptible {
 public:
  virtual void check_interrupt() = 0;

 protected:
  ~Interruptible() = default;
};

// As long as it lives, check_interrupt() on this thread asks that one; scopes nest.
class InterruptScope {
 public:
  explicit InterruptScope(Interruptible& operation) : before_(current_) { current_ = &operation; }
  ~InterruptScope() { current_ = before_; }
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

 private:
  friend void check_interrupt();
  static inline thread_local Interruptible* current_ = nullptr;

  Interruptible* before_;
};

// For every turn of a loop whose length the data or the query decides. Does nothing outside of a
// scope.
inline void check_interrupt() {
  if (InterruptScope::current_ != nullptr) InterruptScope::current_->check_interrupt();
}

}  // namespace quern::query

#endif  // QUERN_QUERY_VALUE_INTERRUPT_H_
