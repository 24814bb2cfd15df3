// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/qe/consistency.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/catalog/consistency.h"
#include "engine/qe/query_algorithm.h"
#include "engine/qe/state_collections.h"
#include "engine/rules/safe_content.h"
#include "engine/rules/validate.h"

namespace quern::engine::qe {
namespace {

using protocol::MetadataBlock;

class Checker {
 public:
  Checker(Operation& op, const Collection& collection, const schema::EncryptedFields& fields)
      : op_(op), collection_(collection), fields_(fields) {}

  ConsistencyReport run(std::span<const Bytes> find_payloads) {
    for (const Bytes& payload : find_payloads) expect_tags(payload);
    check_collection(collection_);
    check_documents();
    check_state();
    return std::move(report_);
  }

 private:
  // A value that the caller knows the tokens of.
  struct KnownValue {
    explicit KnownValue(const protocol::FindTokenSet& set) : tokens(set.server_derived) {}
    protocol::ServerMetadataTokens tokens;
  };
  struct IssuedTag {
    std::size_t value;
    MetadataBlock::Counters counters;
  };

  template <class... Args>
  void fault(fmt::format_string<Args...> text, Args&&... args) {
    report_.faults.push_back(fmt::format(text, std::forward<Args>(args)...));
  }

  // Notes all tags that the ESC says were issued for a value.
  void expect_tags(BytesView blob) {
    const schema::AlgorithmFacts* facts =
        blob.empty() ? nullptr : schema::algorithm_of(static_cast<bson::BlobSubtype>(blob[0]));
    if (facts == nullptr) throw Error(ErrorCode::kBadValue, "this is no find payload");
    const auto payload = query_algorithm(facts->algorithm).find_tokens(blob);
    StateCollections state(op_, collection_.ns(), fields_);
    for (const protocol::FindTokenSet& set : payload.sets) {
      for (std::int64_t factor = 0; factor <= payload.max_contention; ++factor) {
        const auto esc = protocol::with_contention(set.esc, factor);
        const protocol::EdcTwiceDerivedToken edc(protocol::with_contention(set.edc, factor));
        const std::uint64_t uses = find_esc_state(state, esc).uses();
        for (std::uint64_t count = 1; count <= uses; ++count) {
          const MetadataBlock::Counters counters{count, static_cast<std::uint64_t>(factor)};
          issued_.emplace(edc.tag(count), IssuedTag{values_.size(), counters});
        }
      }
      values_.emplace_back(set);
    }
  }

  void check_collection(const Collection& collection) {
    const auto found = check_records_and_indexes(op_, collection).all_faults();
    report_.faults.insert(report_.faults.end(), found.begin(), found.end());
  }

  void check_documents() {
    RecordCursor cursor = collection_.scan(op_);
    for (std::size_t position = 0; cursor.next(); ++position) {
      op_.check_interrupt();
      check_document(position, cursor.document());
    }
  }

  void check_document(std::size_t position, bson::View document) {
    try {
      validate_document(fields_, document);
    } catch (const Error&) {
      fault("document {} breaks the implicit schema of encrypted fields", position);
    }
    std::vector<Tag> of_values;
    for_each_blob(
        document, [&](std::string_view path, const bson::BlobFacts* facts, BytesView blob) {
          if (facts == nullptr || !facts->is_indexed()) return;
          const schema::EncryptedField* field = fields_.find(path);
          if (field == nullptr || !field->is_indexed()) {
            ++report_.misplaced_values;
            return;
          }
          const auto value = indexed_value(blob);
          if (!value) {
            fault("document {} holds damaged bytes in place of an encrypted value", position);
            return;
          }
          append_tags_of(*value, of_values);
          check_value(position, *value);
        });
    std::vector<Tag> listed = listed_tags(position, document);
    std::sort(of_values.begin(), of_values.end());
    std::sort(listed.begin(), listed.end());
    if (std::includes(listed.begin(), listed.end(), of_values.begin(), of_values.end())) {
      report_.stale_tags += listed.size() - of_values.size();
    } else {
      fault("document {} has {} indexed values, but other tags ({}) in __safeContent__", position,
            of_values.size(), listed.size());
    }
    for (const Tag& tag : listed) {
      if (!tags_.insert(tag).second) fault("document {} has a tag that was used before", position);
    }
  }

