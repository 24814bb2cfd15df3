// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The files of RocksDB, which takes a file that could not be opened because there are too many for
// a fault of the medium that no retry mends. It is one that passes.
#ifndef QUERN_STORAGE_ROCKS_FILES_H_
#define QUERN_STORAGE_ROCKS_FILES_H_

#include <rocksdb/file_system.h>

#include <memory>

namespace quern::storage {

// Files of another file system, of whose faults those that pass are marked so.
std::shared_ptr<rocksdb::FileSystem> with_passing_faults(
    std::shared_ptr<rocksdb::FileSystem> files);

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_FILES_H_
