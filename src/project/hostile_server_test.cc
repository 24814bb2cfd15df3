// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A server without keys that lies. It runs every command on the real engine and changes one member
// of one reply: by turns every member, at any depth, of every reply to every command that models,
// cursors, inspect and the data changes of migrations send. What it puts there are ciphertexts that
// it has (of the field itself, of another field, of another collection), the member's own
// ciphertext with another type, and plaintext. Whatever it does, no plaintext of an encrypted
// member reaches it in a later command, nor an error's text, nor an output but the rightful one;
// and no plaintext that it made up is taken for the value of an encrypted member.
#include <gmock/gmock.h>

#include <sstream>

#include "migrations/data_change.h"
#include "project/clinic_fixture.h"
#include "project/migration_database.h"

namespace quern::clinic {
namespace {

using bson::Document;
using bson::Value;
using ::testing::HasSubstr;
using ::testing::Not;

struct Card {
  Char<20> holder{};
  Char<20> number{};
};
struct File {
  Encrypted<Char<20>, equality> ssn{};
  Encrypted<Card> card{};
  Encrypted<std::int64_t, equality> balance{};
  Char<20> note{};
};
struct Visit {
  Char<20> doctor{};
};
struct Account {
  Id id{};
  Char<40> name{};
  std::int64_t number = 0;
  File file{};
  std::vector<Visit> visits{};
  Document extra{};
  std::vector<std::uint8_t> bytes{};
};
struct Staff {
  Id id{};
  Encrypted<Char<20>> pin{};
};

constexpr std::int64_t kBalance = 987654321012;  // told by its bytes, too
constexpr std::string_view kMadeUp = "MADE-UP";  // by the server
const auto kSsn = f(&Account::file, &File::ssn);

bool shows_canary(std::string_view text) {
  static const Document number = bson::doc("", kBalance);
  const std::string_view bytes = as_text(number.view().front().bytes());
  return text.find("CANARY") != text.npos || text.find("987654321012") != text.npos ||
         text.find(bytes) != text.npos;
}

// Which member of which reply: the places of members in their documents, outermost first.
struct Position {
  std::size_t call;
  std::vector<std::size_t> places;
  bool ciphertext;
};
using Forge = std::function<Value(bson::ValueView)>;  // missing: the member stays as it is

void append_places(bson::View document, std::vector<std::size_t>& places, std::size_t call,
                   std::vector<Position>& positions) {
  std::size_t place = 0;
  for (const bson::Element& member : document) {
    places.push_back(place++);
    positions.push_back({call, places, member.is_binary(bson::BinarySubtype::kEncrypted)});
    if (member.is_document() || member.is_array()) {
      append_places(member.as_document_or_array(), places, call, positions);
    }
    places.pop_back();
  }
}

void forge(bson::View document, std::span<const std::size_t> places, const Forge& value,
           bson::Builder& out) {
  std::size_t place = 0;
  for (const bson::Element& member : document) {
    if (place++ != places.front()) {
      out.append(member);
    } else if (places.size() == 1) {
      const Value forged = value(member);
      out.append(member.key(), forged.missing() ? member.value() : forged.view());
    } else if (member.is_document() || member.is_array()) {
      if (member.is_document()) {
        out.open_document(member.key());
      } else {
        out.open_array(member.key());
      }
      forge(member.as_document_or_array(), places.subspan(1), value, out);
      out.close();
    } else {
      out.append(member);
    }
  }
}

class Liar : public CommandRunner {
 public:
  explicit Liar(std::shared_ptr<CommandRunner> inner) : inner_(std::move(inner)) {}

  // From now on every command is watched, and the reply at the position is forged, if there is one.
  void watch(const Position* position, const Forge* value) {
    commands.clear();
    replies.clear();
    position_ = position;
    value_ = value;
    watching_ = true;
  }
  void rest() { watching_ = false; }
  void go_on() { watching_ = true; }

  std::vector<Document> commands;
  std::vector<Document> replies;
  std::function<void(bson::View command)> before;  // while it watches
  bool deaf = false;  // to the schemas that a command was judged by, as MongoDB's servers are

 protected:
  Reply do_run(std::string_view database, bson::View command, const RunContext& context) override {
    if (watching_ && before) before(command);
    RunContext heard = context;
    if (deaf) heard.expected_schemas = {};
    Document reply = inner_->run(database, command, heard);
    if (!watching_) return reply;
    commands.emplace_back(command);
    if (position_ != nullptr && position_->call + 1 == commands.size()) {
      bson::Builder forged;
      forge(reply, position_->places, *value_, forged);
      reply = forged.finish();
    }
    replies.push_back(reply);
    return reply;
  }

