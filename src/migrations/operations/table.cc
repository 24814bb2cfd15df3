// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Every operation, one line each.
#include "migrations/operations/table.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/nearest.h"

namespace quern::migrations {
namespace {

struct Entry {
  std::string_view kind;
  OperationPtr (*parse)(bson::View document);
};

constexpr Entry kOperations[] = {
    {"CreateModel", parse_create_model},     {"DeleteModel", parse_delete_model},
    {"AddField", parse_add_field},           {"RemoveField", parse_remove_field},
    {"AlterField", parse_alter_field},       {"RenameField", parse_rename_field},
    {"AddIndex", parse_add_index},           {"RemoveIndex", parse_remove_index},
    {"AddConstraint", parse_add_constraint}, {"RemoveConstraint", parse_remove_constraint},
    {"RunFunction", parse_run_function},
};

}  // namespace

OperationPtr parse_operation(bson::View document) {
  const bson::Element op = document["op"];
  if (!op.is_string()) throw Error(ErrorCode::kFailedToParse, "an operation needs an \"op\"");
  for (const Entry& entry : kOperations) {
    if (entry.kind == op.as_string()) return entry.parse(document);
  }
  std::vector<std::string> known;
  for (const Entry& entry : kOperations) known.emplace_back(entry.kind);
  const auto hint = nearest(op.as_string(), known);
  throw Error(ErrorCode::kFailedToParse,
              fmt::format("unknown operation \"{}\".{}", op.as_string(),
                          hint ? fmt::format(" Did you mean '{}'?", *hint) : ""));
}

bson::Document to_bson(const MigrationOperation& operation) {
  bson::Builder out;
  out.append("op", operation.kind());
  operation.append_to(out);
  return out.finish();
}

}  // namespace quern::migrations
