// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "client/mongo_pool.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <mutex>
#include <string>

#include "quern/base/error.h"

namespace quern::client {
namespace {

constexpr std::int32_t kDefaultMaxPoolSize = 100;  // libmongoc's

// libmongoc makes a file for its counters in /dev/shm when it is loaded, whether it is used or not,
// and a process that is killed leaves it there. Nobody reads it: its name goes at once.
[[maybe_unused]] const int counters_removed =
    ::shm_unlink(fmt::format("/mongoc-{}", ::getpid()).c_str());

struct DestroyUri {
  void operator()(mongoc_uri_t* uri) const { mongoc_uri_destroy(uri); }
};
using Uri = std::unique_ptr<mongoc_uri_t, DestroyUri>;

// libmongoc's own text may quote the part of the string that it stumbled over, and with it a
// password that was not percent-encoded: it is used only when there can be none.
Uri parse_uri(const std::string& text) {
  bson_error_t error;
  Uri uri(mongoc_uri_new_with_error(text.c_str(), &error));
  if (uri) return uri;
  if (text.find('@') == std::string::npos) {
    throw ImproperlyConfigured(
        fmt::format("the connection string is not valid: {}", error.message));
  }
  if (text.find('@') > text.find('?')) {  // not in the credentials, unless they hold a "?"
    throw ImproperlyConfigured(
        "the connection string is not valid: look at the hosts and the options");
  }
  throw ImproperlyConfigured(
      "the connection string is not valid; user and password in it must be percent-encoded, and "
      "are better left out of it: set user and password instead");
}

void set_credentials(mongoc_uri_t* uri, const MongoOptions& options) {
  if (!options.user.empty() && !mongoc_uri_set_username(uri, options.user.c_str())) {
    throw ImproperlyConfigured("the database user is not valid UTF-8");
  }
  if (options.password.empty()) return;
  std::string password(as_text(options.password.bytes()));  // libmongoc wants the NUL
  const bool accepted = mongoc_uri_set_password(uri, password.c_str());
  wipe_memory({reinterpret_cast<std::uint8_t*>(password.data()), password.size()});
  if (!accepted) throw ImproperlyConfigured("the database password is not valid UTF-8");
}

Error to_error(const bson_error_t& error, bson::View reply) {
  ErrorCode code = ErrorCode::kOperationFailed;
  if (error.domain == MONGOC_ERROR_SERVER_SELECTION || error.domain == MONGOC_ERROR_STREAM) {
    code = ErrorCode::kHostUnreachable;
  } else if (error.domain == MONGOC_ERROR_CLIENT &&
             error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE) {
    code = ErrorCode::kAuthenticationFailed;
  }
  Error result(code, error.message);
  if (const bson::Element labels = reply["errorLabels"]; labels.is_array()) {
    for (const bson::Element& label : labels.as_array()) {
      if (label.is_string()) result.add_label(std::string(label.as_string()));
    }
  }
  return result;
}

class Reply {
 public:
  ~Reply() { bson_destroy(&bson_); }
  bson_t* get() { return &bson_; }
  BytesView bytes() const { return {bson_get_data(&bson_), bson_.len}; }

