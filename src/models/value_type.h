// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// ValueType: how values of one C++ type become BSON and come back, with the type itself erased.
// Each is one object, made once (value_table.h), immutable, usable from any thread.
#ifndef QUERN_MODELS_VALUE_TYPE_H_
#define QUERN_MODELS_VALUE_TYPE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "quern/bson/document.h"
#include "quern/command/decrypted.h"
#include "quern/models/model_info.h"
#include "quern/models/validation_error.h"

namespace quern {

// Where in a document decoding is, for messages: a chain on the stack, innermost first.
struct DecodePath {
  const DecodePath* outer;
  std::string_view name;  // of the model for the outermost, of a column below it
  std::size_t index = 0;  // of an array element, when name is empty
  bool secret = false;    // at or below an encrypted field: messages must not show values

  std::string to_string() const;  // "Patient.patient_record.ssn"
  // Whether it is that path of a document: is("patient_record.ssn").
  bool is(std::string_view dotted) const;
};

class ValueType {
 public:
  explicit ValueType(ValueInfo info) : info_(std::move(info)) {}
  virtual ~ValueType() = default;

  const ValueInfo& info() const { return info_; }
  // `value` points to what value_address() gave for an object of the type.
  virtual void encode(const void* value, bson::Builder& out, std::string_view key) const = 0;
  // stored is a plain value, or one that was decrypted. Throws Error(TypeMismatch or BadValue) that
  // names the path, never the stored value.
  virtual void decode(void* value, bson::ValueView stored, const DecodePath& path) const = 0;
  // The same for a member that is not encrypted as a whole, but may hold members that are.
  virtual void decode_member(void* value, const DecryptedElement& stored,
                             const DecodePath& path) const;
  virtual void validate(const void* value, Faults& faults) const;
  // The value inside an optional; null for an empty optional and an unset Id; otherwise the value.
  virtual const void* content(const void* value) const;
  // False where a codec stands between the value and what info() describes.
  virtual bool is_stored_as_it_is() const { return true; }

 private:
  ValueInfo info_;
};

}  // namespace quern

#endif  // QUERN_MODELS_VALUE_TYPE_H_
