// What the objects of a set need of a kernel, in words for people: worked out once, before any
// kernel is looked at. `btfbatch inspect` shows it; a report hangs its states on it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/object/object_set.h"

namespace btfbatch {

// A place in the C source, from the line info of .BTF.ext.
struct SourcePlace {
  std::string file;  // as the compiler was called; empty where not recorded
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string text;  // the line itself, without the space around it, where recorded
};

struct RelocationNeed {
  RelocationKind kind{};
  // In C's words, flavors shown: "task_struct___old.state", "sock.__sk_common.skc_family",
  // "bpf_func_id::BPF_FUNC_x". A path ends at the first pointer: BPF_CORE_READ(task, real_parent,
  // tgid) makes two relocations, each with a path of its own. What is said of a relocation is said
  // of this path.
  std::string path;
  // Where the program has the pointer to the struct by another relocation, the whole way:
  // "task_struct.real_parent->tgid" (see joined_paths.h). Or empty.
  std::string joined_path{};
  std::string section;            // ELF section of the instruction
  std::uint32_t instruction = 0;  // byte offset into the section
  std::string function;           // that holds the instruction; empty where no symbol says so
  SourcePlace source;

  // For people: the joined path, or else the path.
  [[nodiscard]] const std::string& shown_path() const {
    return joined_path.empty() ? path : joined_path;
  }
};

struct ProgramNeed {
  std::string name;     // C function
  std::string section;  // ELF section
  std::string type;     // libbpf's name of the program type
  // Why the kernel must have BTF of its own, so that no external BTF helps the program on a kernel
  // without CONFIG_DEBUG_INFO_BTF: "fentry attaches by the kernel's BTF". Empty where it need not.
  std::string kernel_btf;
};

// One relocation as part of one program. That of a function that several programs call has a site
// in each of them.
struct RelocationSite {
  static constexpr std::uint32_t kNoProgram = 0xffffffff;

  std::uint32_t program = kNoProgram;  // index into ObjectNeeds::programs; kNoProgram: no program
                                       // calls the function, or libbpf refuses the object
  std::uint32_t relocation = 0;        // index into ObjectNeeds::relocations

  auto operator<=>(const RelocationSite&) const = default;
};

// A name that the object takes from the kernel that it is loaded into.
struct Extern {
  enum class Kind : std::uint8_t {
    kConfig,    // CONFIG_x, and libbpf's own LINUX_KERNEL_VERSION and the like (section .kconfig)
    kVariable,  // ksym with a type: found in the kernel's BTF
    kFunction,  // kfunc: found in the kernel's BTF
    kUntypedVariable,  // ksym of type void: found in /proc/kallsyms
  };
  std::string name;
  Kind kind = Kind::kConfig;
  std::string type;      // as in C: "bool", "struct rq"
  bool is_weak = false;  // the object loads without it
};

struct ObjectNeeds {
  std::string name;
  std::string architecture{};               // as Object::architecture; empty: any
  std::vector<ProgramNeed> programs;        // as Object::programs
  std::vector<RelocationNeed> relocations;  // as Object::relocations
  std::vector<RelocationSite> sites;        // sorted; each relocation has at least one
  std::vector<Extern> externs;              // sorted by kind and name
};

// The programs alone, in the order of Object::programs. Thread-safe.
[[nodiscard]] std::vector<ProgramNeed> program_needs_of(const Object& object);

// For each object of the set, in its order. Thread-safe.
[[nodiscard]] std::vector<ObjectNeeds> needs_of(const ObjectSet& objects);

}  // namespace btfbatch
