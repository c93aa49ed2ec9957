#include "core/object/object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <ranges>
#include <tuple>

#include "tests/core/support/relocation_listing.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kWithoutBtf = "without_btf.nodebug";

// An Object with the bytes it refers to.
struct Parsed {
  std::vector<std::byte> bytes;
  Result<Object> object;
};

Parsed parse(std::string_view name) {
  auto bytes = test::read_bytes(test::object_path(name));
  auto object = parse_object(std::string(name), bytes);
  return {std::move(bytes), std::move(object)};
}

class EveryObject : public testing::TestWithParam<std::string> {};

// llvm-objdump shows the same relocations, which it reads without us.
TEST_P(EveryObject, HasTheRelocationsThatObjdumpLists) {
  const auto [bytes, object] = parse(GetParam());
  if (GetParam() == kWithoutBtf) {
    EXPECT_FALSE(object);
    return;
  }
  ASSERT_TRUE(object) << object.error().message;
  const auto listed = test::list_relocations(test::object_path(GetParam()));
  ASSERT_EQ(object->relocations.size(), listed.size());

  // objdump goes by sections in ELF order, .BTF.ext has an order of its own.
  const auto key = [](const Relocation& r) { return std::tie(r.section, r.instruction); };
  auto sorted = object->relocations;
  std::ranges::sort(sorted, {}, key);
  auto sorted_listed = listed;
  std::ranges::sort(sorted_listed, {}, [](const test::ListedRelocation& r) {
    return std::tie(r.section, r.instruction);
  });
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const Relocation& ours = sorted[i];
    const test::ListedRelocation& theirs = sorted_listed[i];
    EXPECT_EQ(ours.section, theirs.section);
    EXPECT_EQ(ours.instruction, theirs.instruction);
    EXPECT_EQ(relocation_kind_name(ours.kind), theirs.kind);
    EXPECT_EQ(ours.local_type, theirs.local_type);
    const char* type_name = object->btf.string(object->btf.type(ours.local_type).name);
    EXPECT_THAT(theirs.target, HasSubstr(type_name));
    if (is_field_based(ours.kind)) {
      EXPECT_TRUE(theirs.target.ends_with("(" + ours.access + ")")) << theirs.target;
    } else if (is_type_based(ours.kind)) {
      EXPECT_EQ(ours.access, "0");
    } else {
      const btf::Type* t = &object->btf.type(ours.local_type);
      while (t->kind() == btf::Kind::kTypedef) t = &object->btf.type(t->size_or_type);
      const auto index = static_cast<std::size_t>(std::stoul(ours.access));
      const auto name = t->kind() == btf::Kind::kEnum ? BtfView::enumerators(*t)[index].name
                                                      : BtfView::enumerators64(*t)[index].name;
      EXPECT_THAT(theirs.target, HasSubstr(std::string("::") + object->btf.string(name) + " ="));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(TestData, EveryObject, testing::ValuesIn(test::object_names()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(TestData, AsksEveryKindOfQuestion) {
  std::vector<bool> asked(kRelocationKindCount);
  for (const auto& name : test::object_names()) {
    const auto [bytes, object] = parse(name);
    if (!object) continue;
    for (const Relocation& r : object->relocations) asked[static_cast<std::size_t>(r.kind)] = true;
  }
  for (std::uint32_t kind = 0; kind < kRelocationKindCount; ++kind) {
    EXPECT_TRUE(asked[kind]) << relocation_kind_name(static_cast<RelocationKind>(kind));
  }
}

TEST(ParseObject, KeepsTheOrderOfBtfExt) {
  const auto [bytes, object] = parse("narrowing");
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(object->name, "narrowing");
  EXPECT_TRUE(object->has_btf_ext);
  std::vector<std::string> access;
  for (const Relocation& r : object->relocations) access.push_back(r.access);
  EXPECT_THAT(access, ElementsAre("0:0", "0:1", "0:2", "0:1"));
  EXPECT_EQ(object->relocations[2].kind, RelocationKind::kFieldExists);
  EXPECT_EQ(object->relocations[3].kind, RelocationKind::kFieldByteSize);
}

TEST(ParseObject, ReadsABigEndianObjectAsItsTwin) {
  for (const std::string name : {"field_kinds", "type_kinds", "enum_values"}) {
    const auto [little_bytes, little] = parse(name);
    const auto [big_bytes, big] = parse(name + ".be");
    ASSERT_TRUE(little) << little.error().message;
    ASSERT_TRUE(big) << big.error().message;
    EXPECT_TRUE(big->btf.was_big_endian());
    ASSERT_EQ(little->relocations.size(), big->relocations.size());
    for (std::size_t i = 0; i < little->relocations.size(); ++i) {
      EXPECT_EQ(little->relocations[i].kind, big->relocations[i].kind);
      EXPECT_EQ(little->relocations[i].access, big->relocations[i].access);
      EXPECT_EQ(little->relocations[i].instruction, big->relocations[i].instruction);
    }
    // libbpf does not open another machine's objects: no programs, and a word about it.
    EXPECT_THAT(big->programs, IsEmpty());
    EXPECT_THAT(big->warnings, ElementsAre(HasSubstr("libbpf")));
    EXPECT_THAT(little->warnings, IsEmpty());
  }
}

TEST(ParseObject, TellsTheProgramsAndTheirTypes) {
  const auto [bytes, object] = parse("program_types");
  ASSERT_TRUE(object) << object.error().message;
  std::vector<std::tuple<std::string, std::string, std::string>> programs;
  for (const Program& p : object->programs) programs.emplace_back(p.name, p.section, p.type);
  EXPECT_THAT(programs,
              testing::UnorderedElementsAre(
                  std::tuple("on_kprobe", "kprobe/do_something", "kprobe"),
                  std::tuple("on_tracepoint", "tracepoint/cells/cell_enter", "tracepoint"),
                  std::tuple("on_raw_tracepoint", "raw_tracepoint/cell", "raw_tracepoint"),
                  std::tuple("on_packet", "xdp", "xdp"),
                  std::tuple("on_socket", "socket", "socket_filter")));
  EXPECT_THAT(object->warnings, IsEmpty());
}

TEST(ParseObject, WarnsWhereLibbpfRefusesLegacyMaps) {
  const auto [bytes, object] = parse("legacy_maps");
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(object->relocations.size(), 1U);
  EXPECT_THAT(object->programs, IsEmpty());
  EXPECT_THAT(object->warnings, ElementsAre(AllOf(HasSubstr("libbpf"), HasSubstr("maps"))));
}

void put_word(std::vector<std::byte>& bytes, std::size_t at, std::uint32_t word) {
  std::copy_n(reinterpret_cast<const std::byte*>(&word), 4,
              bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

// Found by object_fuzz: libbpf 1.1 gives back the size of such an extern as its object.
TEST(ParseObject, WarnsWhereAnExternInKconfigHasANegativeSize) {
  auto bytes = test::read_bytes(test::object_path("externs"));
  std::size_t size_at = 0;
  {
    const auto object = parse_object("externs", bytes);
    ASSERT_TRUE(object) << object.error().message;
    for (std::uint32_t id = 1; id < object->btf.type_count(); ++id) {
      const btf::Type& type = object->btf.type(id);
      if (type.kind() == btf::Kind::kInt &&
          std::string_view(object->btf.string(type.name)) == "int") {
        size_at =
            static_cast<std::size_t>(std::bit_cast<const std::byte*>(&type) - bytes.data()) + 8;
      }
    }
  }
  ASSERT_NE(size_at, 0U);
  put_word(bytes, size_at, 0xe6000004);
  const auto object = parse_object("broken", bytes);
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_THAT(object->programs, IsEmpty());
  EXPECT_THAT(object->warnings, ElementsAre(AllOf(HasSubstr("libbpf cannot open it"),
                                                  HasSubstr("LINUX_KERNEL_VERSION"))));
}

TEST(ParseObject, TakesMapsAlone) {
  const auto [bytes, object] = parse("maps_only");
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_FALSE(object->has_btf_ext);
  EXPECT_THAT(object->relocations, IsEmpty());
  EXPECT_THAT(object->programs, IsEmpty());
}

TEST(ParseObject, TakesAProgramThatAsksNothing) {
  const auto [bytes, object] = parse("no_relocations");
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_TRUE(object->has_btf_ext);
  EXPECT_THAT(object->relocations, IsEmpty());
  EXPECT_EQ(object->programs.size(), 1U);
}

TEST(ParseObject, RefusesAnObjectWithoutBtf) {
  const auto [bytes, object] = parse(kWithoutBtf);
  ASSERT_FALSE(object);
  EXPECT_THAT(object.error().message, AllOf(HasSubstr("no .BTF section"), HasSubstr("-g")));
}

TEST(ParseObject, RefusesWhatIsNoObject) {
  const auto kernel = test::read_bytes(test::kernel_path("reference"));
  EXPECT_FALSE(parse_object("kernel", kernel));
  EXPECT_FALSE(parse_object("empty", {}));
  const auto itself = test::read_bytes("/proc/self/exe");
  const auto object = parse_object("a program of this machine", itself);
  ASSERT_FALSE(object);
  EXPECT_THAT(object.error().message, HasSubstr("not eBPF"));
}

TEST(ParseObject, RefusesEveryTruncation) {
  const auto whole = test::read_bytes(test::object_path("narrowing"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::byte> cut(whole.begin(),
                                     whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(parse_object("cut", cut)) << "cut to " << size << " of " << whole.size();
  }
}

TEST(ParseObject, ReadsBytesAtAnyAlignment) {
  const auto whole = test::read_bytes(test::object_path("narrowing"));
  for (std::size_t shift = 1; shift < 8; ++shift) {
    std::vector<std::byte> shifted(shift + whole.size());
    std::ranges::copy(whole, shifted.begin() + static_cast<std::ptrdiff_t>(shift));
    const auto object = parse_object("shifted", std::span(shifted).subspan(shift));
    ASSERT_TRUE(object) << object.error().message;
    EXPECT_EQ(object->relocations.size(), 4U);
    EXPECT_EQ(object->programs.size(), 1U);
  }
}

// The place in the file of the .BTF.ext section, whose contents a test breaks.
std::size_t btf_ext_at(const std::vector<std::byte>& bytes) {
  // .BTF and .BTF.ext begin with the same magic; clang writes .BTF first.
  constexpr std::byte kMagic[] = {std::byte{0x9f}, std::byte{0xeb}, std::byte{1}, std::byte{0}};
  const auto btf = std::ranges::search(bytes, kMagic);
  const auto ext =
      std::ranges::search(btf.end(), bytes.end(), std::begin(kMagic), std::end(kMagic));
  return static_cast<std::size_t>(ext.begin() - bytes.begin());
}

std::uint32_t word_at(const std::vector<std::byte>& bytes, std::size_t at) {
  std::uint32_t word = 0;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 4,
              reinterpret_cast<std::byte*>(&word));
  return word;
}

class BrokenBtfExt : public testing::Test {
 protected:
  void SetUp() override {
    bytes_ = test::read_bytes(test::object_path("narrowing"));
    ext_ = btf_ext_at(bytes_);
    relocations_ = ext_ + word_at(bytes_, ext_ + 4) + word_at(bytes_, ext_ + 24);
    record_ = relocations_ + 4 + 8;  // behind the record size, the section's name and count
    ASSERT_EQ(word_at(bytes_, relocations_), 16U);
    ASSERT_EQ(word_at(bytes_, record_ - 4), 4U) << "the count of relocations";
  }

  std::string error_with(std::size_t at, std::uint32_t word) {
    auto wrong = bytes_;
    put_word(wrong, at, word);
    const auto object = parse_object("broken", wrong);
    return object ? "no error" : object.error().message;
  }

  std::vector<std::byte> bytes_;
  std::size_t ext_ = 0;
  std::size_t relocations_ = 0;
  std::size_t record_ = 0;
};

TEST_F(BrokenBtfExt, IsRefusedSayingWhere) {
  EXPECT_THAT(error_with(ext_, 0), HasSubstr(".BTF.ext: header: magic"));
  EXPECT_THAT(error_with(ext_, 0x0002eb9f), HasSubstr(".BTF.ext: header: version 2"));
  EXPECT_THAT(error_with(ext_ + 4, 0x7fffffff), HasSubstr(".BTF.ext"));
  EXPECT_THAT(error_with(ext_ + 28, 0x7fffffff), HasSubstr(".BTF.ext: relocations"));
  EXPECT_THAT(error_with(ext_ + 24, 0xfffffff0), HasSubstr(".BTF.ext: relocations"));
  EXPECT_THAT(error_with(relocations_, 8), HasSubstr("record size 8"));
  EXPECT_THAT(error_with(relocations_, 18), HasSubstr("record size 18"));
  EXPECT_THAT(error_with(relocations_ + 4, 0x7fffffff), HasSubstr("section name"));
  EXPECT_THAT(error_with(record_ - 4, 5), HasSubstr("raw_tp/twin: 5 relocations"));
  EXPECT_THAT(error_with(record_ - 4, 0x10000001), HasSubstr("relocations of 16 bytes"));
}

TEST_F(BrokenBtfExt, NamesTheRelocation) {
  const std::size_t third = record_ + std::size_t{2} * 16;
  for (const std::uint32_t type : {0U, 999U, 0xffffffffU}) {
    EXPECT_THAT(error_with(third + 4, type),
                AllOf(HasSubstr("raw_tp/twin: relocation #2"), HasSubstr("type ID")));
  }
  EXPECT_THAT(error_with(third + 8, 0x7fffffff),
              AllOf(HasSubstr("relocation #2"), HasSubstr("access string")));
  EXPECT_THAT(error_with(third + 12, 13),
              AllOf(HasSubstr("relocation #2"), HasSubstr("kind 13 is not known")));
}

TEST(RelocationKinds, AreOfExactlyOneBase) {
  for (std::uint32_t i = 0; i < kRelocationKindCount; ++i) {
    const auto kind = static_cast<RelocationKind>(i);
    EXPECT_EQ(is_field_based(kind) + is_type_based(kind) + is_enumval_based(kind), 1) << i;
  }
  EXPECT_EQ(relocation_kind_name(RelocationKind::kFieldByteOffset), "byte_off");
  EXPECT_EQ(relocation_kind_name(RelocationKind::kTypeMatches), "type_matches");
  EXPECT_EQ(relocation_kind_name(static_cast<RelocationKind>(13)), "unknown");
}

}  // namespace
}  // namespace btfbatch
