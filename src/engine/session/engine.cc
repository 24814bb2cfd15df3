// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/session/engine.h"

namespace quern::engine {

RandomSource& random_of(const EngineOptions& options) {
  return options.random != nullptr ? *options.random : RandomSource::system();
}

Engine::Engine(std::unique_ptr<storage::Store> store, EngineOptions options)
    : options_(std::move(options)),
      clock_(options_.clock != nullptr ? options_.clock : &Clock::system()),
      random_(&random_of(options_)),
      object_ids_(*random_),
      store_(std::move(store)),
      catalog_(*store_, *random_),
      cursors_(*random_, options_.max_cursors) {
  sessions_.restore(*this);
  housekeeper_ = std::thread([this] { keep_house(); });
}

Engine::~Engine() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  housekeeper_.join();
  sessions_.stop(*this);
  cursors_.kill_all();
}

std::optional<TimePoint> Engine::system_time(std::optional<TimePoint> time) {
  if (!time) return std::nullopt;
  return std::chrono::steady_clock::now() + (*time - clock_->now());
}

void Engine::expire() {
  const auto now = clock_->now();
  cursors_.expire(now, options_.cursor_timeout);
  sessions_.expire(*this, now);
}

void Engine::keep_house() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, std::chrono::seconds(1), [this] { return stopping_; })) {
    lock.unlock();
    expire();
    lock.lock();
  }
}

}  // namespace quern::engine
