#include "core/btf/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>

#include "tests/support/btf_bytes.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using btf::Kind;
using test::BtfBytes;
using test::every_kind;
using test::get_word;
using test::set_word;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::size_t kTypeOffsetAt = 8;
constexpr std::size_t kTypeSizeAt = 12;
constexpr std::size_t kStringOffsetAt = 16;
constexpr std::size_t kStringSizeAt = 20;

std::string error_of(std::span<const std::byte> bytes) {
  const auto view = BtfView::open(bytes);
  return view ? "no error" : view.error().message;
}

// Everything that a view tells of its types, for comparing two of them.
std::string to_text(const BtfView& view) {
  std::string text;
  const auto name = [&](std::uint32_t offset) { return std::string(view.string(offset)) + " "; };
  const auto number = [](std::uint32_t n) { return std::to_string(n) + " "; };
  for (std::uint32_t id = 0; id < view.type_count(); ++id) {
    const btf::Type& t = view.type(id);
    text += number(id) + std::string(btf::kind_name(t.kind())) + " " + name(t.name) +
            number(t.size_or_type) + number(t.vlen()) + (t.kind_flag() ? "flag: " : ": ");
    switch (t.kind()) {
      case Kind::kInt:
        text += number(BtfView::int_word(t));
        break;
      case Kind::kArray:
        text += number(BtfView::array(t).type) + number(BtfView::array(t).index_type) +
                number(BtfView::array(t).element_count);
        break;
      case Kind::kStruct:
      case Kind::kUnion:
        for (const auto& m : BtfView::members(t)) {
          text += name(m.name) + number(m.type) + number(m.offset);
        }
        break;
      case Kind::kEnum:
        for (const auto& e : BtfView::enumerators(t))
          text += name(e.name) + std::to_string(e.value);
        break;
      case Kind::kEnum64:
        for (const auto& e : BtfView::enumerators64(t)) {
          text += name(e.name) + number(e.value_low) + number(e.value_high);
        }
        break;
      case Kind::kFuncProto:
        for (const auto& p : BtfView::parameters(t)) text += name(p.name) + number(p.type);
        break;
      default:
        break;
    }
    text += "\n";
  }
  return text;
}

TEST(BtfView, ShowsWhatTheBytesSay) {
  const auto bytes = every_kind().bytes();
  const auto view = BtfView::open(bytes);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_FALSE(view->was_big_endian());
  ASSERT_EQ(view->type_count(), btf::kKindCount);  // one of every kind, void among them

  EXPECT_EQ(view->type(0).kind(), Kind::kVoid);
  EXPECT_STREQ(view->string(view->type(0).name), "");

  const auto& integer = view->type(1);
  EXPECT_EQ(integer.kind(), Kind::kInt);
  EXPECT_STREQ(view->string(integer.name), "int");
  EXPECT_EQ(integer.size_or_type, 4U);
  EXPECT_TRUE(btf::int_is_signed(BtfView::int_word(integer)));

  const auto& array = view->type(3);
  EXPECT_EQ(array.kind(), Kind::kArray);
  EXPECT_EQ(BtfView::array(array).element_count, 3U);

  const auto& record = view->type(4);
  ASSERT_EQ(BtfView::members(record).size(), 2U);
  EXPECT_STREQ(view->string(BtfView::members(record)[1].name), "y");
  EXPECT_EQ(BtfView::members(record)[1].type, 2U);
  EXPECT_EQ(BtfView::members(record)[1].offset, 64U);

  const auto& enumeration = view->type(6);
  EXPECT_TRUE(enumeration.kind_flag());
  EXPECT_EQ(BtfView::enumerators(enumeration)[1].value, -1);

  const auto& prototype = view->type(12);
  EXPECT_EQ(BtfView::parameters(prototype)[0].type, 4U);

  const auto& big = view->type(19);
  EXPECT_EQ(BtfView::enumerators64(big)[0].value_high, 1U);
}

TEST(BtfView, ReadsBigEndianAsLittleEndian) {
  const auto little_bytes = every_kind().bytes();
  const auto big_bytes = every_kind().bytes(true);
  ASSERT_NE(little_bytes, big_bytes);
  const auto little = BtfView::open(little_bytes);
  const auto big = BtfView::open(big_bytes);
  ASSERT_TRUE(little) << little.error().message;
  ASSERT_TRUE(big) << big.error().message;
  EXPECT_TRUE(big->was_big_endian());
  EXPECT_EQ(to_text(*little), to_text(*big));
}

