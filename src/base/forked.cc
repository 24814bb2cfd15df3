// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "base/forked.h"

#include <pthread.h>

#include <new>

namespace quern {

MakerProcess::MakerProcess() {
  static const int failure = ::pthread_atfork(nullptr, nullptr, count);
  if (failure != 0) throw std::bad_alloc();  // the only reason that there is
  generation_ = forks_.load(std::memory_order_relaxed);
}

}  // namespace quern
