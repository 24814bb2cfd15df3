// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/command_log.h"

#include <fmt/format.h>

#include <chrono>
#include <string>

#include "quern/base/error.h"

namespace quern::internal {
namespace {

std::string_view outcome(bson::View reply) {
  if (!reply["ok"].truthy()) return "refused";
  return reply.contains("writeErrors") ? "write errors" : "ok";
}

}  // namespace

Reply CommandLog::do_run(std::string_view database, bson::View command, const RunContext& context) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const bson::Element target = command.front();
  std::string ns(database);
  // The cursor of a getMore is a number; its collection stands beside it.
  if (target.is_string()) ns += fmt::format(".{}", target.as_string());
  if (const bson::Element collection = command["collection"]; collection.is_string()) {
    ns += fmt::format(".{}", collection.as_string());
  }
  const auto log = [&](std::string_view how) {
    const std::chrono::duration<double, std::milli> took = Clock::now() - start;
    sink_(fmt::format("{} {}: {}, {:.1f} ms", target.key(), ns, how, took.count()));
  };
  try {
    Reply reply = inner_->run(database, command, context);
    log(outcome(reply));
    return reply;
  } catch (const Error& error) {
    log(error.code_name());
    throw;
  }
}

}  // namespace quern::internal
