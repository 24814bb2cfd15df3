// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// From a value that meets an encrypted field to its marking.
#ifndef QUERN_ANALYSIS_MARKING_H_
#define QUERN_ANALYSIS_MARKING_H_

#include <string_view>

#include "analysis/context.h"
#include "quern/bson/document.h"

namespace quern::analysis {

// Appends the marking of a value that is to be stored in the field. path is how the command calls
// the field. Throws Error when the value's type is not the field's, or cannot be encrypted at all.
void mark_for_insert(Context& context, const schema::EncryptedField& field, std::string_view path,
                     std::string_view key, bson::ValueView value, bson::Builder& out);

// Appends the marking of a constant that the field is compared with for equality. The caller has
// called check_queryable() and has dealt with null.
void mark_for_find(Context& context, const schema::EncryptedField& field, std::string_view path,
                   std::string_view key, bson::ValueView value, bson::Builder& out);

// Appends what stands for an interval at its only or first place, or at its second. Throws Error
// for bounds whose type is not the field's, and for numbers that are not finite.
void mark_interval(Context& context, const schema::EncryptedField& field, std::string_view path,
                   std::string_view key, const schema::Interval& interval, bool is_second,
                   bson::Builder& out);

// Throws Error unless the field can be found by equality in this version.
void check_queryable(const schema::EncryptedField& field, std::string_view path);

// Whether there is a payload for the server in a command already, which its sender made. Refuses
// values that are placeholders: whoever encrypts would take them for ours.
bool holds_payload(bson::View document);

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_MARKING_H_
