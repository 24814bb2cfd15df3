// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The refusals of query analysis: every text that more than one rule gives, with its code, once.
// Texts name operators, members, types and paths; never a value. The wording is the one that
// drivers' and frameworks' own tests look for.
#ifndef QUERN_ANALYSIS_REFUSAL_H_
#define QUERN_ANALYSIS_REFUSAL_H_

#include <span>
#include <string>
#include <string_view>

#include "bson/strict_reader.h"
#include "quern/base/error.h"
#include "quern/bson/view.h"
#include "schema/encrypted_fields.h"

namespace quern::analysis::refuse {

// An operation that encryption cannot express, as text says (code QueryFeatureNotAllowed).
[[noreturn]] void operation(const std::string& text);

// Paths.
[[noreturn]] void below_encrypted(std::string_view path);
[[noreturn]] void inside_array(std::string_view path);
[[noreturn]] void unknown_encryption(std::string_view path);
[[noreturn]] void removed(std::string_view path);

// Values that cannot become a ciphertext of that field.
[[noreturn]] void wrong_type(const schema::EncryptedField& field, std::string_view path,
                             bson::Type type);
[[noreturn]] void not_yet_encryptable(const schema::EncryptedField& field, std::string_view path);

// Filters.
[[noreturn]] void invalid_operator(std::string_view name, std::string_view path);
[[noreturn]] void unsupported_operator(std::string_view name);
[[noreturn]] void not_queryable(std::string_view path);
[[noreturn]] void null_equality(std::string_view path);
[[noreturn]] void null_in_list(std::string_view path);
[[noreturn]] void infinite_bound(std::string_view path);
[[noreturn]] void order_in_expression(std::string_view path);
[[noreturn]] void comparison(std::string_view path);
[[noreturn]] void composite_operand(std::string_view name, std::string_view path);

// Aggregation.
[[noreturn]] void reference(std::string_view path);
[[noreturn]] void non_constant(std::string_view path);
[[noreturn]] void constant(std::string_view path);
[[noreturn]] void stage(std::string_view name);

// What is not understood. The faults of a strict reader, as this layer words them.
extern const bson::MemberFaults kMemberFaults;
[[noreturn]] void unknown_member(std::string_view where, std::string_view name);
// Unless every member is there once: with two of a name, which one counts is for the server to
// know.
void repeated_member(std::string_view where, bson::View document);
// Unless every member is one of these, and there once.
void check_options(std::string_view where, bson::View options,
                   std::span<const std::string_view> known);
[[noreturn]] void malformed(const std::string& text);
[[noreturn]] void wrong_member_type(std::string_view where, std::string_view name,
                                    std::string_view wanted, bson::Type type);

}  // namespace quern::analysis::refuse

#endif  // QUERN_ANALYSIS_REFUSAL_H_
