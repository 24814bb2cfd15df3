// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "quern/models/internal/codec.h"

#include <gtest/gtest.h>

#include "base/testing/error_of.h"
#include "models/testing.h"

namespace quern {

namespace codec_test {

enum class Colour : std::uint8_t { kRed = 1, kGreen = 2 };
enum class Status { kActive, kClosed };

struct Money {
  std::int64_t cents = 0;
  bool operator==(const Money&) const = default;
};

struct Tag {
  Char<20> name;
  std::int32_t weight = 1;
  bool operator==(const Tag&) const = default;
};

struct Everything {
  Id id{};
  bool flag = true;
  std::int16_t small = -5;
  std::uint32_t unsigned_word = 4'000'000'000U;
  std::int64_t big = 1LL << 40;
  float half = 0.5F;
  double real = 2.25;
  std::string text = "text";
  Char<5> code = "code";
  Decimal<10, 2> amount = "12.50";
  ObjectId reference;
  Uuid uuid;
  std::vector<std::byte> blob{std::byte{1}, std::byte{2}};
  std::vector<std::uint8_t> bytes{3, 4};
  std::chrono::sys_time<std::chrono::milliseconds> moment{std::chrono::milliseconds(1500)};
  std::chrono::year_month_day day{std::chrono::year(2024) / 2 / 29};
  std::chrono::seconds pause{90};
  Colour colour = Colour::kGreen;
  Status status = Status::kClosed;
  Money money{1999};
  std::optional<std::string> nickname;
  std::optional<Tag> main_tag = Tag{.name = "main"};
  std::vector<std::string> words{"a", "b"};
  std::vector<Tag> tags{{.name = "x", .weight = 2}};
  bson::Document extra = bson::doc("k", 1);
  Encrypted<std::vector<std::string>> secrets = std::vector<std::string>{"s"};

