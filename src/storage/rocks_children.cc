// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/rocks_children.h"

#include <pthread.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace quern::storage {
namespace {

void end_now(int status, void*) {
  std::fflush(nullptr);
  ::_exit(status);
}

// Registered last, it runs before what the parent had registered.
void in_child() { static_cast<void>(::on_exit(end_now, nullptr)); }

}  // namespace

void let_children_exit() {
  [[maybe_unused]] static const int once = ::pthread_atfork(nullptr, nullptr, in_child);
}

}  // namespace quern::storage