 private:
  std::shared_ptr<CommandRunner> inner_;
  const Position* position_ = nullptr;
  const Forge* value_ = nullptr;
  bool watching_ = false;
};

class HostileServer : public Clinic {
 protected:
  HostileServer() {
    Settings memory = settings("memory:");
    db = std::make_unique<Project>(memory);
    db->app<Account, Staff>("myapp");
    internal::core_of(*db).runner_pool().wrap_runners(
        [this](std::shared_ptr<CommandRunner> runner) {
          return liar = std::make_shared<Liar>(std::move(runner));
        });
    migrate(*db);
    for (int i = 1; i <= 3; ++i) {
      const std::string n = std::to_string(i);
      Account account{.name = "name " + n,
                      .number = i,
                      .file = {.ssn = "CANARY-" + n,
                               .card = Card{.holder = "CANARY", .number = "CANARY-C" + n},
                               .balance = kBalance,
                               .note = "note " + n},
                      .visits = {{.doctor = "d"}},
                      .extra = bson::doc("k", 1),
                      .bytes = {1, 2}};
      db->save(account);
    }
    Staff staff{.pin = "CANARY-PIN"};
    db->save(staff);
    for (const char* name : {"myapp_account", "myapp_staff"}) {
      for_each(plain(), "encrypted_db", bson::doc("find", name), [&](bson::View document) {
        stored[name].emplace_back(document);
        return true;
      });
    }
    const Document& first = stored["myapp_account"].front();
    ciphertexts = {Value(first.view().at_path("file.ssn").value()),
                   Value(first.view().at_path("file.card").value()),
                   Value(first.view().at_path("file.balance").value()),
                   Value(stored["myapp_staff"].front()["pin"].value())};
    for (const Value& ciphertext : ciphertexts) {
      EXPECT_TRUE(ciphertext.view().is_binary(bson::BinarySubtype::kEncrypted));
    }
  }

  CommandRunner& plain() { return db->plain_runner("encrypted"); }
  internal::Target target() { return internal::core_of(*db).target("encrypted"); }

  // Both collections as they were, and nothing remembered of them.
  void restore() {
    liar->rest();
    for (const auto& [name, documents] : stored) {
      run_checked(plain(), "encrypted_db",
                  bson::doc("delete", name, "deletes",
                            bson::array(bson::doc("q", Document(), "limit", 0))));
      bson::Builder insert;
      insert.append("insert", name).append("bypassDocumentValidation", true);
      insert.open_array("documents");
      for (const Document& document : documents) insert.push(document);
      insert.close();
      run_checked(plain(), "encrypted_db", insert.finish());
    }
    internal::core_of(*db).connection("encrypted").forget_schemas();
    internal::core_of(*db).connection("encrypted").key_cache().clear();
  }

  // What an application does with an object: it logs plain members, and saves it again.
  void use(const Account& account, std::ostream& log) {
    log << account.name << account.number << account.file.note << bson::to_json(account.extra);
    for (const Visit& visit : account.visits) log << visit.doctor;
    log.write(reinterpret_cast<const char*>(account.bytes.data()),
              static_cast<std::streamsize>(account.bytes.size()));
    made_up = made_up || account.file.ssn->find(kMadeUp) != std::string::npos ||
              account.file.card->number.find(kMadeUp) != std::string::npos;
  }

  using Scenario = std::function<void(std::ostream& log)>;

  // Runs the scenario, and once more for every position and forgery.
  void lie(const std::string& name, const Scenario& scenario) {
    restore();
    liar->watch(nullptr, nullptr);
    std::ostringstream honest;
    scenario(honest);
    check(name + ", honestly", honest.str(), "");
    std::vector<Position> positions;
    for (std::size_t call = 0; call < liar->replies.size(); ++call) {
      std::vector<std::size_t> places;
      append_places(liar->replies[call], places, call, positions);
    }
    ASSERT_GT(positions.size(), 5u) << name;

    const std::vector<std::pair<const char*, Forge>> forgeries = {
        {"ssn", [&](bson::ValueView) { return ciphertexts[0]; }},
        {"card", [&](bson::ValueView) { return ciphertexts[1]; }},
        {"balance", [&](bson::ValueView) { return ciphertexts[2]; }},
        {"pin", [&](bson::ValueView) { return ciphertexts[3]; }},
        {"plaintext", [](bson::ValueView) { return Value::of(kMadeUp); }},
        {"document", [&](bson::ValueView) { return Value::of(stored["myapp_account"][0]); }},
        {"type", [](bson::ValueView value) { return relabelled(value); }},
    };
    for (std::size_t i = 0; i < positions.size(); ++i) {
      for (std::size_t j = 0; j < forgeries.size(); ++j) {
        if (j + 1 == forgeries.size() && !positions[i].ciphertext) continue;  // it has no type
        restore();
        liar->watch(&positions[i], &forgeries[j].second);
        std::ostringstream log;
        std::string fault;
        try {
          scenario(log);
        } catch (const std::exception& error) {
          fault = error.what();
        }
        ++tried;
        refused += fault.empty() ? 0 : 1;
        check(name + ", " + forgeries[j].first + " at " + describe(positions[i]), log.str(), fault);
        if (HasFailure()) return;
      }
    }
  }

