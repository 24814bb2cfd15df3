// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/catalog/index.h"

#include <algorithm>

#include "engine/catalog/duplicate_key.h"
#include "query/match/match.h"
#include "storage/key_format.h"

namespace quern::engine {
namespace {

// Where the record id begins in an entry's key: seven bits a byte, the least first.
void append_varint(std::string& out, std::size_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}
std::size_t read_varint(BytesView bytes) {
  std::size_t value = 0;
  int shift = 0;
  for (const std::uint8_t byte : bytes) {
    value |= static_cast<std::size_t>(byte & 0x7F) << shift;
    shift += 7;
  }
  return value;
}

}  // namespace

Index::Index(bson::Document spec, std::uint32_t table, bool multikey)
    : spec_(std::move(spec)),
      name_(spec_["name"].as_string()),
      key_(spec_["key"].as_document()),
      pattern_(key_),
      table_(table),
      unique_(spec_["unique"].truthy()),
      sparse_(spec_["sparse"].truthy()),
      plannable_(!spec_["hidden"].truthy()),
      multikey_(multikey) {
  for (const bson::Element& part : key_) {
    descending_.push_back(part.is_number() && part.number() < 0);
  }
  if (const bson::Element filter = spec_["partialFilterExpression"]; !filter.missing()) {
    partial_filter_ =
        std::make_unique<const query::Matcher>(query::Matcher::parse(filter.as_document()));
  }
}

Index::~Index() = default;

void Index::keys(bson::View document, std::vector<std::string>& out, bool& several) const {
  out.clear();
  if (partial_filter_ && !partial_filter_->matches(document)) return;
  const auto outcome = pattern_.keys(document, [&](std::span<const bson::ValueView> values) {
    std::string& key = out.emplace_back();
    storage::append_table(key, table_);
    for (std::size_t i = 0; i < values.size(); ++i) {
      storage::append_key(key, values[i], descending_[i]);
    }
  });
  if (outcome.multikey) several = true;
  if (sparse_ && outcome.all_missing) {
    out.clear();
    return;
  }
  if (out.size() > 1) {
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
  }
}

void Index::insert(storage::WriteTransaction& transaction, const std::string& key,
                   const storage::RecordId& record, const Namespace& ns,
                   bson::View document) const {
  if (!unique_) {
    std::string entry = key;
    entry.append(as_text(record.bytes()));
    std::string offset;
    append_varint(offset, key.size());
    transaction.put_guarded(as_bytes(entry), as_bytes(offset));
    return;
  }
  storage::PinnedValue existing;
  if (transaction.get_for_update(as_bytes(key), existing) &&
      !equal(existing.bytes(), record.bytes())) {
    bson::Document value;
    pattern_.keys(document, [&](std::span<const bson::ValueView> values) {
      std::string candidate;
      storage::append_table(candidate, table_);
      for (std::size_t i = 0; i < values.size(); ++i) {
        storage::append_key(candidate, values[i], descending_[i]);
      }
      if (candidate != key) return;
      bson::Builder builder;
      std::size_t i = 0;
      for (const bson::Element& part : key_) builder.append(part.key(), values[i++]);
      value = builder.finish();
    });
    throw DuplicateKeyError(ns, name_, key_, value);
  }
  transaction.put_guarded(as_bytes(key), record.bytes());
}

void Index::remove(storage::WriteTransaction& transaction, const std::string& key,
                   const storage::RecordId& record) const {
  if (unique_) {
    transaction.remove(as_bytes(key));
    return;
  }
  std::string entry = key;
  entry.append(as_text(record.bytes()));
  transaction.remove_guarded(as_bytes(entry));
}

BytesView Index::record_of(BytesView entry_key, BytesView entry_value) const {
  return unique_ ? entry_value : entry_key.subspan(read_varint(entry_value));
}

}  // namespace quern::engine
