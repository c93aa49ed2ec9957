#include "core/object/object.h"

#include <fmt/format.h>

#include "core/elf/sections.h"
#include "core/object/architecture.h"
#include "core/object/btf_ext.h"
#include "core/object/libbpf_guard.h"
#include "core/object/programs.h"

namespace btfbatch {

std::string_view relocation_kind_name(RelocationKind kind) {
  static constexpr std::string_view kNames[kRelocationKindCount] = {
      "byte_off",       "byte_sz",       "field_exists",   "signed",      "lshift_u64",
      "rshift_u64",     "local_type_id", "target_type_id", "type_exists", "type_size",
      "enumval_exists", "enumval_value", "type_matches"};
  const auto number = static_cast<std::uint32_t>(kind);
  return number < kRelocationKindCount ? kNames[number] : "unknown";
}

bool is_field_based(RelocationKind kind) {
  return kind <= RelocationKind::kFieldRshiftU64;
}

bool is_enumval_based(RelocationKind kind) {
  return kind == RelocationKind::kEnumvalExists || kind == RelocationKind::kEnumvalValue;
}

bool is_type_based(RelocationKind kind) {
  return !is_field_based(kind) && !is_enumval_based(kind);
}

Result<Object> parse_object(std::string name, std::span<const std::byte> bytes) {
  const auto elf = read_elf(bytes);
  if (!elf) return std::unexpected(elf.error());
  if (elf->machine != kMachineBpf) {
    return fail(fmt::format("ELF: machine {} is not eBPF ({})", elf->machine, kMachineBpf));
  }
  const ElfSection* btf_section = elf->find(".BTF");
  if (btf_section == nullptr) {
    return fail(
        "no .BTF section: compile it with -g (and strip it with llvm-strip -g, which keeps BTF)");
  }
  auto btf = BtfView::open(btf_section->bytes);
  if (!btf) return fail_within(".BTF", std::move(btf).error());

  Object object{.name = std::move(name),
                .btf = *std::move(btf),
                .relocations = {},
                .programs = {},
                .has_btf_ext = false,
                .warnings = {},
                .bytes = bytes,
                .architecture = {}};
  if (const ElfSection* btf_ext = elf->find(".BTF.ext")) {
    auto relocations = read_relocations(btf_ext->bytes, object.btf);
    if (!relocations) return fail_within(".BTF.ext", std::move(relocations).error());
    object.relocations = *std::move(relocations);
    object.has_btf_ext = true;
  }
  object.architecture = architecture_of_registers(object);
  if (auto safe = check_for_libbpf(*elf, object.btf); !safe) {
    object.warnings.push_back(std::move(safe).error().within("its programs are not read").message);
    return object;
  }
  auto programs = read_programs(bytes);
  if (programs) {
    object.programs = *std::move(programs);
  } else {
    object.warnings.push_back(std::move(programs).error().message);
  }
  return object;
}

}  // namespace btfbatch
