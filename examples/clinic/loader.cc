// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/loader.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <ostream>
#include <unordered_set>

#include "clinic/interrupt.h"
#include "clinic/models.h"
#include "clinic/patient_row.h"
#include "clinic/progress.h"

namespace clinic {
namespace {

using myapp::LoadPosition;
using myapp::Patient;
using quern::f;

std::ifstream open_file(const std::filesystem::path& file) {
  // It is read twice, and from a place in its middle.
  if (std::filesystem::exists(file) && !std::filesystem::is_regular_file(file)) {
    throw quern::ImproperlyConfigured(fmt::format("{} is no regular file", file.string()));
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) throw quern::ImproperlyConfigured(fmt::format("cannot read {}", file.string()));
  return in;
}

// SHA-256 of the file: a position belongs to its content, whatever its name.
std::string digest_of(const std::filesystem::path& file) {
  std::ifstream in = open_file(file);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::vector<char> buffer(1 << 16);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(in.gcount()));
  }
  quern::Bytes digest(32);
  EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
  return quern::to_hex(digest);
}

void expect_header(CsvReader& reader, const std::filesystem::path& file) {
  CsvRow header;
  const bool there = reader.next(header);
  if (!there || !std::equal(header.fields.begin(), header.fields.end(), std::begin(kColumns),
                            std::end(kColumns))) {
    throw quern::ImproperlyConfigured(
        fmt::format("{} must start with the line {}", file.string(), fmt::join(kColumns, ",")));
  }
}

class Loader {
 public:
  Loader(quern::Project& db, const std::filesystem::path& file, const LoadOptions& options,
         quern::Console& console)
      : db_(db),
        file_(file),
        options_(options),
        console_(console),
        in_(open_file(file)),
        reader_(in_) {}

  quern::ExitCode run() {
    expect_header(reader_, file_);
    const auto size = static_cast<std::int64_t>(std::filesystem::file_size(file_));
    find_position();
    const std::int64_t loaded_before = position_.loaded;
    const std::int64_t rejected_before = position_.rejected;
    const InterruptGuard guard;
    Progress progress(console_, "patients", reader_.offset(), size);
    bool more = true;
    while (more && !guard.interrupted()) {
      std::vector<Row> batch;
      more = read_batch(batch, guard, progress);
      store(batch);
      progress.update(position_.loaded - loaded_before, reader_.offset());
    }
    progress.clear();
    report(position_.loaded - loaded_before, position_.rejected - rejected_before,
           progress.seconds(), more);
    if (more) return quern::ExitCode::kInterrupted;
    return position_.rejected > 0 ? quern::ExitCode::kFailure : quern::ExitCode::kOk;
  }

 private:
  struct Row {
    std::int64_t line;
    Patient patient;
  };

  // Where an earlier run of the same file stopped.
  void find_position() {
    const std::string digest = digest_of(file_);
    if (auto found = db_.objects<LoadPosition>().try_get(f(&LoadPosition::file_digest) == digest)) {
      position_ = *found;
    }
    if (options_.again || !position_.id) {
      position_ = {.id = position_.id, .file_digest = digest};
      position_.next_line = reader_.line();
      position_.next_offset = reader_.offset();
      return;
    }
    reader_.seek(position_.next_line, position_.next_offset);
    console_.out << fmt::format("Going on at line {} ({} patients were loaded before).\n",
                                position_.next_line, grouped(position_.loaded));
  }

  // A batch is a number of rows, good or bad. False at the end of the file.
  bool read_batch(std::vector<Row>& batch, const InterruptGuard& guard, Progress& progress) {
    CsvRow row;
    std::vector<std::string> faults;
    for (std::size_t rows = 0; rows < options_.batch_size && !guard.interrupted(); ++rows) {
      if (!reader_.next(row)) return false;
      Patient patient;
      if (parse_patient(row, patient, faults)) {
        batch.push_back({row.line, std::move(patient)});
        continue;
      }
      ++position_.rejected;
      reject(row.line, faults, progress);
    }
    return true;
  }

  void reject(std::int64_t line, const std::vector<std::string>& faults, Progress& progress) {
    progress.clear();
    for (const std::string& fault : faults) {
      console_.err << fmt::format("{}:{}: {}\n", file_.string(), line, fault);
    }
  }

  // The patients that are not there yet and the position behind them, all or nothing.
  void store(const std::vector<Row>& batch) {
    position_.next_line = reader_.line();
    position_.next_offset = reader_.offset();
    std::vector<std::int64_t> known;  // lines
    LoadPosition position;
    db_.transaction([&](quern::Transaction& tx) {
      known.clear();  // of an attempt that was rolled back
      std::vector<Patient> fresh;
      std::unordered_set<std::int64_t> taken = existing(tx, batch);
      for (const Row& row : batch) {
        if (taken.insert(row.patient.patient_id).second) {
          fresh.push_back(row.patient);
        } else {
          known.push_back(row.line);
        }
      }
      if (!fresh.empty()) tx.objects<Patient>().bulk_create(fresh);
      position = position_;
      position.loaded += static_cast<std::int64_t>(fresh.size());
      position.rejected += static_cast<std::int64_t>(known.size());
      tx.save(position);
    });
    position_ = position;
    if (known_ == 0 && !known.empty()) first_known_ = known.front();
    known_ += static_cast<std::int64_t>(known.size());
  }

  // The numbers of the batch's patients that are stored already.
  static std::unordered_set<std::int64_t> existing(quern::Transaction& tx,
                                                   const std::vector<Row>& batch) {
    if (batch.empty()) return {};
    std::vector<std::int64_t> numbers;
    for (const Row& row : batch) numbers.push_back(row.patient.patient_id);
    const auto found = tx.objects<Patient>()
                           .filter(in(f(&Patient::patient_id), numbers))
                           .values_list(f(&Patient::patient_id));
    return {found.begin(), found.end()};
  }

  void report(std::int64_t loaded, std::int64_t rejected, double seconds, bool interrupted) {
    if (interrupted) {
      console_.out << fmt::format("Interrupted before line {}: run the same command to go on.\n",
                                  position_.next_line);
    }
    if (known_ > 0) {
      console_.err << fmt::format(
          "{}:{}: patient_id exists already{}\n", file_.string(), first_known_,
          known_ == 1 ? "" : fmt::format(", the first of {} such rows", grouped(known_)));
    }
    console_.out << fmt::format(
        "Loaded {} patients in {:.1f} s ({}/s), rejected {} rows.\n", grouped(loaded), seconds,
        grouped(static_cast<std::int64_t>(seconds > 0 ? static_cast<double>(loaded) / seconds : 0)),
        grouped(rejected));
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    console_.out << fmt::format("Peak memory {}.\n",
                                size_text(static_cast<std::uintmax_t>(usage.ru_maxrss) * 1024));
  }

  quern::Project& db_;
  const std::filesystem::path file_;
  const LoadOptions options_;
  quern::Console& console_;
  std::ifstream in_;
  CsvReader reader_;
  LoadPosition position_;
  // Rows of this run whose patients are there already, and the line of the first.
  std::int64_t known_ = 0;
  std::int64_t first_known_ = 0;
};

}  // namespace

quern::ExitCode load_patients(quern::Project& db, const std::filesystem::path& file,
                              const LoadOptions& options, quern::Console& console) {
  return Loader(db, file, options, console).run();
}

}  // namespace clinic