  std::vector<Tag> listed_tags(std::size_t position, bson::View document) {
    std::vector<Tag> tags;
    const bson::Element list = document[kSafeContent];
    if (!list.is_array()) {
      if (list) fault("__safeContent__ of document {} is no array", position);
      return tags;
    }
    for (const bson::Element& element : list.as_array()) {
      Tag& tag = tags.emplace_back();
      if (!element.is_binary(bson::BinarySubtype::kGeneric) ||
          element.as_binary().bytes.size() != tag.size()) {
        fault("__safeContent__ of document {} holds something that is no tag", position);
        tags.pop_back();
        continue;
      }
      const BytesView bytes = element.as_binary().bytes;
      std::copy(bytes.begin(), bytes.end(), tag.begin());
    }
    return tags;
  }

  void check_value(std::size_t position, const protocol::IndexedValue& value) {
    for (std::size_t i = 0; i < value.block_count(); ++i) check_block(position, value.block(i));
  }

  void check_block(std::size_t position, const MetadataBlock& block) {
    if (const auto issued = issued_.find(block.tag()); issued != issued_.end()) {
      if (block.counters(values_[issued->second.value].tokens) != issued->second.counters) {
        fault("the counter in a value of document {} is not that of its tag", position);
      }
      return;
    }
    for (const KnownValue& known : values_) {
      if (block.belongs_to(known.tokens)) {
        fault("a value of document {} has a tag that the ESC has not counted", position);
      }
    }
  }

  void check_state() {
    const Namespace& ns = collection_.ns();
    check_shapes({ns.database, fields_.esc_collection()}, [](bson::View document) {
      const bool is_anchor = document.contains("value");
      return is_bytes(document["_id"], 32) && (!is_anchor || is_bytes(document["value"], 32)) &&
             document.count() == (is_anchor ? 2u : 1u);
    });
    for (const char* suffix : {"", ".compact"}) {
      check_shapes({ns.database, fields_.ecoc_collection() + suffix}, [&](bson::View document) {
        const bson::Element path = document["fieldName"];
        return document["_id"].type() == bson::Type::kObjectId && path.is_string() &&
               is_record(fields_.find(path.as_string()), document["value"]) &&
               document.count() == 3;
      });
    }
  }

  static bool is_record(const schema::EncryptedField* field, const bson::Element& value) {
    return field != nullptr &&
           is_bytes(value, 48 + schema::algorithm_facts(field->algorithm()).record_extra);
  }

  static bool is_bytes(const bson::Element& element, std::size_t size) {
    return element.is_binary(bson::BinarySubtype::kGeneric) &&
           element.as_binary().bytes.size() == size;
  }

  template <class HasShape>
  void check_shapes(const Namespace& ns, const HasShape& has_shape) {
    const Collection* collection = op_.collection(ns);
    if (collection == nullptr) return;
    check_collection(*collection);
    RecordCursor cursor = collection->scan(op_);
    for (std::size_t position = 0; cursor.next(); ++position) {
      if (!has_shape(cursor.document())) {
        fault("document {} of '{}' has not the shape of the protocol", position, ns.collection);
      }
    }
  }

  Operation& op_;
  const Collection& collection_;
  const schema::EncryptedFields& fields_;
  std::vector<KnownValue> values_;
  std::map<Tag, IssuedTag> issued_;
  std::set<Tag> tags_;
  ConsistencyReport report_;
};

}  // namespace

ConsistencyReport check_consistency(Operation& op, const Namespace& ns,
                                    std::span<const Bytes> find_payloads) {
  const Collection* collection = op.collection(ns);
  if (collection == nullptr) return {{fmt::format("there is no collection '{}'", ns.to_string())}};
  if (collection->encrypted_fields() == nullptr) {
    return {{fmt::format("'{}' is not an encrypted collection", ns.to_string())}};
  }
  return Checker(op, *collection, *collection->encrypted_fields()).run(find_payloads);
}

}  // namespace quern::engine::qe
