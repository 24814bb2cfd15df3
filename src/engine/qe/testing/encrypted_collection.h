// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// An engine in memory with one encrypted collection, and a client's keys to make payloads with:
// what the tests of this folder share. The keys are those of the published test vectors (of key1
// and key2 the token roots are known, which is what tags depend on).
#ifndef QUERN_ENGINE_QE_TESTING_ENCRYPTED_COLLECTION_H_
#define QUERN_ENGINE_QE_TESTING_ENCRYPTED_COLLECTION_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "crypto/data_key.h"
#include "crypto/testing/payloads.h"
#include "engine/qe/insert.h"
#include "engine/session/engine.h"
#include "engine/session/operation.h"
#include "engine/session/retry.h"
#include "quern/bson/json.h"
#include "storage/rocks_store.h"
#include "storage/testing/faulty_store.h"

namespace quern::engine::qe::testing {

inline crypto::DataKey data_key(std::string_view root) {
  Bytes bytes(64, 0);
  const Bytes token_key = from_hex(root);
  bytes.insert(bytes.end(), token_key.begin(), token_key.end());
  return crypto::DataKey(SecretBytes::copy_of(bytes));
}

// The code of the Error that act throws; 0 when it throws none.
inline int code_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

// Fields: "ssn" (string, equality with the given contention, key1), "card.number" (long, equality,
// key2), "notes" (string, no queries, key3).
class EncryptedCollection : public ::testing::Test {
 protected:
  explicit EncryptedCollection(std::int64_t contention = 0)
      : contention(contention),
        fields(schema::EncryptedFields::parse(schema_document(), "people")) {}

  bson::Document schema_document() const {
    bson::Builder b;
    b.append("escCollection", "enxcol_.people.esc").append("ecocCollection", "enxcol_.people.ecoc");
    b.open_array("fields");
    append_field(b, "ssn", "string", id1, true);
    append_field(b, "card.number", "long", id2, true);
    append_field(b, "notes", "string", id3, false);
    b.close();
    return b.finish();
  }

  bson::Value insert_payload(std::string_view value, std::int64_t max_contention = 0) const {
    return binary(crypto::insert_equality_payload(key1, id1, key1, id1, bson::Value::of(value),
                                                  max_contention, random));
  }
  bson::Value insert_payload(std::int64_t value) const {
    return binary(
        crypto::insert_equality_payload(key2, id2, key2, id2, bson::Value::of(value), 0, random));
  }
  bson::Value find_payload(std::string_view value) const {
    return binary(crypto::find_equality_payload(key1, bson::Value::of(value), contention));
  }
  bson::Value find_payload(std::int64_t value) const {
    return binary(crypto::find_equality_payload(key2, bson::Value::of(value), contention));
  }
  bson::Value unindexed(std::string_view value) const {
    return binary(crypto::unindexed_value(key1, id3, bson::Value::of(value), random));
  }
  static bson::Value binary(const Bytes& blob) {
    return bson::Value::of(bson::Binary{bson::BinarySubtype::kEncrypted, blob});
  }

  // Runs act in a transaction of an operation of its own.
  template <class Act>
  auto transact(const Act& act) {
    const bson::Document command = bson::doc("test", 1);
    Operation op(engine, ns.database, command);
    return write_transaction(op, [&] { return act(op); });
  }

  // Inserts a document with payloads, as the insert command does.
  bson::Document insert(const bson::Document& document) {
    return transact([&](Operation& op) {
      bson::Document prepared = prepare_insert(op, ns, fields, WrittenDocument(document));
      op.collection_or_create(ns).insert(op, prepared);
      return prepared;
    });
  }

  std::vector<bson::Document> all(const std::string& collection) {
    return transact([&](Operation& op) {
      std::vector<bson::Document> documents;
      if (const Collection* found = op.collection({ns.database, collection})) {
        RecordCursor cursor = found->scan(op);
        while (cursor.next()) documents.emplace_back(cursor.document());
      }
      return documents;
    });
  }

  static std::vector<std::string> tags_of(bson::View document) {
    std::vector<std::string> tags;
    for (const bson::Element& tag : document["__safeContent__"].as_array()) {
      tags.push_back(to_base64(tag.as_binary().bytes));
    }
    return tags;
  }

  const crypto::DataKey key1 =
      data_key("e3d9219f79586582112740b2add88e1030d91926ae8afc13ee575cfb8bb965b7");
  const crypto::DataKey key2 =
      data_key("47a733bf5e5682c84b3ee7969e4a5fe0e0c21e5e3ee190595a55f83147d8de2a");
  const Uuid id1 = Uuid::from_bytes(from_base64("EjRWeBI0mHYSNBI0VniQEg=="));
  const Uuid id2 = Uuid::from_bytes(from_base64("q83vqxI0mHYSNBI0VniQEg=="));
  const Uuid id3 = Uuid::from_bytes(Bytes(16, 3));
  RandomSource& random = RandomSource::system();

  const Namespace ns{"db", "people"};
  const std::string esc = "enxcol_.people.esc";
  const std::string ecoc = "enxcol_.people.ecoc";
  const std::int64_t contention;
  const schema::EncryptedFields fields;
  const std::shared_ptr<storage::InjectedFaults> faults =
      std::make_shared<storage::InjectedFaults>();
  Engine engine{storage::make_faulty_store(storage::open_rocks_store({}), faults), {}};

 private:
  void append_field(bson::Builder& b, std::string_view path, std::string_view type, const Uuid& key,
                    bool equality) const {
    b.push_document().append("path", path).append("bsonType", type).append("keyId", key);
    if (equality) {
      b.open_document("queries").append("queryType", "equality").append("contention", contention);
      b.close();
    }
    b.close();
  }
};

}  // namespace quern::engine::qe::testing

#endif  // QUERN_ENGINE_QE_TESTING_ENCRYPTED_COLLECTION_H_
