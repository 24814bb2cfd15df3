// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "project/uri_options.h"

#include <algorithm>

#include "base/text.h"

namespace quern {

const std::vector<std::string>& uri_option_names() {
  // Those of libmongoc, deprecated ones last: of two that are equally near, the first is named.
  static const std::vector<std::string> names = {
      "appName",
      "authMechanism",
      "authMechanismProperties",
      "authSource",
      "canonicalizeHostname",
      "compressors",
      "connectTimeoutMS",
      "directConnection",
      "gssapiServiceName",
      "heartbeatFrequencyMS",
      "journal",
      "loadBalanced",
      "localThresholdMS",
      "maxIdleTimeMS",
      "maxPoolSize",
      "maxStalenessSeconds",
      "minPoolSize",
      "readConcernLevel",
      "readPreference",
      "readPreferenceTags",
      "replicaSet",
      "retryReads",
      "retryWrites",
      "serverSelectionTimeoutMS",
      "serverSelectionTryOnce",
      "socketCheckIntervalMS",
      "socketTimeoutMS",
      "srvMaxHosts",
      "srvServiceName",
      "tls",
      "tlsAllowInvalidCertificates",
      "tlsAllowInvalidHostnames",
      "tlsCAFile",
      "tlsCertificateKeyFile",
      "tlsCertificateKeyFilePassword",
      "tlsDisableCertificateRevocationCheck",
      "tlsDisableOCSPEndpointCheck",
      "tlsInsecure",
      "w",
      "waitQueueMultiple",
      "waitQueueTimeoutMS",
      "wTimeoutMS",
      "zlibCompressionLevel",
      "safe",
      "slaveOk",
      "ssl",
      "sslAllowInvalidCertificates",
      "sslAllowInvalidHostnames",
      "sslCertificateAuthorityFile",
      "sslClientCertificateKeyFile",
      "sslClientCertificateKeyPassword",
  };
  return names;
}

bool is_uri_option(std::string_view name) {
  const std::string wanted = to_lower(name);
  return std::any_of(uri_option_names().begin(), uri_option_names().end(),
                     [&](const std::string& known) { return to_lower(known) == wanted; });
}

std::vector<std::string> option_names_of(std::string_view uri) {
  std::vector<std::string> names;
  std::size_t start = uri.find('?');
  if (uri.find('@', std::min(start, uri.size())) != std::string_view::npos) return names;
  while (start < uri.size()) {
    const std::size_t end = std::min(uri.find('&', ++start), uri.size());
    const std::string_view option = uri.substr(start, end - start);
    if (const std::string_view name = option.substr(0, option.find('=')); !name.empty()) {
      names.emplace_back(name);
    }
    start = end;
  }
  return names;
}

}  // namespace quern
