// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// The way back: every ciphertext in a reply, at any depth, becomes its value again.
#ifndef QUERN_CLIENT_DECRYPT_REPLY_H_
#define QUERN_CLIENT_DECRYPT_REPLY_H_

#include "keyvault/key_cache.h"
#include "quern/bson/document.h"

namespace quern::client {

// A reply without a ciphertext is returned as it is, without asking for a key. Throws Error with
// the path of the value at fault: a key that cannot be had, a ciphertext that another key made or
// that was altered, one of a kind that this version cannot decrypt. Nothing is ever left encrypted
// silently.
bson::Document decrypt_reply(bson::Document reply, keyvault::KeyCache& keys);

}  // namespace quern::client

#endif  // QUERN_CLIENT_DECRYPT_REPLY_H_
