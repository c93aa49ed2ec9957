// .BTF.ext, the section that holds an object's CO-RE relocations, and says which line of the source
// an instruction comes from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/btf/view.h"
#include "core/error.h"
#include "core/object/object.h"

namespace btfbatch {

// Reads the CO-RE relocations of a .BTF.ext section of either byte order, in the order of the
// section; none where it is older than CO-RE. `btf` is the same object's .BTF. Every type ID,
// string and kind in the result has been checked against it. Thread-safe. After libbpf's
// btf_ext_setup_info.
[[nodiscard]] Result<std::vector<Relocation>> read_relocations(std::span<const std::byte> btf_ext,
                                                               const BtfView& btf);

// From this instruction of this section on, to the next one that is named, the code comes from this
// line. The strings are those of the BTF.
struct SourceLine {
  std::string_view section;
  std::uint32_t instruction = 0;  // byte offset into the section
  const char* file = "";
  const char* text = "";  // the line itself; empty where not recorded
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// Reads the line info of a .BTF.ext section, in its order; as read_relocations() otherwise.
[[nodiscard]] Result<std::vector<SourceLine>> read_line_info(std::span<const std::byte> btf_ext,
                                                             const BtfView& btf);

}  // namespace btfbatch
