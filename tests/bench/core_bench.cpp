// What one kernel costs core: opening its BTF, and minimizing it; and what the objects cost once.
//
//   core_bench [google benchmark's options] [KERNEL]
//
// KERNEL, or else $BTFBATCH_BENCH_KERNEL, is a raw BTF or a vmlinux, or the word "synthetic".
// Without either it is the running kernel, or a synthetic one of 120,000 types where that cannot be
// read. The objects are those of libbpf-tools where it is installed, or else some of the test data.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <system_error>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "core/object/embedded.h"
#include "core/object/object_set.h"
#include "tests/bench/synthetic_kernel.h"
#include "tests/support/libbpf_tools.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

constexpr const char* kRunningKernel = "/sys/kernel/btf/vmlinux";
constexpr std::uint32_t kSyntheticTypes = 120'000;

struct Input {
  std::string kernel_name;
  std::vector<std::byte> kernel;
  std::vector<std::pair<std::string, std::vector<std::byte>>> objects;  // name and ELF image
};

std::string choose_kernel(int argc, char** argv) {
  if (argc > 1) return argv[1];
  if (const char* named = std::getenv("BTFBATCH_BENCH_KERNEL")) return named;
  return access(kRunningKernel, R_OK) == 0 ? kRunningKernel : "synthetic";
}

Input read_input(const std::string& kernel) {
  Input input;
  input.kernel_name = kernel;
  input.kernel =
      kernel == "synthetic" ? test::synthetic_kernel(kSyntheticTypes) : test::read_bytes(kernel);
  for (const auto& object : test::libbpf_tools_objects()) {
    input.objects.emplace_back(object.name, object.file.content());
  }
  if (input.objects.empty()) {
    for (const char* name : {"field_kinds", "type_kinds", "enum_values", "arrays", "bitfields"}) {
      input.objects.emplace_back(name, test::read_bytes(test::object_path(name)));
    }
  }
  return input;
}

Result<ObjectSet> make_set(const Input& input, std::size_t count) {
  std::vector<Object> objects;
  for (std::size_t i = 0; i < count; ++i) {
    auto object = parse_object(input.objects[i].first, input.objects[i].second);
    if (!object) return fail_within(input.objects[i].first, std::move(object).error());
    objects.push_back(*std::move(object));
  }
  return ObjectSet::make(std::move(objects));
}

void open_view(benchmark::State& state, const Input& input) {
  for (auto _ : state) {
    const auto view = load_kernel_btf(input.kernel);
    if (!view) return state.SkipWithError(view.error().message.c_str());
    benchmark::DoNotOptimize(view->type_count());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(input.kernel.size()));
}

void load_objects(benchmark::State& state, const Input& input) {
  for (auto _ : state) {
    const auto set = make_set(input, input.objects.size());
    if (!set) return state.SkipWithError(set.error().message.c_str());
    state.counters["relocations"] = static_cast<double>(set->relocation_count());
    state.counters["distinct"] = static_cast<double>(set->distinct_relocation_count());
  }
}

void minimize_kernel(benchmark::State& state, const Input& input, std::size_t objects) {
  const auto view = load_kernel_btf(input.kernel);
  if (!view) return state.SkipWithError(view.error().message.c_str());
  const auto set = make_set(input, objects);
  if (!set) return state.SkipWithError(set.error().message.c_str());
  for (auto _ : state) {
    const auto minimized = minimize(*view, *set);
    if (!minimized) return state.SkipWithError(minimized.error().message.c_str());
    state.counters["types_kept"] = minimized->type_count;
  }
  state.counters["types"] = view->type_count();
}

void find_objects(benchmark::State& state, const std::vector<std::byte>& file) {
  for (auto _ : state) benchmark::DoNotOptimize(find_embedded_objects(file).size());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(file.size()));
}

void register_all(const Input& input, const std::vector<std::byte>& executable) {
  const auto add = [](const std::string& name, std::function<void(benchmark::State&)> run) {
    benchmark::RegisterBenchmark(name.c_str(), std::move(run))->Unit(benchmark::kMicrosecond);
  };
  const std::size_t all = input.objects.size();
  add("open_view", [&](auto& state) { open_view(state, input); });
  add("find_embedded_objects", [&](auto& state) { find_objects(state, executable); });
  add("load_objects/" + std::to_string(all), [&](auto& state) { load_objects(state, input); });
  add("minimize/1", [&](auto& state) { minimize_kernel(state, input, 1); });
  add("minimize/" + std::to_string(all),
      [&input, all](auto& state) { minimize_kernel(state, input, all); });
}

}  // namespace
}  // namespace btfbatch

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  try {
    const auto input = btfbatch::read_input(btfbatch::choose_kernel(argc, argv));
    const auto executable = btfbatch::test::read_bytes("/proc/self/exe");
    std::fprintf(stderr, "kernel: %s, %zu bytes; %zu objects\n", input.kernel_name.c_str(),
                 input.kernel.size(), input.objects.size());
    btfbatch::register_all(input, executable);
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::system_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  benchmark::Shutdown();
  return 0;
}