  static Value relabelled(bson::ValueView value) {
    if (!value.is_binary(bson::BinarySubtype::kEncrypted)) return {};
    const BytesView blob = value.as_binary().bytes;
    if (blob.size() < 18) return {};
    Bytes bytes(blob.begin(), blob.end());
    bytes[17] = bytes[17] == 5 ? 2 : 5;
    return Value::of(bson::Binary{bson::BinarySubtype::kEncrypted, bytes});
  }

  std::string describe(const Position& position) const {
    std::string text = std::to_string(position.call) + ":";
    for (const std::size_t place : position.places) text += " " + std::to_string(place);
    if (position.call < liar->commands.size()) {
      text += " of " + std::string(liar->commands[position.call].view().front().key());
    }
    return text;
  }

  void check(const std::string& where, const std::string& log, const std::string& fault) {
    for (const Document& command : liar->commands) {
      EXPECT_FALSE(shows_canary(as_text(command.bytes())))
          << where << "\nthe server gets " << bson::to_json(command);
    }
    EXPECT_FALSE(shows_canary(fault)) << where << "\n" << fault;
    EXPECT_FALSE(shows_canary(log)) << where << "\n" << log;
    EXPECT_FALSE(made_up) << where;
  }

  std::shared_ptr<Liar> liar;
  std::unique_ptr<Project> db;
  std::map<std::string, std::vector<Document>> stored;
  std::vector<Value> ciphertexts;
  std::size_t tried = 0;
  std::size_t refused = 0;
  bool made_up = false;
};

TEST_F(HostileServer, GetsNothingFromObjectsThatAreReadAndSaved) {
  lie("get and save", [&](std::ostream& log) {
    Account account = db->objects<Account>().get(kSsn == "CANARY-1");
    use(account, log);
    account.name = "new name";
    db->save(account);
    db->refresh(account);
    use(account, log);
  });
  lie("iterate", [&](std::ostream& log) {
    for (Account account : db->objects<Account>()) {
      use(account, log);
      db->save(account);
    }
  });
  lie("change each", [&](std::ostream& log) {
    db->objects<Account>().update_each([&](Account& account) {
      use(account, log);
      account.number += 1;
    });
    db->objects<Account>().update_each(set(&Account::number, std::int64_t{7}));
  });
  EXPECT_GT(refused, 100u);
}

TEST_F(HostileServer, GetsNothingFromListsCountsAndWrites) {
  lie("lists", [&](std::ostream& log) {
    for (const auto& name : db->objects<Account>().values_list(&Account::name)) log << name;
    for (const auto& value : db->objects<Account>().values_list(kSsn)) {
      made_up = made_up || value->find(kMadeUp) != std::string::npos;
    }
    log << db->objects<Account>().count() << db->objects<Account>().exists();
    if (const auto first = db->objects<Account>().first()) use(*first, log);
  });
  lie("create", [&](std::ostream& log) {
    const auto account = [](const char* name) {
      return Account{.name = name,
                     .file = {.ssn = "CANARY-9",
                              .card = Card{.holder = "CANARY", .number = "CANARY-9"},
                              .note = "note"}};
    };
    db->objects<Account>().create(account("x"));
    db->objects<Account>().bulk_create(std::vector<Account>{account("y"), account("z")});
    const auto [found, created] = db->objects<Account>().update_or_create(
        kSsn == "CANARY-1", account("w"), set(&Account::number, std::int64_t{7}));
    use(found, log);
    log << created;
  });
  lie("remove", [&](std::ostream& log) {
    Account account = db->objects<Account>().get(kSsn == "CANARY-1");
    log << db->remove(account) << db->objects<Account>().remove();
  });
  lie("transaction", [&](std::ostream& log) {
    db->transaction("encrypted", [&](Transaction& tx) {
      Account account = tx.objects<Account>().get(kSsn == "CANARY-2");
      use(account, log);
      account.number = 5;
      tx.save(account);
      log << tx.objects<Account>().count();
    });
  });
}

TEST_F(HostileServer, GetsNothingFromCommandsAndCursors) {
  const auto json = [](const char* text) { return bson::from_json(text); };
  const auto read = [&](const char* command, std::ostream& log) {
    // The application logs what it may: what came, and goes on reading.
    for_each_decrypted(*target().runner, "encrypted_db", json(command),
                       [&](const DecryptedView& document) {
                         log << bson::to_json(document.raw());
                         run_checked(*target().runner, "encrypted_db",
                                     bson::doc("find", "myapp_account", "filter",
                                               bson::doc("_id", document.raw()["_id"].value())));
                         return true;
                       });
  };
  lie("cursors", [&](std::ostream& log) {
    read(R"({"find": "myapp_account", "batchSize": 1})", log);
    read(R"({"aggregate": "myapp_account", "cursor": {"batchSize": 1},
             "pipeline": [{"$project": {"moved": "$file.ssn", "x": {"$cond": [true, "$file.balance",
                           "none"]}, "name": 1}}]})",
         log);
    for_each(*target().runner, "encrypted_db", json(R"({"find": "myapp_account", "batchSize": 1})"),
             [](bson::View) { return false; });
  });
  lie("commands", [&](std::ostream& log) {
    for (
        const char* command : {
            R"({"findAndModify": "myapp_account", "query": {"number": 1},
                 "update": {"$set": {"file.ssn": "CANARY-7"}}})",
            R"({"update": "myapp_account", "updates": [{"q": {"file.ssn": "CANARY-2"},
                 "u": {"$set": {"file.balance": {"$numberLong": "987654321012"}}}}]})",
            R"({"delete": "myapp_account", "deletes": [{"q": {"file.ssn": "CANARY-3"}, "limit": 1}]})",
            R"({"insert": "myapp_staff", "documents": [{"pin": "CANARY-PIN2"}]})",
            R"({"count": "myapp_account", "query": {"file.ssn": "CANARY-2"}})",
            R"({"explain": {"find": "myapp_account", "filter": {"file.ssn": "CANARY-2"}}})",
            R"({"listIndexes": "myapp_account"})",
            R"({"listCollections": 1})",
        }) {
      const Reply reply = db->run("encrypted", json(command));
      log << bson::to_json(reply);
    }
  });
}

