// One eBPF object, parsed: its BTF, its CO-RE relocations and its programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/btf/view.h"
#include "core/error.h"

namespace btfbatch {

// What a CO-RE relocation asks. Numbers as in enum bpf_core_relo_kind of the kernel's
// uapi/linux/bpf.h.
enum class RelocationKind : std::uint8_t {
  kFieldByteOffset = 0,
  kFieldByteSize = 1,
  kFieldExists = 2,
  kFieldSigned = 3,
  kFieldLshiftU64 = 4,
  kFieldRshiftU64 = 5,
  kTypeIdLocal = 6,
  kTypeIdTarget = 7,
  kTypeExists = 8,
  kTypeSize = 9,
  kEnumvalExists = 10,
  kEnumvalValue = 11,
  kTypeMatches = 12,
};
inline constexpr std::uint32_t kRelocationKindCount = 13;

// libbpf's word for the kind: "byte_off", "field_exists", "type_matches", …
[[nodiscard]] std::string_view relocation_kind_name(RelocationKind kind);
[[nodiscard]] bool is_field_based(RelocationKind kind);
[[nodiscard]] bool is_type_based(RelocationKind kind);
[[nodiscard]] bool is_enumval_based(RelocationKind kind);

// One bpf_core_relo record of .BTF.ext, its numbers checked against the object's BTF.
struct Relocation {
  RelocationKind kind{};
  std::uint32_t local_type = 0;   // type ID in the object's BTF
  std::string access;             // access string: "0:1:2"
  std::string_view section;       // of the program: "kprobe/do_sys_open"; borrowed as `btf` is
  std::uint32_t instruction = 0;  // byte offset into the section
};

// One program, as libbpf's bpf_object__open sees it.
struct Program {
  std::string name;     // C function: "tracepoint__syscalls__sys_enter_open"
  std::string section;  // ELF section: "tracepoint/syscalls/sys_enter_open"
  std::string type;     // libbpf's name of the program type: "tracepoint"
  // Of tracing and lsm programs, libbpf's name of how they are attached: "trace_fentry", "lsm_mac".
  std::string attach_type{};
};

// Immutable once parsed; may be shared between threads.
struct Object {
  std::string name;  // for messages and the manifest: "opensnoop.bpf.o", "/usr/sbin/opensnoop"
  BtfView btf;       // refers to the bytes given to parse_object
  std::vector<Relocation> relocations;  // in the order of .BTF.ext, which is bpftool's order
  std::vector<Program> programs;        // empty where libbpf refused to open the object
  bool has_btf_ext = false;           // without it (maps only) the object needs nothing of a kernel
  std::vector<std::string> warnings;  // such as libbpf's refusal; each names no object, `name` does
  std::span<const std::byte> bytes;   // the whole image, borrowed
  // Whose kernels it is for: see core/object/architecture.h. Empty: any. That of its registers,
  // where whoever has found it in an executable does not know better.
  std::string architecture{};
};

// Parses one eBPF ELF image of either endianness. `bytes` are borrowed and must outlive the Object.
// `name` goes into the Object, errors do not carry it.
//
// Fails where the object has no .BTF, or where its ELF, .BTF, .BTF.ext or a relocation in it is
// malformed. That libbpf cannot open it (legacy maps, other endianness) is a warning.
// Thread-safe, but for others that set libbpf's print hook meanwhile, which is global to the
// process.
[[nodiscard]] Result<Object> parse_object(std::string name, std::span<const std::byte> bytes);

}  // namespace btfbatch
