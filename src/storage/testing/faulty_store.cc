// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/testing/faulty_store.h"

#include "quern/base/error.h"

namespace quern::storage {

void InjectedFaults::fail(Kind kind, std::int64_t n, bool lasting) {
  const int i = static_cast<int>(kind);
  lasting_[i] = lasting;
  fail_at_[i] = counters_[i].load() + n;
}

void InjectedFaults::heal() {
  for (auto& each : fail_at_) each = 0;
}

void InjectedFaults::pass(Kind kind) {
  const int i = static_cast<int>(kind);
  const std::int64_t call = counters_[i].fetch_add(1) + 1;
  const std::int64_t at = fail_at_[i].load();
  if (at != 0 && (call == at || (call > at && lasting_[i]))) {
    throw DatabaseError(ErrorCode::kInternalError, "storage: injected fault");
  }
}

namespace {

using Kind = InjectedFaults::Kind;

class FaultyIterator : public Iterator {
 public:
  FaultyIterator(std::unique_ptr<Iterator> iterator, InjectedFaults& faults)
      : iterator_(std::move(iterator)), faults_(faults) {}

  void seek(BytesView key) override {
    faults_.pass(Kind::kRead);
    iterator_->seek(key);
  }
  void seek_for_prev(BytesView key) override {
    faults_.pass(Kind::kRead);
    iterator_->seek_for_prev(key);
  }
  void next() override {
    faults_.pass(Kind::kRead);
    iterator_->next();
  }
  void prev() override {
    faults_.pass(Kind::kRead);
    iterator_->prev();
  }
  bool valid() const override { return iterator_->valid(); }
  BytesView key() const override { return iterator_->key(); }
  BytesView value() const override { return iterator_->value(); }

 private:
  std::unique_ptr<Iterator> iterator_;
  InjectedFaults& faults_;
};

class FaultyReader : public Reader {
 public:
  FaultyReader(std::unique_ptr<Reader> reader, InjectedFaults& faults)
      : reader_(std::move(reader)), faults_(faults) {}

  bool get(BytesView key, PinnedValue& value) override {
    faults_.pass(Kind::kRead);
    return reader_->get(key, value);
  }
  void contains(std::span<const BytesView> keys, std::span<bool> found) override {
    faults_.pass(Kind::kRead);
    reader_->contains(keys, found);
  }
  std::unique_ptr<Iterator> iterator(KeyRange range) override {
    return std::make_unique<FaultyIterator>(reader_->iterator(range), faults_);
  }

 private:
  std::unique_ptr<Reader> reader_;
  InjectedFaults& faults_;
};

class FaultyTransaction : public WriteTransaction {
 public:
  FaultyTransaction(std::unique_ptr<WriteTransaction> transaction, InjectedFaults& faults)
      : transaction_(std::move(transaction)), faults_(faults) {}

  bool get(BytesView key, PinnedValue& value) override {
    faults_.pass(Kind::kRead);
    return transaction_->get(key, value);
  }
  void contains(std::span<const BytesView> keys, std::span<bool> found) override {
    faults_.pass(Kind::kRead);
    transaction_->contains(keys, found);
  }
  void lock(BytesView key) override { transaction_->lock(key); }
  bool get_for_update(BytesView key, PinnedValue& value) override {
    faults_.pass(Kind::kRead);
    return transaction_->get_for_update(key, value);
  }
  std::unique_ptr<Iterator> iterator(KeyRange range) override {
    return std::make_unique<FaultyIterator>(transaction_->iterator(range), faults_);
  }
  void put(BytesView key, BytesView value) override {
    faults_.pass(Kind::kWrite);
    transaction_->put(key, value);
  }
  void remove(BytesView key) override {
    faults_.pass(Kind::kWrite);
    transaction_->remove(key);
  }
  void put_guarded(BytesView key, BytesView value) override {
    faults_.pass(Kind::kWrite);
    transaction_->put_guarded(key, value);
  }
  void remove_guarded(BytesView key) override {
    faults_.pass(Kind::kWrite);
    transaction_->remove_guarded(key);
  }
  void commit() override {
    faults_.pass(Kind::kCommit);
    transaction_->commit();
  }
  void rollback() override { transaction_->rollback(); }
  std::uint64_t own_writes() const override { return transaction_->own_writes(); }

 private:
  std::unique_ptr<WriteTransaction> transaction_;
  InjectedFaults& faults_;
};

class FaultyStore : public Store {
 public:
  FaultyStore(std::unique_ptr<Store> store, std::shared_ptr<InjectedFaults> faults)
      : faults_(std::move(faults)), store_(std::move(store)) {}

  std::unique_ptr<WriteTransaction> begin(const TransactionOptions& options) override {
    return std::make_unique<FaultyTransaction>(store_->begin(options), *faults_);
  }
  std::unique_ptr<Reader> snapshot() override {
    return std::make_unique<FaultyReader>(store_->snapshot(), *faults_);
  }
  bool get(BytesView key, PinnedValue& value) override {
    faults_->pass(Kind::kRead);
    return store_->get(key, value);
  }
  void purge(KeyRange range) override {
    faults_->pass(Kind::kWrite);
    store_->purge(range);
  }
  void sync() override {
    faults_->pass(Kind::kSync);
    store_->sync();
  }
  bool syncs_always() const override { return store_->syncs_always(); }
  bool read_only() const override { return store_->read_only(); }
  void compact(KeyRange range, const CheckInterrupt& check) override {
    faults_->pass(Kind::kWrite);
    store_->compact(range, check);
  }
  std::vector<std::string> damaged_files(KeyRange range, const CheckInterrupt& check) override {
    return store_->damaged_files(range, check);
  }
  std::uint64_t approximate_size(KeyRange range) override {
    return store_->approximate_size(range);
  }
  void copy_to(const std::filesystem::path& directory) override { store_->copy_to(directory); }
  void verify() override {
    faults_->pass(Kind::kRead);
    store_->verify();
  }

 private:
  std::shared_ptr<InjectedFaults> faults_;
  std::unique_ptr<Store> store_;
};

}  // namespace

std::unique_ptr<Store> make_faulty_store(std::unique_ptr<Store> store,
                                         std::shared_ptr<InjectedFaults> faults) {
  return std::make_unique<FaultyStore>(std::move(store), std::move(faults));
}

}  // namespace quern::storage