 private:
  bson_t bson_ = BSON_INITIALIZER;
};

}  // namespace

MongoPool::MongoPool(const MongoOptions& options) : on_unreachable_(options.on_unreachable) {
  static std::once_flag once;
  std::call_once(once, [] {
    mongoc_init();
    // It would write to the application's standard output; faults come as exceptions instead.
    mongoc_log_set_handler(nullptr, nullptr);
  });

  const Uri uri = parse_uri(options.uri);
  set_credentials(uri.get(), options);
  max_size_ = static_cast<std::size_t>(
      mongoc_uri_get_option_as_int32(uri.get(), MONGOC_URI_MAXPOOLSIZE, kDefaultMaxPoolSize));
  bson_error_t error;
  pool_.reset(mongoc_client_pool_new_with_error(uri.get(), &error));
  if (!pool_) {
    throw ImproperlyConfigured(fmt::format("cannot use the connection string: {}", error.message));
  }
  mongoc_client_pool_set_error_api(pool_.get(), MONGOC_ERROR_API_VERSION_2);
  if (mongoc_uri_get_appname(uri.get()) == nullptr) {
    mongoc_client_pool_set_appname(pool_.get(), options.app_name.c_str());
  }
  if (on_unreachable_) {
    mongoc_apm_callbacks_t* callbacks = mongoc_apm_callbacks_new();
    mongoc_apm_set_server_heartbeat_failed_cb(callbacks, heartbeat_failed);
    mongoc_client_pool_set_apm_callbacks(pool_.get(), callbacks, this);
    mongoc_apm_callbacks_destroy(callbacks);
  }
}

void MongoPool::heartbeat_failed(const mongoc_apm_server_heartbeat_failed_t* event) {
  auto& pool = *static_cast<MongoPool*>(mongoc_apm_server_heartbeat_failed_get_context(event));
  if (pool.told_.exchange(true)) return;
  bson_error_t error;
  mongoc_apm_server_heartbeat_failed_get_error(event, &error);
  try {
    pool.on_unreachable_(mongoc_apm_server_heartbeat_failed_get_host(event)->host_and_port,
                         error.message);
  } catch (...) {  // what a listener throws is not the server's fault
  }
}

MongoPool::Client MongoPool::take() {
  mongoc_client_t* client = mongoc_client_pool_pop(pool_.get());
  if (client == nullptr) {
    throw Error(ErrorCode::kNetworkTimeout,
                fmt::format("all {} connections of the pool stayed in use for waitQueueTimeoutMS; "
                            "raise maxPoolSize or hold connections for a shorter time",
                            max_size_));
  }
  return Client(client, {pool_.get()});
}

namespace {

// What a server takes as the body of one message: a document of the largest size, and a command
// around it.
constexpr std::size_t kMaxCommandSize = 16 * 1024 * 1024 + 16 * 1024;

void check_size(bson::View command) {
  if (command.size() <= kMaxCommandSize) return;
  throw Error(ErrorCode::kBSONObjectTooLarge,
              fmt::format("the command {} is {} bytes long, more than the {} that a MongoDB server "
                          "takes: send fewer documents in one command (batch_size of "
                          "bulk_create), or smaller ones. Encrypted values are larger than plain "
                          "ones",
                          command.front().key(), command.size(), kMaxCommandSize));
}

// libmongoc would send it to that database instead.
bson::Document without_database(bson::View command) {
  bson::Builder body;
  for (const bson::Element& member : command) {
    if (member.key() != "$db") body.append(member);
  }
  return body.finish();
}

}  // namespace

bson::Document run_command(mongoc_client_t* client, const mongoc_client_session_t* session,
                           std::string_view database, bson::View command) {
  bson::Document stripped;
  if (command.contains("$db")) {
    stripped = without_database(command);
    command = stripped;
  }
  check_size(command);
  bson_t body;
  if (!bson_init_static(&body, command.data(), command.size())) {
    throw Error(ErrorCode::kInvalidBSON, "the command is not valid BSON");
  }
  const std::string database_name(database);
  Reply reply;
  bson_error_t error{};
  bool ok;
  bson_destroy(reply.get());  // both calls below initialise it, also when they fail
  if (session == nullptr) {
    ok = mongoc_client_command_simple(client, database_name.c_str(), &body, nullptr, reply.get(),
                                      &error);
  } else {
    Reply options;
    if (!mongoc_client_session_append(session, options.get(), &error)) throw to_error(error, {});
    ok = mongoc_client_command_with_opts(client, database_name.c_str(), &body, nullptr,
                                         options.get(), reply.get(), &error);
  }
  const bson::View document = bson::View::parse(reply.bytes());
  // An answer of the server, also one with ok: 0, is the caller's to judge.
  if (ok || document.contains("ok")) return bson::Document(document);
  throw to_error(error, document);
}

}  // namespace quern::client
