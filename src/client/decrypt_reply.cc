// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/decrypt_reply.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "client/key_lookup.h"
#include "crypto/decrypt.h"
#include "quern/base/error.h"
#include "schema/blob_subtype.h"

namespace quern::client {
namespace {

bool is_container(bson::ValueView value) { return value.is_document() || value.is_array(); }

bool is_encrypted(bson::ValueView value) {
  const auto subtype = schema::blob_subtype(value);
  return subtype && schema::is_ciphertext(*subtype);
}

// What went wrong goes into exceptions and from there into logs: it is handed on as it came.
bool is_fault(std::string_view member) {
  return member == "writeErrors" || member == "writeConcernError" || member == "errInfo";
}

// Adds the key ids that stand in the header of ciphertexts: | subtype 1 | key id 16 | ….
void collect_key_ids(bson::ValueView value, bool& any, std::vector<Uuid>& ids) {
  if (is_container(value)) {
    for (const bson::Element& member : value.as_document_or_array()) {
      collect_key_ids(member, any, ids);
    }
    return;
  }
  if (!is_encrypted(value)) return;
  any = true;
  const BytesView blob = value.as_binary().bytes;
  // An insert payload that comes back names its key inside a document.
  const bool has_header =
      static_cast<schema::BlobSubtype>(blob[0]) != schema::BlobSubtype::kInsertUpdatePayloadV2;
  if (!has_header || blob.size() < 1 + Uuid::kSize) return;
  const Uuid id = Uuid::from_bytes(blob.subspan(1, Uuid::kSize));
  if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
}

class Decryptor {
 public:
  Decryptor(bson::View reply, keyvault::KeyCache& cache)
      : reply_(reply),
        keys_(cache, [this](const Uuid&) { return describe_path(); }),
        source_([this](const Uuid& id) { return keys_(id); }) {}

  bson::Document run() {
    bson::Builder out;
    for (const bson::Element& member : reply_) {
      if (is_fault(member.key())) {
        out.append(member);
      } else {
        copy(member, out);
      }
    }
    return out.finish();
  }

 private:
  void copy(const bson::Element& member, bson::Builder& out) {
    if (is_container(member)) {
      path_.push_back(member.key());
      if (member.is_document()) {
        out.open_document(member.key());
      } else {
        out.open_array(member.key());
      }
      for (const bson::Element& inner : member.as_document_or_array()) copy(inner, out);
      out.close();
      path_.pop_back();
    } else if (is_encrypted(member)) {
      path_.push_back(member.key());
      out.append(member.key(), decrypt(member));
      path_.pop_back();
    } else {
      out.append(member);
    }
  }

  bson::Value decrypt(bson::ValueView value) {
    try {
      return crypto::decrypt_value(value.as_binary().bytes, source_);
    } catch (const Error& error) {
      if (error.is(ErrorCode::kKeyNotFound)) throw;  // names the path already
      throw Error(error.code(),
                  fmt::format("cannot decrypt {}: {}", describe_path(), error.what()));
    }
  }

  // "field 'a.b' of db.coll": the path inside the document that a cursor returned, or inside the
  // reply.
  std::string describe_path() const {
    std::span<const std::string_view> path(path_);
    const bool from_cursor = path.size() > 3 && path[0] == "cursor";
    if (from_cursor) path = path.subspan(3);
    std::string text = fmt::format("field '{}'", fmt::join(path, "."));
    const bson::Element ns = reply_.at_path("cursor.ns");
    if (from_cursor && ns.is_string()) text += fmt::format(" of {}", ns.as_string());
    return text;
  }

  bson::View reply_;
  KeyLookup keys_;
  crypto::KeySource source_;
  std::vector<std::string_view> path_;
};

}  // namespace

bson::Document decrypt_reply(bson::Document reply, keyvault::KeyCache& keys) {
  if (!reply["ok"].truthy()) return reply;
  bool any = false;
  std::vector<Uuid> ids;
  for (const bson::Element& member : reply.view()) {
    if (is_fault(member.key())) continue;
    collect_key_ids(member, any, ids);
  }
  if (!any) return reply;
  keys.preload(ids);
  return Decryptor(reply, keys).run();
}

}  // namespace quern::client
