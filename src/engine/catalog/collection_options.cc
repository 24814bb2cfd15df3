// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/collection_options.h"

#include <utility>

#include "engine/rules/command_reader.h"
#include "engine/rules/ddl.h"
#include "engine/rules/validator.h"
#include "quern/base/error.h"
#include "quern/bson/compare.h"

namespace quern::engine {
namespace {

void append_validation(bson::Builder& options, bson::View from) {
  bson::Builder choices;  // refused if unknown, even where no validator uses them
  for (const std::string_view name : {"validationLevel", "validationAction"}) {
    if (const bson::Element given = from[name]; !given.missing()) choices.append(given);
  }
  Validator::from_options(choices.finish());
  const bson::Element validator = from["validator"];
  if (validator.missing() || validator.is_null()) return;
  if (!validator.is_document()) {
    throw DatabaseError(ErrorCode::kTypeMismatch,
                        "BSON field 'validator' is the wrong type, expected type 'object'");
  }
  options.append(validator);
  const std::pair<std::string_view, std::string_view> defaults[] = {{"validationLevel", "strict"},
                                                                    {"validationAction", "error"}};
  for (const auto& [name, value] : defaults) {
    if (const bson::Element given = from[name]; !given.missing()) {
      options.append(given);
    } else {
      options.append(name, value);
    }
  }
}

void append_clustered_index(bson::Builder& options, bson::View command) {
  const bson::Element clustered = command["clusteredIndex"];
  if (clustered.missing()) return;
  if (!clustered.is_document()) {
    throw DatabaseError(ErrorCode::kTypeMismatch,
                        "BSON field 'create.clusteredIndex' is the wrong type, expected type "
                        "'object'");
  }
  const CommandReader index(clustered.as_document(), "create.clusteredIndex",
                            {"v", "key", "unique", "name"});
  const bson::View key = index.required_document("key");
  const bson::Element part = key.front();
  if (key.count() != 1 || part.key() != "_id" || part.whole_number() != 1) {
    throw DatabaseError(ErrorCode::kInvalidOptions,
                        "The clusteredIndex option requires the key {_id: 1}");
  }
  if (!index.required("unique").truthy()) {
    throw DatabaseError(ErrorCode::kInvalidOptions,
                        "The clusteredIndex option requires unique: true to be specified");
  }
  options.open_document("clusteredIndex");
  options.append("v", 2).append("key", key);
  options.append("name", index.text("name").value_or("_id_")).append("unique", true).close();
}

// What asks for nothing: absent, false, an empty document, {enabled: false}.
bool is_off(const bson::Element& element) {
  if (element.missing()) return true;
  if (element.type() == bson::Type::kBool) return !element.as_bool();
  if (!element.is_document()) return false;
  const bson::View document = element.as_document();
  return document.empty() ||
         (document.count() == 1 && document.contains("enabled") && is_off(document["enabled"]));
}

void refuse(bson::View command, std::string_view member, std::string_view what) {
  if (is_off(command[member])) return;
  throw NotSupported(std::string(what) + " are not supported: leave out \"" + std::string(member) +
                     "\"");
}

}  // namespace

bson::Document collection_options(std::string_view collection, bson::View command) {
  const CommandReader arguments(command, "create",
                                {"autoIndexId",
                                 "capped",
                                 "changeStreamPreAndPostImages",
                                 "clusteredIndex",
                                 "collation",
                                 "encryptedFields",
                                 "expireAfterSeconds",
                                 "flags",
                                 "idIndex",
                                 "indexOptionDefaults",
                                 "max",
                                 "pipeline",
                                 "size",
                                 "storageEngine",
                                 "temp",
                                 "timeseries",
                                 "validationAction",
                                 "validationLevel",
                                 "validator",
                                 "viewOn"});
  const auto fields = qe::check_create(collection, command);
  refuse(command, "capped", "capped collections");
  refuse(command, "viewOn", "views");
  refuse(command, "timeseries", "time series collections");
  refuse(command, "expireAfterSeconds", "collections whose documents expire");
  refuse(command, "changeStreamPreAndPostImages", "change streams");
  refuse(command, "temp", "temporary collections");
  refuse(command, "storageEngine", "options of storage engines");
  refuse(command, "indexOptionDefaults", "defaults of index options");
  if (command.contains("size") || command.contains("max")) {
    throw DatabaseError(ErrorCode::kInvalidOptions,
                        "the members \"size\" and \"max\" need capped: true");
  }
  if (command.contains("pipeline")) {
    throw DatabaseError(ErrorCode::kInvalidOptions, "the member \"pipeline\" needs viewOn");
  }
  if (const bson::Element automatic = command["autoIndexId"];
      !automatic.missing() && is_off(automatic)) {
    throw DatabaseError(ErrorCode::kInvalidOptions,
                        "every collection has an index on _id: leave out \"autoIndexId\"");
  }
  if (const bson::Element index = command["idIndex"]; !index.missing()) {
    static const bson::Document kKey = bson::doc("_id", 1);
    if (!index.is_document() ||
        bson::compare(index.as_document()["key"].value(), kKey.view().as_value()) != 0) {
      throw DatabaseError(ErrorCode::kBadValue,
                          "the member \"idIndex\" must have the key {_id: 1}");
    }
  }
  arguments.refuse_collation();
  bson::Builder options;
  append_validation(options, command);
  append_clustered_index(options, command);
  if (fields) options.append("encryptedFields", fields->to_bson());
  bson::Document result = options.finish();
  Validator::from_options(result);  // throws if it cannot be used
  return result;
}

bson::Document modified_options(bson::View options, bson::View command) {
  bson::Builder merged;
  for (const std::string_view name : {"validator", "validationLevel", "validationAction"}) {
    const bson::Element given = command[name];
    const bson::Element old = options[name];
    if (!given.missing()) {
      merged.append(name, given.value());
    } else if (!old.missing()) {
      merged.append(old);
    }
  }
  const bson::Document validation = merged.finish();
  bson::Builder result;
  if (validation["validator"].is_document() && !validation["validator"].as_document().empty()) {
    append_validation(result, validation);
  }
  for (const bson::Element& element : options) {
    if (!validation.view().contains(element.key()) && element.key() != "validationLevel" &&
        element.key() != "validationAction") {
      result.append(element);
    }
  }
  bson::Document document = result.finish();
  Validator::from_options(document);
  return document;
}

}  // namespace quern::engine
