// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/generator.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

#include "clinic/card.h"
#include "clinic/csv.h"

namespace clinic {
namespace {

constexpr std::array<std::string_view, 48> kFirstNames = {
    "Maria",   "James",  "Olivia", "Liam",  "Emma",    "Noah",   "Sofia", "Lucas",
    "Ana",     "Daniel", "Grace",  "Mateo", "Chloe",   "Samuel", "Aisha", "David",
    "Hannah",  "Omar",   "Julia",  "Wei",   "Fatima",  "Peter",  "Nora",  "Ivan",
    "Priya",   "Jonas",  "Elena",  "Kofi",  "Ingrid",  "Tomás",  "Yuki",  "Amara",
    "Zoë",     "Rashid", "Marit",  "Luca",  "Siobhán", "Dmitri", "Leila", "Haruto",
    "Saoirse", "Anton",  "Mei",    "Thabo", "Frida",   "Jürgen", "Nia",   "Oluwaseun"};

constexpr std::array<std::string_view, 56> kLastNames = {
    "Smith",          "Garcia",      "Johnson",      "Nguyen",
    "Brown",          "Martinez",    "Lee",          "Khan",
    "Müller",         "Silva",       "Wilson",       "Kim",
    "Rossi",          "O'Brien",     "Patel",        "Anderson",
    "Novak",          "Okafor",      "Tanaka",       "Cohen",
    "Ivanova",        "Larsen",      "Dubois",       "Hernández",
    "Schmidt",        "Kowalski",    "Ahmed",        "van Dijk",
    "Costa",          "Jensen",      "Moreau",       "Yilmaz",
    "Eriksson",       "Popescu",     "Mensah",       "Fernandes",
    "MacLeod",        "Horváth",     "Sato",         "Abebe",
    "Lindqvist",      "de Souza",    "Papadopoulos", "Chaudhry",
    "Ó Súilleabháin", "Nakamura",    "Virtanen",     "Bianchi",
    "Haddad",         "Zielińska",   "Castellanos",  "Wojciechowski",
    "Amoah",          "Thorvaldsen", "Quispe",       "Featherstonehaugh"};

// splitmix64: a counter through a mixing function, the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  bool chance(std::uint64_t percent) { return below(100) < percent; }

 private:
  std::uint64_t state_;
};

// Frequent ones first: the n-th is 1/n as frequent as the first.
template <std::size_t N>
std::string_view skewed(Random& random, const std::array<std::string_view, N>& names) {
  constexpr std::uint64_t kFirst = 1'000'000;
  std::uint64_t total = 0;
  for (std::size_t n = 1; n <= N; ++n) total += kFirst / n;
  std::uint64_t rest = random.below(total);
  std::size_t n = 1;
  while (rest >= kFirst / n) rest -= kFirst / n++;
  return names[n - 1];
}

std::string name(Random& random) {
  std::string first(skewed(random, kFirstNames));
  const std::string last(skewed(random, kLastNames));
  if (random.chance(25)) first += fmt::format(" {}.", static_cast<char>('A' + random.below(26)));
  if (random.chance(2)) first += " \"Sunny\"";
  if (random.chance(3)) return fmt::format("{} {}, Jr.", first, last);
  return fmt::format("{} {}", first, last);
}

// The n-th of a million different SSNs, in an order that looks random: the step has no factor in
// common with a million, and so it reaches every number. Area numbers from 900 are never assigned.
std::string ssn(std::int64_t n, std::uint64_t seed) {
  const std::uint64_t number =
      (static_cast<std::uint64_t>(n) * 618'033 + seed % 1'000'000) % 1'000'000;
  return fmt::format("{:03}-{:02}-{:04}", 900 + number / 10'000 % 100,
                     number / 1'000 % 10 * 10 + 1 + number % 9, number % 10'000);
}

struct CardType {
  std::string_view name;
  std::string_view prefix;
  std::size_t digits;
};
constexpr std::array<CardType, 4> kCardTypes = {{{"Visa", "400000", 16},
                                                 {"Mastercard", "555555", 16},
                                                 {"American Express", "378282", 15},
                                                 {"Discover", "601111", 16}}};

const CardType& card_type(Random& random) {
  const std::uint64_t percent = random.below(100);
  return kCardTypes[percent < 55 ? 0 : percent < 83 ? 1 : percent < 94 ? 2 : 3];
}

std::string card_number(Random& random, const CardType& type) {
  std::string digits(type.prefix);
  while (digits.size() + 1 < type.digits) digits += static_cast<char>('0' + random.below(10));
  return with_check_digit(std::move(digits));
}

// Most bills are small, one in a hundred is large.
std::string amount(Random& random) {
  const std::uint64_t percent = random.below(100);
  const std::uint64_t cents = percent < 60   ? 2'000 + random.below(28'000)
                              : percent < 90 ? 30'000 + random.below(120'000)
                              : percent < 99 ? 150'000 + random.below(650'000)
                                             : 800'000 + random.below(5'200'000);
  return fmt::format("{}.{:02}", cents / 100, cents % 100);
}

}  // namespace

void generate_patients(std::ostream& out, std::int64_t count, std::uint64_t seed) {
  out << "name,patient_id,ssn,cc_type,cc_number,bill_amount\n";
  if (count > 0) out << "John Doe,1001,123-45-6789,Visa,4111111111111111,250.75\n";
  Random random(seed);
  for (std::int64_t i = 1; i < count; ++i) {
    const std::string who = name(random);
    const CardType& type = card_type(random);
    const std::string number = card_number(random, type);
    out << fmt::format("{},{},{},{},{},{}\n", csv_field(who), 1001 + i, ssn(i, seed), type.name,
                       number, amount(random));
  }
}

}  // namespace clinic