// It changes the collection in the moment before it executes a command, so that whatever the client
// knew of it is wrong.
TEST_F(HostileServer, GetsNothingByChangingACollectionUnderACommand) {
  const char* const commands[] = {
      R"({"insert": "myapp_account", "documents": [{"file": {"ssn": "CANARY-9"}}],
          "bypassDocumentValidation": true})",
      R"({"insert": "myapp_account", "documents": [{"file": {"card": {"number": "CANARY-9"}}}],
          "bypassDocumentValidation": true})",
      R"({"update": "myapp_account", "updates": [{"q": {"file.ssn": "CANARY-1"}, "upsert": true,
          "u": {"$set": {"file.balance": {"$numberLong": "987654321012"}}}}]})",
      R"({"findAndModify": "myapp_account", "query": {"number": 9}, "upsert": true,
          "update": {"$set": {"file.card": {"number": "CANARY-9"}}}})",
      R"({"find": "myapp_account", "filter": {"file.ssn": "CANARY-1"}})",
  };
  Document fields;
  const Document list =
      bson::doc("listCollections", 1, "filter", bson::doc("name", "myapp_account"));
  for_each(plain(), "encrypted_db", list, [&](bson::View info) {
    fields = Document(info.at_path("options.encryptedFields").as_document());
    return true;
  });
  CommandRunner& runner = *target().runner;
  enum class Change { kDropped, kPlain };
  for (const Change change : {Change::kDropped, Change::kPlain}) {
    for (const bool deaf : {false, true}) {
      for (const char* text : commands) {
        const Document command = bson::from_json(text);
        restore();
        run_checked(runner, "encrypted_db", bson::doc("count", "myapp_account"));  // asks for it
        liar->watch(nullptr, nullptr);
        liar->deaf = deaf;
        bool changed = false;
        liar->before = [&](bson::View sent) {
          if (changed || sent.front().key() != command.view().front().key()) return;
          changed = true;
          liar->rest();
          run_checked(*liar, "encrypted_db", bson::doc("drop", "myapp_account"));
          if (change == Change::kPlain) {
            run_checked(*liar, "encrypted_db", bson::doc("create", "myapp_account"));
          }
          liar->go_on();
        };
        std::string fault;
        try {
          run_checked(runner, "encrypted_db", command);
        } catch (const std::exception& error) {
          fault = error.what();
        }
        const bool makes = command.view().front().key() != "find";
        if (!deaf && makes) {
          EXPECT_FALSE(fault.empty()) << text;
          EXPECT_EQ(change == Change::kPlain,
                    internal::core_of(*db).connection("encrypted").has_collection("myapp_account"))
              << text;
        }
        check(text, dump(*db, "encrypted"), fault);
        liar->rest();
        liar->deaf = false;
        liar->before = nullptr;
        if (internal::core_of(*db).connection("encrypted").has_collection("myapp_account")) {
          run_checked(plain(), "encrypted_db", bson::doc("drop", "myapp_account"));
        }
        run_checked(plain(), "encrypted_db",
                    bson::doc("create", "myapp_account", "encryptedFields", fields));
      }
    }
  }
}

