// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "migrations/encryption_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "quern/base/error.h"
#include "quern/bson/json.h"
#include "schema/difference.h"

namespace quern::migrations {
namespace {

// Every member's stored path with its member path, encrypted subdocuments as one.
struct Member {
  std::string member_path;
  std::string path;
  const FieldState* field;
};

void collect(const std::vector<FieldState>& fields, const std::string& member_prefix,
             const std::string& prefix, std::vector<Member>& out) {
  for (const FieldState& field : fields) {
    out.push_back({member_prefix + field.name, prefix + field.column, &field});
    if (!field.encrypted) {
      collect(field.fields, member_prefix + field.name + ".", prefix + field.column + ".", out);
    }
  }
}

std::string definition(const EncryptedMember& field) {
  const bson::Document document(field.encrypted);
  return fmt::format("{} {}", field.type, bson::to_json(document.view()));
}

// Whether the stored values and indexes of both are the same.
bool same_encryption(const EncryptedMember& a, const EncryptedMember& b) {
  const auto parsed = [](const EncryptedMember& field) {
    bson::Builder out;
    out.open_array("fields").push_document();
    out.append("path", "f").append("bsonType", field.type).append("keyAltName", "k");
    out.append_all(field.encrypted).close().close();
    return schema::EncryptedFields::parse(out.finish().view(), "c",
                                          {.where = field.member_path, .allow_key_alt_name = true});
  };
  return schema::field_difference(parsed(a).fields().front(), parsed(b).fields().front(),
                                  schema::CompareKeys::kNo)
      .empty();
}

std::string way_out(const std::string& model) {
  return fmt::format("Create a new model (for example {}V2) and copy the data.", model);
}

class Rules {
 public:
  Rules(const ModelState& before, const ModelState& after)
      : before_(before), old_(before.encrypted_paths()), new_(after.encrypted_paths()) {
    collect(after.fields, "", "", new_members_);
  }

  std::vector<std::string> check(const std::string& new_collection) {
    if (old_.empty() && new_.empty()) return {};
    if (!old_.empty() && before_.collection != new_collection) {
      say(
          fmt::format("the collection of {} cannot be renamed from '{}' to '{}': the names of its "
                      "data keys and state collections hold it. Keep it with Meta::db_table.",
                      before_.name, before_.collection, new_collection));
    }
    for (const EncryptedMember& field : new_) check_new(field);
    for (const Member& member : new_members_) check_plain(member);
    return std::move(out_);
  }

 private:
  void say(std::string text) { out_.push_back(std::move(text)); }
  std::string full(const std::string& member_path) const {
    return fmt::format("{}.{}", before_.name, member_path);
  }
  const EncryptedMember* old_at(const std::string& path) const {
    const auto it = std::find_if(old_.begin(), old_.end(),
                                 [&](const EncryptedMember& field) { return field.path == path; });
    return it == old_.end() ? nullptr : &*it;
  }

  void check_new(const EncryptedMember& field) {
    const EncryptedMember* old = old_at(field.path);
    if (!old) return check_added(field);
    if (old->type != field.type) {
      say(
          fmt::format("the type of the encrypted field {} is fixed when the collection is created: "
                      "it was {} and would be {}. {}",
                      full(field.member_path), old->type, field.type, way_out(before_.name)));
    } else if (!same_encryption(*old, field)) {
      say(fmt::format(
          "the definition of the encrypted field {} is fixed when the collection is "
          "created:\n    was:      {}\n    would be: {}\n  {}",
          full(field.member_path), definition(*old), definition(field), way_out(before_.name)));
    }
  }

  void check_added(const EncryptedMember& field) {
    const FieldState* same_member = before_.find(field.member_path);
    if (same_member && same_member->encrypted) {
      say(fmt::format(
          "the stored name of the encrypted field {} cannot change: its data key carries "
          "it. Keep it with column().",
          full(field.member_path)));
      return;
    }
    if (same_member) {
      say(
          fmt::format("{} holds data in the clear and cannot become encrypted in the same "
                      "collection. {}",
                      full(field.member_path), way_out(before_.name)));
      return;
    }
    // Renamed: an encrypted member is gone, and this one has its definition.
    for (const EncryptedMember& old : old_) {
      const bool gone = std::none_of(new_.begin(), new_.end(), [&](const EncryptedMember& other) {
        return other.path == old.path;
      });
      if (gone && old.type == field.type && same_encryption(old, field)) {
        say(fmt::format(
            "the encrypted field {} cannot be renamed to {}: its path is part of the "
            "collection. Keep the stored name with column(). "
            "If {} is a new field: MongoDB cannot add an encrypted field to an existing "
            "collection. {}",
            full(old.member_path), field.member_path, full(field.member_path),
            way_out(before_.name)));
        return;
      }
    }
    say(fmt::format("MongoDB cannot add an encrypted field to an existing collection: {}. {}",
                    full(field.member_path), way_out(before_.name)));
  }

  // A member in the clear where the collection expects ciphertext.
  void check_plain(const Member& member) {
    if (member.field->encrypted) return;
    if (const EncryptedMember* old = old_at(member.path)) {
      say(fmt::format(
          "the encrypted field {} cannot become one in the clear in the same collection. "
          "{}",
          full(old->member_path), way_out(before_.name)));
    }
  }

  const ModelState& before_;
  std::vector<EncryptedMember> old_;
  std::vector<EncryptedMember> new_;
  std::vector<Member> new_members_;
  std::vector<std::string> out_;
};

}  // namespace

std::vector<std::string> encryption_refusals(const ModelState& before, const ModelState& after) {
  return Rules(before, after).check(after.collection);
}

void refuse_encryption_changes(const ModelState& before, const ModelState& after) {
  const std::vector<std::string> refusals = encryption_refusals(before, after);
  if (!refusals.empty()) throw NotSupported(fmt::format("{}", fmt::join(refusals, "\n")));
}

}  // namespace quern::migrations
