// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A data key as its document in the key vault collection: MongoDB's format, so that keys made by
// any driver work here and the other way round. docs/format/key_vault.md describes every member.
//
//   {_id: UUID, keyMaterial: binary 0, creationDate, updateDate: date, status: int32 0,
//    masterKey: {provider: …, …}, keyAltNames: [string, …]}
#ifndef QUERN_KEYVAULT_DATA_KEY_DOCUMENT_H_
#define QUERN_KEYVAULT_DATA_KEY_DOCUMENT_H_

#include <string>
#include <string_view>
#include <vector>

#include "quern/base/uuid.h"
#include "quern/bson/document.h"

namespace quern::keyvault {

struct DataKeyDocument {
  Uuid id;
  std::vector<std::string> alt_names;
  Bytes key_material;  // wrapped, never a key in the clear
  bson::Date creation_date;
  bson::Date update_date;
  std::int32_t status = 0;
  bson::Document master_key;

  // Throws Error(FailedToParse) "data key <id> in <vault> is damaged: …" when a member is missing,
  // unknown, or of another type.
  static DataKeyDocument parse(bson::View document, std::string_view vault);
  bson::Document to_bson() const;

  std::string_view provider() const { return master_key["provider"].as_string(); }
};

}  // namespace quern::keyvault

#endif  // QUERN_KEYVAULT_DATA_KEY_DOCUMENT_H_
