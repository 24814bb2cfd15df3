// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/bson/json.h"

#include <bson/bson.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace quern::bson {

std::string to_json(View document, JsonMode mode) {
  bson_t wrapped;
  if (!bson_init_static(&wrapped, document.data(), document.size())) {
    throw Error(ErrorCode::kInvalidBSON, "cannot print a malformed document");
  }
  std::size_t length = 0;
  const auto print = mode == JsonMode::kCanonical ? bson_as_canonical_extended_json
                                                  : bson_as_relaxed_extended_json;
  const std::unique_ptr<char, decltype(&bson_free)> text(print(&wrapped, &length), bson_free);
  if (text == nullptr) {
    throw Error(ErrorCode::kInvalidBSON,
                "cannot print the document: it holds text that is not UTF-8");
  }
  return {text.get(), length};
}

std::string to_pretty_json(View document, JsonMode mode) {
  // libbson prints one line; only blanks outside of strings are changed here.
  const std::string line = to_json(document, mode);
  std::string text;
  int depth = 0;
  bool in_string = false;
  const auto new_line = [&] {
    text += '\n';
    text.append(static_cast<std::size_t>(depth) * 2, ' ');
  };
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (in_string) {
      text += c;
      if (c == '\\') text += line[++i];
      in_string = c != '"';
      continue;
    }
    const std::size_t next = line.find_first_not_of(' ', i + 1);
    switch (c) {
      case ' ':
        break;
      case '{':
      case '[':
        text += c;
        if (next != line.npos && (line[next] == '}' || line[next] == ']')) {
          text += line[next];
          i = next;
          break;
        }
        ++depth;
        new_line();
        break;
      case '}':
      case ']':
        --depth;
        new_line();
        text += c;
        break;
      case ',':
        text += c;
        new_line();
        break;
      case ':':
        text += ": ";
        break;
      default:
        in_string = c == '"';
        text += c;
    }
  }
  return text;
}

namespace {

// A document that libbson's reader fills. Its buffer is valid as long as this is.
struct Parsed {
  Parsed() = default;
  ~Parsed() { bson_destroy(&bson); }
  Parsed(const Parsed&) = delete;
  Parsed& operator=(const Parsed&) = delete;

  bson_t bson = BSON_INITIALIZER;
};

[[noreturn]] void fail(const std::string& why) {
  throw Error(ErrorCode::kFailedToParse, "not Extended JSON: " + why);
}

// "line 3: " where libbson says at which byte it stopped ("position 41:") or that there is no more,
// in a text of several lines.
std::string line_of_fault(std::string_view json, std::string_view message) {
  constexpr std::string_view kPosition = "position ";
  std::size_t position = json.size();
  if (const std::size_t at = message.find(kPosition); at != std::string_view::npos) {
    const std::string_view digits = message.substr(at + kPosition.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), position);
  } else if (!message.starts_with("Incomplete")) {
    return "";
  }
  const std::string_view before = json.substr(0, position);
  if (json.find('\n') == std::string_view::npos) return "";
  return "line " + std::to_string(1 + std::count(before.begin(), before.end(), '\n')) + ": ";
}

}  // namespace

Document from_json(std::string_view json) {
  if (json.empty()) fail("the text is empty");  // libbson does not take a null pointer
  const std::unique_ptr<bson_json_reader_t, decltype(&bson_json_reader_destroy)> reader(
      bson_json_data_reader_new(false, 0), bson_json_reader_destroy);
  bson_json_data_reader_ingest(reader.get(), reinterpret_cast<const std::uint8_t*>(json.data()),
                               json.size());
  Parsed parsed;
  bson_error_t error{};
  const int read = bson_json_reader_read(reader.get(), &parsed.bson, &error);
  if (read != 1) {
    fail(read == 0 ? "the text is empty" : line_of_fault(json, error.message) + error.message);
  }
  // The reader takes documents one after the other; here there is one.
  Parsed more;
  if (bson_json_reader_read(reader.get(), &more.bson, &error) != 0) {
    fail("the text goes on behind the document");
  }
  const std::uint8_t* data = bson_get_data(&parsed.bson);
  return Document::parse(Bytes(data, data + parsed.bson.len));
}

}  // namespace quern::bson
