// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// A value that cannot be stored, by the path of its member, which grows from the inside out as the
// error leaves the structs around it. It never holds a value of an encrypted member.
#ifndef QUERN_MODELS_ENCODE_ERROR_H_
#define QUERN_MODELS_ENCODE_ERROR_H_

#include <exception>
#include <string>
#include <string_view>

#include "models/decode_error.h"
#include "quern/base/error.h"

namespace quern::internal {

class EncodeError : public Error {
 public:
  EncodeError(const std::string& path, const std::string& why)
      : Error(ErrorCode::kBadValue, path + ": " + why), path_(path), why_(why) {}
  const std::string& path() const { return path_; }
  const std::string& why() const { return why_; }

 private:
  std::string path_;
  std::string why_;
};

// Encodes what lies at a step of a path. secret: at an encrypted member, whose types and codecs are
// not to be quoted.
template <class Encode>
void encode_step(std::string_view step, bool secret, const Encode& encode) {
  try {
    encode();
  } catch (const EncodeError& error) {
    if (secret) throw EncodeError(std::string(step), kSecretFault);
    throw EncodeError(std::string(step) + "." + error.path(), error.why());
  } catch (const std::exception& error) {
    throw EncodeError(std::string(step), secret ? kSecretFault : error.what());
  }
}

}  // namespace quern::internal

#endif  // QUERN_MODELS_ENCODE_ERROR_H_
