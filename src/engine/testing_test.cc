// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/testing.h"

#include <cstdlib>

#include "quern/bson/json.h"
#include "quern/command/reply.h"

namespace quern::engine {

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "quern-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TestEngine::TestEngine(const std::filesystem::path& directory)
    : TestEngine(EngineOptions{.directory = directory,
                               .durability = {storage::Durability::Mode::kNever, {}}}) {}

bson::Document TestEngine::run_raw(bson::View command) {
  const bson::Element database = command["$db"];
  return runner_.run(database.missing() ? "test" : database.as_string(), command);
}

bson::Document TestEngine::run_raw(std::string_view json) {
  const bson::Document command = bson::from_json(json);
  return run_raw(command.view());
}

bson::Document TestEngine::run(std::string_view json) {
  bson::Document reply = run_raw(json);
  throw_if_error(reply);
  return reply;
}

int TestEngine::code_of(std::string_view json) {
  try {
    run(json);
    return 0;
  } catch (const Error& error) {
    return error.code();
  }
}

std::vector<bson::Document> TestEngine::documents(std::string_view cursor_command) {
  const bson::Document command = bson::from_json(cursor_command);
  const bson::Element database = command["$db"];
  std::vector<bson::Document> result;
  for_each(runner_, database.missing() ? "test" : database.as_string(), command,
           [&](bson::View document) {
             result.emplace_back(document);
             return true;
           });
  return result;
}

std::vector<bson::Document> TestEngine::find(std::string_view collection, std::string_view filter,
                                             std::string_view more) {
  return documents(R"({"find": ")" + std::string(collection) + R"(", "filter": )" +
                   std::string(filter) + std::string(more) + "}");
}

std::string TestEngine::winning_stage(std::string_view collection, std::string_view filter,
                                      std::string_view more) {
  const bson::Document reply =
      run(R"({"explain": {"find": ")" + std::string(collection) + R"(", "filter": )" +
          std::string(filter) + std::string(more) + R"(}, "verbosity": "queryPlanner"})");
  bson::View plan = reply["queryPlanner"].as_document()["winningPlan"].as_document();
  while (plan.contains("inputStage")) plan = plan["inputStage"].as_document();
  return std::string(plan["stage"].as_string());
}

TestSession TestSession::at(std::int64_t number) const {
  TestSession other = *this;
  other.number_ = number;
  other.started_ = false;
  return other;
}

bson::Document TestSession::run(std::string_view json) {
  bson::Document reply = run_raw(json);
  throw_if_error(reply);
  return reply;
}

bson::Document TestSession::run_raw(std::string_view json) {
  const bson::Document command = bson::from_json(json);
  bson::Builder b;
  b.append_all(command);
  b.append("lsid", bson::doc("id", id_)).append("txnNumber", number_);
  if (!started_) b.append("startTransaction", true);
  b.append("autocommit", false);
  started_ = true;
  return engine_.run_raw(b.finish().view());
}

std::size_t TestSession::count(std::string_view filter) {
  const bson::Document reply = run(R"({"count": "c", "query": )" + std::string(filter) + "}");
  return static_cast<std::size_t>(*reply["n"].whole_number());
}

void TestSession::start() {
  ++number_;
  started_ = false;
}

bson::Document TestSession::finish(std::string_view command) {
  bson::Builder b;
  b.append(command, 1).append("$db", "admin");
  b.append("lsid", bson::doc("id", id_)).append("txnNumber", number_);
  b.append("autocommit", false);
  return engine_.run_raw(b.finish().view());
}

void TestSession::end_session() const {
  bson::Builder b;
  b.open_array("endSessions").push(bson::doc("id", id_)).close();
  engine_.run_raw(b.finish().view());
}

std::string json_of(const std::vector<bson::Document>& documents) {
  std::string text = "[";
  for (const bson::Document& document : documents) {
    if (text.size() > 1) text += ", ";
    text += bson::to_json(document);
  }
  return text + "]";
}

std::string normalised(std::string_view json) {
  if (!json.starts_with('[')) {
    const bson::Document document = bson::from_json(json);
    return bson::to_json(document);
  }
  const bson::Document wrapped = bson::from_json(R"({"a": )" + std::string(json) + "}");
  std::vector<bson::Document> documents;
  for (const bson::Element& element : wrapped["a"].as_array()) {
    documents.emplace_back(element.as_document());
  }
  return json_of(documents);
}

}  // namespace quern::engine
