// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Reads what a Secret refers to into locked memory.
#ifndef QUERN_PROJECT_SECRET_READER_H_
#define QUERN_PROJECT_SECRET_READER_H_

#include <filesystem>

#include "base/secret_bytes.h"
#include "quern/project/secret.h"

namespace quern {

// A file's whole content, without one line break at its end unless it has kRawKeySize bytes (a raw
// key may end in any byte). Throws ImproperlyConfigured when a file cannot be read or others than
// its owner may read or write it, when it is larger than 64 KiB, and when a variable is not set.
// Relative paths start at base_directory.
SecretBytes read_secret(const Secret& secret, const std::filesystem::path& base_directory);

}  // namespace quern

#endif  // QUERN_PROJECT_SECRET_READER_H_
