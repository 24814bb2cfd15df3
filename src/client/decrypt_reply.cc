// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/decrypt_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "client/key_lookup.h"
#include "crypto/decrypt.h"
#include "protocol/sealed_value.h"
#include "quern/base/error.h"
#include "quern/bson/blob_subtype.h"

namespace quern::client {
namespace {

using Kind = analysis::OutputTree::Kind;
using Node = analysis::OutputTree::Node;
using schema::EncryptedField;

bool is_container(bson::ValueView value) { return value.is_document() || value.is_array(); }

bool is_ciphertext(bson::ValueView value) {
  const auto subtype = bson::blob_subtype(value);
  return subtype && bson::is_ciphertext(*subtype);
}

// Calls visit for the documents that are where the reply has some, in the order of their bytes.
template <class Visit>
void for_each_document(bson::View reply, ReplyDocuments where, const Visit& visit) {
  for (const bson::Element& member : reply) {
    if (where == ReplyDocuments::kValue && member.key() == "value" && member.is_document()) {
      visit(member.as_document());
    }
    if (where != ReplyDocuments::kCursor || member.key() != "cursor" || !member.is_document()) {
      continue;
    }
    for (const bson::Element& batch : member.as_document()) {
      if (!batch.is_array() || (batch.key() != "firstBatch" && batch.key() != "nextBatch")) {
        continue;
      }
      for (const bson::Element& document : batch.as_array()) {
        if (document.is_document()) visit(document.as_document());
      }
    }
  }
}

// All stored values begin as a sealed one does.
constexpr std::size_t kHeaderSize = protocol::SealedValue::kHeaderSize;
Uuid key_id_of(BytesView blob) { return Uuid::from_bytes(blob.subspan(1, Uuid::kSize)); }

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kOperationFailed, why); }

std::string foreign_key(const Uuid& id) {
  return fmt::format("the ciphertext there was made with data key {}, which is not the field's",
                     id.to_string());
}

void check_type(const EncryptedField& field, std::uint8_t type) {
  if (!field.bson_type || static_cast<std::uint8_t>(*field.bson_type) == type) return;
  refuse(
      fmt::format("the value there claims to be of BSON type {}, and the field's are of type "
                  "'{}'",
                  type, bson::alias(*field.bson_type)));
}

// That value can be a ciphertext of the field, as far as can be seen without the key.
void check(const EncryptedField& field, bson::ValueView value) {
  if (!value.is_binary(bson::BinarySubtype::kEncrypted)) {
    refuse(fmt::format("the server sent a value of type '{}' in the place of a ciphertext",
                       bson::alias(value.type())));
  }
  const BytesView blob = value.as_binary().bytes;
  const auto expected = static_cast<int>(schema::algorithm_facts(field.algorithm()).stored);
  if (blob.size() < kHeaderSize || blob[0] != expected) {
    refuse(fmt::format(
        "what is there is no stored value of the field: a binary of {} bytes{}, "
        "where ciphertexts of blob subtype {} belong",
        blob.size(), blob.empty() ? "" : fmt::format(" and blob subtype {}", blob[0]), expected));
  }
  if (const Uuid id = key_id_of(blob); id != *field.key_id) refuse(foreign_key(id));
  check_type(field, blob[kHeaderSize - 1]);
}

// "a.b": where the node is in the tree; false when it isn't at or below from.
bool find_path(const Node& from, const Node& node, std::string& path) {
  if (&from == &node) return true;
  for (const Node& child : from.children) {
    const std::size_t before = path.size();
    if (!child.name.empty()) path += (path.empty() ? "" : ".") + child.name;
    if (find_path(child, node, path)) return true;
    path.resize(before);
  }
  return false;
}

class Decryptor {
 public:
  Decryptor(bson::View reply, const std::shared_ptr<const CommandOutput>& output, Decrypt decrypt,
            keyvault::KeyCache& cache, const RunContext& context)
      : reply_(reply),
        output_(output),
        anywhere_(decrypt == Decrypt::kAnywhere),
        cache_(cache),
        context_(context),
        keys_(cache, context, [this](const Uuid&) { return describe(*current_); }) {}

  void find(bson::View document) {
    in_document(document, output_ != nullptr ? &output_->tree.root() : nullptr);
  }

  // Null when there is nothing to decrypt.
  std::shared_ptr<const Plaintexts> run() {
    if (found_.empty()) return nullptr;
    std::ranges::sort(ids_);
    const auto repeated = std::ranges::unique(ids_);
    ids_.erase(repeated.begin(), repeated.end());
    cache_.preload(ids_, context_);
    const crypto::KeySource source = [this](const Uuid& id) {
      // Also the id that comes to light only when the outer layer is taken off.
      if (current_->field != nullptr && id != *current_->field->key_id) refuse(foreign_key(id));
      return keys_(id);
    };
    auto plaintexts = std::make_shared<Plaintexts>(output_);
    for (const Found& found : found_) {
      current_ = &found;
      plaintexts->add(offset_of(found.value), decrypt(found, source),
                      found.field != nullptr ? std::string_view(found.field->path) : "");
    }
    return plaintexts;
  }

 private:
  struct Found {
    bson::ValueView value;
    const Node* node;             // null: not in the tree
    const EncryptedField* field;  // null: decrypted without a schema
  };

