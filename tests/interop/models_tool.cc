// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Plain models on a server that is not ours: migrations, saving, query sets and cursors through
// libmongoc. Usage: models_tool mongodb://HOST:PORT/; exits with 1 at the first answer that is not
// the one a query set owes. Such servers need not have transactions, so none is used.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "quern/quern.h"
#include "quern/testing/temporary_folder.h"

namespace {

using quern::f;

struct Author {
  quern::Id id{};
  quern::Char<100> name;
  int born{};
};

struct Edition {
  int year{};
  std::optional<double> price;
};

struct Book {
  quern::Id id{};
  quern::Char<100> title;
  std::int64_t pages{};
  Edition edition;
  std::vector<std::string> tags;
};

// A folder of this run's own, which is the current one while it exists.
class Scratch {
 public:
  Scratch() { std::filesystem::current_path(folder_.path()); }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::current_path("/", ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

 private:
  quern::testing::TemporaryFolder folder_;
};

template <class Wanted, class Got>
void expect(std::string_view what, const Wanted& wanted, const Got& got) {
  if (got == wanted) return;
  throw std::runtime_error(fmt::format("{}: {} instead of {}", what, got, wanted));
}

void manage(quern::Project& db, std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "manage");
  expect(arguments[1], 0, quern::manage(db, static_cast<int>(arguments.size()), arguments.data()));
}

void check(quern::Project& db) {
  manage(db, {"makemigrations"});
  manage(db, {"migrate"});
  manage(db, {"check", "--database", "default"});

  constexpr int kBooks = 2500;  // many batches of a cursor
  std::vector<Book> books;
  for (int i = 0; i < kBooks; ++i) {
    books.push_back({.title = fmt::format("book {:04}", i),
                     .pages = (std::int64_t{1} << 40) + i,
                     .edition = {.year = 1900 + i % 100, .price = {}},
                     .tags = {"first", fmt::format("tag {}", i % 7)}});
    if (i % 2 == 0) books.back().edition.price = i / 8.0;
  }
  db.objects<Book>().bulk_create(books, {.atomic = false});

  const auto all = db.objects<Book>();
  expect("count", kBooks, all.count());
  expect("equality of a nested member", 25,
         all.filter(f(&Book::edition, &Edition::year) == 1942).count());
  expect("range", 10, all.filter(f(&Book::pages) < (std::int64_t{1} << 40) + 10).count());
  expect("null", kBooks / 2, all.exclude(is_null(f(&Book::edition, &Edition::price))).count());

  int next = 0;
  for (const Book& book : all.order_by(&Book::title)) {
    expect("title in order", std::string(books[next].title), std::string(book.title));
    expect("pages", books[next].pages, book.pages);
    expect("tags", books[next].tags.back(), book.tags.back());
    ++next;
  }
  expect("documents of the cursor", kBooks, next);

  Author author{.name = "Ann", .born = 1900};
  db.save(author);
  author.born = 1901;
  db.save(author);
  author.born = 0;
  db.refresh(author);
  expect("what was saved last", 1901, author.born);

  all.filter(f(&Book::edition, &Edition::year) == 1942).update(set(f(&Book::pages), 7));
  expect("updated", 25, all.filter(f(&Book::pages) == 7).count());
  all.filter(f(&Book::pages) == 7).remove();
  expect("left after removal", kBooks - 25, all.count());

  manage(db, {"migrate", "library", "zero"});
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) throw std::runtime_error("usage: models_tool mongodb://HOST:PORT/");
  const Scratch scratch;
  quern::Project db{{.databases = {{"default", {.host = argv[1], .name = "library"}}}}};
  db.app<Author, Book>("library");
  check(db);
  std::cout << "all answers as they must be\n";
} catch (const std::exception& error) {
  std::cerr << "models_tool: " << error.what() << '\n';
  return 1;
}
