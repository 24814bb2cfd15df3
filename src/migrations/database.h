// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// One database alias as migrations see it. The project implements it.
#ifndef QUERN_MIGRATIONS_DATABASE_H_
#define QUERN_MIGRATIONS_DATABASE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "migrations/state.h"
#include "quern/command/command_runner.h"

namespace quern::migrations {

class Database {
 public:
  virtual ~Database() = default;

  virtual const std::string& alias() const = 0;
  virtual const std::string& name() const = 0;
  virtual bool is_encrypted() const = 0;
  // False for an embedded database that nothing has opened yet: opening it would create it.
  virtual bool exists() const = 0;

  // Runs commands on documents: encrypting on an encrypting alias.
  virtual CommandRunner& runner() = 0;
  // Runs commands on what is never encrypted: collections, indexes, the history.
  virtual CommandRunner& plain_runner() = 0;

  // Throws where create_encrypted_collection() would find or make keys that do not work together
  // with those that are there. Makes nothing.
  virtual void refuse_unusable_keys(std::string_view collection, bson::View encrypted_fields) = 0;
  // Finds or makes the data keys, then creates the collection and what belongs to it. May be run
  // again after it was interrupted. Returns how many data keys were made. encrypted_fields has
  // keyAltName in place of keyId.
  virtual int create_encrypted_collection(std::string_view collection,
                                          bson::View encrypted_fields) = 0;
  // Drops the collection with its state collections; the data keys stay.
  virtual void drop_encrypted_collection(std::string_view collection,
                                         bson::View encrypted_fields) = 0;

  // Whether an app's model (empty: none in particular) may be created here, as the routers say.
  virtual bool allow_migrate(std::string_view app, std::string_view model) = 0;

  // Told of every document that is changed on its own, with how many there are to change.
  std::function<void(std::int64_t done, std::int64_t total)> on_document = [](std::int64_t,
                                                                              std::int64_t) {};

  virtual bool has_function(std::string_view app, std::string_view function) = 0;
  // One that has_function(). state: of the models at this point.
  virtual void run_function(std::string_view app, std::string_view function,
                            const State& state) = 0;
};

}  // namespace quern::migrations

#endif  // QUERN_MIGRATIONS_DATABASE_H_
