// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// An ordered transactional key-value store: byte keys compare as memcmp does. One implementation,
// on RocksDB, on disk or in memory (storage/rocks_store.h); a decorator that injects faults for
// tests (storage/testing/faulty_store.h).
//
// Isolation. A Reader sees one snapshot. A WriteTransaction sees its snapshot and its own writes;
// nothing is locked by a read. Every write takes the key's lock until the transaction ends and
// throws Error(WriteConflict, label TransientTransactionError) at once when another transaction
// holds that lock, or committed that key after this transaction's snapshot: the first writer wins.
// Whoever gets it rolls back and runs the whole body again (engine/session/retry.h).
//
// Every fault of the medium is thrown as DatabaseError(InternalError); nothing is ever half
// committed.
#ifndef QUERN_STORAGE_STORE_H_
#define QUERN_STORAGE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quern/base/bytes.h"

namespace quern::storage {

// A value that was read, pinned in the store's cache rather than copied where that is possible.
// Reusable for reads of one store: the next releases what was pinned. Must not outlive the store.
class PinnedValue {
 public:
  // What a store holds a value with; it lets go when it is destroyed.
  class Pin {
   public:
    virtual ~Pin() = default;
  };

  PinnedValue() = default;
  ~PinnedValue() {
    if (pin_ != nullptr) pin_->~Pin();
  }
  PinnedValue(const PinnedValue&) = delete;
  PinnedValue& operator=(const PinnedValue&) = delete;

  BytesView bytes() const { return bytes_; }

  // --- for stores, each with its own kind of pin
  // The pin, kept here from one read to the next, so that a read allocates nothing.
  template <class P>
  P& pin() {
    static_assert(sizeof(P) <= kRoom && alignof(P) <= alignof(std::max_align_t));
    if (pin_ == nullptr) pin_ = new (room_) P;
    return static_cast<P&>(*pin_);
  }
  void set(BytesView bytes) { bytes_ = bytes; }

 private:
  static constexpr std::size_t kRoom = 160;

  BytesView bytes_;
  Pin* pin_ = nullptr;
  alignas(std::max_align_t) std::byte room_[kRoom];
};

// Walks keys in order, at the snapshot of the Reader that made it. Not thread-safe. Must not
// outlive its Reader. key() and value() are valid until the iterator moves or, in a transaction
// that has written, until it writes again: then an iterator must be made anew (Reader::own_writes).
class Iterator {
 public:
  virtual ~Iterator() = default;
  virtual void seek(BytesView key) = 0;           // to the first key >= key
  virtual void seek_for_prev(BytesView key) = 0;  // to the last key <= key
  virtual void next() = 0;
  virtual void prev() = 0;
  virtual bool valid() const = 0;  // throws when the iterator stopped because of a fault
  virtual BytesView key() const = 0;
  virtual BytesView value() const = 0;
};

// Keys in [lower, upper), the bounds an iterator may assume. Empty upper: no upper bound.
struct KeyRange {
  BytesView lower;
  BytesView upper;
};

// A consistent view of the store. Not thread-safe.
class Reader {
 public:
  virtual ~Reader() = default;
  // False when there is no such key.
  virtual bool get(BytesView key, PinnedValue& value) = 0;
  // Which of the keys there are: found[i] is for keys[i]. Cheaper than a get for each.
  virtual void contains(std::span<const BytesView> keys, std::span<bool> found) = 0;
  // The bounds are copied.
  virtual std::unique_ptr<Iterator> iterator(KeyRange range) = 0;
  // Grows with each write that this reader sees although it came after its snapshot: a
  // transaction's own. While it stays the same, what was read stays true.
  virtual std::uint64_t own_writes() const { return 0; }
};

// Reads and writes that become visible all at once. Rolls back when destroyed without commit().
class WriteTransaction : public Reader {
 public:
  // Locks the key until the end of the transaction, whether it exists or not.
  virtual void lock(BytesView key) = 0;
  // The same, then reads it.
  virtual bool get_for_update(BytesView key, PinnedValue& value) = 0;
  virtual void put(BytesView key, BytesView value) = 0;
  virtual void remove(BytesView key) = 0;
  // The same for a key guarded by a lock that this transaction holds already: taken by
  // get_for_update of the key itself or, for an index entry, of its record. Cheaper.
  virtual void put_guarded(BytesView key, BytesView value) = 0;
  virtual void remove_guarded(BytesView key) = 0;
  // On the medium it is only after Store::sync(). A transaction that threw from commit() or was
  // rolled back can only be destroyed.
  virtual void commit() = 0;
  virtual void rollback() = 0;
};

// Is called now and then in the middle of long work, and may throw: then the work ends early.
using CheckInterrupt = std::function<void()>;

struct TransactionOptions {
  // Without a snapshot each read sees the latest committed state and a write conflicts only with
  // transactions that are running: for bodies that decide nothing but through get_for_update.
  bool snapshot = true;
  // Reads see the transaction's own writes. Off: reads must be of keys that it did not write.
  bool read_own_writes = true;
};

// Thread-safe. Must outlive its readers and transactions.
class Store {
 public:
  virtual ~Store() = default;
  virtual std::unique_ptr<WriteTransaction> begin(const TransactionOptions& options = {}) = 0;
  virtual std::unique_ptr<Reader> snapshot() = 0;
  // One read of the latest committed state, without a snapshot.
  virtual bool get(BytesView key, PinnedValue& value) = 0;
  // Deletes every key in the range, at once and outside of any transaction. Only for keys that no
  // catalog entry leads to any more: writers are not warned.
  virtual void purge(KeyRange range) = 0;
  // Makes everything that anybody can read so far, whoever committed it, survive a crash of the
  // machine; returns at once when it does already. Threads that call it at the same time share the
  // wait.
  virtual void sync() = 0;
  // Durability::Mode::kAlways: whoever acknowledges a write, even one that found nothing left to
  // do, calls sync() before.
  virtual bool syncs_always() const = 0;
  // Nothing can be written: every lock and write throws what check_writable() throws.
  virtual bool read_only() const = 0;
  // Throws DatabaseError(IllegalOperation) when the store is read only.
  void check_writable() const;
  // An estimate of the bytes that the range takes on the medium.
  virtual std::uint64_t approximate_size(KeyRange range) = 0;
  // Rewrites what lies in the range, so that the space of what was deleted or overwritten there is
  // given back, but for what a snapshot still sees. Reads and writes go on meanwhile.
  virtual void compact(KeyRange range, const CheckInterrupt& check) = 0;
  // Reads the files through that hold a part of the range. A clause for each that is damaged.
  virtual std::vector<std::string> damaged_files(KeyRange range, const CheckInterrupt& check) = 0;
  // Writes a directory that is not there yet, in which a store can be opened: with all that was
  // acknowledged when this was called, and perhaps more. Others read and write meanwhile. Files that
  // never change are linked rather than copied where the file system can. Throws DatabaseError, also
  // for a store in memory; what it has written by then is left to the caller.
  virtual void copy_to(const std::filesystem::path& directory) = 0;
  // Reads every block that lies on the medium, and throws DatabaseError for one that is damaged.
  virtual void verify() = 0;
};

}  // namespace quern::storage

#endif  // QUERN_STORAGE_STORE_H_
