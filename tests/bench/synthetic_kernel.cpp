#include "tests/bench/synthetic_kernel.h"

#include <array>
#include <random>
#include <string>

#include "tests/support/btf_bytes.h"

namespace btfbatch::test {
namespace {

using btf::Kind;

// Of 100 types of a real kernel; a function is a prototype and a name, an array has no name.
constexpr std::array<Kind, 20> kMix = {
    Kind::kPtr,       Kind::kPtr,       Kind::kPtr,    Kind::kPtr,   Kind::kPtr,
    Kind::kConst,     Kind::kFuncProto, Kind::kFunc,   Kind::kFunc,  Kind::kFunc,
    Kind::kFuncProto, Kind::kFuncProto, Kind::kFunc,   Kind::kFunc,  Kind::kArray,
    Kind::kStruct,    Kind::kStruct,    Kind::kStruct, Kind::kUnion, Kind::kEnum};

class Maker {
 public:
  std::vector<std::byte> make(std::uint32_t type_count) {
    last_ = kernel_.add_int();
    add_asked_types();
    while (last_ < type_count) last_ = add(kMix[random_() % kMix.size()]);
    return kernel_.bytes();
  }

 private:
  // What some objects of the test data and of libbpf-tools ask for, so that something is found.
  void add_asked_types() {
    kernel_.add(Kind::kStruct, "cell", 2, 8,
                {kernel_.string("row"), 1, 0, kernel_.string("column"), 1, 32});
    kernel_.add(Kind::kStruct, "person", 2, 8,
                {kernel_.string("age"), 1, 0, kernel_.string("mood"), 1, 32});
    kernel_.add(Kind::kStruct, "task_struct", 2, 8,
                {kernel_.string("pid"), 1, 0, kernel_.string("tgid"), 1, 32});
    last_ = kernel_.add(Kind::kEnum, "color", 2, 4,
                        {kernel_.string("kRed"), 0, kernel_.string("kBlue"), 7});
  }

  std::uint32_t any_type() { return 1 + static_cast<std::uint32_t>(random_()) % last_; }
  std::string new_name() { return "name_" + std::to_string(random_() % 1000000); }

  std::uint32_t add(Kind kind) {
    switch (kind) {
      case Kind::kArray:
        return kernel_.add(kind, "", 0, 0, {any_type(), 1, 16});
      case Kind::kStruct:
      case Kind::kUnion: {
        const std::uint32_t step = kind == Kind::kStruct ? 64 : 0;
        std::array<std::uint32_t, 5> names;
        for (auto& name : names) name = kernel_.string(new_name());
        return kernel_.add(
            kind, new_name(), 5, 40,
            {names[0], any_type(), 0, names[1], any_type(), step, names[2], any_type(), 2 * step,
             names[3], any_type(), 3 * step, names[4], any_type(), 4 * step});
      }
      case Kind::kEnum:
        return kernel_.add(kind, new_name(), 2, 4,
                           {kernel_.string(new_name()), 0, kernel_.string(new_name()), 1});
      case Kind::kFuncProto:
        return kernel_.add(kind, "", 2, any_type(), {0, any_type(), 0, any_type()});
      case Kind::kFunc:
        return kernel_.add(kind, new_name(), 1, any_type());
      default:
        return kernel_.add(kind, "", 0, any_type());
    }
  }

  BtfBytes kernel_;
  std::minstd_rand random_{1};
  std::uint32_t last_ = 0;
};

}  // namespace

std::vector<std::byte> synthetic_kernel(std::uint32_t type_count) {
  return Maker().make(type_count);
}

}  // namespace btfbatch::test
