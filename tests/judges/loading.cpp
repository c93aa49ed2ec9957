#include "tests/judges/loading.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace btfbatch::test {
namespace {

struct CloseObject {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};
using ObjectHandle = std::unique_ptr<bpf_object, CloseObject>;

// What libbpf has complained about since the load began. libbpf's hook takes no context.
std::string& complaints() {
  static std::string text;
  return text;
}

int collect_complaint(libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  std::array<char, 1024> line{};
  const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
  complaints() += line.data();
  return length;
}

ObjectHandle open_object(std::span<const std::byte> elf, const char* btf_path) {
  LIBBPF_OPTS(bpf_object_open_opts, options);
  options.object_name = "judged";
  options.btf_custom_path = btf_path;
  return ObjectHandle(bpf_object__open_mem(elf.data(), elf.size(), &options));
}

// Some maps get their sizes from the program that carries the object, before it loads it.
void give_sizes(bpf_object* object) {
  constexpr unsigned kEntries = 64;
  constexpr unsigned kStackDepth = 127;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (bpf_map__max_entries(map) == 0) bpf_map__set_max_entries(map, kEntries);
    if (bpf_map__type(map) == BPF_MAP_TYPE_STACK_TRACE && bpf_map__value_size(map) == 0) {
      bpf_map__set_value_size(map, kStackDepth * sizeof(__u64));
    }
  }
}

std::vector<bpf_insn> masked_instructions(const bpf_program* program) {
  const bpf_insn* begin = bpf_program__insns(program);
  std::vector<bpf_insn> instructions(begin, begin + bpf_program__insn_cnt(program));
  for (bpf_insn& instruction : instructions) {
    const bool loads_map =
        instruction.code == (BPF_LD | BPF_IMM | BPF_DW) &&
        (instruction.src_reg == BPF_PSEUDO_MAP_FD || instruction.src_reg == BPF_PSEUDO_MAP_VALUE);
    if (loads_map) instruction.imm = 0;
  }
  return instructions;
}

std::string tag_of(int descriptor) {
  bpf_prog_info info{};
  __u32 size = sizeof info;
  if (bpf_obj_get_info_by_fd(descriptor, &info, &size) != 0) {
    throw std::runtime_error(std::string("cannot ask about a loaded program: ") +
                             std::strerror(errno));
  }
  return {reinterpret_cast<const char*>(info.tag), sizeof info.tag};
}

}  // namespace

bool same_instruction(const bpf_insn& left, const bpf_insn& right) {
  return std::memcmp(&left, &right, sizeof(bpf_insn)) == 0;
}

bool same(const LoadVerdict& left, const LoadVerdict& right) {
  return left.error == right.error && left.reached_kernel == right.reached_kernel &&
         left.tag == right.tag &&
         std::ranges::equal(left.instructions, right.instructions, same_instruction);
}

int count_programs(std::span<const std::byte> elf) {
  libbpf_set_print(collect_complaint);
  const ObjectHandle object = open_object(elf, nullptr);
  if (object == nullptr) return -1;
  int count = 0;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object.get()) {
    ++count;
  }
  return count;
}

LoadVerdict load_program(std::span<const std::byte> elf, int index, const char* btf_path) {
  libbpf_set_print(collect_complaint);
  const ObjectHandle object = open_object(elf, btf_path);
  if (object == nullptr) throw std::runtime_error("libbpf opened this object a moment ago");
  give_sizes(object.get());
  bpf_program* wanted = nullptr;
  bpf_program* program = nullptr;
  int position = 0;
  bpf_object__for_each_program(program, object.get()) {
    const bool is_wanted = position++ == index;
    bpf_program__set_autoload(program, is_wanted);
    if (is_wanted) wanted = program;
  }
  complaints().clear();
  LoadVerdict verdict;
  verdict.error = -bpf_object__load(object.get());
  verdict.reason = complaints().substr(0, complaints().find('\n'));
  // libbpf has no other word for how far it came.
  verdict.reached_kernel =
      verdict.error == 0 || complaints().find("BPF program load failed") != std::string::npos;
  verdict.instructions = masked_instructions(wanted);
  if (verdict.error == 0) verdict.tag = tag_of(bpf_program__fd(wanted));
  return verdict;
}

std::string why_nothing_loads() {
  const std::array<bpf_insn, 2> return_zero{{
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
  }};
  const int descriptor = bpf_prog_load(BPF_PROG_TYPE_TRACEPOINT, "smallest", "GPL",
                                       return_zero.data(), return_zero.size(), nullptr);
  if (descriptor < 0) {
    return std::string("bpf() refuses the smallest program: ") + std::strerror(-descriptor);
  }
  close(descriptor);
  return "";
}

}  // namespace btfbatch::test