TEST(BtfView, ReadsWhatACompilerMakesForEitherEndianness) {
  const auto little_bytes = test::read_bytes(test::kernel_path("reference"));
  const auto big_bytes = test::read_bytes(test::kernel_path("reference.be"));
  const auto little = BtfView::open(little_bytes);
  const auto big = BtfView::open(big_bytes);
  ASSERT_TRUE(little) << little.error().message;
  ASSERT_TRUE(big) << big.error().message;
  EXPECT_FALSE(little->was_big_endian());
  EXPECT_TRUE(big->was_big_endian());
  EXPECT_GT(little->type_count(), 50U);
  EXPECT_EQ(little->type_count(), big->type_count());
}

TEST(BtfView, ReadsUnalignedBytes) {
  const auto bytes = every_kind().bytes();
  const auto aligned = BtfView::open(bytes);
  ASSERT_TRUE(aligned);
  for (std::size_t shift = 1; shift < 4; ++shift) {
    std::vector<std::byte> shifted(shift + bytes.size());
    std::ranges::copy(bytes, shifted.begin() + static_cast<std::ptrdiff_t>(shift));
    const auto view = BtfView::open(std::span<const std::byte>(shifted).subspan(shift));
    ASSERT_TRUE(view) << view.error().message;
    EXPECT_EQ(to_text(*view), to_text(*aligned));
  }
}

TEST(BtfView, StaysValidWhenMoved) {
  for (const bool big_endian : {false, true}) {
    const auto bytes = every_kind().bytes(big_endian);
    auto view = BtfView::open(bytes);
    ASSERT_TRUE(view);
    const auto before = to_text(*view);
    const btf::Type* type = &view->type(4);
    const BtfView moved = *std::move(view);
    EXPECT_EQ(&moved.type(4), type);
    EXPECT_EQ(to_text(moved), before);
  }
}

TEST(BtfView, TakesTheEmptyBtf) {
  const auto bytes = BtfBytes().bytes();
  const auto view = BtfView::open(bytes);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->type_count(), 1U);
}

TEST(BtfView, TakesALongerHeaderOfZeros) {
  const auto expected_bytes = every_kind().bytes();
  const auto expected = BtfView::open(expected_bytes);
  ASSERT_TRUE(expected);
  for (const std::uint32_t size : {28U, 32U, 36U, 64U}) {
    for (const bool big_endian : {false, true}) {
      const auto bytes = every_kind().bytes(big_endian, size);
      const auto view = BtfView::open(bytes);
      ASSERT_TRUE(view) << size << ": " << view.error().message;
      EXPECT_EQ(to_text(*view), to_text(*expected));
    }
  }
}

TEST(BtfView, TakesTheLayoutSectionOfNewerHeaders) {
  auto bytes = every_kind().bytes(false, 32);
  const auto end = static_cast<std::uint32_t>(bytes.size()) - 32;
  bytes.resize(bytes.size() + 8);
  set_word(bytes, 24, end);  // offset, from the end of the header
  set_word(bytes, 28, 8);    // size
  const auto view = BtfView::open(bytes);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->type_count(), btf::kKindCount);

  set_word(bytes, 28, 12);
  EXPECT_THAT(error_of(bytes), AllOf(HasSubstr("header"), HasSubstr("layout")));
}

TEST(BtfView, RefusesHeaderFieldsThatItDoesNotKnow) {
  auto bytes = every_kind().bytes(false, 40);
  bytes[33] = std::byte{1};
  EXPECT_THAT(error_of(bytes), AllOf(HasSubstr("header"), HasSubstr("33")));

  auto shorter = every_kind().bytes(false, 28);
  shorter[24] = std::byte{1};
  EXPECT_THAT(error_of(shorter), AllOf(HasSubstr("header"), HasSubstr("24")));
}

TEST(BtfView, TakesStringsApartFromTypes) {
  // 8 bytes of nothing between the two sections.
  auto bytes = every_kind().bytes();
  const auto strings = btf::kHeaderSize + get_word(bytes, kStringOffsetAt);
  bytes.insert(bytes.begin() + strings, 8, std::byte{0xff});
  set_word(bytes, kStringOffsetAt, get_word(bytes, kStringOffsetAt) + 8);
  const auto view = BtfView::open(bytes);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_STREQ(view->string(view->type(1).name), "int");
}

// Every way of breaking a header gives an error of its own.
struct Breakage {
  const char* name;
  std::function<void(std::vector<std::byte>&)> apply;
  std::vector<std::string> said;
};

class BrokenBtf : public testing::TestWithParam<Breakage> {};

TEST_P(BrokenBtf, IsRefusedSayingWhereAndWhy) {
  auto bytes = every_kind().bytes();
  ASSERT_EQ(error_of(bytes), "no error");
  GetParam().apply(bytes);
  const auto error = error_of(bytes);
  for (const auto& part : GetParam().said) EXPECT_THAT(error, HasSubstr(part));
}

