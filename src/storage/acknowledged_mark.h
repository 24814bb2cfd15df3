// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// How far the writes of a database were acknowledged: a small file beside the database's own, so
// that an acknowledged write that its files lost shows when it is opened. docs/format/storage.md
// draws the bytes.
//
// Writes are counted by the store's sequence numbers. Two numbers are kept: up to which writes are
// in the operating system's hands, and up to which they are on the medium. A process that is killed
// leaves both exactly as they were; a machine that goes down leaves them, at worst, older than the
// truth. Then only the second counts, since the first may have reached the medium before its
// writes: the mark knows in which boot of the machine it was written.
#ifndef QUERN_STORAGE_ACKNOWLEDGED_MARK_H_
#define QUERN_STORAGE_ACKNOWLEDGED_MARK_H_

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

#include "quern/base/uuid.h"

namespace quern::storage {

// Thread-safe.
class AcknowledgedMark {
 public:
  static constexpr const char* kFile = "ACKNOWLEDGED";

  struct State {
    std::uint64_t written = 0;
    std::uint64_t synced = 0;
    Uuid boot{};  // nil: unknown
    // Up to which sequence number a database must hold everything, opened in that boot.
    std::uint64_t owed(const Uuid& now) const {
      return boot != Uuid() && boot == now ? written : synced;
    }
  };

  // Of this machine, as the kernel names it; nil where it does not.
  static Uuid this_boot();

  // What the file says; why not, where it does not: it is missing, or damaged.
  struct Reading {
    std::optional<State> state{};
    std::string fault{};
    bool missing = false;
  };
  static Reading read(const std::filesystem::path& directory);

  // Puts a mark that says this in the place of the one that there is, on the medium when it
  // returns, and goes on from there. Throws DatabaseError.
  AcknowledgedMark(const std::filesystem::path& directory, const State& state);
  ~AcknowledgedMark();
  AcknowledgedMark(const AcknowledgedMark&) = delete;
  AcknowledgedMark& operator=(const AcknowledgedMark&) = delete;

  std::uint64_t written();
  // All writes up to that number are in the log. No system call where files can be mapped.
  void set_written(std::uint64_t sequence);
  // … are on the medium.
  void set_synced(std::uint64_t sequence);
  // Forces the mark itself to the medium; best effort.
  void flush() noexcept;

 private:
  void publish();

  std::mutex mutex_;
  State state_;
  unsigned next_slot_ = 0;
  int file_ = -1;
  std::uint8_t* mapped_ = nullptr;  // null: the file system maps none
};

}  // namespace quern::storage

#endif  // QUERN_STORAGE_ACKNOWLEDGED_MARK_H_
