// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/command/reply.h"

#include <array>

#include "command/empty_batches.h"
#include "quern/command/command_runner.h"

namespace quern {
namespace {

// Fills what an error document of a reply (the reply itself or an item of writeErrors) carries, and
// throws it.
template <class E>
[[noreturn]] void throw_filled(E error, bson::View labels_from, bson::View fault) {
  if (const bson::Element labels = labels_from["errorLabels"]; labels.is_array()) {
    for (const bson::Element& label : labels.as_array()) {
      if (label.is_string()) error.add_label(std::string(label.as_string()));
    }
  }
  if (const bson::Element info = fault["errInfo"]; info.is_document()) {
    const BytesView bytes = info.as_document().bytes();
    error.set_error_info({bytes.begin(), bytes.end()});
  }
  throw error;
}

[[noreturn]] void throw_fault(bson::View reply, bson::View fault) {
  const auto code = static_cast<std::int32_t>(
      fault["code"].whole_number().value_or(static_cast<std::int64_t>(ErrorCode::kUnknownError)));
  const bson::Element text = fault["errmsg"];
  const std::string message =
      text.is_string() ? std::string(text.as_string()) : "the command failed";
  if (code == static_cast<std::int32_t>(ErrorCode::kDuplicateKey)) {
    if (const auto index = fault["index"].whole_number()) {
      throw_filled(WriteIntegrityError(code, message, *index), reply, fault);
    }
    throw_filled(IntegrityError(code, message), reply, fault);
  }
  throw_filled(DatabaseError(code, message), reply, fault);
}

}  // namespace

void throw_if_error(bson::View reply) {
  if (!reply["ok"].truthy()) throw_fault(reply, reply);
  if (const bson::Element faults = reply["writeErrors"]; faults.is_array()) {
    if (const bson::Element first = faults.as_array().front(); first.is_document()) {
      throw_fault(reply, first.as_document());
    }
  }
  if (const bson::Element fault = reply["writeConcernError"]; fault.is_document()) {
    throw_fault(reply, fault.as_document());
  }
}

bson::Document error_reply(const Error& error) {
  bson::Builder reply;
  reply.append("ok", 0.0)
      .append("errmsg", error.what())
      .append("code", error.code())
      .append("codeName", error.code_name());
  if (!error.labels().empty()) {
    reply.open_array("errorLabels");
    for (const std::string& label : error.labels()) reply.push(label);
    reply.close();
  }
  if (!error.error_info().empty()) reply.append("errInfo", bson::View(error.error_info().data()));
  return reply.finish();
}

Reply run_checked(CommandRunner& runner, std::string_view database, bson::View command,
                  const RunContext& context) {
  Reply reply = runner.run(database, command, context);
  throw_if_error(reply);
  return reply;
}

namespace {

constexpr std::array<std::string_view, 3> kSessionMembers = {"lsid", "txnNumber", "autocommit"};

// A cursor on the server, killed unless it was read to its end.
class ServerCursor {
 public:
  ServerCursor(CommandRunner& runner, std::string_view database, bson::View command,
               const RunContext& context)
      : runner_(runner),
        database_(database),
        command_(command),
        context_(context),
        empty_batches_(command) {}
  ~ServerCursor() {
    if (id_ == 0) return;
    try {
      bson::Builder kill;
      kill.append("killCursors", collection_).open_array("cursors").push(id_).close();
      append_session(kill);
      runner_.run(database_, kill.finish(), context_.without_limits());
    } catch (const std::exception&) {
      // The server forgets idle cursors by itself.
    }
  }
  ServerCursor(const ServerCursor&) = delete;
  ServerCursor& operator=(const ServerCursor&) = delete;

  void read(const std::function<bool(const DecryptedView&)>& visit) {
    Reply reply = run_checked(runner_, database_, command_, context_);
    while (batch(reply, visit) && id_ != 0) {
      bson::Builder more;
      more.append("getMore", id_).append("collection", collection_);
      append_session(more);
      const bson::Document command = more.finish();
      reply = run_checked(runner_, database_, command, context_);
    }
  }

 private:
  // Visits a reply's documents; false when the visitor has had enough.
  bool batch(const Reply& reply, const std::function<bool(const DecryptedView&)>& visit) {
    const DecryptedView cursor = reply.decrypted()["cursor"].document();
    id_ = cursor["id"].raw().whole_number().value_or(0);
    // A server that answered for another collection would have the batches of a cursor of that one
    // decrypted here. Only of commands that name none (listCollections) it says what to read from.
    const std::string_view ns = cursor["ns"].raw().as_string();
    const bson::Element named = command_.front();
    collection_ = named.is_string() ? named.as_string() : ns.substr(ns.find('.') + 1);
    const DecryptedElement first = cursor["firstBatch"];
    bool empty = true;
    for (const DecryptedElement document : (first ? first : cursor["nextBatch"]).document()) {
      empty = false;
      if (!visit(document.document())) return false;
    }
    if (id_ != 0) empty_batches_.note(empty);
    return true;
  }

  void append_session(bson::Builder& command) const {
    for (const std::string_view member : kSessionMembers)
      command.append(member, command_[member].value());
  }

  CommandRunner& runner_;
  std::string_view database_;
  bson::View command_;
  const RunContext& context_;
  EmptyBatches empty_batches_;
  std::int64_t id_ = 0;
  std::string collection_;
};

}  // namespace

void for_each(CommandRunner& runner, std::string_view database, bson::View command,
              const std::function<bool(bson::View)>& visit, const RunContext& context) {
  const auto visit_raw = [&](const DecryptedView& document) { return visit(document.raw()); };
  ServerCursor(runner, database, command, context).read(visit_raw);
}

void for_each_decrypted(CommandRunner& runner, std::string_view database, bson::View command,
                        const std::function<bool(const DecryptedView&)>& visit,
                        const RunContext& context) {
  ServerCursor(runner, database, command, context).read(visit);
}

}  // namespace quern
