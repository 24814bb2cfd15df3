// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// insert.
#include <optional>
#include <string>
#include <vector>

#include "engine/commands/commands.h"
#include "engine/qe/encryption_information.h"
#include "engine/qe/insert.h"
#include "engine/rules/command_reader.h"
#include "engine/session/engine.h"
#include "engine/session/retry.h"
#include "engine/session/retryable_write.h"
#include "engine/write/write_rules.h"
#include "quern/base/error.h"

namespace quern::engine {
namespace {

constexpr std::size_t kMaxBatch = 100'000;
// So many documents, or bytes, share a storage transaction while nothing goes wrong.
constexpr std::size_t kGroupDocuments = 256;
constexpr std::size_t kGroupBytes = 1 << 20;

class Insert {
 public:
  Insert(Operation& operation, bson::Builder& reply)
      : operation_(operation),
        reply_(reply),
        arguments_(operation.command(), "insert",
                   {"documents", "ordered", "bypassDocumentValidation", "encryptionInformation"}),
        ns_(operation.ns(arguments_.collection())),
        ordered_(arguments_.boolean("ordered", true)) {
    checks_.bypass = arguments_.boolean("bypassDocumentValidation", false);
    checks_.now = operation.now();
    read_documents();
    information_ = qe::EncryptionInformation::parse(operation.command());
    if (information_ && documents_.size() == 1) written_.emplace(documents_.front());
    // An insert of one document without payloads is an ordinary insert, whose encryptionInformation
    // isn't even looked at.
    if (information_ && (!written_ || !written_->payloads().empty())) {
      fields_ = &information_->fields(ns_, qe::stored_fields(operation, ns_));
      checks_.encryption_processed = true;
    }
  }

  void run() {
    if (retryable() != nullptr) retryable()->set_statements(documents_.size());
    for (std::size_t at = 0; at < documents_.size() && !stopped_;) {
      if (was_inserted_before(at)) {
        ++inserted_;
        ++at;
        continue;
      }
      const std::size_t end = group_end(at);
      if (end - at > 1 && insert_group(at, end)) {
        inserted_ += static_cast<std::int32_t>(end - at);
      } else {
        for (std::size_t i = at; i < end && !stopped_; ++i) insert_alone(i);
      }
      at = end;
    }
    reply_.append("n", inserted_);
    if (errors_) {
      errors_->close();
      reply_.append(errors_->finish().view().front());
    }
  }

 private:
  void read_documents() {
    const bson::View array = arguments_.required_array("documents");
    for (const bson::Element& element : array) {
      if (!element.is_document()) {
        throw DatabaseError(ErrorCode::kTypeMismatch,
                            "BSON field 'insert.documents." + std::string(element.key()) +
                                "' is the wrong type '" + std::string(bson::alias(element.type())) +
                                "', expected type 'object'");
      }
      documents_.push_back(element.as_document());
    }
    if (documents_.empty() || documents_.size() > kMaxBatch) {
      throw DatabaseError(ErrorCode::kInvalidLength,
                          "Write batch sizes must be between 1 and 100000. Got " +
                              std::to_string(documents_.size()) + " operations.");
    }
  }

  // Documents that need no transaction of their own are written together; in a client's transaction
  // they share that, and what one wrote could not be undone for another attempt.
  std::size_t group_end(std::size_t begin) const {
    if (fields_ != nullptr || operation_.in_session_transaction()) return begin + 1;
    std::size_t bytes = 0;
    std::size_t end = begin;
    do {
      bytes += documents_[end++].size();
    } while (end < documents_.size() && end - begin < kGroupDocuments && bytes < kGroupBytes &&
             (retryable() == nullptr || retryable()->goes_on(end)));
    return end;
  }

  RetryableWrite* retryable() const { return operation_.retryable(); }

  bool was_inserted_before(std::size_t index) {
    if (retryable() == nullptr) return false;
    retryable()->set_current(index);
    return retryable()->recall().has_value();
  }

  // Inside a write body.
  void insert_and_remember(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) insert(documents_[i]);
    if (retryable() == nullptr) return;
    retryable()->set_current(begin);
    retryable()->remember(operation_.transaction(), bson::doc("n", std::int64_t{1}), end - begin);
  }

  // True if all were written. If one had a fault none is, and they are tried one by one.
  bool insert_group(std::size_t begin, std::size_t end) {
    try {
      write_transaction(operation_, [&] { insert_and_remember(begin, end); }, {.snapshot = false});
      return true;
    } catch (const Error& error) {
      if (error.is(ErrorCode::kMaxTimeMSExpired)) throw;
      return false;
    }
  }

  void insert_alone(std::size_t index) {
    const storage::TransactionOptions options = {.snapshot = fields_ != nullptr,
                                                 .read_own_writes = fields_ != nullptr};
    try {
      write_transaction(
          operation_, [&] { insert_and_remember(index, index + 1); }, options);
      ++inserted_;
    } catch (const Error& error) {
      if (error.is(ErrorCode::kMaxTimeMSExpired) ||
          (operation_.in_session_transaction() && error.has_label("TransientTransactionError"))) {
        throw;
      }
      fail(index, error);
      stopped_ = ordered_ || operation_.in_session_transaction();
    }
  }

  void insert(bson::View document) {
    bson::Document scratch;
    const bool lacks_id = fields_ != nullptr && document["_id"].missing();
    bson::View complete =
        lacks_id ? document : with_id(document, operation_.engine().object_ids(), scratch);
    const Collection& collection = information_ ? qe::existing_collection(operation_, ns_)
                                                : operation_.collection_or_create(ns_);
    bson::Document prepared;
    if (fields_ != nullptr) {
      prepared = prepare(complete, lacks_id);
      complete = prepared;
    }
    check_insert(collection, complete, checks_);
    collection.insert(operation_, complete);
  }

  bson::Document prepare(bson::View document, bool lacks_id) {
    std::optional<qe::WrittenDocument> other;  // of several, or with its _id moved to the front
    const bool known = written_ && written_->view().data() == document.data();
    const qe::WrittenDocument& written = known ? *written_ : other.emplace(document);
    bson::Document id;
    if (lacks_id) id = bson::doc("_id", operation_.engine().object_ids().next());
    return qe::prepare_insert(operation_, ns_, *fields_, written, id, checks_.bypass);
  }

  void fail(std::size_t index, const Error& error) {
    if (!errors_) {
      errors_.emplace();
      errors_->open_array("writeErrors");
    }
    push_write_error(*errors_, static_cast<std::int32_t>(index), error);
  }

  Operation& operation_;
  bson::Builder& reply_;
  CommandReader arguments_;
  Namespace ns_;
  bool ordered_;
  WriteChecks checks_;
  std::vector<bson::View> documents_;
  std::optional<qe::EncryptionInformation> information_;
  std::optional<qe::WrittenDocument> written_;  // the only one of a command for encrypted fields
  const schema::EncryptedFields* fields_ = nullptr;
  std::int32_t inserted_ = 0;
  bool stopped_ = false;
  std::optional<bson::Builder> errors_;
};

}  // namespace

void InsertCommand::run(Operation& operation, bson::Builder& reply) const {
  Insert(operation, reply).run();
}

}  // namespace quern::engine
