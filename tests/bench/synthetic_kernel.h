// A kernel's BTF made by rule, for machines where no real one can be read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace btfbatch::test {

// Raw BTF of about `type_count` types in roughly the mix of a real kernel: pointers and modifiers,
// structs of some members, function prototypes, enums. The same bytes every time. Among them are
// types that some of the objects ask for.
[[nodiscard]] std::vector<std::byte> synthetic_kernel(std::uint32_t type_count);

}  // namespace btfbatch::test
