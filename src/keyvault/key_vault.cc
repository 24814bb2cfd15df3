// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "keyvault/key_vault.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "quern/base/error.h"
#include "quern/command/reply.h"

namespace quern::keyvault {
namespace {

constexpr std::string_view kIndexName = "keyAltNames_1";

void append_majority_write(bson::Builder& command) {
  command.open_document("writeConcern").append("w", "majority").close();
}

// {_id: <id>} as the filter of one key.
bson::Document id_filter(const Uuid& id) { return bson::doc("_id", id); }

// What fetch() says of an answer, document by document.
class AnswerCheck {
 public:
  AnswerCheck(std::string vault, std::span<const Uuid> ids, std::span<const std::string> alt_names)
      : vault_(std::move(vault)), ids_(ids.begin(), ids.end()), alt_names_(alt_names) {}

  void operator()(const DataKeyDocument& key) {
    const bool asked_for =
        ids_.contains(key.id) ||
        std::ranges::find_first_of(alt_names_, key.alt_names) != alt_names_.end();
    if (!asked_for) {
      throw Error(ErrorCode::kFailedToParse,
                  fmt::format("{} answered with data key {}, which it was not asked for", vault_,
                              key.id.to_string()));
    }
    if (!seen_ids_.insert(key.id).second) {
      throw Error(
          ErrorCode::kFailedToParse,
          fmt::format("{} answered with two documents of data key {}", vault_, key.id.to_string()));
    }
    for (const std::string& alt_name : key.alt_names) {
      if (seen_names_.insert(alt_name).second) continue;
      throw Error(ErrorCode::kFailedToParse,
                  fmt::format("several data keys in {} have the alternate name '{}': the unique "
                              "index on keyAltNames is missing; remove the name from all but one "
                              "of them",
                              vault_, alt_name));
    }
  }

 private:
  const std::string vault_;
  const std::set<Uuid> ids_;
  const std::span<const std::string> alt_names_;
  std::set<Uuid> seen_ids_;
  std::set<std::string> seen_names_;
};

bson::Document without_provider(bson::View master_key) {
  bson::Builder builder;
  for (const bson::Element& member : master_key) {
    if (member.key() != "provider") builder.append(member);
  }
  return builder.finish();
}

}  // namespace

KeyVault::KeyVault(CommandRunner& runner, Namespace ns, std::shared_ptr<const kms::KmsRegistry> kms,
                   Clock& clock, RandomSource& random)
    : runner_(runner), ns_(std::move(ns)), kms_(std::move(kms)), clock_(clock), random_(random) {}

void KeyVault::ensure_index() {
  const std::scoped_lock lock(index_mutex_);
  if (index_ready_) return;
  bson::Builder command;
  command.append("createIndexes", ns_.collection);
  command.open_array("indexes").push_document();
  command.open_document("key").append("keyAltNames", 1).close();
  command.append("name", kIndexName).append("unique", true);
  command.open_document("partialFilterExpression").open_document("keyAltNames");
  command.append("$exists", true).close().close();
  command.close().close();
  append_majority_write(command);
  run_checked(runner_, ns_.database, command.finish().view());
  index_ready_ = true;
}

void KeyVault::query(bson::View filter, const RunContext& context,
                     const std::function<void(DataKeyDocument)>& visit) {
  const bson::Document command = bson::doc("find", ns_.collection, "filter", filter, "readConcern",
                                           bson::doc("level", "majority"));
  const std::string vault = name();
  const auto read = [&](bson::View document) {
    visit(DataKeyDocument::parse(document, vault));
    return true;
  };
  for_each(runner_, ns_.database, command, read, context);
}

std::vector<DataKeyDocument> KeyVault::query(bson::View filter, const RunContext& context) {
  std::vector<DataKeyDocument> keys;
  query(filter, context, [&](DataKeyDocument key) { keys.push_back(std::move(key)); });
  return keys;
}

std::vector<DataKeyDocument> KeyVault::fetch(std::span<const Uuid> ids,
                                             std::span<const std::string> alt_names,
                                             const RunContext& context) {
  bson::Builder filter;
  filter.open_array("$or");
  filter.push_document().open_document("_id").open_array("$in");
  for (const Uuid& id : ids) filter.push(id);
  filter.close().close().close();
  filter.push_document().open_document("keyAltNames").open_array("$in");
  for (const std::string& alt_name : alt_names) filter.push(alt_name);
  filter.close().close().close();
  filter.close();
  std::vector<DataKeyDocument> keys;
  AnswerCheck check(name(), ids, alt_names);
  query(filter.finish().view(), context, [&](DataKeyDocument key) {
    check(key);
    keys.push_back(std::move(key));
  });
  return keys;
}

std::optional<DataKeyDocument> KeyVault::find(const Uuid& id, const RunContext& context) {
  auto keys = fetch(std::span(&id, 1), {}, context);
  if (keys.empty()) return std::nullopt;
  return std::move(keys.front());
}

std::optional<DataKeyDocument> KeyVault::find(std::string_view alt_name,
                                              const RunContext& context) {
  const std::string wanted(alt_name);
  auto keys = fetch({}, std::span(&wanted, 1), context);
  if (keys.empty()) return std::nullopt;
  return std::move(keys.front());
}

std::vector<DataKeyDocument> KeyVault::all() { return query({}); }

void KeyVault::insert(const DataKeyDocument& document) {
  bson::Builder command;
  command.append("insert", ns_.collection);
  command.open_array("documents").push(document.to_bson()).close();
  append_majority_write(command);
  run_checked(runner_, ns_.database, command.finish().view());
}

Uuid KeyVault::create(DataKeyOptions options) {
  if (!options.alt_names.empty()) ensure_index();
  SecretBytes material;
  if (options.key_material) {
    if (options.key_material->size() != kms::kDataKeySize) {
      throw Error(ErrorCode::kBadValue,
                  fmt::format("keyMaterial must be {} bytes long, not {}", kms::kDataKeySize,
                              options.key_material->size()));
    }
    material = std::move(*options.key_material);
  } else {
    material = SecretBytes(kms::kDataKeySize);
    random_.fill(material.mutable_bytes());
  }
  kms::WrappedKey wrapped = kms_->get(options.provider).wrap(material, options.master_key);

  const bson::Date now{clock_.wall_now().time_since_epoch().count()};
  const DataKeyDocument document{.id = Uuid::random(),
                                 .alt_names = std::move(options.alt_names),
                                 .key_material = std::move(wrapped.key_material),
                                 .creation_date = now,
                                 .update_date = now,
                                 .status = 0,
                                 .master_key = std::move(wrapped.master_key)};
  insert(document);
  return document.id;
}

Uuid KeyVault::find_or_create(std::string_view alt_name, std::string_view provider,
                              bson::View master_key) {
  // Losing the race more than once takes somebody who also deletes keys.
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    if (const auto found = find(alt_name)) return found->id;
    try {
      return create({.provider = std::string(provider),
                     .master_key = bson::Document(master_key),
                     .alt_names = {std::string(alt_name)}});
    } catch (const IntegrityError&) {
      if (attempt == kAttempts) throw;
    }
  }
}

