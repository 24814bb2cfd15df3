// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/project/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "quern/base/error.h"

namespace quern {

const Arguments::Given& Arguments::find(std::string_view name) const {
  const auto it = values_.find(name);
  if (it == values_.end()) {
    throw Error(ErrorCode::kInternalError, fmt::format("the command has no option '{}'", name));
  }
  return it->second;
}

bool Arguments::has(std::string_view name) const { return find(name).given; }

const std::string& Arguments::text(std::string_view name) const {
  static const std::string empty;
  const Given& given = find(name);
  return given.values.empty() ? empty : given.values.front();
}

std::int64_t Arguments::number(std::string_view name) const {
  const std::string& value = text(name);
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc() || end != value.data() + value.size()) {
    throw UsageError(fmt::format("{}: '{}' is not a whole number", name, value));
  }
  return out;
}

const std::vector<std::string>& Arguments::all(std::string_view name) const {
  return find(name).values;
}

void Arguments::set(std::string name, std::vector<std::string> values, bool given) {
  values_[std::move(name)] = {std::move(values), given};
}

namespace {

// https://no-color.org: set to anything but the empty text.
bool has_colours(int descriptor) {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string_view(value == nullptr ? "" : value);
  };
  return ::isatty(descriptor) == 1 && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
}

}  // namespace

Console Console::standard() {
  return {.out = std::cout,
          .err = std::cerr,
          .in = std::cin,
          .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
          .in_is_terminal = ::isatty(STDIN_FILENO) == 1,
          .out_has_colours = has_colours(STDOUT_FILENO),
          .err_has_colours = has_colours(STDERR_FILENO)};
}

}  // namespace quern
