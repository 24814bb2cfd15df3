// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Five models and twenty queries, as an application has them in one file.
#include <quern/models/models.h>

namespace shop {

using quern::between;
using quern::Char;
using quern::Decimal;
using quern::desc;
using quern::Encrypted;
using quern::equality;
using quern::f;
using quern::icontains;
using quern::Id;
using quern::in;
using quern::is_null;
using quern::ModelSession;
using quern::startswith;
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

struct Address {
  Char<80> street;
  Char<40> city;
  std::optional<std::string> note;
};
struct Customer {
  Id id{};
  Char<255> name;
  std::int64_t number = 0;
  Encrypted<Char<11>, equality> ssn;
  Address address;
  std::vector<std::string> tags;

  struct Meta {
    static auto indexes() { return quern::Indexes{quern::index(&Customer::name)}; }
    static auto ordering() { return quern::Ordering{quern::asc(&Customer::name)}; }
  };
};
struct Product {
  Id id{};
  Char<60> title;
  Decimal<10, 2> price;
  std::int32_t stock = 0;
  bool active = true;
};
struct Line {
  Char<60> product;
  std::int32_t count = 0;
  Decimal<10, 2> price;
};
struct Order {
  Id id{};
  std::int64_t customer = 0;
  std::vector<Line> lines;
  Time placed{};
  Encrypted<std::string> remark;
};
struct Payment {
  Id id{};
  std::int64_t order = 0;
  Encrypted<Char<20>, equality> card;
  Decimal<10, 2> amount;
};
struct Shipment {
  Id id{};
  std::int64_t order = 0;
  std::optional<Time> sent;
  std::string carrier;
};

std::int64_t queries(ModelSession& db) {
  std::int64_t n = 0;
  const auto customers = db.objects<Customer>();
  n += customers.filter(f(&Customer::ssn) == "123-45-6789").count();
  n += customers.filter(f(&Customer::name) == "Ann" && f(&Customer::number) > 5).count();
  for (const Customer& c : customers.filter(startswith(f(&Customer::name), "A")).limit(10)) {
    n += c.number;
  }
  n += customers.exclude(f(&Customer::address, &Address::city) == "Bern").exists();
  n += std::ssize(customers.values_list(f(&Customer::name), f(&Customer::number)));
  n += customers.get(f(&Customer::number) == 7).number;

  const auto products = db.objects<Product>();
  n += products.filter(f(&Product::price) < "9.99").order_by(desc(f(&Product::price))).count();
  n += products.filter(f(&Product::active) == true).update(quern::set(&Product::stock, 0));
  n += products.filter(between(f(&Product::stock), 1, 9)).count();
  n += products.filter(in(f(&Product::title), {"a", "b"})).count();

  const auto orders = db.objects<Order>();
  n += orders.filter(f(&Order::customer) == 3).count();
  for (const Order& order : orders.order_by(desc(f(&Order::placed)))) n += order.customer;
  n += orders.filter(f(&Order::customer) >= 3 || f(&Order::customer) < 1).remove();

  const auto payments = db.objects<Payment>();
  n += payments.filter(f(&Payment::card) == "4111").count();
  n += payments.filter(in(f(&Payment::card), std::vector<std::string>{"1"})).count();
  if (const auto payment = payments.try_get(f(&Payment::order) == 9)) n += payment->order;
  payments.bulk_create(std::vector<Payment>(2));

  const auto shipments = db.objects<Shipment>();
  n += shipments.filter(is_null(f(&Shipment::sent))).count();
  n += shipments.filter(icontains(f(&Shipment::carrier), "post")).count();
  n += shipments.get_or_create(f(&Shipment::order) == 1, Shipment{.order = 1}).second;
  return n;
}

}  // namespace shop