  bool operator==(const Everything&) const = default;
};

}  // namespace codec_test

template <>
inline constexpr auto choices<codec_test::Status> = named<codec_test::Status>(
    {{codec_test::Status::kActive, "active"}, {codec_test::Status::kClosed, "closed"}});

template <>
struct codec<codec_test::Money> {
  using stored = std::string;
  static std::string to_stored(const codec_test::Money& money) {
    return std::to_string(money.cents) + "c";
  }
  static codec_test::Money from_stored(const std::string& text) {
    if (!text.ends_with('c')) throw Error(ErrorCode::kBadValue, "money ends with c");
    return {std::stoll(text)};
  }
};

namespace codec_test {
namespace {

// All of it plaintext, as encode() writes it.
template <class T>
T decode_own(const bson::Document& document) {
  return decode<T>(DecryptedView::of_plaintext(document));
}

std::string error_of(std::string_view json) {
  try {
    decode_own<Everything>(bson::from_json(json));
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Codec, StoresEachTypeAsItsBsonType) {
  const bson::Document stored = encode(Everything{});
  EXPECT_EQ(bson::to_json(stored, bson::JsonMode::kCanonical),
            bson::to_json(bson::from_json(R"({
      "flag": true, "small": {"$numberInt": "-5"}, "unsigned_word": {"$numberLong": "4000000000"},
      "big": {"$numberLong": "1099511627776"}, "half": {"$numberDouble": "0.5"},
      "real": {"$numberDouble": "2.25"}, "text": "text", "code": "code",
      "amount": {"$numberDecimal": "12.50"}, "reference": {"$oid": "000000000000000000000000"},
      "uuid": {"$binary": {"base64": "AAAAAAAAAAAAAAAAAAAAAA==", "subType": "04"}},
      "blob": {"$binary": {"base64": "AQI=", "subType": "00"}},
      "bytes": {"$binary": {"base64": "AwQ=", "subType": "00"}},
      "moment": {"$date": {"$numberLong": "1500"}},
      "day": {"$date": {"$numberLong": "1709164800000"}}, "pause": {"$numberLong": "90000"},
      "colour": {"$numberInt": "2"}, "status": "closed", "money": "1999c", "nickname": null,
      "main_tag": {"name": "main", "weight": {"$numberInt": "1"}}, "words": ["a", "b"],
      "tags": [{"name": "x", "weight": {"$numberInt": "2"}}], "extra": {"k": {"$numberInt": "1"}},
      "secrets": ["s"]})"),
                          bson::JsonMode::kCanonical));
}

TEST(Codec, ReadsBackWhatItStored) {
  Everything object;
  object.id = ObjectId::generate();
  object.nickname = "nick";
  object.main_tag.reset();
  object.uuid = Uuid::random();
  const bson::Document stored = encode(object);
  EXPECT_EQ(decode_own<Everything>(stored), object);
}

TEST(Codec, GivesMissingAndNullMembersTheirDefault) {
  const Everything object =
      decode<Everything>(bson::from_json(R"({"big": null, "nickname": null})").view());
  EXPECT_EQ(object, Everything{});
}

TEST(Codec, IgnoresMembersThatTheStructDoesNotHave) {
  const bson::Document stored =
      bson::from_json(R"({"text": "new", "unknown": 1, "__safeContent__": []})");
  EXPECT_EQ(decode<Everything>(stored.view()).text, "new");
}

TEST(Codec, TakesAnyNumberThatFits) {
  const bson::Document stored =
      bson::from_json(R"({"small": {"$numberLong": "7"}, "real": 3, "amount": 4, "big": 5.0})");
  const auto object = decode<Everything>(stored.view());
  EXPECT_EQ(object.small, 7);
  EXPECT_EQ(object.real, 3.0);
  EXPECT_EQ(object.amount, 4);
  EXPECT_EQ(object.big, 5);
}

TEST(Codec, NamesThePathAndTheTypesOfAMisfit) {
  EXPECT_EQ(error_of(R"({"text": 5})"), "Everything.text: expected string, found int");
  EXPECT_EQ(error_of(R"({"tags": [{"name": "a"}, {"name": true}]})"),
            "Everything.tags[1].name: expected string, found bool");
  EXPECT_EQ(error_of(R"({"small": 40000})"),
            "Everything.small: the stored number does not fit the member");
  EXPECT_EQ(error_of(R"({"small": 1.5})"),
            "Everything.small: the stored number is not a whole number of 64 bits");
  EXPECT_EQ(error_of(R"({"status": "lost"})"),
            "Everything.status: the stored name is not one of the choices");
  EXPECT_EQ(error_of(R"({"pause": {"$numberLong": "1500"}})"),
            "Everything.pause: the stored duration does not fit the member's unit");
  EXPECT_EQ(error_of(R"({"day": {"$date": {"$numberLong": "1"}}})"),
            "Everything.day: the stored date has a time of day; use sys_time");
  EXPECT_EQ(error_of(R"({"money": "5"})"), "Everything.money: money ends with c");
  EXPECT_EQ(error_of(R"({"money": 5})"), "Everything.money: expected string, found int");
  EXPECT_EQ(error_of(R"({"uuid": "x"})"),
            "Everything.uuid: expected a UUID (binData 4), found string");
}

TEST(Codec, ReadsOrRefusesEveryBsonTypeInEveryMemberWithoutShowingIt) {
  const bson::Document values = bson::from_json(R"({
      "double": {"$numberDouble": "977.5"}, "nan": {"$numberDouble": "NaN"}, "string": "977",
      "object": {"name": 977}, "array": [977, "977"], "binary": {"$binary": {"base64": "lXc=",
      "subType": "80"}}, "uuid": {"$binary": {"base64": "lXc=", "subType": "04"}},
      "id": {"$oid": "977977977977977977977977"}, "bool": true, "null": null,
      "date": {"$date": {"$numberLong": "-9223372036854775808"}},
      "regex": {"$regularExpression": {"pattern": "977", "options": ""}}, "int": 977977,
      "long": {"$numberLong": "-9223372036854775808"}, "decimal": {"$numberDecimal": "977E+300"},
      "timestamp": {"$timestamp": {"t": 977, "i": 1}}, "min": {"$minKey": 1}, "max": {"$maxKey": 1}
      })");
  int refused = 0;
  for (const FieldInfo& field : model_info<Everything>().fields) {
    for (const bson::Element& value : values) {
      try {
        decode_own<Everything>(bson::doc(field.column, value.value()));
      } catch (const Error& error) {
        ++refused;
        const std::string text = error.what();
        EXPECT_TRUE(text.starts_with("Everything." + field.column)) << text;
        EXPECT_EQ(text.find("977"), std::string::npos) << text;
      }
    }
  }
  EXPECT_GT(refused, 300);
}

constexpr const char* kCiphertext = R"({"$binary": {"base64": "EAAA", "subType": "06"}})";

// {patient_record: {ssn: <ciphertext>, billing: <ciphertext>}, name: …}, of which the ssn was
// decrypted, as one of field.
Reply patient_reply(bson::Value ssn, std::string_view field, const std::string& name = "\"Ann\"") {
  const std::string text =
      std::string(R"({"patient_record": {"ssn": )") + kCiphertext + R"(}, "name": )" + name + "}";
  bson::Document raw = bson::from_json(text);
  auto plaintexts = std::make_shared<Plaintexts>();
  const BytesView at = raw.view().at_path("patient_record.ssn").bytes();
  plaintexts->add(static_cast<std::size_t>(at.data() - raw.view().data()), std::move(ssn), field);
  return Reply(std::move(raw), std::move(plaintexts));
}

std::string refusal_of(const Reply& reply) {
  return quern::error_of([&] { decode<testing::Patient>(reply.decrypted()); }).what();
}

TEST(Codec, ReadsAnEncryptedMemberFromTheDecryptedValueOfItsField) {
  const Reply reply = patient_reply(bson::Value::of("123-45-6789"), "patient_record.ssn");
  EXPECT_EQ(*decode<testing::Patient>(reply.decrypted()).patient_record.ssn, "123-45-6789");
}

TEST(Codec, RefusesTheDecryptedValueOfAnotherFieldOrOfNone) {
  EXPECT_EQ(refusal_of(patient_reply(bson::Value::of("x"), "ssn")),
            "Patient.patient_record.ssn: the value was encrypted as one of field 'ssn'");
  EXPECT_EQ(
      refusal_of(patient_reply(bson::Value::of("x"), "")),
      "Patient.patient_record.ssn: the value was decrypted without a schema, which is no proof "
      "that it is one of this member");
}

TEST(Codec, RefusesPlaintextAndCiphertextForAnEncryptedMember) {
  const auto refusal = [](const std::string& json) {
    return std::string(
        quern::error_of([&] { decode<testing::Patient>(bson::from_json(json).view()); }).what());
  };
  for (const char* value : {R"("123-45-6789")", "null", "5", "{}", "[]"}) {
    const std::string text = refusal(R"({"patient_record": {"ssn": )" + std::string(value) + "}}");
    EXPECT_TRUE(
        text.starts_with("Patient.patient_record.ssn: the member is encrypted, and a value "
                         "of type "))
        << text;
  }
  EXPECT_TRUE(refusal(R"({"patient_record": {"billing": )" + std::string(kCiphertext) + "}}")
                  .starts_with("Patient.patient_record.billing: the value is still encrypted"));
}

TEST(Codec, RefusesACiphertextForAPlainMemberDecryptedOrNot) {
  const Reply reply =
      patient_reply(bson::Value::of("123-45-6789"), "patient_record.ssn", kCiphertext);
  EXPECT_TRUE(
      refusal_of(reply).starts_with("Patient.name: expected string, found a value that is "
                                    "still encrypted"));
}

TEST(Codec, SaysWhenAValueIsStillEncrypted) {
  EXPECT_EQ(error_of(R"({"text": {"$binary": {"base64": "DgAA", "subType": "06"}}})"),
            "Everything.text: expected string, found a value that is still encrypted; read it "
            "through a database with auto_encryption, and mark the member quern::Encrypted");
}

TEST(Codec, NeverShowsStoredValuesInErrors) {
  EXPECT_EQ(error_of(R"({"secrets": ["x", {"deep": "4111111111111111"}]})"),
            "Everything.secrets[1]: expected string, found object");
}

TEST(Codec, SetsMembersByPathSoThatForeignOnesSurvive) {
  const auto members = internal::set_members(
      model_info<testing::Patient>(), &static_cast<const testing::Patient&>(testing::john()), {});
  EXPECT_EQ(bson::to_json(members.set), bson::to_json(bson::from_json(R"({
      "name": "John Doe", "patient_id": {"$numberLong": "1001"},
      "patient_record.ssn": "123-45-6789",
      "patient_record.billing": {"cc_type": "Visa", "cc_number": "4111111111111111"},
      "patient_record.bill_amount": {"$numberDecimal": "250.75"}})")));
  EXPECT_TRUE(members.unset.empty());
}

struct Guarded {
  Id id{};
  std::optional<testing::PatientRecord> record;
};

TEST(Codec, LeavesAnEmptyOptionalOutWhenItWouldHoldCiphertext) {
  const Guarded empty;
  EXPECT_EQ(bson::to_json(encode(empty)), "{ }");
  const auto members = internal::set_members(model_info<Guarded>(), &empty, {});
  EXPECT_TRUE(members.set.empty());
  EXPECT_EQ(bson::to_json(members.unset), R"({ "record" : "" })");
}

TEST(Codec, SetsAnOptionalWithCiphertextMemberByMember) {
  const Guarded full{.record = testing::john().patient_record};
  const auto members = internal::set_members(model_info<Guarded>(), &full, {});
  EXPECT_TRUE(members.set.view().contains("record.ssn"));
  EXPECT_FALSE(members.set.view().contains("record"));
  EXPECT_TRUE(members.unset.empty());
}

struct SecretMoney {
  Encrypted<Money> money;
  Encrypted<std::vector<Money>> several;
};

TEST(Codec, KeepsWhatACodecSaysAboutASecretToItself) {
  for (const auto& [json, text] :
       {std::pair(R"({"money": "5"})", "SecretMoney.money: its codec refuses the stored value"),
        std::pair(R"({"several": ["1c", "5"]})",
                  "SecretMoney.several[1]: its codec refuses the stored value")}) {
    try {
      decode_own<SecretMoney>(bson::from_json(json));
      FAIL();
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), text);
    }
  }
}

struct Sale {
  Id id{};
  testing::Price listed{};
  Encrypted<testing::Price> paid;
};

TEST(Codec, NamesThePathOfWhatACodecThrowsThatIsNoErrorOfOurs) {
  const auto text_of = [](std::string_view json) {
    return std::string(quern::error_of([&] { decode_own<Sale>(bson::from_json(json)); }).what());
  };
  EXPECT_EQ(text_of(R"({"listed": -977})"), "Sale.listed: negative: -977");
  EXPECT_EQ(text_of(R"({"paid": -977})"), "Sale.paid: its codec refuses the stored value");
}

TEST(Codec, SaysNothingAboutASecretThatWasNotValidated) {
  const Sale sale{.paid = testing::Price{-977}};
  const auto text_of = [](auto&& action) { return std::string(quern::error_of(action).what()); };
  EXPECT_EQ(text_of([&] { encode(sale); }), "Sale.paid: Enter a valid value.");
  EXPECT_EQ(text_of([&] { internal::set_members(model_info<Sale>(), &sale, {}); }),
            "Sale.paid: Enter a valid value.");
}

struct Texts {
  Id id{};
  std::string plain;
  Encrypted<std::string> secret;
  std::optional<Char<20, allow_blank>> maybe;
  std::vector<std::string> list;
  testing::Billing billing;
  Encrypted<testing::Billing> sealed;
  bson::Document free;
};

TEST(Codec, RefusesTextThatIsNotUtf8WithTheMembersNameAndNotTheText) {
  const std::string bad = "977\xff";
  struct Case {
    Texts texts;
    std::string path;
    std::string message;
  };
  std::vector<Case> cases(7);
  const auto faults_of = [](const Texts& texts) -> FaultMap {
    try {
      validate(texts);
    } catch (const ValidationError& error) {
      return error.faults();
    }
    return {};
  };
  cases[0].texts.plain = bad;
  cases[0].path = "plain";
  cases[0].message = "Texts.plain: Ensure this value is valid UTF-8.";
  cases[1].texts.secret = bad;
  cases[1].path = "secret";
  cases[1].message = "Texts.secret: Enter a valid value.";
  cases[2].texts.maybe = bad;
  cases[2].path = "maybe";
  cases[2].message = "Texts.maybe: Ensure this value is valid UTF-8.";
  cases[3].texts.list = {"good", bad};
  cases[3].path = "list.1";
  cases[3].message = "Texts.list.1: Ensure this value is valid UTF-8.";
  cases[4].texts.billing.cc_type = bad;
  cases[4].path = "billing.cc_type";
  cases[4].message = "Texts.billing.cc_type: Ensure this value is valid UTF-8.";
  cases[5].texts.sealed->cc_number = bad;
  cases[5].path = "sealed.cc_number";
  cases[5].message = "Texts.sealed: Enter a valid value.";
  cases[6].texts.free = bson::doc("key " + bad, 1);
  cases[6].path = "free";
  cases[6].message = "Texts.free: invalid BSON at byte 12: text is not UTF-8";
  for (const auto& [texts, path, message] : cases) {
    const auto text_of = [](auto&& action) { return std::string(quern::error_of(action).what()); };
    EXPECT_EQ(text_of([&, &object = texts] { encode(object); }), message);
    EXPECT_EQ(
        text_of([&, &object = texts] { internal::set_members(model_info<Texts>(), &object, {}); }),
        message);
    EXPECT_TRUE(faults_of(texts).contains(path)) << path;
  }
}

struct Point {
  double x = 0;
  double y = 0;
};
// Laid out otherwise than what it is stored as.
struct Place {
  std::string name = "here";
  double east = 0;
  double north = 0;
};
struct Visit {
  Id id{};
  Place place;
  std::optional<Place> next;
};

}  // namespace
}  // namespace codec_test

template <>
struct codec<codec_test::Place> {
  using stored = codec_test::Point;
  static stored to_stored(const codec_test::Place& place) { return {place.east, place.north}; }
  static codec_test::Place from_stored(const stored& point) { return {"there", point.x, point.y}; }
};

namespace codec_test {
namespace {

TEST(Codec, SetsAsAWholeWhatACodecStoresAsAStruct) {
  const Visit visit{.place = {.east = 1, .north = 2}, .next = Place{.east = 3, .north = 4}};
  const bson::Document set = internal::set_members(model_info<Visit>(), &visit, {}).set;
  EXPECT_EQ(bson::to_json(set),
            bson::to_json(bson::from_json(
                R"({"place": {"x": 1.0, "y": 2.0}, "next": {"x": 3.0, "y": 4.0}})")));
  const Visit read = decode_own<Visit>(encode(visit));
  EXPECT_EQ(read.place.north, 2);
  EXPECT_EQ(read.next->east, 3);
}

}  // namespace
}  // namespace codec_test
}  // namespace quern
