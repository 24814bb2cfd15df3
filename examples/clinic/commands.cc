// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/commands.h"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <ostream>

#include "clinic/generator.h"
#include "clinic/loader.h"
#include "clinic/models.h"
#include "clinic/patient_row.h"
#include "clinic/progress.h"
#include "clinic/scan.h"
#include "quern/command/reply.h"

namespace clinic {
namespace {

using myapp::Billing;
using myapp::Patient;
using myapp::PatientRecord;
using quern::CommandContext;
using quern::ExitCode;
using quern::f;

const auto ssn = f(&Patient::patient_record, &PatientRecord::ssn);

void print(std::ostream& out, const Patient& patient) {
  const PatientRecord& record = patient.patient_record;
  out << patient << '\n'
      << "  ssn          " << *record.ssn << '\n'
      << "  card         " << record.billing->cc_type << ' ' << record.billing->cc_number << '\n'
      << "  bill_amount  " << record.bill_amount << '\n';
}

ExitCode generate(CommandContext& context) {
  const std::int64_t count = context.arguments.number("count");
  if (count < 1 || count > 1'000'000) {
    throw quern::UsageError("--count must be between 1 and 1000000");
  }
  const auto seed = static_cast<std::uint64_t>(context.arguments.number("seed"));
  const std::string& path = context.arguments.text("file");
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  generate_patients(out, count, seed);
  out.close();
  if (!out) throw quern::ImproperlyConfigured(fmt::format("cannot write {}", path));
  context.console.out << fmt::format("Wrote {} patients to {}.\n", grouped(count), path);
  return ExitCode::kOk;
}

ExitCode load(CommandContext& context) {
  LoadOptions options;
  options.again = context.arguments.has("again");
  const std::int64_t batch = context.arguments.number("batch");
  if (batch < 1 || batch > 1000) {
    throw quern::UsageError("--batch must be between 1 and 1000");
  }
  options.batch_size = static_cast<std::size_t>(batch);
  return load_patients(context.project, context.arguments.text("file"), options, context.console);
}

ExitCode count(CommandContext& context) {
  context.console.out << grouped(context.project.objects<Patient>().count()) << " patients\n";
  return ExitCode::kOk;
}

ExitCode find(CommandContext& context) {
  // Opens the database, which is not the search's time.
  context.project.run("encrypted", quern::bson::doc("ping", 1));
  const auto start = std::chrono::steady_clock::now();
  const Patient patient =
      context.project.objects<Patient>().get(ssn == context.arguments.text("ssn"));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  print(context.console.out, patient);
  context.console.out << fmt::format("Found in {:.1f} ms.\n", took.count());
  return ExitCode::kOk;
}

ExitCode update(CommandContext& context) {
  Patient patient = context.project.objects<Patient>().get(ssn == context.arguments.text("ssn"));
  PatientRecord& record = patient.patient_record;
  if (context.arguments.has("new-ssn")) record.ssn = context.arguments.text("new-ssn");
  if (context.arguments.has("bill-amount")) {
    try {
      record.bill_amount = context.arguments.text("bill-amount");
    } catch (const quern::Error&) {
      throw quern::UsageError("--bill-amount must be an amount such as 250.75");
    }
  }
  if (context.arguments.has("cc-number")) {
    record.billing->cc_number = context.arguments.text("cc-number");
  }
  const std::vector<std::string> faults = faults_of(patient);
  for (const std::string& fault : faults) context.console.err << fault << '\n';
  if (!faults.empty()) return ExitCode::kFailure;
  context.project.save(patient);
  print(context.console.out, patient);
  return ExitCode::kOk;
}

std::uintmax_t size_on_disk(const std::filesystem::path& folder) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

ExitCode stats(CommandContext& context) {
  std::ostream& out = context.console.out;
  const std::int64_t patients = context.project.objects<Patient>().count();
  // The first patients in the order of their numbers, found by their SSNs one by one.
  const auto sample =
      context.project.objects<Patient>().order_by(f(&Patient::patient_id)).limit(200).to_vector();
  const auto start = std::chrono::steady_clock::now();
  for (const Patient& patient : sample) {
    context.project.objects<Patient>().filter(ssn == *patient.patient_record.ssn).to_vector();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  out << fmt::format("patients       {}\n", grouped(patients));
  if (!sample.empty()) {
    out << fmt::format(
        "find by SSN    {}/s ({} finds)\n",
        grouped(static_cast<std::int64_t>(static_cast<double>(sample.size()) / took.count())),
        sample.size());
  }
  const std::string folder = context.arguments.text("dir");
  if (std::filesystem::exists(folder)) {
    const std::uintmax_t bytes = size_on_disk(folder);
    out << fmt::format(
        "size on disk   {} ({} a patient)\n", size_text(bytes),
        patients > 0 ? size_text(bytes / static_cast<std::uintmax_t>(patients)) : "-");
  }
  return ExitCode::kOk;
}

// Every document of every collection of the encrypted database, as it is stored.
PlantedValues::Found search_documents(quern::Project& project, const PlantedValues& planted) {
  PlantedValues::Found found;
  quern::CommandRunner& runner = project.plain_runner("encrypted");
  const std::string database = project.settings().databases.at("encrypted").name;
  const quern::bson::Document list = quern::bson::doc("listCollections", 1);
  std::vector<std::string> collections;
  quern::for_each(runner, database, list, [&](quern::bson::View collection) {
    collections.emplace_back(collection["name"].as_string());
    return true;
  });
  for (const std::string& collection : collections) {
    const quern::bson::Document find = quern::bson::doc("find", collection);
    quern::for_each(runner, database, find, [&](quern::bson::View document) {
      planted.search(quern::as_text(document.bytes()), found);
      return true;
    });
  }
  return found;
}

std::string number(std::size_t n) { return grouped(static_cast<std::int64_t>(n)); }

ExitCode scan(CommandContext& context) {
  std::ostream& out = context.console.out;
  const std::filesystem::path file = context.arguments.text("file");
  const PlantedValues planted(file);
  const auto show = [&](std::string_view where, const PlantedValues::Found& found) {
    out << fmt::format("  {:<38}{:>10}  {:>9}\n", where, size_text(found.bytes),
                       grouped(static_cast<std::int64_t>(found.secrets)));
  };
  out << fmt::format("Searching for {} SSNs and card numbers:\n", number(planted.secrets()));
  PlantedValues::Found itself;
  planted.search_file(file, itself);
  show(fmt::format("in {} itself", file.string()), itself);
  PlantedValues::Found on_disk;
  planted.search_files(context.arguments.text("dir"), on_disk);
  show("in all files of the database", on_disk);
  // Files may be compressed: read what they hold as well, without the keys.
  const PlantedValues::Found documents = search_documents(context.project, planted);
  show("in all stored documents, uncompressed", documents);
  out << fmt::format("Names, which are stored in the clear: {} of {} found in the documents.\n",
                     number(documents.names.size()), number(planted.names()));
  if (itself.secrets < planted.secrets() || documents.names.size() < planted.names()) {
    context.console.err << "The search misses what is there: was this file loaded?\n";
    return ExitCode::kFailure;
  }
  const bool clean = on_disk.secrets == 0 && documents.secrets == 0;
  out << (clean ? "No SSN and no card number is on disk.\n" : "SECRETS ARE ON DISK.\n");
  return clean ? ExitCode::kOk : ExitCode::kFailure;
}

}  // namespace

std::vector<quern::Command> commands() {
  const quern::CommandOption file = {
      .name = "file", .help = "The CSV file.", .value = "FILE", .required = true};
  const quern::CommandOption by_ssn = {
      .name = "--ssn", .help = "The patient's SSN.", .value = "SSN", .required = true};
  const quern::CommandOption folder = {
      .name = "--dir", .help = "The databases' folder.", .value = "DIR", .fallback = "data"};
  return {
      {.name = "generate",
       .summary = "Write a CSV file of synthetic patients.",
       .options = {{.name = "--count", .help = "How many.", .value = "N", .fallback = "10000"},
                   {.name = "--seed",
                    .help = "Another seed makes other patients.",
                    .value = "N",
                    .fallback = "1"},
                   file},
       .examples = {"generate patients.csv --count 10000"},
       .run = generate},
      {.name = "load",
       .summary = "Load patients from a CSV file; goes on where an earlier load stopped.",
       .options =
           {{.name = "--batch", .help = "Rows a transaction.", .value = "N", .fallback = "100"},
            {.name = "--again", .help = "Start at the first line in any case."},
            file},
       .examples = {"load patients.csv"},
       .run = load},
      {.name = "count", .summary = "Count patients.", .examples = {"count"}, .run = count},
      {.name = "find",
       .summary = "Find a patient by SSN.",
       .options = {by_ssn},
       .examples = {"find --ssn 123-45-6789"},
       .run = find},
      {.name = "update",
       .summary = "Change a patient.",
       .options = {by_ssn,
                   {.name = "--new-ssn", .help = "Another SSN.", .value = "SSN"},
                   {.name = "--bill-amount", .help = "Another amount.", .value = "AMOUNT"},
                   {.name = "--cc-number", .help = "Another card number.", .value = "NUMBER"}},
       .examples = {"update --ssn 123-45-6789 --bill-amount 99.90"},
       .run = update},
      {.name = "stats",
       .summary = "Print rates and sizes.",
       .options = {folder},
       .examples = {"stats"},
       .run = stats},
      {.name = "scan",
       .summary = "Search everything on disk for the SSNs and card numbers of a CSV file.",
       .options = {folder, file},
       .examples = {"scan patients.csv"},
       .run = scan},
  };
}

}  // namespace clinic
