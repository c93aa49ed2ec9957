#include "core/object/programs.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <bit>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>

namespace btfbatch {
namespace {

// Where libbpf fails, it gives back null. But some of its functions hand a size from the file on as
// if it was an error's number (in 1.1, that of an extern in .kconfig), and this, beyond the numbers
// that its IS_ERR() knows, comes back as a pointer. It is an int that is negative, and no program
// of a 64-bit system has memory there.
bool is_error(const bpf_object* object) {
  const auto value = std::bit_cast<std::intptr_t>(object);
  const bool is_number = sizeof object == sizeof(std::int64_t) && value < 0 && value >= INT_MIN;
  return object == nullptr || is_number;
}

struct ObjectClose {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};

// libbpf tells why it refuses only through its print hook, which has no context argument, but is
// called in the thread that asked.
thread_local std::string first_warning;

int keep_first_warning(libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN || !first_warning.empty()) return 0;
  char line[512];
  const int length = std::vsnprintf(line, sizeof line, format, arguments);
  if (length <= 0) return 0;
  first_warning = line;
  while (first_warning.ends_with('\n')) first_warning.pop_back();
  if (first_warning.starts_with("libbpf: ")) first_warning.erase(0, 8);
  return 0;
}

// Sets libbpf's print hook, which all threads share, for as long as any of them needs it.
class PrintHook {
 public:
  PrintHook() {
    first_warning.clear();
    const std::lock_guard lock(mutex_);
    if (users_++ == 0) previous_ = libbpf_set_print(keep_first_warning);
  }
  ~PrintHook() {
    const std::lock_guard lock(mutex_);
    if (--users_ == 0) libbpf_set_print(previous_);
  }
  PrintHook(const PrintHook&) = delete;
  PrintHook& operator=(const PrintHook&) = delete;

 private:
  static inline std::mutex mutex_;  // over what follows
  static inline int users_ = 0;
  static inline libbpf_print_fn_t previous_ = nullptr;
};

std::string_view or_empty(const char* text) {
  return text != nullptr ? text : "";
}

// libbpf's word for a program's type. One that is older than a section's name has none for it;
// "struct_ops.s", the one of which it matters here, came in 1.3.
std::string_view type_of(const bpf_program* program) {
  const bpf_prog_type type = bpf_program__type(program);
  const std::string_view section = or_empty(bpf_program__section_name(program));
  if (type == BPF_PROG_TYPE_UNSPEC && section.starts_with("struct_ops")) return "struct_ops";
  return or_empty(libbpf_bpf_prog_type_str(type));
}

}  // namespace

Result<std::vector<Program>> read_programs(std::span<const std::byte> elf) {
  const PrintHook hook;
  LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "object");
  errno = 0;
  bpf_object* const opened = bpf_object__open_mem(elf.data(), elf.size(), &options);
  if (is_error(opened)) {
    const int error = errno;
    return fail(fmt::format("libbpf cannot open it: {}",
                            first_warning.empty() ? std::strerror(error) : first_warning));
  }
  const std::unique_ptr<bpf_object, ObjectClose> object(opened);
  std::vector<Program> programs;
  bpf_program* program = nullptr;
  while ((program = bpf_object__next_program(object.get(), program)) != nullptr) {
    const bpf_prog_type type = bpf_program__type(program);
    const bool has_attach_types = type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_LSM;
    programs.push_back({.name = std::string(or_empty(bpf_program__name(program))),
                        .section = std::string(or_empty(bpf_program__section_name(program))),
                        .type = std::string(type_of(program)),
                        .attach_type = has_attach_types
                                           ? std::string(or_empty(libbpf_bpf_attach_type_str(
                                                 bpf_program__expected_attach_type(program))))
                                           : std::string()});
  }
  return programs;
}

}  // namespace btfbatch
