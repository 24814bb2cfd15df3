// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Decimal arithmetic on a pipe, for a test that compares it with another implementation. Reads
// lines such as "add 0.1 0.2", answers each with a line: the result.
#include <fmt/format.h>

#include <iostream>
#include <map>
#include <sstream>
#include <string>

#include "bson/decimal.h"
#include "query/value/decimal_math.h"

namespace quern::query {
namespace {

using bson::Decimal128;

Decimal128 operand(std::istream& line) {
  std::string text;
  line >> text;
  return Decimal128::parse(text);
}

template <Decimal128 (*Function)(Decimal128)>
std::string unary(std::istream& line) {
  return Function(operand(line)).to_string();
}
template <Decimal128 (*Function)(Decimal128, Decimal128)>
std::string binary(std::istream& line) {
  const Decimal128 a = operand(line);
  return Function(a, operand(line)).to_string();
}
template <decimal::Rounding rounding>
std::string round(std::istream& line) {
  const Decimal128 a = operand(line);
  int places = 0;
  line >> places;
  return decimal::round(a, places, rounding).to_string();
}

std::string compare(std::istream& line) {
  const Decimal128 a = operand(line);
  const auto order = bson::compare_decimals(a, operand(line));
  return order < 0 ? "-1" : order > 0 ? "1" : "0";
}
std::string to_double(std::istream& line) {
  return fmt::format("{:a}", bson::decimal_to_double(operand(line)));
}
std::string from_double(std::istream& line) {
  double value = 0;
  std::string text;
  line >> text;
  value = std::strtod(text.c_str(), nullptr);
  return bson::decimal_from(value).to_string();
}

const std::map<std::string, std::string (*)(std::istream&)> kOperations = {
    {"add", binary<decimal::add>},
    {"subtract", binary<decimal::subtract>},
    {"multiply", binary<decimal::multiply>},
    {"divide", binary<decimal::divide>},
    {"modulo", binary<decimal::modulo>},
    {"power", binary<decimal::power>},
    {"absolute", unary<decimal::absolute>},
    {"square_root", unary<decimal::square_root>},
    {"exponential", unary<decimal::exponential>},
    {"natural_logarithm", unary<decimal::natural_logarithm>},
    {"logarithm10", unary<decimal::logarithm10>},
    {"round_half_even", round<decimal::Rounding::kHalfEven>},
    {"round_down", round<decimal::Rounding::kDown>},
    {"round_up", round<decimal::Rounding::kUp>},
    {"round_to_zero", round<decimal::Rounding::kToZero>},
    {"compare", compare},
    {"to_double", to_double},
    {"from_double", from_double},
};

}  // namespace
}  // namespace quern::query

int main() {
  for (std::string text; std::getline(std::cin, text);) {
    std::istringstream line(text);
    std::string name;
    line >> name;
    std::cout << quern::query::kOperations.at(name)(line) << '\n';
  }
}