void add_to_word(std::vector<std::byte>& bytes, std::size_t at, std::uint32_t value) {
  set_word(bytes, at, get_word(bytes, at) + value);
}

INSTANTIATE_TEST_SUITE_P(
    Header, BrokenBtf,
    testing::Values(
        Breakage{"Empty", [](auto& b) { b.clear(); }, {"header", "24", "0"}},
        Breakage{"Short", [](auto& b) { b.resize(23); }, {"header", "24", "23"}},
        Breakage{"Magic", [](auto& b) { b[0] = std::byte{0x7f}; }, {"header", "magic", "7feb"}},
        Breakage{"Version", [](auto& b) { b[2] = std::byte{2}; }, {"header", "version 2"}},
        Breakage{"Flags", [](auto& b) { b[3] = std::byte{4}; }, {"header", "flags 0x4"}},
        Breakage{"HeaderTooShort", [](auto& b) { set_word(b, 4, 20); }, {"header", "20"}},
        Breakage{"HeaderTooLong",
                 [](auto& b) { set_word(b, 4, static_cast<std::uint32_t>(b.size()) + 4); },
                 {"header"}},
        Breakage{"TypesUnaligned",
                 [](auto& b) { set_word(b, kTypeOffsetAt, 2); },
                 {"type section", "2", "multiple of 4"}},
        Breakage{"TypesIntoStrings",
                 [](auto& b) { add_to_word(b, kTypeSizeAt, 4); },
                 {"type section", "string section"}},
        Breakage{"TypesWrapAround",
                 [](auto& b) { set_word(b, kTypeOffsetAt, 0xfffffffc); },
                 {"type section"}},
        Breakage{"TypeSizeHuge",
                 [](auto& b) { set_word(b, kTypeSizeAt, 0xffffffff); },
                 {"type section"}},
        Breakage{"StringsOutside",
                 [](auto& b) { add_to_word(b, kStringSizeAt, 1); },
                 {"string section", "ends at"}},
        Breakage{"StringsWrapAround",
                 [](auto& b) { set_word(b, kStringOffsetAt, 0xffffffff); },
                 {"string section"}},
        Breakage{"StringSizeHuge",
                 [](auto& b) { set_word(b, kStringSizeAt, 0xffffffff); },
                 {"string section"}},
        Breakage{"NoStrings",
                 [](auto& b) { set_word(b, kStringSizeAt, 0); },
                 {"string section", "empty"}},
        Breakage{
            "SplitBtf",
            [](auto& b) { b[btf::kHeaderSize + get_word(b, kStringOffsetAt)] = std::byte{'x'}; },
            {"string section", "split BTF"}},
        Breakage{"StringsWithoutEnd",
                 [](auto& b) { b.back() = std::byte{'x'}; },
                 {"string section", "NUL"}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(BtfView, NamesAnUnknownKind) {
  for (const std::uint32_t kind : {0U, 20U, 31U}) {
    BtfBytes b;
    b.add_int();
    b.add(kind, 0, 0, 0);
    EXPECT_THAT(error_of(b.bytes()), AllOf(HasSubstr("type ID 2"),
                                           HasSubstr("kind " + std::to_string(kind) + " is not")));
  }
}

TEST(BtfView, RefusesATypeBeyondItsSection) {
  BtfBytes b;
  b.add_int();
  b.add(Kind::kStruct, "s", 3, 4, {0, 1, 0});  // three members are claimed, one is there
  EXPECT_THAT(error_of(b.bytes()), AllOf(HasSubstr("type ID 2 (struct)"), HasSubstr("48")));

  BtfBytes c;
  c.add(Kind::kInt, "int", 0, 4);  // without its word
  EXPECT_THAT(error_of(c.bytes()), AllOf(HasSubstr("type ID 1 (int)"), HasSubstr("16")));
}

// One type that refers to a type ID or a name of `word`, by each way there is.
BtfBytes referring(Kind kind, std::uint32_t vlen, std::uint32_t size_or_type,
                   const std::vector<std::uint32_t>& words) {
  BtfBytes b;
  b.add_int();
  b.add(static_cast<std::uint32_t>(kind), 0, vlen, size_or_type, words);
  return b;
}

TEST(BtfView, RefusesAReferenceToATypeThatIsNot) {
  constexpr std::uint32_t kNone = 3;  // there are type IDs 0, 1 and 2
  const BtfBytes broken[] = {
      referring(Kind::kPtr, 0, kNone, {}),
      referring(Kind::kTypedef, 0, kNone, {}),
      referring(Kind::kVolatile, 0, kNone, {}),
      referring(Kind::kConst, 0, kNone, {}),
      referring(Kind::kRestrict, 0, kNone, {}),
      referring(Kind::kFunc, 0, kNone, {}),
      referring(Kind::kTypeTag, 0, kNone, {}),
      referring(Kind::kDeclTag, 0, kNone, {0}),
      referring(Kind::kVar, 0, kNone, {0}),
      referring(Kind::kArray, 0, 0, {kNone, 1, 1}),
      referring(Kind::kArray, 0, 0, {1, kNone, 1}),
      referring(Kind::kStruct, 1, 4, {0, kNone, 0}),
      referring(Kind::kUnion, 2, 4, {0, 1, 0, 0, kNone, 0}),
      referring(Kind::kFuncProto, 0, kNone, {}),
      referring(Kind::kFuncProto, 1, 0, {0, kNone}),
      referring(Kind::kDatasec, 1, 4, {kNone, 0, 4}),
      referring(Kind::kPtr, 0, 0xffffffff, {}),
  };
  for (const auto& b : broken) {
    EXPECT_THAT(error_of(b.bytes()), AllOf(HasSubstr("type ID 2"), HasSubstr("refers to type ID")));
  }
  // What is no reference may have any value.
  for (const auto& b :
       {referring(Kind::kFwd, 0, kNone, {}), referring(Kind::kFloat, 0, kNone, {}),
        referring(Kind::kArray, 0, kNone, {1, 1, 99}), referring(Kind::kEnum, 1, 4, {0, 99}),
        referring(Kind::kEnum64, 1, 4, {0, 99, 99}), referring(Kind::kDatasec, 1, 4, {1, 99, 99}),
        referring(Kind::kPtr, 0, 2, {})}) {
    EXPECT_EQ(error_of(b.bytes()), "no error");
  }
}

TEST(BtfView, RefusesANameThatIsNot) {
  constexpr std::uint32_t kNone = 5;  // the strings are "" and "int", up to offset 4
  BtfBytes of_type;
  of_type.add_int();
  of_type.add(static_cast<std::uint32_t>(Kind::kTypedef), kNone, 0, 1);
  const BtfBytes broken[] = {of_type,
                             referring(Kind::kStruct, 1, 4, {kNone, 1, 0}),
                             referring(Kind::kUnion, 1, 4, {kNone, 1, 0}),
                             referring(Kind::kEnum, 2, 4, {0, 0, kNone, 0}),
                             referring(Kind::kEnum64, 1, 4, {kNone, 0, 0}),
                             referring(Kind::kFuncProto, 1, 1, {kNone, 1})};
  for (const auto& b : broken) {
    EXPECT_THAT(error_of(b.bytes()), AllOf(HasSubstr("type ID 2"), HasSubstr("name at 5")));
  }
}

// Cut anywhere, a BTF is either refused or was not missing anything.
TEST(BtfView, RefusesEveryTruncation) {
  for (const bool big_endian : {false, true}) {
    const auto bytes = every_kind().bytes(big_endian);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      // A buffer of its own, so that a sanitizer sees a read behind its end.
      const std::vector<std::byte> cut(bytes.begin(),
                                       bytes.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_NE(error_of(cut), "no error") << "cut to " << size << " of " << bytes.size();
    }
  }
}

// A wrong byte anywhere must not lead outside of the file, whether it is noticed or not.
TEST(BtfView, ReadsNothingOutsideWhateverOneByteSays) {
  const auto bytes = every_kind().bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const unsigned value : {0x00U, 0x01U, 0x7fU, 0x80U, 0xffU}) {
      auto wrong = bytes;
      wrong[i] = static_cast<std::byte>(value);
      const auto view = BtfView::open(wrong);
      if (view) to_text(*view);
    }
  }
}

TEST(BtfMagic, IsSeenInBothByteOrders) {
  EXPECT_TRUE(has_btf_magic(every_kind().bytes()));
  EXPECT_TRUE(has_btf_magic(every_kind().bytes(true)));
  EXPECT_FALSE(has_btf_magic({}));
  EXPECT_FALSE(has_btf_magic(std::vector{std::byte{0x9f}}));
  EXPECT_FALSE(has_btf_magic(std::as_bytes(std::span("README"))));
}

TEST(SplitBtf, IsTold) {
  auto bytes = every_kind().bytes();
  EXPECT_FALSE(is_split_btf(bytes));
  bytes[btf::kHeaderSize + get_word(bytes, kStringOffsetAt)] = std::byte{'x'};
  EXPECT_TRUE(is_split_btf(bytes));
  EXPECT_FALSE(is_split_btf({}));
  EXPECT_FALSE(is_split_btf(std::as_bytes(std::span("no BTF at all, but long enough for one"))));
}

}  // namespace
}  // namespace btfbatch
