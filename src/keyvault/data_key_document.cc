// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "keyvault/data_key_document.h"

#include <fmt/format.h>

#include <algorithm>

#include "quern/base/error.h"

namespace quern::keyvault {
namespace {

// Reads the members of one key document; every fault names the key and the vault.
class Reader {
 public:
  Reader(bson::View document, std::string_view vault) : vault_(vault) {
    const bson::Element id = document["_id"];
    if (id.is_binary(bson::BinarySubtype::kUuid) && id.as_binary().bytes.size() == Uuid::kSize) {
      id_ = id.as_uuid().to_string();
    }
  }

  [[noreturn]] void fail(std::string_view what) const {
    throw Error(ErrorCode::kFailedToParse,
                fmt::format("data key {} in {} is damaged: {}",
                            id_.empty() ? "without a UUID as its _id" : id_, vault_, what));
  }
  void expect(const bson::Element& member, bson::Type type) const {
    if (member.type() != type) {
      fail(fmt::format("'{}' is of type '{}' instead of '{}'", member.key(),
                       bson::alias(member.type()), bson::alias(type)));
    }
  }
  BytesView binary(const bson::Element& member, bson::BinarySubtype subtype) const {
    expect(member, bson::Type::kBinary);
    const bson::Binary binary = member.as_binary();
    if (binary.subtype != subtype) {
      fail(fmt::format("'{}' is a binary of subtype {} instead of {}", member.key(),
                       static_cast<int>(binary.subtype), static_cast<int>(subtype)));
    }
    return binary.bytes;
  }

 private:
  std::string_view vault_;
  std::string id_;
};

std::vector<std::string> read_alt_names(const Reader& reader, const bson::Element& member) {
  reader.expect(member, bson::Type::kArray);
  std::vector<std::string> names;
  for (const bson::Element& name : member.as_array()) {
    if (!name.is_string()) reader.fail("'keyAltNames' holds something other than strings");
    if (std::ranges::find(names, name.as_string()) != names.end()) {
      reader.fail(fmt::format("'keyAltNames' holds '{}' twice", name.as_string()));
    }
    names.emplace_back(name.as_string());
  }
  return names;
}

}  // namespace

DataKeyDocument DataKeyDocument::parse(bson::View document, std::string_view vault) {
  const Reader reader(document, vault);
  DataKeyDocument key;
  enum Seen { kId = 1, kMaterial = 2, kCreation = 4, kUpdate = 8, kStatus = 16, kMasterKey = 32 };
  int seen = 0;
  for (const bson::Element& member : document) {
    const std::string_view name = member.key();
    if (name == "_id") {
      const BytesView id = reader.binary(member, bson::BinarySubtype::kUuid);
      if (id.size() != Uuid::kSize) reader.fail("'_id' is not 16 bytes long");
      key.id = Uuid::from_bytes(id);
      seen |= kId;
    } else if (name == "keyMaterial") {
      const BytesView material = reader.binary(member, bson::BinarySubtype::kGeneric);
      key.key_material.assign(material.begin(), material.end());
      seen |= kMaterial;
    } else if (name == "creationDate") {
      reader.expect(member, bson::Type::kDate);
      key.creation_date = member.as_date();
      seen |= kCreation;
    } else if (name == "updateDate") {
      reader.expect(member, bson::Type::kDate);
      key.update_date = member.as_date();
      seen |= kUpdate;
    } else if (name == "status") {
      const auto status = member.whole_number();
      if (!status || *status < INT32_MIN || *status > INT32_MAX) {
        reader.fail("'status' is not an int");
      }
      key.status = static_cast<std::int32_t>(*status);
      seen |= kStatus;
    } else if (name == "masterKey") {
      reader.expect(member, bson::Type::kDocument);
      key.master_key = bson::Document(member.as_document());
      if (!key.master_key["provider"].is_string()) {
        reader.fail("'masterKey' lacks the name of its provider");
      }
      seen |= kMasterKey;
    } else if (name == "keyAltNames") {
      key.alt_names = read_alt_names(reader, member);
    } else if (name == "version") {
      if (member.whole_number() != 0) reader.fail("'version' is not 0");
    } else {
      reader.fail(fmt::format("unknown member '{}'", name));
    }
  }
  constexpr std::pair<Seen, std::string_view> kRequired[] = {{kId, "_id"},
                                                             {kMaterial, "keyMaterial"},
                                                             {kCreation, "creationDate"},
                                                             {kUpdate, "updateDate"},
                                                             {kStatus, "status"},
                                                             {kMasterKey, "masterKey"}};
  for (const auto& [flag, name] : kRequired) {
    if ((seen & flag) == 0) reader.fail(fmt::format("'{}' is missing", name));
  }
  return key;
}

bson::Document DataKeyDocument::to_bson() const {
  bson::Builder builder;
  builder.append("_id", id);
  if (!alt_names.empty()) {
    builder.open_array("keyAltNames");
    for (const std::string& name : alt_names) builder.push(name);
    builder.close();
  }
  builder.append("keyMaterial", bson::Binary{bson::BinarySubtype::kGeneric, key_material});
  builder.append("creationDate", creation_date);
  builder.append("updateDate", update_date);
  builder.append("status", status);
  builder.append("masterKey", master_key);
  return builder.finish();
}

}  // namespace quern::keyvault
