// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Lets a process end that fork() made of one with an open database.
#ifndef QUERN_STORAGE_ROCKS_CHILDREN_H_
#define QUERN_STORAGE_ROCKS_CHILDREN_H_

namespace quern::storage {

// RocksDB has objects with static lifetime that, when the process exits, wait for threads which a
// child does not have: it would never end. From now on the exit() of a child writes out its
// standard streams and runs what was registered with atexit() after the fork, and then ends the
// process without the destructors of what the parent had made.
void let_children_exit();

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ROCKS_CHILDREN_H_
