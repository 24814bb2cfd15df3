// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// One writing thread of the process that is killed. What it writes is a Load:
//
//   static constexpr std::string_view kCollection;
//   using State = …;                                       // of a document
//   static State next(std::mt19937& random);
//   static std::string text(const State&);                 // in the journal
//   static bson::Document document(const std::string& id, const State&);
//   static bson::Document update(const std::string& id, const State&);  // the "u" of an update
#ifndef QUERN_TESTS_CRASH_LOAD_THREAD_H_
#define QUERN_TESTS_CRASH_LOAD_THREAD_H_

#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "crash/journal.h"
#include "crash/load.h"
#include "quern/command/reply.h"

namespace quern::crash {

template <class Load>
class LoadThread {
 public:
  LoadThread(CommandRunner& runner, int number, unsigned seed)
      : runner_(runner), number_(number), random_(seed * 100 + static_cast<unsigned>(number)) {}

  void run() {
    load_present();
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
  using State = typename Load::State;

  std::size_t pick(std::size_t bound) { return random_() % bound; }
  std::string id(int document) const { return document_id(number_, document); }
  bson::Document run(const bson::Document& command) {
    return run_checked(runner_, "clinic", command);
  }

  void load_present() {
    for (int document = 0; document < kDocumentsPerThread; ++document) {
      const bson::Document count =
          run(bson::doc("count", Load::kCollection, "query", bson::doc("_id", id(document))));
      if (count["n"].whole_number() == 1) present_.insert(document);
    }
  }

  void announce(int document, const std::string& state) {
    journal("? " + std::to_string(number_) + " " + id(document) + " " + state + "\n");
  }
  void acknowledged() { journal("! " + std::to_string(number_) + "\n"); }

  bson::Document insert_command(int document, const State& state) const {
    return bson::doc("insert", Load::kCollection, "documents",
                     bson::array(Load::document(id(document), state)));
  }
  bson::Document update_command(int document, const State& state) const {
    return bson::doc("update", Load::kCollection, "updates",
                     bson::array(bson::doc("q", bson::doc("_id", id(document)), "u",
                                           Load::update(id(document), state))));
  }

  void insert(int document) {
    const State next = Load::next(random_);
    announce(document, Load::text(next));
    run(insert_command(document, next));
    acknowledged();
    present_.insert(document);
  }

  void update(int document) {
    const State next = Load::next(random_);
    announce(document, Load::text(next));
    run(update_command(document, next));
    acknowledged();
  }

  void remove(int document) {
    announce(document, "-");
    run(bson::doc("delete", Load::kCollection, "deletes",
                  bson::array(bson::doc("q", bson::doc("_id", id(document)), "limit", 1))));
    acknowledged();
    present_.erase(document);
  }

  // Two documents in one transaction, until it does not conflict.
  void write_two(int first, int second) {
    const State a = Load::next(random_);
    const State b = Load::next(random_);
    announce(first, Load::text(a));
    announce(second, Load::text(b));
    while (!try_two(first, a, second, b)) {
    }
    acknowledged();
    present_.insert(first);
    present_.insert(second);
  }

  bool try_two(int first, const State& a, int second, const State& b) {
    const bson::Document lsid = bson::doc("id", Uuid::random());
    const auto in_transaction = [&](const char* database, const bson::Document& command,
                                    bool starts = false) {
      bson::Builder builder;
      builder.append_all(command).append("lsid", lsid).append("txnNumber", std::int64_t{1});
      builder.append("autocommit", false);
      if (starts) builder.append("startTransaction", true);
      run_checked(runner_, database, builder.finish());
    };
    const auto write = [&](int document, const State& state) {
      return present_.contains(document) ? update_command(document, state)
                                         : insert_command(document, state);
    };
    try {
      in_transaction("clinic", write(first, a), true);
      in_transaction("clinic", write(second, b));
      in_transaction("admin", bson::doc("commitTransaction", 1));
      return true;
    } catch (const Error& error) {
      if (!error.has_label("TransientTransactionError")) throw;
      try {
        in_transaction("admin", bson::doc("abortTransaction", 1));
      } catch (const Error&) {
        // It was aborted by the conflict.
      }
      return false;
    }
  }

  CommandRunner& runner_;
  const int number_;
  std::mt19937 random_;
  std::set<int> present_;
};

// Starts the threads of a load; they run until the process is killed.
template <class Load>
std::vector<std::thread> start_load(CommandRunner& runner, unsigned seed) {
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&runner, number, seed] { LoadThread<Load>(runner, number, seed).run(); });
  }
  return threads;
}

}  // namespace quern::crash

#endif  // QUERN_TESTS_CRASH_LOAD_THREAD_H_
