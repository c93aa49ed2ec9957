#include "tests/support/btf_bytes.h"

#include <cstring>

namespace btfbatch::test {
namespace {

void append(std::vector<std::byte>& out, std::uint32_t word, bool big_endian) {
  for (const unsigned i : {0U, 1U, 2U, 3U}) {
    out.push_back(static_cast<std::byte>(word >> 8 * (big_endian ? 3 - i : i)));
  }
}

}  // namespace

std::uint32_t BtfBytes::string(std::string_view text) {
  if (text.empty()) return 0;
  const auto offset = static_cast<std::uint32_t>(strings_.size());
  strings_ += text;
  strings_ += '\0';
  return offset;
}

std::uint32_t BtfBytes::add(std::uint32_t kind, std::uint32_t name, std::uint32_t vlen,
                            std::uint32_t size_or_type, const std::vector<std::uint32_t>& words,
                            bool kind_flag) {
  types_.push_back(name);
  types_.push_back((kind_flag ? 1U << 31 : 0) | kind << 24 | vlen);
  types_.push_back(size_or_type);
  types_.insert(types_.end(), words.begin(), words.end());
  return next_id_++;
}

std::uint32_t BtfBytes::add_int() {
  return add(btf::Kind::kInt, "int", 0, 4, {btf::kIntSigned | 32});
}

std::vector<std::byte> BtfBytes::bytes(bool big_endian, std::uint32_t header_size) const {
  const auto type_size = static_cast<std::uint32_t>(types_.size() * 4);
  const auto string_size = static_cast<std::uint32_t>(strings_.size());
  std::vector<std::byte> out;
  // Magic (16 bits), version and flags (8 bits each) as one word, which differs by byte order.
  append(out, big_endian ? 0xeb9f0100U : 0x0001eb9fU, big_endian);
  for (const std::uint32_t word : {header_size, 0U, type_size, type_size, string_size}) {
    append(out, word, big_endian);
  }
  out.resize(header_size);
  for (const std::uint32_t word : types_) append(out, word, big_endian);
  const auto* strings = reinterpret_cast<const std::byte*>(strings_.data());
  out.insert(out.end(), strings, strings + strings_.size());
  return out;
}

BtfBytes every_kind() {
  using btf::Kind;
  BtfBytes b;
  const auto integer = b.add_int();
  const auto pointer = b.add(Kind::kPtr, "", 0, integer);
  b.add(Kind::kArray, "", 0, 0, {integer, integer, 3});
  const auto record =
      b.add(Kind::kStruct, "s", 2, 16, {b.string("x"), integer, 0, b.string("y"), pointer, 64});
  b.add(Kind::kUnion, "u", 1, 4, {b.string("bits"), integer, 3U << 24}, true);
  b.add(Kind::kEnum, "e", 2, 4, {b.string("kA"), 0, b.string("kB"), 0xffffffff}, true);
  b.add(Kind::kFwd, "f", 0, 0);
  b.add(Kind::kTypedef, "t", 0, record);
  b.add(Kind::kVolatile, "", 0, integer);
  b.add(Kind::kConst, "", 0, 0);
  b.add(Kind::kRestrict, "", 0, pointer);
  const auto prototype = b.add(Kind::kFuncProto, "", 2, integer, {b.string("a"), record, 0, 0});
  b.add(Kind::kFunc, "call", 1, prototype);
  const auto variable = b.add(Kind::kVar, "v", 0, integer, {1});
  b.add(Kind::kDatasec, ".data", 1, 4, {variable, 0, 4});
  b.add(Kind::kFloat, "double", 0, 8);
  b.add(Kind::kDeclTag, "tag", 0, record, {1});
  b.add(Kind::kTypeTag, "user", 0, integer);
  b.add(Kind::kEnum64, "big", 1, 8, {b.string("kBig"), 0, 1});
  return b;
}

void set_word(std::vector<std::byte>& bytes, std::size_t offset, std::uint32_t value) {
  std::memcpy(&bytes.at(offset), &value, sizeof value);
}

std::uint32_t get_word(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.subspan(offset, sizeof value).data(), sizeof value);
  return value;
}

}  // namespace btfbatch::test
