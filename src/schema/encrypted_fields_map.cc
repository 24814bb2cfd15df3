// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "schema/encrypted_fields_map.h"

#include "quern/base/error.h"

namespace quern::schema {

EncryptedFieldsMap EncryptedFieldsMap::parse(bson::View document) {
  EncryptedFieldsMap map;
  for (const bson::Element& entry : document) {
    const std::string ns(entry.key());
    const std::size_t dot = ns.find('.');
    if (dot == 0 || dot == std::string::npos || dot + 1 == ns.size()) {
      throw Error(ErrorCode::kInvalidNamespace, "encrypted-fields map: '" + ns +
                                                    "' is no namespace, expected "
                                                    "'database.collection'");
    }
    const std::string where = ns + ".encryptedFields";
    EncryptedFields fields =
        EncryptedFields::parse(entry.value(), std::string_view(ns).substr(dot + 1),
                               {.where = where, .allow_key_alt_name = true});
    if (!map.entries_.emplace(ns, std::move(fields)).second) {
      throw Error(ErrorCode::kBadValue, "encrypted-fields map: '" + ns + "' is there twice");
    }
  }
  return map;
}

const EncryptedFields* EncryptedFieldsMap::find(std::string_view ns) const {
  const auto at = entries_.find(ns);
  return at == entries_.end() ? nullptr : &at->second;
}

bson::Document EncryptedFieldsMap::to_bson() const {
  bson::Builder builder;
  for (const auto& [ns, fields] : entries_) builder.append(ns, fields.to_bson());
  return builder.finish();
}

}  // namespace quern::schema
