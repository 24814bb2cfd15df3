// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Where the analysis hands over the values that are not to be sent as they are.
#ifndef QUERN_ANALYSIS_MARKING_SINK_H_
#define QUERN_ANALYSIS_MARKING_SINK_H_

#include <string_view>

#include "quern/bson/document.h"
#include "schema/marking.h"

namespace quern::analysis {

class MarkingSink {
 public:
  virtual ~MarkingSink() = default;
  // Appends under key what stands in the command for the marked value. Called in the order of the
  // command's members, also for a command that is refused in the end: what was appended is thrown
  // away then.
  virtual void append(const schema::Marking& marking, std::string_view key, bson::Builder& out) = 0;
};

// Appends schema::EncryptionPlaceholder: for whoever encrypts in another process.
class PlaceholderSink final : public MarkingSink {
 public:
  void append(const schema::Marking& marking, std::string_view key, bson::Builder& out) override {
    const Bytes blob = marking.placeholder().serialize();
    out.append(key, bson::Binary{bson::BinarySubtype::kEncrypted, blob});
  }
};

}  // namespace quern::analysis

#endif  // QUERN_ANALYSIS_MARKING_SINK_H_
