// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The same pipeline with a socket in the middle: encrypting runner, libmongoc, the wire, the
// engine.
#include <gmock/gmock.h>

#include "client/mongo_runner.h"
#include "client/wire_peer.h"
#include "clinic_fixture.h"

namespace quern::product {
namespace {

class WireTest : public ClinicTest {
 protected:
  bson::Document run_remote(std::string_view json) {
    const Reply reply = run_checked(encrypting, "clinic", bson::from_json(json));
    return reply.decrypted().plaintext_document();
  }

  client::WirePeer peer{stack->engine};
  client::MongoRunner mongo{peer.uri()};
  keyvault::KeyVault vault{mongo, Namespace{"clinic", "__keyVault"}, stack->registry};
  keyvault::KeyCache cache{vault};
  client::EncryptingRunner encrypting{mongo, cache};
};

TEST_F(WireTest, AValueIsSavedFoundAndReadBack) {
  client::create_encrypted_collection(encrypting, vault, ns, fields);
  run_remote(R"({"insert": "patients", "documents": [{"_id": 1, "ssn": "123-45-6789"}]})");
  const bson::Document reply =
      run_remote(R"({"find": "patients", "filter": {"ssn": "123-45-6789"}})");
  EXPECT_EQ(reply.view().at_path("cursor.firstBatch.0.ssn").as_string(), "123-45-6789");
}

TEST_F(WireTest, CursorsGoOnAcrossConnections) {
  client::create_encrypted_collection(encrypting, vault, ns, fields);
  for (int i = 0; i < 10; ++i) {
    run_checked(encrypting, "clinic",
                bson::doc("insert", "patients", "documents",
                          bson::array(bson::doc("_id", i, "ssn", "same"))));
  }
  int seen = 0;
  for_each_decrypted(
      encrypting, "clinic",
      bson::from_json(R"({"find": "patients", "filter": {"ssn": "same"}, "batchSize": 3})"),
      [&](const DecryptedView& document) {
        EXPECT_EQ(document["ssn"].plaintext().as_string(), "same");
        return ++seen > 0;
      });
  EXPECT_EQ(seen, 10);
}

TEST_F(WireTest, ATransactionIsAllOrNothing) {
  client::create_encrypted_collection(encrypting, vault, ns, fields);
  const bson::Document lsid = bson::doc("id", Uuid::random());
  const auto in_transaction = [&](std::int64_t number, std::string_view database,
                                  const bson::Document& command, bool first = false) {
    bson::Builder builder;
    builder.append_all(command).append("lsid", lsid).append("txnNumber", number);
    builder.append("autocommit", false);
    if (first) builder.append("startTransaction", true);
    return run_checked(encrypting, database, builder.finish());
  };
  const bson::Document insert =
      bson::from_json(R"({"insert": "patients", "documents": [{"_id": 1, "ssn": "123-45-6789"}]})");
  const auto count = [&] {
    return run_remote(R"({"find": "patients", "filter": {"ssn": "123-45-6789"}})")
        .view()
        .at_path("cursor.firstBatch")
        .as_array()
        .count();
  };
  in_transaction(1, "clinic", insert, true);
  EXPECT_EQ(count(), 0u);
  in_transaction(1, "admin", bson::doc("abortTransaction", 1));
  EXPECT_EQ(count(), 0u);
  in_transaction(2, "clinic", insert, true);
  in_transaction(2, "admin", bson::doc("commitTransaction", 1));
  EXPECT_EQ(count(), 1u);
}

TEST_F(WireTest, ErrorsOfTheServerArriveWithTheirCodes) {
  run_remote(R"({"insert": "plain", "documents": [{"_id": 1}]})");
  EXPECT_THROW(run_remote(R"({"insert": "plain", "documents": [{"_id": 1}]})"), IntegrityError);
}

}  // namespace
}  // namespace quern::product
