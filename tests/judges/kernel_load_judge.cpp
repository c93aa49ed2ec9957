// The running kernel as the judge: what loads with its own BTF must load with ours.
//
// The BTF of the running kernel is minimized for all objects at once, as for shipping, and every
// program of every object is loaded twice through libbpf, alone: against the kernel's own BTF, and
// with `btf_custom_path` set to ours, which comes as it would on a host: out of a .btfs file, found
// by libbtfbatch-find for the running kernel, and in memory alone (btfbatch_memfd). Both loads must
// come to the same verdict, refusals included (a probe of a function that this kernel lacks is
// refused either way), and to the same instructions.
//
// Compared are the instructions that libbpf hands to the kernel, and the tag, the kernel's own hash
// over what it was given. Not the translated instructions that the kernel gives back: into those it
// writes addresses and numbers of maps that change with each load, and they follow from the others.
//
// Objects that ask for type IDs of the kernel (bpf_core_type_id_kernel) are left out and named: the
// IDs in another BTF are others by nature.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/btf/load.h"
#include "core/find/btfbatch_find.h"
#include "core/find/btfs_writer.h"
#include "core/minimize/minimize.h"
#include "tests/judges/loading.h"
#include "tests/support/libbpf_tools.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch::test {
namespace {

constexpr int kPassed = 0;
constexpr int kFailed = 1;
constexpr int kSkipped = 77;
constexpr const char* kKernelBtf = "/sys/kernel/btf/vmlinux";

struct JudgedObject {
  std::string name;
  std::vector<std::byte> elf;
  int programs = 0;  // that libbpf finds in it
};

struct Tally {
  int programs = 0;
  int loaded = 0;      // with the kernel's own BTF
  int refused = 0;     // by the kernel
  int unfinished = 0;  // given up by libbpf before the kernel saw them
  int same = 0;
};

[[noreturn]] void end(int code, const std::string& message) {
  fmt::print("{}\n", message);
  std::exit(code);
}

// The object as one to be judged, or why it is left out.
Result<JudgedObject> judged_object(const std::string& name, const std::string& path) {
  JudgedObject judged{.name = name, .elf = read_bytes(path)};
  const auto object = parse_object(name, judged.elf);
  if (!object) return std::unexpected(object.error());
  const auto asks_for_id = [](const Relocation& relocation) {
    return relocation.kind == RelocationKind::kTypeIdTarget;
  };
  if (std::ranges::any_of(object->relocations, asks_for_id)) {
    return fail("asks for type IDs of the kernel");
  }
  judged.programs = count_programs(judged.elf);
  if (judged.programs < 0) return fail("libbpf refuses to open it");
  return judged;
}

std::vector<JudgedObject> judged_objects(const std::vector<RealObject>& real) {
  std::vector<JudgedObject> judged;
  const auto add = [&](const std::string& name, const std::string& path) {
    if (auto object = judged_object(name, path)) {
      judged.push_back(*std::move(object));
    } else {
      fmt::print("left out, {}: {}\n", name, object.error().message);
    }
  };
  for (const RealObject& object : real) add(object.name, object.file.path());
  for (const std::string& name : object_names()) add(name, object_path(name));
  return judged;
}

// Ships the BTF of the running kernel in a .btfs file and finds it there again; the path of a file
// in memory that lasts as long as the process.
std::string shipped_and_found(std::span<const std::byte> minimized) {
  btfbatch_host host;
  if (btfbatch_host_read(&host, nullptr) != BTFBATCH_OK) end(kFailed, "uname failed");
  const BtfsKernel kernel = {.identity = {.distro = host.id,
                                          .release = host.version_id,
                                          .arch = host.machine,
                                          .kernel_release = host.kernel_release},
                             .btf = minimized};
  const auto file = write_btfs({&kernel, 1}, {});
  if (!file) end(kFailed, file.error().message);
  btfbatch_btfs btfs;
  const auto found = std::make_unique<btfbatch_result>();
  if (btfbatch_open(&btfs, file->data(), file->size()) != BTFBATCH_OK ||
      btfbatch_find(&btfs, &host, nullptr, found.get()) != BTFBATCH_OK) {
    end(kFailed, "libbtfbatch-find does not find the running kernel's BTF");
  }
  char path[BTFBATCH_FD_PATH_SIZE];
  if (btfbatch_memfd(found->data, found->size, path) < 0) end(kFailed, "no file in memory");
  return path;
}

// The running kernel's BTF, minimized for all objects together; the path of it.
std::string minimized_for(const std::vector<JudgedObject>& judged) {
  std::vector<Object> objects;
  for (const JudgedObject& each : judged) {
    auto object = parse_object(each.name, each.elf);
    if (!object) end(kFailed, each.name + ": " + object.error().message);
    objects.push_back(*std::move(object));
  }
  const auto set = ObjectSet::make(std::move(objects));
  if (!set) end(kFailed, set.error().message);
  const std::vector<std::byte> bytes = read_bytes(kKernelBtf);
  const auto kernel = load_kernel_btf(bytes);
  if (!kernel) end(kFailed, fmt::format("{}: {}", kKernelBtf, kernel.error().message));
  const auto minimized = minimize(*kernel, *set);
  if (!minimized) end(kFailed, fmt::format("{}: {}", kKernelBtf, minimized.error().message));
  fmt::print("{} relocations of {} objects; BTF of {} bytes minimized to {}\n",
             set->relocation_count(), set->objects().size(), bytes.size(), minimized->bytes.size());
  for (const UnanswerableRelocation& each : minimized->unanswerable) {
    fmt::print("ambiguous, {}: {}\n", set->objects()[each.object].name, each.reason);
  }
  return shipped_and_found(minimized->bytes);
}

std::string describe(const LoadVerdict& verdict) {
  const std::string outcome = verdict.error == 0 ? "loaded"
                              : verdict.reached_kernel
                                  ? fmt::format("refused by the kernel ({})", verdict.error)
                                  : fmt::format("given up by libbpf ({})", verdict.error);
  return fmt::format("{}, {} instructions{}{}", outcome, verdict.instructions.size(),
                     verdict.reason.empty() ? "" : ", ", verdict.reason);
}

// Where the two programs first differ, for whoever has to find out why.
std::string first_difference(const LoadVerdict& own, const LoadVerdict& ours) {
  const auto [a, b] = std::ranges::mismatch(own.instructions, ours.instructions, same_instruction);
  if (a == own.instructions.end() && b == ours.instructions.end()) return "";
  return fmt::format("\n  from instruction {} on", a - own.instructions.begin());
}

void judge(const JudgedObject& object, const std::string& minimized, Tally& tally) {
  for (int index = 0; index < object.programs; ++index) {
    const LoadVerdict own = load_program(object.elf, index, nullptr);
    const LoadVerdict ours = load_program(object.elf, index, minimized.c_str());
    ++tally.programs;
    ++(own.error == 0 ? tally.loaded : own.reached_kernel ? tally.refused : tally.unfinished);
    if (!own.reached_kernel) {
      fmt::print("{}, program {}: {}\n", object.name, index, describe(own));
    }
    if (same(own, ours)) {
      ++tally.same;
    } else {
      fmt::print("DIFFERENT: {}, program {}:\n  kernel's own BTF: {}\n  minimized BTF:    {}{}\n",
                 object.name, index, describe(own), describe(ours), first_difference(own, ours));
    }
  }
}

int run() {
  if (!std::filesystem::exists(kKernelBtf)) {
    end(kSkipped, fmt::format("skipped: this kernel shows no BTF at {}", kKernelBtf));
  }
  if (const std::string reason = why_nothing_loads(); !reason.empty()) {
    end(kSkipped, "skipped: " + reason);
  }
  const std::vector<RealObject> real = libbpf_tools_objects();
  if (real.empty()) end(kSkipped, "skipped: Debian's package libbpf-tools is not installed");
  const std::vector<JudgedObject> objects = judged_objects(real);
  const std::string minimized = minimized_for(objects);
  Tally tally;
  for (const JudgedObject& object : objects) judge(object, minimized, tally);
  fmt::print(
      "{} programs of {} objects: {} load with the kernel's own BTF, {} are refused by the "
      "kernel, {} given up by libbpf; {} the same with ours\n",
      tally.programs, objects.size(), tally.loaded, tally.refused, tally.unfinished, tally.same);
  return tally.loaded > 0 && tally.same == tally.programs ? kPassed : kFailed;
}

}  // namespace
}  // namespace btfbatch::test

int main() {
  return btfbatch::test::run();
}
