// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Asks a loop to stop in good order when the user presses Ctrl-C or the process is told to end.
#ifndef EXAMPLES_CLINIC_INTERRUPT_H_
#define EXAMPLES_CLINIC_INTERRUPT_H_

#include <csignal>

namespace clinic {

// While it exists, SIGINT and SIGTERM only set a flag; a second one ends the process as usual.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  bool interrupted() const;

 private:
  struct sigaction old_int_ {};
  struct sigaction old_term_ {};
};

}  // namespace clinic

#endif  // EXAMPLES_CLINIC_INTERRUPT_H_
