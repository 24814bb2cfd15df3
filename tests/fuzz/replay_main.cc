// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over every file of a corpus folder, and over every truncation of it, without
// libFuzzer. A finding is a crash or an exception that escapes.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
    return 2;
  }
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
      // An exact copy, so that a sanitizer sees a read beyond the end.
      const std::vector<std::uint8_t> input(bytes.begin(),
                                            bytes.begin() + static_cast<std::ptrdiff_t>(size));
      LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    ++files;
  }
  if (files == 0) {
    std::fprintf(stderr, "%s holds no files\n", argv[1]);
    return 1;
  }
  std::printf("%d files, no findings\n", files);
  return 0;
}
