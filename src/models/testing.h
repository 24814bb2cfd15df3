// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// For tests of this layer: the clinic's models, and a session whose runner records commands and
// plays back scripted replies.
#ifndef QUERN_MODELS_TESTING_H_
#define QUERN_MODELS_TESTING_H_

#include <algorithm>
#include <deque>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/member_codec.h"
#include "models/session.h"
#include "models/value_type.h"
#include "quern/bson/json.h"
#include "quern/command/command_runner.h"
#include "quern/models/models.h"

namespace quern::testing {

// Has a codec whose errors are no quern::Error and show the value.
struct Price {
  int cents = 0;
};

}  // namespace quern::testing

template <>
struct quern::codec<quern::testing::Price> {
  using stored = std::int32_t;
  static std::int32_t to_stored(const testing::Price& price) { return checked(price.cents); }
  static testing::Price from_stored(std::int32_t cents) { return {checked(cents)}; }
  static std::int32_t checked(std::int32_t cents) {
    if (cents < 0) throw std::out_of_range("negative: " + std::to_string(cents));
    return cents;
  }
};

namespace quern::testing {

struct Billing {
  Char<50> cc_type;
  Char<20> cc_number;

  friend bool operator==(const Billing&, const Billing&) = default;
};

struct PatientRecord {
  Encrypted<Char<11>, equality> ssn;
  Encrypted<Billing> billing;
  Decimal<10, 2> bill_amount;
};

struct Patient {
  Id id{};
  Char<255> name;
  std::int64_t patient_id = 0;
  PatientRecord patient_record;
};

inline Patient john() {
  return {.name = "John Doe",
          .patient_id = 1001,
          .patient_record = {.ssn = "123-45-6789",
                             .billing = Billing{.cc_type = "Visa", .cc_number = "4111111111111111"},
                             .bill_amount = 250.75}};
}

// A reply as an encrypting runner gives it.
class EncryptedReply {
 public:
  // Dotted paths of the documents of cursor.firstBatch.
  explicit EncryptedReply(const std::vector<std::string>& paths)
      : paths_(std::make_shared<std::vector<std::string>>(paths)) {}

  Reply make(const bson::Document& reply) {
    bson::Builder out;
    copy(reply, "", out);
    bson::Document raw = out.finish();
    auto plaintexts = std::make_shared<Plaintexts>(paths_);
    add(raw, raw, *plaintexts);
    return Reply(std::move(raw), std::move(plaintexts));
  }

 private:
  static constexpr std::string_view kBatch = "cursor.firstBatch.";

  void copy(bson::View from, const std::string& prefix, bson::Builder& out) {
    for (const bson::Element& member : from) {
      const std::string path = prefix + std::string(member.key());
      std::string in_document;
      if (path.starts_with(kBatch)) in_document = path.substr(path.find('.', kBatch.size()) + 1);
      const auto at = std::find(paths_->begin(), paths_->end(), in_document);
      if (at != paths_->end()) {
        values_.push_back({bson::Value(member.value()), *at});
        const std::uint8_t blob[] = {16, 0, 0};
        out.append(member.key(), bson::Binary{bson::BinarySubtype::kEncrypted, blob});
      } else if (member.is_document() || member.is_array()) {
        if (member.is_document()) {
          out.open_document(member.key());
        } else {
          out.open_array(member.key());
        }
        copy(member.as_document_or_array(), path + ".", out);
        out.close();
      } else {
        out.append(member);
      }
    }
  }
  // In the order in which copy() met them.
  void add(bson::View raw, bson::View in, Plaintexts& plaintexts) {
    for (const bson::Element& member : in) {
      if (member.is_document() || member.is_array()) {
        add(raw, member.as_document_or_array(), plaintexts);
      } else if (member.is_binary(bson::BinarySubtype::kEncrypted) && next_ < values_.size()) {
        auto& [value, field] = values_[next_++];
        plaintexts.add(static_cast<std::size_t>(member.bytes().data() - raw.data()),
                       std::move(value), field);
      }
    }
  }

  std::shared_ptr<const std::vector<std::string>> paths_;
  std::vector<std::pair<bson::Value, std::string_view>> values_;
  std::size_t next_ = 0;
};

// Records every command as relaxed JSON, "database: command". Answers from `replies`, then with
// {ok: 1, n: 1, nModified: 1} and an empty cursor.
class ScriptedRunner : public CommandRunner {
 public:
  Reply do_run(std::string_view database, bson::View command, const RunContext&) override {
    commands.push_back(std::string(database) + ": " + bson::to_json(command));
    documents.emplace_back(command);
    if (replies.empty()) {
      return bson::from_json(
          R"({"ok": 1, "n": 1, "nModified": 1,
              "cursor": {"id": {"$numberLong": "0"}, "firstBatch": [], "nextBatch": []}})");
    }
    Reply reply = std::move(replies.front());
    replies.pop_front();
    return reply;
  }
  // In the documents of its first batch the members at encrypted (dotted paths) are ciphertexts,
  // decrypted to what json has there.
  void reply(std::string_view json, const std::vector<std::string>& encrypted = {}) {
    replies.push_back(EncryptedReply(encrypted).make(bson::from_json(json)));
  }

  std::vector<std::string> commands;
  std::vector<bson::Document> documents;
  std::deque<Reply> replies;
};

// Databases "default" (plain) and "encrypted"; models with encrypted fields go to the second one.
class ScriptedCore : public internal::SessionCore {
 public:
  const ModelRef& registered(const ModelInfo& model) override {
    ModelRef& ref = models_[&model];
    if (ref.info == nullptr) ref = {"myapp", model.name, model.collection_name("myapp"), &model};
    return ref;
  }
  std::string choose_database(const ModelRef& model, internal::DatabaseUse use,
                              const Hints& hints) override {
    asked.push_back(model.app_label + "." + model.name +
                    (use == internal::DatabaseUse::kRead ? " read" : " write") +
                    (hints.instance_database.empty() ? "" : " from ") +
                    std::string(hints.instance_database));
    return model.info->has_encrypted_fields() ? "encrypted" : "default";
  }
  internal::Target target(std::string_view alias) override {
    if (alias != "default" && alias != "encrypted") {
      throw ImproperlyConfigured("The connection '" + std::string(alias) + "' doesn't exist.");
    }
    return {std::string(alias), alias == "encrypted" ? "encrypted_db" : "my_db", &runner,
            alias == "encrypted"};
  }

  ScriptedRunner runner;
  std::vector<std::string> asked;

 private:
  std::map<const ModelInfo*, ModelRef> models_;
};

class ScriptedSession : public ScriptedCore, public ModelSession {
 public:
  ScriptedSession() : ModelSession(static_cast<internal::SessionCore&>(*this)) {}
};

}  // namespace quern::testing

#endif  // QUERN_MODELS_TESTING_H_
