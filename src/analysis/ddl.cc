// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// create, collMod, createIndexes, compaction and cleanup: nothing in them is ever encrypted, so
// nothing in them may be compared with an encrypted field.
#include "analysis/command.h"
#include "analysis/key_pattern.h"
#include "analysis/match.h"
#include "analysis/refusal.h"

namespace quern::analysis {
namespace {

using bson::Element;

// A filter that the server applies by itself. It goes out as it came.
void check_validator(const CommandAnalysis& analysis, const Element& member) {
  bson::Builder discarded;
  analyse_filter(analysis.context, analysis.tree, document_member(analysis, member),
                 FilterUse::kValidator, discarded);
  analysis.out.append(member);
}

void refuse_view(const CommandAnalysis& analysis, const Element&) {
  refuse::operation(std::string(analysis.name) +
                    ": views over collections with encrypted fields are not supported");
}

constexpr std::string_view kIdIndex[] = {"key", "name", "v", "collation"};
constexpr std::string_view kClusteredIndex[] = {"key", "unique", "name", "v"};
constexpr std::string_view kTimeseries[] = {"timeField", "metaField", "granularity",
                                            "bucketMaxSpanSeconds", "bucketRoundingSeconds"};
constexpr std::string_view kImages[] = {"enabled"};

constexpr Member kCreateMembers[] = {
    {"create", copy_text_member},
    {"encryptedFields", copy_document_member},
    {"validator", check_validator},
    {"validationLevel", copy_text_member},
    {"validationAction", copy_text_member},
    {"capped", copy_setting_member},
    {"size", copy_setting_member},
    {"max", copy_setting_member},
    {"autoIndexId", copy_setting_member},
    {"idIndex", copy_options_member<kIdIndex>},
    {"indexOptionDefaults", copy_document_member},
    {"collation", copy_collation_member},
    {"storageEngine", copy_document_member},
    {"clusteredIndex", copy_options_member<kClusteredIndex>},
    {"expireAfterSeconds", copy_setting_or_word_member},
    {"timeseries", copy_options_member<kTimeseries>},
    {"changeStreamPreAndPostImages", copy_options_member<kImages>},
    {"viewOn", refuse_view},
    {"pipeline", refuse_view},
};

void key_pattern(const CommandAnalysis& analysis, const Element& member) {
  check_key_pattern(member.key(), document_member(analysis, member));
  analysis.out.append(member);
}

// {path: yes or no}, where paths may be nested documents.
void wildcard_projection(const CommandAnalysis& analysis, const Element& member) {
  analysis.out.open_document(member.key());
  for (const Element& part : document_member(analysis, member)) {
    if (part.is_document()) {
      wildcard_projection(analysis, part);
    } else {
      check_direction(member.key(), part);
      analysis.out.append(part);
    }
  }
  analysis.out.close();
}

constexpr Member kCollModIndexMembers[] = {
    {"keyPattern", key_pattern},     {"name", copy_text_member},
    {"unique", copy_setting_member}, {"expireAfterSeconds", copy_setting_or_word_member},
    {"hidden", copy_setting_member}, {"prepareUnique", copy_setting_member},
};

void coll_mod_index(const CommandAnalysis& analysis, const Element& member) {
  analysis.out.open_document(member.key());
  analyse_members({analysis.context, analysis.tree, analysis.collection, "collMod.index",
                   document_member(analysis, member), analysis.out},
                  kCollModIndexMembers, /*with_generic_members=*/false);
  analysis.out.close();
}

constexpr Member kCollModMembers[] = {
    {"collMod", copy_text_member},
    {"index", coll_mod_index},
    {"validator", check_validator},
    {"validationLevel", copy_text_member},
    {"validationAction", copy_text_member},
    {"expireAfterSeconds", copy_setting_or_word_member},
    {"timeseries", copy_options_member<kTimeseries>},
    {"cappedSize", copy_setting_member},
    {"cappedMax", copy_setting_member},
    {"changeStreamPreAndPostImages", copy_options_member<kImages>},
    {"dryRun", copy_setting_member},
    {"viewOn", refuse_view},
    {"pipeline", refuse_view},
};

void weights(const CommandAnalysis& analysis, const Element& member) {
  for (const Element& weight : document_member(analysis, member)) {
    if (!weight.is_number()) {
      refuse::wrong_member_type(member.key(), weight.key(), "a number", weight.type());
    }
    if (analysis.tree.resolve(weight.key()).kind != EncryptionTree::Target::Kind::kPlain) {
      refuse::operation("A text index cannot weigh the encrypted field '" +
                        std::string(weight.key()) + "'");
    }
  }
  analysis.out.append(member);
}

constexpr Member kIndexMembers[] = {
    {"key", key_pattern},
    {"name", copy_text_member},
    {"v", copy_setting_member},
    {"background", copy_setting_member},
    {"unique", copy_setting_member},
    {"sparse", copy_setting_member},
    {"hidden", copy_setting_member},
    {"prepareUnique", copy_setting_member},
    {"expireAfterSeconds", copy_setting_or_word_member},
    {"partialFilterExpression", check_validator},
    {"collation", copy_collation_member},
    {"storageEngine", copy_document_member},
    {"wildcardProjection", wildcard_projection},
    {"weights", weights},
    {"default_language", copy_text_member},
    {"language_override", copy_text_member},
    {"textIndexVersion", copy_setting_member},
    {"2dsphereIndexVersion", copy_setting_member},
    {"bits", copy_setting_member},
    {"bucketSize", copy_setting_member},
    {"dropDups", copy_setting_member},
    {"min", copy_setting_member},
    {"max", copy_setting_member},
    {"ns", copy_text_member},
    {"clustered", copy_setting_member},
};

void indexes(const CommandAnalysis& analysis, const Element& member) {
  analysis.out.open_array(member.key());
  for (const Element& index : array_member(analysis, member)) {
    if (!index.is_document()) refuse::malformed("createIndexes.indexes takes documents");
    analysis.out.open_document(index.key());
    analyse_members({analysis.context, analysis.tree, analysis.collection, "createIndexes.indexes",
                     index.as_document(), analysis.out},
                    kIndexMembers, /*with_generic_members=*/false);
    analysis.out.close();
  }
  analysis.out.close();
}

constexpr Member kCreateIndexesMembers[] = {
    {"createIndexes", copy_text_member},
    {"indexes", indexes},
    {"commitQuorum", copy_setting_or_word_member},
    {"ignoreUnknownIndexOptions", copy_setting_member},
};

// The tokens are the client's to add.
constexpr Member kCompactMembers[] = {
    {"compactStructuredEncryptionData", copy_text_member},
    {"cleanupStructuredEncryptionData", copy_text_member},
    {"compactionTokens", copy_document_member},
    {"cleanupTokens", copy_document_member},
};

}  // namespace

void analyse_compact(const CommandAnalysis& analysis) {
  analyse_members(analysis, kCompactMembers, /*with_generic_members=*/true);
}

void analyse_create(const CommandAnalysis& analysis) {
  analyse_members(analysis, kCreateMembers, /*with_generic_members=*/true);
}

void analyse_coll_mod(const CommandAnalysis& analysis) {
  analyse_members(analysis, kCollModMembers, /*with_generic_members=*/true);
}

void analyse_create_indexes(const CommandAnalysis& analysis) {
  analyse_members(analysis, kCreateIndexesMembers, /*with_generic_members=*/true);
}

}  // namespace quern::analysis
