// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// crash_worker DIRECTORY SEED encrypted|plain: writes from several threads and keeps the journal
// (load.h) on standard output, until it is killed. This is the encrypted load, with a compaction
// now and then; the plain one is in plain_worker.cc.
#include <cstdlib>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "crash/journal.h"
#include "crash/load.h"
#include "product/clinic_fixture.h"

namespace quern::crash {
namespace {

using bson::array;
using bson::doc;
using bson::Document;

class Thread {
 public:
  Thread(product::Stack& stack, int number, unsigned seed)
      : stack_(stack), number_(number), random_(seed * 100 + static_cast<unsigned>(number)) {}

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
  struct State {
    int ssn;
    int code;
    Document members(const std::string& id) const {
      return doc("_id", id, "ssn", crash::ssn(ssn), "record", doc("code", code));
    }
    std::string text() const { return std::to_string(ssn) + " " + std::to_string(code); }
  };

  std::size_t pick(std::size_t bound) { return random_() % bound; }
  State state() { return {static_cast<int>(pick(kValues)), static_cast<int>(pick(kValues))}; }
  std::string id(int document) const { return document_id(number_, document); }

  void load_present() {
    for (int document = 0; document < kDocumentsPerThread; ++document) {
      const Document count = run_checked(stack_.encrypting, "clinic",
                                         doc("count", "people", "query", doc("_id", id(document))));
      if (count["n"].whole_number() == 1) present_.insert(document);
    }
  }

  void announce(int document, const std::string& state) {
    journal("? " + std::to_string(number_) + " " + id(document) + " " + state + "\n");
  }
  void acknowledged() { journal("! " + std::to_string(number_) + "\n"); }

  void insert(int document) {
    const State next = state();
    announce(document, next.text());
    run_checked(stack_.encrypting, "clinic",
                doc("insert", "people", "documents", array(next.members(id(document)))));
    acknowledged();
    present_.insert(document);
  }

  void update(int document) {
    const State next = state();
    announce(document, next.text());
    const Document set = doc("$set", doc("ssn", ssn(next.ssn), "record.code", next.code));
    run_checked(
        stack_.encrypting, "clinic",
        doc("update", "people", "updates", array(doc("q", doc("_id", id(document)), "u", set))));
    acknowledged();
  }

  void remove(int document) {
    announce(document, "-");
    run_checked(
        stack_.encrypting, "clinic",
        doc("delete", "people", "deletes", array(doc("q", doc("_id", id(document)), "limit", 1))));
    acknowledged();
    present_.erase(document);
  }

  // Upserts by replacement of two documents, in one transaction.
  void write_two(int first, int second) {
    const State a = state();
    const State b = state();
    announce(first, a.text());
    announce(second, b.text());
    while (!try_two(first, a, second, b)) {
    }
    acknowledged();
    present_.insert(first);
    present_.insert(second);
  }

  bool try_two(int first, const State& a, int second, const State& b) {
    const Document lsid = doc("id", Uuid::random());
    const auto in_transaction = [&](const Document& command, bool starts) {
      bson::Builder builder;
      builder.append_all(command).append("lsid", lsid).append("txnNumber", std::int64_t{1});
      builder.append("autocommit", false);
      if (starts) builder.append("startTransaction", true);
      return builder.finish();
    };
    const auto write = [&](int document, const State& state, bool starts) {
      if (present_.contains(document)) {
        const Document set = doc("$set", doc("ssn", ssn(state.ssn), "record.code", state.code));
        run_checked(stack_.encrypting, "clinic",
                    in_transaction(doc("update", "people", "updates",
                                       array(doc("q", doc("_id", id(document)), "u", set))),
                                   starts));
      } else {
        run_checked(
            stack_.encrypting, "clinic",
            in_transaction(doc("insert", "people", "documents", array(state.members(id(document)))),
                           starts));
      }
    };
    try {
      write(first, a, true);
      write(second, b, false);
      run_checked(stack_.encrypting, "admin", in_transaction(doc("commitTransaction", 1), false));
      return true;
    } catch (const Error& error) {
      if (!error.has_label("TransientTransactionError")) throw;
      try {
        run_checked(stack_.encrypting, "admin", in_transaction(doc("abortTransaction", 1), false));
      } catch (const Error&) {
        // It was aborted by the conflict.
      }
      return false;
    }
  }

  product::Stack& stack_;
  const int number_;
  std::mt19937 random_;
  std::set<int> present_;
};

void compact_for_ever(product::Stack& stack, unsigned seed) {
  std::mt19937 random(seed);
  for (;;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 40));
    const char* name =
        random() % 3 == 0 ? "cleanupStructuredEncryptionData" : "compactStructuredEncryptionData";
    try {
      run_checked(stack.encrypting, "clinic", doc(name, "people"));
    } catch (const Error& error) {
      if (!error.is(ErrorCode::kLockTimeout)) throw;
    }
  }
}

int run(const char* directory, unsigned seed) {
  product::Stack stack(directory);
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] { Thread(stack, number, seed).run(); });
  }
  compact_for_ever(stack, seed);
  return 0;
}

}  // namespace
}  // namespace quern::crash

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto seed = static_cast<unsigned>(std::atoi(argv[2]));
  return std::string_view(argv[3]) == "plain" ? quern::crash::run_plain(argv[1], seed)
                                              : quern::crash::run(argv[1], seed);
}
