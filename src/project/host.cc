// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/host.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"
#include "quern/base/error.h"

namespace quern {
namespace {

constexpr std::string_view kMongo = "mongodb://";
constexpr std::string_view kMongoSrv = "mongodb+srv://";

// scheme://[user:password@]hosts[/database][?options]
struct Parts {
  std::string_view scheme, credentials, hosts, database, options;
};

Parts split(std::string_view uri) {
  Parts parts;
  parts.scheme = uri.starts_with(kMongoSrv) ? kMongoSrv : kMongo;
  std::string_view rest = uri.substr(parts.scheme.size());
  if (const std::size_t question = rest.find('?'); question != std::string_view::npos) {
    parts.options = rest.substr(question + 1);
    rest = rest.substr(0, question);
  }
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    parts.credentials = rest.substr(0, at + 1);
    rest.remove_prefix(at + 1);
  }
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
    parts.database = rest.substr(slash + 1);
    rest = rest.substr(0, slash);
  }
  parts.hosts = rest;
  return parts;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~' || c == ',' || c == ':' ||
                       c == '/';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string with_port(std::string_view hosts, int port) {
  const std::size_t bracket = hosts.rfind(']');  // of an IPv6 address
  const std::size_t colon = hosts.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  return fmt::format("{}:{}", has_port ? hosts.substr(0, colon) : hosts, port);
}

}  // namespace

Host Host::parse(std::string_view text) {
  constexpr std::string_view kEmbedded = "embedded:";
  constexpr std::string_view kMemory = "memory:";
  if (text.starts_with(kEmbedded)) {
    if (text.size() == kEmbedded.size()) {
      throw ImproperlyConfigured("'embedded:' needs the path of a folder");
    }
    return {Kind::kEmbedded, std::string(text.substr(kEmbedded.size()))};
  }
  if (text.starts_with(kMemory)) return {Kind::kMemory, std::string(text.substr(kMemory.size()))};
  if (text.starts_with(kMongo) || text.starts_with(kMongoSrv)) {
    return {Kind::kMongo, std::string(text)};
  }
  constexpr std::string_view kSchemes[] = {kEmbedded, kMemory, kMongo, kMongoSrv};
  const std::string_view rest = text.substr(std::min(text.find(':'), text.size()));
  const std::size_t slashes = rest.starts_with("://") ? 3 : 1;
  const auto hint = nearest(text.substr(0, text.size() - rest.size() + slashes), kSchemes);
  throw ImproperlyConfigured(
      fmt::format("must start with embedded:, memory:, mongodb:// or mongodb+srv://{}",
                  hint ? fmt::format(". Did you mean {}?", *hint) : ""));
}

std::string database_name(const DatabaseSettings& settings) {
  if (!settings.name.empty()) return settings.name;
  if (!settings.host.starts_with("mongodb")) return "";
  return std::string(split(settings.host).database);
}

std::string connection_string(const DatabaseSettings& settings) {
  const Parts parts = split(settings.host);
  std::string out(parts.scheme);
  out += parts.credentials;
  out += settings.port ? with_port(parts.hosts, *settings.port) : std::string(parts.hosts);
  out += "/";
  out += parts.database;
  // Later options win, and so the settings' are last.
  std::string separator = "?";
  if (!parts.options.empty()) {
    out += fmt::format("?{}", parts.options);
    separator = "&";
  }
  for (const auto& [name, value] : settings.options) {
    out += fmt::format("{}{}={}", separator, percent_encoded(name), percent_encoded(value));
    separator = "&";
  }
  return out;
}

}  // namespace quern
