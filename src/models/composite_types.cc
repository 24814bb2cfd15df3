// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Fields made of other fields: structs, optionals, vectors, and types with a codec of their own.
#include <functional>
#include <string>

#include "models/decode_error.h"
#include "models/encode_error.h"
#include "models/member_codec.h"
#include "models/value_type.h"
#include "quern/base/error.h"
#include "quern/models/internal/value_table.h"

namespace quern {

void ValueType::decode_member(void* value, const DecryptedElement& stored,
                              const DecodePath& path) const {
  decode(value, stored.raw(), path);  // the types have no place for a ciphertext
}
void ValueType::validate(const void*, Faults&) const {}
const void* ValueType::content(const void* value) const { return value; }

namespace internal {
namespace {

class StructType final : public ValueType {
 public:
  explicit StructType(const ModelInfo& model) : ValueType(describe(model)), model_(model) {}
  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    out.open_document(key);
    encode_members(model_, value, out);
    out.close();
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    expect_type(bson::Type::kDocument, stored, path);
    decode_members(model_, value, DecryptedView::of_raw(stored.as_document()), path);
  }
  void decode_member(void* value, const DecryptedElement& stored,
                     const DecodePath& path) const override {
    expect_type(bson::Type::kDocument, stored.raw(), path);
    decode_members(model_, value, stored.document(), path);
  }
  void validate(const void* value, Faults& faults) const override {
    validate_members(model_, value, faults);
  }

 private:
  static ValueInfo describe(const ModelInfo& model) {
    ValueInfo info;
    info.type = bson::Type::kDocument;
    info.embedded = &model;
    return info;
  }

  const ModelInfo& model_;
};

class OptionalType final : public ValueType {
 public:
  OptionalType(const ValueType& value, OptionalOperations operations)
      : ValueType(describe(value)), value_(value), operations_(operations) {}
  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    if (const void* inner = operations_.get(value)) {
      value_.encode(inner, out, key);
    } else {
      out.append(key, bson::Null{});
    }
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    if (stored.is_null()) return operations_.reset(value);
    value_.decode(operations_.emplace(value), stored, path);
  }
  void decode_member(void* value, const DecryptedElement& stored,
                     const DecodePath& path) const override {
    if (stored.raw().is_null()) return operations_.reset(value);
    value_.decode_member(operations_.emplace(value), stored, path);
  }
  void validate(const void* value, Faults& faults) const override {
    if (const void* inner = operations_.get(value)) value_.validate(inner, faults);
  }
  const void* content(const void* value) const override { return operations_.get(value); }
  bool is_stored_as_it_is() const override { return value_.is_stored_as_it_is(); }

 private:
  static ValueInfo describe(const ValueType& value) {
    ValueInfo info = value.info();
    info.nullable = true;
    return info;
  }

  const ValueType& value_;
  OptionalOperations operations_;
};

class VectorType final : public ValueType {
 public:
  VectorType(const ValueType& element, VectorOperations operations)
      : ValueType(describe(element)), element_(element), operations_(operations) {}
  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    out.open_array(key);
    const std::size_t size = operations_.size(value);
    for (std::size_t i = 0; i < size; ++i) {
      const std::string index = std::to_string(i);
      encode_step(index, false, [&] { element_.encode(operations_.at(value, i), out, index); });
    }
    out.close();
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    expect_type(bson::Type::kArray, stored, path);
    operations_.clear(value);
    std::size_t index = 0;
    for (const bson::Element& element : stored.as_array()) {
      element_.decode(operations_.append(value), element,
                      DecodePath{&path, {}, index++, path.secret});
    }
  }
  void validate(const void* value, Faults& faults) const override {
    const std::size_t size = operations_.size(value);
    for (std::size_t i = 0; i < size; ++i) {
      const Faults::Scope scope(faults, std::to_string(i));
      element_.validate(operations_.at(value, i), faults);
    }
  }

 private:
  static ValueInfo describe(const ValueType& element) {
    ValueInfo info;
    info.type = bson::Type::kArray;
    info.element = &element.info();
    return info;
  }

  const ValueType& element_;
  VectorOperations operations_;
};

// Stores a type as another one, through codec<T>. Its info is that of the stored type.
class CodecType final : public ValueType {
 public:
  CodecType(const ValueType& stored, CodecOperations operations)
      : ValueType(stored.info()), stored_(stored), operations_(operations) {}

  void encode(const void* value, bson::Builder& out, std::string_view key) const override {
    Encoding encoding{stored_, out, key};
    operations_.to_stored(value, &encoding, [](void* context, const void* stored) {
      const auto& e = *static_cast<Encoding*>(context);
      e.type.encode(stored, e.out, e.key);
    });
  }
  void decode(void* value, bson::ValueView stored, const DecodePath& path) const override {
    const auto read = [&](void* into) { stored_.decode(into, stored, path); };
    decode_with(value, read, path);
  }
  void decode_member(void* value, const DecryptedElement& stored,
                     const DecodePath& path) const override {
    const auto read = [&](void* into) { stored_.decode_member(into, stored, path); };
    decode_with(value, read, path);
  }
  bool is_stored_as_it_is() const override { return false; }
  void validate(const void* value, Faults& faults) const override {
    Validation validation{stored_, faults};
    try {
      operations_.to_stored(value, &validation, [](void* context, const void* stored) {
        const auto& v = *static_cast<Validation*>(context);
        v.type.validate(stored, v.faults);
      });
    } catch (const std::exception& error) {
      faults.add(faults.secret() ? kSecretFault : error.what());
    }
  }

 private:
  struct Encoding {
    const ValueType& type;
    bson::Builder& out;
    std::string_view key;
  };
  struct Decoding {
    const std::function<void(void*)>& read;
    bool done = false;
  };
  struct Validation {
    const ValueType& type;
    Faults& faults;
  };

  // read decodes the stored form into the address that it is given.
  void decode_with(void* value, const std::function<void(void*)>& read,
                   const DecodePath& path) const {
    Decoding decoding{read};
    try {
      operations_.from_stored(value, &decoding, [](void* context, void* into) {
        auto& d = *static_cast<Decoding*>(context);
        d.read(into);
        d.done = true;
      });
    } catch (const std::exception& error) {
      if (!decoding.done) throw;  // already names the path
      bad_stored_value(path, path.secret ? "its codec refuses the stored value" : error.what());
    }
  }

  const ValueType& stored_;
  CodecOperations operations_;
};

}  // namespace

const ValueType& make_struct_type(const ModelInfo& model) { return *new StructType(model); }
const ValueType& make_optional_type(const ValueType& value, OptionalOperations operations) {
  return *new OptionalType(value, operations);
}
const ValueType& make_vector_type(const ValueType& element, VectorOperations operations) {
  return *new VectorType(element, operations);
}
const ValueType& make_codec_type(const ValueType& stored, CodecOperations operations) {
  return *new CodecType(stored, operations);
}

}  // namespace internal
}  // namespace quern