SecretBytes KeyVault::unwrap(const DataKeyDocument& document) const {
  const auto describe = [&](const Error& error) {
    return fmt::format("data key {} in {}: {}", document.id.to_string(), name(), error.what());
  };
  try {
    SecretBytes key =
        kms_->get(document.provider()).unwrap(document.key_material, document.master_key);
    if (key.size() == kms::kDataKeySize) return key;
    throw Error(ErrorCode::kFailedToParse,
                fmt::format("it is {} bytes long instead of {}", key.size(), kms::kDataKeySize));
  } catch (const ImproperlyConfigured& error) {
    throw ImproperlyConfigured(describe(error));
  } catch (const Error& error) {
    throw Error(error.code(), describe(error));
  }
}

namespace {

// The document before the change, from the reply of a findAndModify.
std::optional<DataKeyDocument> before_change(const bson::Document& reply, std::string_view vault) {
  const bson::Element value = reply["value"];
  if (!value.is_document()) return std::nullopt;
  return DataKeyDocument::parse(value.as_document(), vault);
}

}  // namespace

std::optional<DataKeyDocument> KeyVault::add_alt_name(const Uuid& id, std::string_view alt_name) {
  ensure_index();
  bson::Builder command;
  command.append("findAndModify", ns_.collection).append("query", id_filter(id));
  command.open_document("update").open_document("$addToSet");
  command.append("keyAltNames", alt_name).close().close();
  append_majority_write(command);
  return before_change(run_checked(runner_, ns_.database, command.finish().view()), name());
}

std::optional<DataKeyDocument> KeyVault::remove_alt_name(const Uuid& id,
                                                         std::string_view alt_name) {
  // The last name takes the member with it: the unique index counts an empty array as a value, of
  // which there could be only one.
  const bson::Document literal = bson::doc("$literal", alt_name);
  bson::Builder command;
  command.append("findAndModify", ns_.collection).append("query", id_filter(id));
  command.open_array("update").push_document().open_document("$set").open_document("keyAltNames");
  command.open_array("$cond");
  command.push(bson::doc("$eq", bson::array("$keyAltNames", bson::array(literal))));
  command.push("$$REMOVE");
  command.push(bson::doc("$filter", bson::doc("input", "$keyAltNames", "cond",
                                              bson::doc("$ne", bson::array("$$this", literal)))));
  command.close().close().close().close().close();
  append_majority_write(command);
  return before_change(run_checked(runner_, ns_.database, command.finish().view()), name());
}

bool KeyVault::remove(const Uuid& id) {
  bson::Builder command;
  command.append("delete", ns_.collection);
  command.open_array("deletes").push(bson::doc("q", id_filter(id), "limit", 1)).close();
  append_majority_write(command);
  const bson::Document reply = run_checked(runner_, ns_.database, command.finish().view());
  return reply["n"].whole_number().value_or(0) > 0;
}

RewrapResult KeyVault::rewrap_many(bson::View filter, std::string_view provider,
                                   bson::View master_key) {
  if (provider.empty() && !master_key.empty()) {
    throw Error(ErrorCode::kBadValue, "rewrapping data keys with a masterKey needs its provider");
  }
  const std::vector<DataKeyDocument> keys = query(filter);
  if (keys.empty()) return {};

  bson::Builder command;
  command.append("update", ns_.collection).open_array("updates");
  for (const DataKeyDocument& key : keys) {
    const SecretBytes data_key = unwrap(key);
    const std::string_view target = provider.empty() ? key.provider() : provider;
    const bson::Document options =
        provider.empty() ? without_provider(key.master_key) : bson::Document(master_key);
    const kms::WrappedKey wrapped = kms_->get(target).wrap(data_key, options);
    command.push_document().append("q", id_filter(key.id));
    command.open_document("u").open_document("$set");
    command.append("masterKey", wrapped.master_key);
    command.append("keyMaterial",
                   bson::Binary{bson::BinarySubtype::kGeneric, wrapped.key_material});
    command.close().append("$currentDate", bson::doc("updateDate", true)).close().close();
  }
  command.close();
  append_majority_write(command);
  const bson::Document reply = run_checked(runner_, ns_.database, command.finish().view());
  return {.matched = reply["n"].whole_number().value_or(0),
          .modified = reply["nModified"].whole_number().value_or(0)};
}

}  // namespace quern::keyvault
