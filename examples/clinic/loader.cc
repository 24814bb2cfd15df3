// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/loader.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <ostream>

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
    const InterruptGuard guard;
    Progress progress(console_, "patients", reader_.offset(), size);
    bool more = true;
    while (more && !guard.interrupted()) {
      std::vector<Patient> batch;
      more = read_batch(batch, progress);
      store(batch);
      progress.update(position_.loaded - loaded_before, reader_.offset());
    }
    progress.clear();
    report(position_.loaded - loaded_before, progress.seconds(), more);
    return more ? quern::ExitCode::kInterrupted : quern::ExitCode::kOk;
  }

 private:
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

  // False at the end of the file.
  bool read_batch(std::vector<Patient>& batch, Progress& progress) {
    CsvRow row;
    std::vector<std::string> faults;
    while (batch.size() < options_.batch_size) {
      if (!reader_.next(row)) return false;
      Patient patient;
      if (parse_patient(row, patient, faults)) {
        batch.push_back(std::move(patient));
        continue;
      }
      ++position_.rejected;
      progress.clear();
      for (const std::string& fault : faults) {
        console_.err << fmt::format("{}:{}: {}\n", file_.string(), row.line, fault);
      }
    }
    return true;
  }

  // The patients and the position behind them, all or nothing.
  void store(std::vector<Patient>& batch) {
    position_.next_line = reader_.line();
    position_.next_offset = reader_.offset();
    position_.loaded += static_cast<std::int64_t>(batch.size());
    db_.transaction([&](quern::Transaction& tx) {
      for (Patient& patient : batch) patient.id = {};  // of an attempt that was rolled back
      if (!batch.empty()) tx.objects<Patient>().bulk_create(batch, batch.size());
      LoadPosition position = position_;
      tx.save(position);
      saved_ = position;
    });
    position_ = saved_;
  }

  void report(std::int64_t loaded, double seconds, bool interrupted) {
    if (interrupted) {
      console_.out << fmt::format("Interrupted before line {}: run the same command to go on.\n",
                                  position_.next_line);
    }
    console_.out << fmt::format(
        "Loaded {} patients in {:.1f} s ({}/s), rejected {} rows.\n", grouped(loaded), seconds,
        grouped(static_cast<std::int64_t>(seconds > 0 ? static_cast<double>(loaded) / seconds : 0)),
        grouped(position_.rejected));
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
  LoadPosition saved_;
};

}  // namespace

quern::ExitCode load_patients(quern::Project& db, const std::filesystem::path& file,
                              const LoadOptions& options, quern::Console& console) {
  return Loader(db, file, options, console).run();
}

}  // namespace clinic
