// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Errors of values that cannot be stored or read: they name the path and the types, never a stored
// value.
#ifndef QUERN_MODELS_DECODE_ERROR_H_
#define QUERN_MODELS_DECODE_ERROR_H_

#include <string_view>

#include "models/value_type.h"

namespace quern::internal {

// "Patient.name: expected string, found int".
[[noreturn]] void wrong_type(const DecodePath& path, std::string_view expected,
                             bson::ValueView found);
// "Patient.ssn: expected a decrypted value, found …".
[[noreturn]] void not_decrypted(const DecodePath& path, bson::ValueView found);
[[noreturn]] void of_other_field(const DecodePath& path, std::string_view field);
// "Patient.name: <why>".
[[noreturn]] void bad_stored_value(const DecodePath& path, std::string_view why);

// What is said about a value of an encrypted field, whatever its type or codec says.
inline constexpr const char* kSecretFault = "Enter a valid value.";

// Throws wrong_type unless found has that type.
void expect_type(bson::Type expected, bson::ValueView found, const DecodePath& path);

}  // namespace quern::internal

#endif  // QUERN_MODELS_DECODE_ERROR_H_
