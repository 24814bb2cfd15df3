// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "storage/acknowledged_mark.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

#include "quern/base/error.h"
#include "storage/durable_file.h"

namespace quern::storage {
namespace {

// A head that stays while the database is open, and two slots that take turns: whoever is
// interrupted while writing one leaves the other. Each in a sector of its own.
constexpr std::size_t kFileSize = 4096;
constexpr std::size_t kHead = 0;
constexpr std::array<std::size_t, 2> kSlots = {1024, 2048};
constexpr std::string_view kMagic = "quernack";
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kHeadSize = 32;  // magic, version, boot
constexpr std::size_t kSlotSize = 16;  // written, synced

// FNV-1a, 64 bits: what follows the bytes that it is of.
std::uint64_t check_word(BytesView bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

void append_check(std::uint8_t* start, std::size_t size) {
  store_le(start + size, check_word({start, size}));
}
bool is_whole(const std::uint8_t* start, std::size_t size) {
  return load_le<std::uint64_t>(start + size) == check_word({start, size});
}

std::array<std::uint8_t, kSlotSize + 8> slot_of(const AcknowledgedMark::State& state) {
  std::array<std::uint8_t, kSlotSize + 8> slot;
  store_le(slot.data(), state.written);
  store_le(slot.data() + 8, state.synced);
  append_check(slot.data(), kSlotSize);
  return slot;
}

// A sentence goes on with what is wrong with it.
AcknowledgedMark::Reading unreadable(const std::string& why) {
  return {.fault = std::string("its file ") + AcknowledgedMark::kFile + why};
}
constexpr const char* kNobodyCanTell =
    ", which says how far writes were acknowledged, so that nobody can tell whether all of them "
    "are "
    "there";

}  // namespace

Uuid AcknowledgedMark::this_boot() {
  std::string text;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> text;
  try {
    return Uuid::parse(text);
  } catch (const Error&) {
    return {};
  }
}

AcknowledgedMark::Reading AcknowledgedMark::read(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / kFile;
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) {
    Reading reading = unreadable(std::string(" is missing") + kNobodyCanTell);
    reading.missing = true;
    return reading;
  }
  std::ifstream file(path, std::ios::binary);
  std::array<std::uint8_t, kFileSize> content{};
  file.read(reinterpret_cast<char*>(content.data()), kFileSize);
  const std::uint8_t* head = content.data() + kHead;
  if (!is_whole(head, kHeadSize) || as_text({head, kMagic.size()}) != kMagic) {
    return unreadable(std::string(" is damaged") + kNobodyCanTell);
  }
  if (const auto version = load_le<std::uint64_t>(head + 8); version != kVersion) {
    return unreadable(" has version " + std::to_string(version) +
                      ", and this program knows version " + std::to_string(kVersion) +
                      ": it was written by a newer one");
  }
  Reading reading;
  for (const std::size_t at : kSlots) {
    const std::uint8_t* slot = content.data() + at;
    if (!is_whole(slot, kSlotSize)) continue;
    if (!reading.state) reading.state = State{0, 0, Uuid::from_bytes({head + 16, Uuid::kSize})};
    State& state = *reading.state;
    state.written = std::max(state.written, load_le<std::uint64_t>(slot));
    state.synced = std::max(state.synced, load_le<std::uint64_t>(slot + 8));
  }
  if (!reading.state) return unreadable(std::string(" is damaged") + kNobodyCanTell);
  return reading;
}

AcknowledgedMark::AcknowledgedMark(const std::filesystem::path& directory, const State& state)
    : state_(state) {
  std::array<std::uint8_t, kFileSize> content{};
  std::uint8_t* head = content.data() + kHead;
  std::copy(kMagic.begin(), kMagic.end(), head);
  store_le(head + 8, kVersion);
  std::copy(state.boot.bytes().begin(), state.boot.bytes().end(), head + 16);
  append_check(head, kHeadSize);
  const auto slot = slot_of(state);
  for (const std::size_t at : kSlots) std::copy(slot.begin(), slot.end(), content.data() + at);
  const std::filesystem::path path = directory / kFile;
  replace_file(path, content);
  file_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file_ < 0) {
    throw DatabaseError(ErrorCode::kInternalError,
                        "cannot open \"" + path.string() +
                            "\": " + std::error_code(errno, std::generic_category()).message());
  }
  void* const mapped = ::mmap(nullptr, kFileSize, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
  if (mapped != MAP_FAILED) mapped_ = static_cast<std::uint8_t*>(mapped);
}

AcknowledgedMark::~AcknowledgedMark() {
  if (mapped_ != nullptr) ::munmap(mapped_, kFileSize);
  if (file_ >= 0) ::close(file_);
}

std::uint64_t AcknowledgedMark::written() {
  const std::lock_guard lock(mutex_);
  return state_.written;
}

void AcknowledgedMark::set_written(std::uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  if (sequence <= state_.written) return;
  state_.written = sequence;
  publish();
}

void AcknowledgedMark::set_synced(std::uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  if (sequence <= state_.synced) return;
  state_.synced = sequence;
  state_.written = std::max(state_.written, sequence);
  publish();
}

void AcknowledgedMark::flush() noexcept {
  const std::lock_guard lock(mutex_);
  if (mapped_ != nullptr) ::msync(mapped_, kFileSize, MS_SYNC);
  ::fsync(file_);
}

void AcknowledgedMark::publish() {
  const auto slot = slot_of(state_);
  const std::size_t at = kSlots[next_slot_];
  next_slot_ ^= 1;
  if (mapped_ != nullptr) {
    std::copy(slot.begin(), slot.end(), mapped_ + at);
  } else if (::pwrite(file_, slot.data(), slot.size(), static_cast<off_t>(at)) < 0) {
    next_slot_ ^= 1;  // an older mark asks for less
  }
}

}  // namespace quern::storage
