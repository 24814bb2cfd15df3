// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#ifndef QUERN_STORAGE_DAMAGE_H_
#define QUERN_STORAGE_DAMAGE_H_

namespace quern::storage {

// What to do where a database is damaged: the end of a sentence.
inline constexpr const char* kMendDamage =
    "restore a backup, or accept the loss on purpose: \"manage repair --accept-loss\" opens what "
    "can still be read and says what is lost";

}  // namespace quern::storage

#endif  // QUERN_STORAGE_DAMAGE_H_
