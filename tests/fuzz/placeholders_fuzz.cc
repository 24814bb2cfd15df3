// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Hostile placeholders: what is accepted survives being written and read again.
#include <cstdint>
#include <cstdlib>

#include "quern/base/error.h"
#include "schema/placeholder.h"

namespace {

template <class Placeholder>
void round_trip(quern::BytesView blob) {
  quern::Bytes written;
  try {
    written = Placeholder::parse(blob).serialize();
  } catch (const quern::Error&) {
    return;
  }
  if (Placeholder::parse(written).serialize() != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  round_trip<quern::schema::EncryptionPlaceholder>({data, size});
  round_trip<quern::schema::CsflePlaceholder>({data, size});
  return 0;
}
