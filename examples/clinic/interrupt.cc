// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/interrupt.h"

namespace clinic {
namespace {

// A signal handler can reach nothing else.
volatile std::sig_atomic_t signalled = 0;

void remember(int signal) {
  signalled = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  signalled = 0;
  struct sigaction action {};
  action.sa_handler = remember;
  sigaction(SIGINT, &action, &old_int_);
  sigaction(SIGTERM, &action, &old_term_);
}

InterruptGuard::~InterruptGuard() {
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
}

bool InterruptGuard::interrupted() const { return signalled != 0; }

}  // namespace clinic
