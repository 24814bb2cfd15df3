// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "keyvault/data_key_document.h"

#include <fmt/format.h>

#include <set>

#include "bson/strict_reader.h"
#include "quern/base/error.h"

namespace quern::keyvault {
namespace {

// "data key ID in VAULT": how faults call the document.
std::string name_of(bson::View document, std::string_view vault) {
  const bson::Element id = document["_id"];
  const bool named =
      id.is_binary(bson::BinarySubtype::kUuid) && id.as_binary().bytes.size() == Uuid::kSize;
  return fmt::format("data key {} in {}",
                     named ? id.as_uuid().to_string() : "without a UUID as its _id", vault);
}

constexpr auto kDamaged = static_cast<std::int32_t>(ErrorCode::kFailedToParse);
constexpr bson::MemberFaults kFaults{
    .unknown = {kDamaged, "{where} is damaged: unknown member '{name}'"},
    .repeated = {kDamaged, "{where} is damaged: '{name}' is there twice"},
    .missing = {kDamaged, "{where} is damaged: '{name}' is missing"},
    .wrong_type = {kDamaged,
                   "{where} is damaged: '{name}' is of type '{type}' instead of '{expected}'"},
};

constexpr std::string_view kMembers[] = {"_id",    "keyMaterial", "creationDate", "updateDate",
                                         "status", "masterKey",   "keyAltNames",  "version"};

// Reads the members of one key document; every fault names the key and the vault.
class Reader : public bson::StrictReader {
 public:
  Reader(bson::View document, std::string_view vault)
      : StrictReader(document, name_of(document, vault), kMembers, kFaults),
        name_(name_of(document, vault)) {}

  [[noreturn]] void fail(std::string_view what) const {
    throw Error(ErrorCode::kFailedToParse, fmt::format("{} is damaged: {}", name_, what));
  }
  bson::Element of_type(std::string_view name, bson::Type type) const {
    const bson::Element member = required(name);
    if (member.type() != type) wrong_type(member, bson::alias(type));
    return member;
  }
  BytesView binary(std::string_view name, bson::BinarySubtype subtype) const {
    const bson::Binary binary = of_type(name, bson::Type::kBinary).as_binary();
    if (binary.subtype != subtype) {
      fail(fmt::format("'{}' is a binary of subtype {} instead of {}", name,
                       static_cast<int>(binary.subtype), static_cast<int>(subtype)));
    }
    return binary.bytes;
  }

 private:
  std::string name_;
};

std::vector<std::string> read_alt_names(const Reader& reader) {
  std::vector<std::string> names;
  std::set<std::string_view> known;
  if (!reader["keyAltNames"]) return names;
  for (const bson::Element& name : reader.of_type("keyAltNames", bson::Type::kArray).as_array()) {
    if (!name.is_string()) reader.fail("'keyAltNames' holds something other than strings");
    if (!known.insert(name.as_string()).second) {
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
  const BytesView id = reader.binary("_id", bson::BinarySubtype::kUuid);
  if (id.size() != Uuid::kSize) reader.fail("'_id' is not 16 bytes long");
  key.id = Uuid::from_bytes(id);
  const BytesView material = reader.binary("keyMaterial", bson::BinarySubtype::kGeneric);
  key.key_material.assign(material.begin(), material.end());
  key.creation_date = reader.of_type("creationDate", bson::Type::kDate).as_date();
  key.update_date = reader.of_type("updateDate", bson::Type::kDate).as_date();
  const auto status = reader.required("status").whole_number();
  if (!status || *status < INT32_MIN || *status > INT32_MAX) reader.fail("'status' is not an int");
  key.status = static_cast<std::int32_t>(*status);
  key.master_key = bson::Document(reader.of_type("masterKey", bson::Type::kDocument).as_document());
  if (!key.master_key["provider"].is_string()) {
    reader.fail("'masterKey' lacks the name of its provider");
  }
  key.alt_names = read_alt_names(reader);
  if (const bson::Element version = reader["version"]; version && version.whole_number() != 0) {
    reader.fail("'version' is not 0");
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
