// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// QUERN_EXPORT marks what the shared library offers; whatever bears no mark stays inside it.
#ifndef QUERN_BASE_EXPORT_H_
#define QUERN_BASE_EXPORT_H_

// On classes with members that are defined in the library, on exceptions and on bases with virtual
// functions (so that both sides know them as one type), and on functions that are no templates.
#define QUERN_EXPORT __attribute__((visibility("default")))

#endif  // QUERN_BASE_EXPORT_H_
