// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// compactStructuredEncryptionData and cleanupStructuredEncryptionData: which collection; the work
// itself is engine/qe/compact.h.
#include "engine/commands/commands.h"
#include "engine/qe/compact.h"
#include "engine/rules/command_reader.h"
#include "quern/base/error.h"

namespace quern::engine {
namespace {

using Body = decltype(&qe::compact);

void run_on_collection(Operation& operation, Body body, bson::Builder& reply) {
  const bson::Element first = operation.command().front();
  if (!first.is_string() || first.as_string().empty()) {
    throw DatabaseError(ErrorCode::kInvalidNamespace, "the collection's name must be a string");
  }
  const Namespace ns = operation.ns(first.as_string());
  const Collection* collection = operation.collection(ns);
  if (collection == nullptr) {
    throw DatabaseError(ErrorCode::kNamespaceNotFound,
                        "Collection '" + ns.to_string() + "' does not exist");
  }
  reply.append_all(body(operation, ns, collection->encrypted_fields(), operation.command(), {}));
}

}  // namespace

void CompactStructuredEncryptionDataCommand::run(Operation& operation, bson::Builder& reply) const {
  qe::check_compact_command(operation.command());
  run_on_collection(operation, qe::compact, reply);
}

void CleanupStructuredEncryptionDataCommand::run(Operation& operation, bson::Builder& reply) const {
  qe::check_cleanup_command(operation.command());
  run_on_collection(operation, qe::cleanup, reply);
}

}  // namespace quern::engine