  void in_document(bson::View document, const Node* node) {
    if (node != nullptr && node->kind == Kind::kObject && !anywhere_) {
      for (const bson::Element& member : document) {  // also one that is there twice
        if (const Node* child = node->child(member.key())) in_value(member, *child);
      }
      return;
    }
    for (const bson::Element& member : document) {
      const Node* child = node;  // below an unknown node everything is
      if (node != nullptr && node->kind == Kind::kObject) child = node->child(member.key());
      if (child != nullptr) {
        in_value(member, *child);
      } else {
        in_plain(member);
      }
    }
  }

  void in_value(bson::ValueView value, const Node& node) {
    switch (node.kind) {
      case Kind::kEncrypted:
        at(node, [&] { check(*node.field, value); });
        add(value, &node, node.field);
        return;
      case Kind::kUnknown:
        if (is_container(value)) {
          in_document(value.as_document_or_array(), &node);
        } else if (value.is_binary(bson::BinarySubtype::kEncrypted)) {
          at(node, [&] { add(value, &node, &candidate(node, value)); });
        }
        return;
      case Kind::kArray:
        if (value.is_array()) {
          for (const bson::Element& item : value.as_array()) {
            in_value(item, node.children.front());
          }
        } else {
          in_value(value, node.children.front());
        }
        return;
      case Kind::kObject:
        if (value.is_document()) {
          in_document(value.as_document(), &node);
        } else {
          in_plain(value);  // no document: no member of it
        }
        return;
    }
  }

  void in_plain(bson::ValueView value) {
    if (!anywhere_) return;
    if (is_container(value)) {
      in_document(value.as_document_or_array(), nullptr);
    } else if (is_ciphertext(value)) {
      add(value, nullptr, nullptr);
    }
  }

  // The field that an unknown node's ciphertext is of.
  const EncryptedField& candidate(const Node& node, bson::ValueView value) const {
    const BytesView blob = value.as_binary().bytes;
    if (blob.size() >= kHeaderSize) {
      for (const EncryptedField* field : node.candidates) {
        if (key_id_of(blob) != *field->key_id) continue;
        check(*field, value);
        return *field;
      }
    }
    refuse("the ciphertext there is of none of the fields that the command names");
  }

  void add(bson::ValueView value, const Node* node, const EncryptedField* field) {
    found_.push_back({value, node, field});
    const BytesView blob = value.as_binary().bytes;
    // An insert payload that comes back, which only kAnywhere lets pass, names its key inside.
    const auto payload = static_cast<std::uint8_t>(bson::BlobSubtype::kInsertUpdatePayloadV2);
    if (blob[0] == payload || blob.size() < kHeaderSize) return;
    const Uuid id = key_id_of(blob);
    if (ids_.empty() || ids_.back() != id) ids_.push_back(id);
  }

  bson::Value decrypt(const Found& found, const crypto::KeySource& source) const {
    try {
      bson::Value value = crypto::decrypt_value(found.value.as_binary().bytes, source);
      if (found.field != nullptr) check_type(*found.field, static_cast<std::uint8_t>(value.type()));
      return value;
    } catch (const Error& error) {
      if (error.is(ErrorCode::kKeyNotFound)) throw;  // names the path already
      throw_with_path(found, error);
    }
  }

  template <class Check>
  void at(const Node& node, const Check& check) const {
    try {
      check();
    } catch (const Error& error) {
      throw_with_path({{}, &node, nullptr}, error);
    }
  }

  [[noreturn]] void throw_with_path(const Found& found, const Error& error) const {
    throw Error(error.code(), fmt::format("cannot decrypt {}: {}", describe(found), error.what()));
  }

  // "field 'a.b' of db.coll", of names that the client knows.
  std::string describe(const Found& found) const {
    if (found.node == nullptr) return "a value that has no schema";
    std::string path;
    find_path(output_->tree.root(), *found.node, path);
    return fmt::format("field '{}' of {}", path, output_->ns);
  }

  std::size_t offset_of(bson::ValueView value) const {
    return static_cast<std::size_t>(value.bytes().data() - reply_.data());
  }

  bson::View reply_;
  const std::shared_ptr<const CommandOutput>& output_;
  const bool anywhere_;
  keyvault::KeyCache& cache_;
  const RunContext& context_;
  KeyLookup keys_;
  std::vector<Found> found_;
  std::vector<Uuid> ids_;  // of the keys of found_
  const Found* current_ = nullptr;
};

}  // namespace

Reply decrypt_reply(bson::Document reply, ReplyDocuments where,
                    const std::shared_ptr<const CommandOutput>& output, Decrypt decrypt,
                    keyvault::KeyCache& keys, const RunContext& context) {
  const bool nothing = output == nullptr && decrypt != Decrypt::kAnywhere;
  if (nothing || where == ReplyDocuments::kNone || !reply["ok"].truthy()) return reply;
  Decryptor decryptor(reply, output, decrypt, keys, context);
  for_each_document(reply, where, [&](bson::View document) { decryptor.find(document); });
  auto plaintexts = decryptor.run();
  return Reply(std::move(reply), std::move(plaintexts));
}

}  // namespace quern::client
