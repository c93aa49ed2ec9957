#include "core/object/architecture.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/bytes/reader.h"
#include "core/elf/sections.h"
#include "core/relocation/names.h"
#include "core/relocation/types.h"

namespace btfbatch {
namespace {

struct MachineName {
  std::uint16_t machine;
  bool big_endian;
  std::string_view architecture;
};

constexpr std::array<MachineName, 7> kMachines = {{
    {EM_X86_64, false, "x86_64"},
    {EM_AARCH64, false, "arm64"},
    {EM_PPC64, false, "ppc64le"},
    {EM_PPC64, true, "ppc64"},
    {EM_S390, true, "s390x"},
    {EM_RISCV, false, "riscv64"},
    {EM_LOONGARCH, false, "loongarch64"},
}};

// A member that only one architecture has in this struct: arch/*/include/{,uapi/}asm/ptrace.h of
// the kernel. The structs are those that libbpf's bpf_tracing.h reads registers from.
struct Register {
  std::string_view in_struct;  // its essential name
  std::string_view member;
  std::string_view architecture;
};

constexpr std::array<Register, 8> kRegisters = {{
    {"pt_regs", "r8", "x86_64"},  // i386 has no such register
    {"user_pt_regs", "pstate", "arm64"},
    {"pt_regs", "orig_x0", "arm64"},
    {"user_pt_regs", "gprs", "s390x"},
    {"pt_regs", "gprs", "s390x"},
    {"user_regs_struct", "t6", "riscv64"},
    {"pt_regs", "t6", "riscv64"},
    {"user_pt_regs", "csr_era", "loongarch64"},
}};

constexpr std::array<std::string_view, 3> kRegisterStructs = {"pt_regs", "user_pt_regs",
                                                              "user_regs_struct"};

bool is_known(std::string_view architecture) {
  return std::ranges::find(kMachines, architecture, &MachineName::architecture) != kMachines.end();
}

// The architecture that the struct's members tell; empty where they do not.
std::string_view architecture_of_struct(const BtfView& btf, const btf::Type& type,
                                        std::string_view name) {
  for (const btf::Member& member : BtfView::members(type)) {
    const std::string_view member_name = btf.string(member.name);
    for (const Register& known : kRegisters) {
      if (known.in_struct == name && known.member == member_name) return known.architecture;
    }
  }
  return {};
}

}  // namespace

std::string_view architecture_of_executable(std::span<const std::byte> file) {
  if (!has_elf_magic(file) || file.size() < EI_NIDENT) return {};
  // The machine stands at the same place in headers of 32 and of 64 bits.
  static_assert(offsetof(Elf32_Ehdr, e_machine) == offsetof(Elf64_Ehdr, e_machine));
  const bool big_endian = std::to_integer<int>(file[EI_DATA]) == ELFDATA2MSB;
  const auto machine =
      ByteReader(file, big_endian).read<std::uint16_t>(offsetof(Elf64_Ehdr, e_machine));
  for (const MachineName& known : kMachines) {
    if (machine == known.machine && big_endian == known.big_endian) return known.architecture;
  }
  return {};
}

std::string_view architecture_of_registers(const Object& object) {
  std::string_view found;
  for (const Relocation& relocation : object.relocations) {
    if (!is_field_based(relocation.kind)) continue;
    const auto root = skip_modifiers_and_typedefs(object.btf, relocation.local_type);
    if (!root || !is_composite(object.btf.type(*root).kind())) continue;
    const btf::Type& type = object.btf.type(*root);
    const std::string_view name = essential_name(object.btf.string(type.name));
    if (std::ranges::find(kRegisterStructs, name) == kRegisterStructs.end()) continue;
    const std::string_view architecture = architecture_of_struct(object.btf, type, name);
    if (architecture.empty() || (!found.empty() && found != architecture)) return {};
    found = architecture;
  }
  return found;
}

bool is_of_other_architecture(std::string_view object_architecture, const KernelIdentity& kernel) {
  const std::string_view of_kernel = canonical_arch(kernel.arch);
  return !object_architecture.empty() && is_known(of_kernel) && of_kernel != object_architecture;
}

}  // namespace btfbatch
