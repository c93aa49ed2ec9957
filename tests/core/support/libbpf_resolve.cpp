// libbpf has no function that only resolves relocations: it does so in the middle of loading an
// object, after it has asked the kernel whether it can load anything and has made the maps. So the
// judge loads objects for real, but stands between libbpf and the kernel: libbpf makes its bpf()
// calls through libc's syscall(), and this program defines a syscall() of its own, which the
// dynamic linker finds first. While a judge is at work, bpf() is answered here (every map and every
// program is accepted); everything else goes on to libc.
//
// What libbpf decided is read from its debug log, which names each relocation, then the change of
// the instruction, or why there is none.
#include "tests/core/support/libbpf_resolve.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <memory>
#include <regex>

namespace {

thread_local bool kernel_is_paper = false;

long answer_bpf(long command) {
  switch (command) {
    case BPF_MAP_CREATE:
    case BPF_PROG_LOAD:
    case BPF_BTF_LOAD:
      return open("/dev/null", O_RDONLY | O_CLOEXEC);
    case BPF_MAP_UPDATE_ELEM:
    case BPF_MAP_FREEZE:
    case BPF_PROG_BIND_MAP:
      return 0;
    default:
      errno = ENOENT;
      return -1;
  }
}

}  // namespace

// No system call takes more than six arguments, and reading more than were given is harmless in the
// calling conventions of the machines we run on: libc's own syscall() does the same.
extern "C" long syscall(long number, ...) noexcept {
  using Syscall = long (*)(long, ...);
  static const auto next = reinterpret_cast<Syscall>(dlsym(RTLD_NEXT, "syscall"));
  long a[6];
  va_list arguments;
  va_start(arguments, number);
  for (long& argument : a) argument = va_arg(arguments, long);
  va_end(arguments);
  if (number == SYS_bpf && kernel_is_paper) return answer_bpf(a[0]);
  return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

namespace btfbatch::test {
namespace {

struct Close {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
  void operator()(btf* types) const { btf__free(types); }
};

std::vector<std::string>* log_lines = nullptr;

int keep_line(libbpf_print_level, const char* format, va_list arguments) {
  char line[4096];
  std::vsnprintf(line, sizeof line, format, arguments);
  if (log_lines != nullptr) log_lines->emplace_back(line);
  return 0;
}

// For as long as it lives, libbpf's log is kept and the kernel is of paper.
class PaperKernel {
 public:
  explicit PaperKernel(std::vector<std::string>& lines) : print_(libbpf_set_print(keep_line)) {
    log_lines = &lines;
    kernel_is_paper = true;
  }
  ~PaperKernel() {
    kernel_is_paper = false;
    log_lines = nullptr;
    libbpf_set_print(print_);
  }
  PaperKernel(const PaperKernel&) = delete;
  PaperKernel& operator=(const PaperKernel&) = delete;

 private:
  libbpf_print_fn_t print_;
};

std::string describe_type(const btf* types, const std::string& id) {
  const btf_type* type = btf__type_by_id(types, static_cast<std::uint32_t>(std::stoul(id)));
  if (type == nullptr) return "no type";
  return "type of kind " + std::to_string(btf_kind(type)) + " " +
         btf__name_by_offset(types, type->name_off);
}

// Reads the log of one load. Lines about one relocation follow each other: its question, then its
// candidates, then its answer.
class LogReader {
 public:
  explicit LogReader(const std::string& btf_path) : btf_path_(btf_path) {}

  void read(const std::string& line) {
    static const std::regex about_relocation(R"((?:libbpf: )?prog '(.*)': relo #?\d+:? (.*)\n?)");
    std::smatch match;
    if (!std::regex_match(line, match, about_relocation)) return;
    const std::string text = match[2];
    if (text.starts_with("<")) {
      answers_.push_back({match[1], text, {}});
    } else if (!answers_.empty()) {
      add_to_answer(answers_.back(), text);
    }
  }

  [[nodiscard]] std::vector<LibbpfAnswer> take() { return std::move(answers_); }

 private:
  void add_to_answer(LibbpfAnswer& answer, const std::string& text) {
    static const std::regex patched(R"(patched insn #\d+ \(.*\) (.*) (\d+) -> (\d+))");
    static const std::regex ambiguous(R"(.*: success (\d+) != success (\d+))");
    if (text.starts_with("matching candidate") || text.starts_with("non-matching candidate") ||
        text.starts_with("no matching targets")) {
      return;  // the full BTF may have more candidates
    }
    std::string said = text;
    std::smatch match;
    const bool is_type_id = answer.question.starts_with("<target_type_id>");
    if (text.starts_with("substituting insn")) {
      said = "poisoned";
    } else if (std::regex_match(text, match, patched)) {
      // A type ID that the compiler put into the instruction is of no meaning.
      said = is_type_id && match[3] != "0"
                 ? describe_type(types(), match[3])
                 : match[1].str() + " " + match[2].str() + " -> " + match[3].str();
    } else if (is_type_id && std::regex_match(text, match, ambiguous)) {
      said =
          "ambiguous: " + describe_type(types(), match[1]) + ", " + describe_type(types(), match[2]);
    }
    if (!answer.answer.empty()) answer.answer += "; ";
    answer.answer += said;
  }

  // Parsed where an answer is a type ID, which few are: kernels with many duplicates are large.
  const btf* types() {
    if (types_ == nullptr) types_.reset(btf__parse(btf_path_.c_str(), nullptr));
    return types_.get();
  }

  std::string btf_path_;
  std::unique_ptr<btf, Close> types_;
  std::vector<LibbpfAnswer> answers_;
};

}  // namespace

LibbpfResolution resolve_with_libbpf(const std::string& object_path, const std::string& btf_path) {
  LibbpfResolution resolution;
  std::vector<std::string> lines;
  {
    const PaperKernel kernel(lines);
    LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = btf_path.c_str());
    const std::unique_ptr<bpf_object, Close> object(
        bpf_object__open_file(object_path.c_str(), &options));
    if (object == nullptr) return resolution;
    resolution.opened = true;
    // What comes after relocation may fail for reasons of its own, such as a function to attach to
    // that the running kernel does not have.
    bpf_object__load(object.get());
  }
  LogReader reader(btf_path);
  resolution.relocated = true;
  for (const std::string& line : lines) {
    reader.read(line);
    if (line.contains("failed to perform CO-RE relocations")) resolution.relocated = false;
  }
  resolution.answers = reader.take();
  return resolution;
}

std::string to_text(const LibbpfResolution& resolution) {
  std::string text = resolution.opened ? "opened" : "not opened";
  text += resolution.relocated ? ", relocated\n" : ", not relocated\n";
  for (const LibbpfAnswer& a : resolution.answers) {
    text += a.program + ": " + a.question + ": " + a.answer + "\n";
  }
  return text;
}

}  // namespace btfbatch::test