TEST_F(HostileServer, GetsNothingFromTheDataChangesOfMigrations) {
  const auto path = [](std::vector<std::string> columns, std::vector<bool> in_array) {
    migrations::StoredPath out;
    out.columns = std::move(columns);
    out.in_array = std::move(in_array);
    return out;
  };
  lie("data changes", [&](std::ostream&) {
    internal::MigrationDatabase database(*db, "encrypted");
    const Value zero = Value::of(std::int32_t{0});
    add_member(database, "myapp_account", path({"added"}, {false}), zero);
    add_member(database, "myapp_account", path({"visits", "added"}, {true, false}), zero);
    rename_member(database, "myapp_account", path({"visits", "doctor"}, {true, false}), "who");
    rename_member(database, "myapp_account", path({"name"}, {false}), "full_name");
    convert_member(database, "myapp_account", path({"number"}, {false}), [](bson::ValueView value) {
      // A rule that would keep a text as it is.
      if (value.is_string()) return Value::of(value.as_string());
      const auto whole = value.whole_number();
      return whole ? Value::of(static_cast<double>(*whole)) : Value();
    });
    remove_member(database, "myapp_account", path({"extra"}, {false}));
  });
  lie("migrate", [&](std::ostream& log) {
    for (const char* command : {"showmigrations", "migrate"}) {
      const Ran ran = run(*db, {command, "--database", "encrypted"});
      log << ran.out << ran.err;
    }
  });
}

TEST_F(HostileServer, InspectShowsAValueOnlyAtTheFieldThatItIsOf) {
  lie("inspect", [&](std::ostream& log) {
    const Ran ran = run(*db, {"inspect", "Account", "--limit", "2"});
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);) {
      const std::string text = line.substr(std::min(line.find_first_not_of(' '), line.size()));
      if (text.starts_with("file.ssn ") || text.starts_with("file.card ") ||
          text.starts_with("file.balance ")) {
        EXPECT_EQ(text.find(kMadeUp), text.npos) << line;
        continue;
      }
      log << line << '\n';
    }
    log << ran.err;
  });
}

// A name that looks like the path of an encrypted member, or that brings lines of its own, would
// pass for what was decrypted.
TEST_F(HostileServer, InspectTellsNamesFromPathsAndText) {
  restore();
  run_checked(plain(), "encrypted_db",
              bson::doc("delete", "myapp_account", "deletes",
                        bson::array(bson::doc("q", Document(), "limit", 0))));
  const Document planted = bson::doc("_id", 1, "file.ssn", kMadeUp, "a\n  file.ssn", kMadeUp, "",
                                     "x\x1b[2J\x7f\u009b\u202ey\u200f\u061cz");
  run_checked(plain(), "encrypted_db",
              bson::doc("insert", "myapp_account", "bypassDocumentValidation", true, "documents",
                        bson::array(planted)));
  const std::string out = run_ok(*db, {"inspect", "Account"});
  EXPECT_THAT(out, HasSubstr("  \"file.ssn\" "));
  EXPECT_THAT(out, HasSubstr("  \"a\\n  file.ssn\" "));
  EXPECT_THAT(out, HasSubstr("\"x\\u001b[2J\\u007f\\u009b\\u202ey\\u200f\\u061cz\""));
  EXPECT_THAT(out, Not(HasSubstr("  file.ssn ")));
}

}  // namespace
}  // namespace quern::clinic
