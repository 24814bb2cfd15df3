// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/nearest.h"
#include "base/shown.h"
#include "project/commands/commands.h"
#include "project/project_core.h"
#include "project/project_runner.h"
#include "quern/base/error.h"
#include "quern/bson/json.h"
#include "quern/command/reply.h"

namespace quern::internal {
namespace {

// Colours, on a terminal only.
class Paint {
 public:
  explicit Paint(bool on) : on_(on) {}
  std::string title(std::string_view text) const { return wrap("1", text); }
  std::string cipher(std::string_view text) const { return wrap("31", text); }
  std::string clear(std::string_view text) const { return wrap("32", text); }

 private:
  std::string wrap(std::string_view code, std::string_view text) const {
    return on_ ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
  }
  bool on_;
};

// The model of that name or label; without one, the first with encrypted fields.
const ModelRef& find_model(ProjectCore& core, const std::string& text) {
  if (core.models().empty()) {
    throw ImproperlyConfigured(
        "the project has no models: register them with project.app<Model>(\"label\")");
  }
  if (text.empty()) {
    const auto it =
        std::find_if(core.models().begin(), core.models().end(),
                     [](const ModelRef& model) { return model.info->has_encrypted_fields(); });
    return it == core.models().end() ? core.models().front() : *it;
  }
  std::vector<std::string> labels;
  for (const ModelRef& model : core.models()) {
    labels.push_back(model.app_label + "." + model.name);
    if (text == labels.back() || text == model.name) return model;
  }
  const auto hint = nearest(text, labels);
  throw UsageError(fmt::format("there is no model '{}'.{}", text,
                               hint ? fmt::format(" Did you mean {}?", *hint)
                                    : fmt::format(" There are {}.", fmt::join(labels, ", "))));
}

std::string json_text(bson::ValueView value) {
  const bson::Document document = bson::doc("", value);
  const std::string json = bson::to_json(document);
  // { "" : value }
  const std::size_t colon = json.find(':');
  const std::size_t end = json.rfind('}');
  std::string text = json.substr(colon + 1, end - colon - 1);
  text.erase(0, text.find_first_not_of(' '));
  text.erase(text.find_last_not_of(' ') + 1);
  return without_controls(text);
}

// One line a value: ciphertext by its kind, size and first bytes.
std::string value_text(bson::ValueView value, const Paint& paint) {
  if (value.is_binary(bson::BinarySubtype::kEncrypted)) {
    const BytesView bytes = value.as_binary().bytes;
    const std::string start = to_hex(bytes.first(std::min<std::size_t>(bytes.size(), 12)));
    return paint.cipher(fmt::format("encrypted, {} bytes: {}…", bytes.size(), start));
  }
  return json_text(value);
}

struct Row {
  std::string path;
  DecryptedElement member;
};

// The leaves of the stored document; __safeContent__ is internal.
void collect(const DecryptedView& document, const std::string& prefix, std::vector<Row>& rows) {
  for (const DecryptedElement element : document) {
    if (element.key() == "__safeContent__") continue;
    const std::string path = prefix + shown_name(element.key());
    if (element.raw().is_document()) {
      collect(element.document(), path + ".", rows);
    } else {
      rows.push_back({path, element});
    }
  }
}

void print_document(std::ostream& out, const Paint& paint, const DecryptedView& document) {
  std::vector<Row> rows;
  collect(document, "", rows);
  const bson::Element tags = document.raw()["__safeContent__"];
  std::size_t width = tags.is_array() ? tags.key().size() : 0;
  for (const Row& row : rows) width = std::max(width, row.path.size());
  out << paint.title(fmt::format("{:<{}}  with the key", "", width)) << '\n';
  for (const Row& row : rows) {
    const bool decrypted = row.member.is_decrypted();
    const std::string text =
        value_text(decrypted ? row.member.plaintext() : row.member.raw().value(), paint);
    out << fmt::format("  {:<{}}  {}\n", row.path, width, decrypted ? paint.clear(text) : text);
  }
  out << paint.title(fmt::format("{:<{}}  as it is stored", "", width)) << '\n';
  for (const Row& row : rows) {
    out << fmt::format("  {:<{}}  {}\n", row.path, width, value_text(row.member.raw(), paint));
  }
  if (tags.is_array()) {
    out << fmt::format("  {:<{}}  {} tag{} for searching\n", tags.key(), width,
                       tags.as_array().count(), tags.as_array().count() == 1 ? "" : "s");
  }
}

ExitCode run(CommandContext& context) {
  ProjectCore& core = core_of(context.project);
  const std::int64_t limit = context.arguments.number("limit");
  if (limit < 1) throw UsageError(fmt::format("--limit {}: give a number of at least 1", limit));
  const ModelRef& model = find_model(core, context.arguments.text("model"));
  const std::string alias = context.arguments.has("database") ? context.arguments.text("database")
                                                              : core.routers().db_for_read(model);
  const Target target = core.target(alias);
  bson::Document filter;
  if (context.arguments.has("filter")) {
    try {
      filter = bson::from_json(context.arguments.text("filter"));
    } catch (const Error& error) {
      throw UsageError(fmt::format("--filter: {}", error.what()));
    }
  }
  const bson::Document find = bson::doc("find", model.collection, "filter", filter, "sort",
                                        bson::doc("_id", std::int32_t{1}), "limit", limit);
  const Paint paint(context.console.out_is_terminal);
  int count = 0;
  ProjectRunner runner(core, target);
  for_each_decrypted(runner, target.database, find, [&](const DecryptedView& document) {
    if (count++ > 0) context.console.out << '\n';
    print_document(context.console.out, paint, document);
    return true;
  });
  if (count == 0) context.console.out << "No documents.\n";
  return ExitCode::kOk;
}

}  // namespace

Command inspect_command() {
  return {.name = "inspect",
          .summary = "Show documents as the key holder sees them, and as they are stored.",
          .options =
              {{.name = "--database",
                .help = "The database's alias; the routers' choice when it is not given.",
                .value = "ALIAS"},
               {.name = "--filter", .help = "Which documents, in Extended JSON.", .value = "JSON"},
               {.name = "--limit", .help = "How many.", .value = "N", .fallback = "1"},
               {.name = "model",
                .help = "The model: Patient, or myapp.Patient. The first with encrypted fields "
                        "when it is not given.",
                .value = "MODEL"}},
          .examples = {"inspect Patient",
                       "inspect Patient --filter '{\"patient_record.ssn\": \"123-45-6789\"}'"},
          .run = run};
}

}  // namespace quern::internal
