// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The plain load: documents with a unique and a multikey index from several threads, transactions
// of two documents, batches, and an index that comes and goes.
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "crash/journal.h"
#include "crash/load.h"
#include "engine/engine_runner.h"
#include "quern/command/reply.h"

namespace quern::crash {
namespace {

using bson::array;
using bson::doc;
using bson::Document;

class PlainThread {
 public:
  PlainThread(CommandRunner& runner, int number, unsigned seed)
      : runner_(runner), number_(number), random_(seed * 100 + static_cast<unsigned>(number)) {}

  void run() {
    for (int document = 0; document < kDocumentsPerThread; ++document) {
      const Document count =
          run_checked(runner_, "clinic", doc("count", "plain", "query", doc("_id", id(document))));
      if (count["n"].whole_number() == 1) present_.insert(document);
    }
    for (;;) {
      const int document = static_cast<int>(pick(kDocumentsPerThread));
      if (pick(6) == 0) {
        write_two(document, (document + 1) % kDocumentsPerThread);
      } else if (!present_.contains(document)) {
        insert(document);
      } else if (pick(4) == 0) {
        remove(document);
      } else {
        update(document);
      }
    }
  }

 private:
  std::size_t pick(std::size_t bound) { return random_() % bound; }
  std::string id(int document) const { return document_id(number_, document); }

  // Everything in a document follows from its id and one number: a torn one shows.
  Document members(int document, int value) const {
    return doc("_id", id(document), "value", value, "unique",
               id(document) + ":" + std::to_string(value), "tags",
               array(value, value + 1, value + 2), "filler", std::string(200, 'x'));
  }
  void announce(int document, const std::string& state) {
    journal("? " + std::to_string(number_) + " " + id(document) + " " + state + "\n");
  }
  void acknowledged() { journal("! " + std::to_string(number_) + "\n"); }
  int value() { return static_cast<int>(pick(1000)); }

  Document insert_command(int document, int value) const {
    return doc("insert", "plain", "documents", array(members(document, value)));
  }
  Document update_command(int document, int value) const {
    return doc("update", "plain", "updates",
               array(doc("q", doc("_id", id(document)), "u", members(document, value))));
  }

  void insert(int document) {
    const int next = value();
    announce(document, std::to_string(next));
    run_checked(runner_, "clinic", insert_command(document, next));
    acknowledged();
    present_.insert(document);
  }
  void update(int document) {
    const int next = value();
    announce(document, std::to_string(next));
    run_checked(runner_, "clinic", update_command(document, next));
    acknowledged();
  }
  void remove(int document) {
    announce(document, "-");
    run_checked(
        runner_, "clinic",
        doc("delete", "plain", "deletes", array(doc("q", doc("_id", id(document)), "limit", 1))));
    acknowledged();
    present_.erase(document);
  }

  void write_two(int first, int second) {
    const int a = value();
    const int b = value();
    announce(first, std::to_string(a));
    announce(second, std::to_string(b));
    while (!try_two(first, a, second, b)) {
    }
    acknowledged();
    present_.insert(first);
    present_.insert(second);
  }
  bool try_two(int first, int a, int second, int b) {
    const Document lsid = doc("id", Uuid::random());
    const auto run = [&](const char* database, const Document& command, bool starts) {
      bson::Builder builder;
      builder.append_all(command).append("lsid", lsid).append("txnNumber", std::int64_t{1});
      builder.append("autocommit", false);
      if (starts) builder.append("startTransaction", true);
      run_checked(runner_, database, builder.finish());
    };
    const auto write = [&](int document, int next) {
      return present_.contains(document) ? update_command(document, next)
                                         : insert_command(document, next);
    };
    try {
      run("clinic", write(first, a), true);
      run("clinic", write(second, b), false);
      run("admin", doc("commitTransaction", 1), false);
      return true;
    } catch (const Error& error) {
      if (!error.has_label("TransientTransactionError")) throw;
      return false;
    }
  }

  CommandRunner& runner_;
  const int number_;
  std::mt19937 random_;
  std::set<int> present_;
};

void change_indexes_for_ever(CommandRunner& runner, unsigned seed) {
  std::mt19937 random(seed);
  const Document create = doc("createIndexes", "plain", "indexes",
                              array(doc("name", "coming", "key", doc("value", 1, "unique", -1))));
  for (;;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 30));
    run_checked(runner, "clinic", create);
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 30));
    run_checked(runner, "clinic", doc("dropIndexes", "plain", "index", "coming"));
  }
}

}  // namespace

int run_plain(const char* directory, unsigned seed) {
  engine::EngineRunner runner(engine::EngineOptions{.directory = directory});
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] { PlainThread(runner, number, seed).run(); });
  }
  change_indexes_for_ever(runner, seed);
  return 0;
}

}  // namespace quern::crash
