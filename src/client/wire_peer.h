// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// For tests: the smallest peer that a MongoDB driver accepts as the primary of a replica set. It
// listens on a port of its own on 127.0.0.1, answers the handshake itself and gives every other
// command to a CommandRunner, "$db" taken out. OP_MSG with one body section, and the OP_QUERY of
// the first handshake; no TLS, no authentication, no compression.
#ifndef QUERN_CLIENT_WIRE_PEER_H_
#define QUERN_CLIENT_WIRE_PEER_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "quern/bson/document.h"
#include "quern/command/command_runner.h"
#include "quern/command/reply.h"

namespace quern::client {

class WirePeer {
 public:
  // Borrows runner, which must be thread-safe: every connection has a thread.
  explicit WirePeer(CommandRunner& runner) : runner_(runner) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
      throw std::runtime_error("cannot listen on 127.0.0.1");
    }
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    acceptor_ = std::thread([this] { accept(); });
  }

  ~WirePeer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      const std::scoped_lock lock(mutex_);
      for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    for (const int connection : connections_) ::close(connection);
  }

  // The first command of every connection.
  std::vector<bson::Document> handshakes() {
    const std::scoped_lock lock(mutex_);
    return handshakes_;
  }

  std::string uri() const { return "mongodb://" + address_ + "/?serverSelectionTimeoutMS=5000"; }

 private:
  static constexpr std::uint32_t kQuery = 2004;
  static constexpr std::uint32_t kReply = 1;
  static constexpr std::uint32_t kMessage = 2013;
  static constexpr std::size_t kHeaderSize = 16;

  void accept() {
    for (;;) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      const std::scoped_lock lock(mutex_);
      connections_.push_back(connection);
      threads_.emplace_back([this, connection] { serve(connection); });
    }
  }

  static bool receive(int connection, std::uint8_t* out, std::size_t size) {
    while (size > 0) {
      const ssize_t got = ::recv(connection, out, size, 0);
      if (got <= 0) return false;
      out += got;
      size -= static_cast<std::size_t>(got);
    }
    return true;
  }

  void serve(int connection) {
    for (;;) {
      Bytes message(kHeaderSize);
      if (!receive(connection, message.data(), kHeaderSize)) return;
      message.resize(load_le<std::uint32_t>(message.data()));
      if (!receive(connection, message.data() + kHeaderSize, message.size() - kHeaderSize)) return;
      const Bytes answer = handle(message);
      if (::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
    }
  }

  Bytes handle(BytesView message) {
    const auto request_id = load_le<std::uint32_t>(message.data() + 4);
    const auto opcode = load_le<std::uint32_t>(message.data() + 12);
    std::size_t body = kHeaderSize + 5;  // OP_MSG: flags, kind 0
    if (opcode == kQuery) {              // flags, full collection name, skip, limit
      const auto name = message.subspan(kHeaderSize + 4);
      body = kHeaderSize + 4 + static_cast<std::size_t>(std::ranges::find(name, 0) - name.begin()) +
             1 + 8;
    }
    const bson::Document reply = answer(bson::View::parse(message.subspan(body)));

    Bytes head(kHeaderSize);
    if (opcode == kQuery) {
      head.resize(kHeaderSize + 20);  // flags, cursor id, starting from, number returned
      store_le<std::uint32_t>(head.data() + kHeaderSize + 16, 1);
    } else {
      head.resize(kHeaderSize + 5);
    }
    head.insert(head.end(), reply.bytes().begin(), reply.bytes().end());
    store_le<std::uint32_t>(head.data(), static_cast<std::uint32_t>(head.size()));
    store_le<std::uint32_t>(head.data() + 8, request_id);
    store_le<std::uint32_t>(head.data() + 12, opcode == kQuery ? kReply : kMessage);
    return head;
  }

  bson::Document answer(bson::View command) {
    const std::string_view name = command.front().key();
    if (name == "isMaster" || name == "ismaster" || name == "hello") {
      if (command.contains("client")) {
        const std::scoped_lock lock(mutex_);
        handshakes_.emplace_back(command);
      }
      return hello();
    }
    std::string database;
    bson::Builder builder;
    for (const bson::Element& member : command) {
      if (member.key() == "$db") {
        database = member.as_string();
      } else {
        builder.append(member);
      }
    }
    try {
      return runner_.run(database, builder.finish());
    } catch (const Error& error) {
      return error_reply(error);
    }
  }

  bson::Document hello() const {
    return bson::doc("helloOk", true, "ismaster", true, "isWritablePrimary", true, "setName", "rs0",
                     "setVersion", 1, "hosts", bson::array(address_), "primary", address_, "me",
                     address_, "maxBsonObjectSize", 16 * 1024 * 1024, "maxMessageSizeBytes",
                     48'000'000, "maxWriteBatchSize", 100'000, "logicalSessionTimeoutMinutes", 30,
                     "minWireVersion", 0, "maxWireVersion", 21, "readOnly", false, "ok", 1.0);
  }

  CommandRunner& runner_;
  int listener_;
  std::string address_;
  std::thread acceptor_;
  std::mutex mutex_;
  std::vector<int> connections_;
  std::vector<std::thread> threads_;
  std::vector<bson::Document> handshakes_;
};

}  // namespace quern::client

#endif  // QUERN_CLIENT_WIRE_PEER_H_
