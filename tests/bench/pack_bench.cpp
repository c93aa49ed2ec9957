// What the pack's codec costs a kernel: coding it, decoding it, making a base
// ready; and what size it gives.
//
//   pack_bench [google benchmark's options] [BASE KERNEL...]
//
// All are raw BTF; each KERNEL is coded against BASE. Without any, or with the
// word "synthetic", two kernels are made by rule. Bytes per second are of raw
// BTF.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/pack/delta.h"
#include "tests/bench/synthetic_kernel.h"
#include "tests/support/memory_file.h"

namespace btfbatch {
namespace {

using Bytes = std::vector<std::byte>;

struct Kernel {
  std::string name;
  Bytes btf;
};

std::vector<Kernel> read_kernels(int argc, char** argv) {
  if (argc < 3 || std::string_view(argv[1]) == "synthetic") {
    return {{"synthetic", test::synthetic_kernel(120'000)},
            {"synthetic", test::synthetic_kernel(118'000)}};
  }
  std::vector<Kernel> kernels;
  for (int i = 1; i < argc; ++i) {
    kernels.push_back({std::filesystem::path(argv[i]).filename(), test::read_bytes(argv[i])});
  }
  return kernels;
}

void report(benchmark::State& state, const Bytes& btf, std::size_t coded) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(btf.size()));
  if (coded == 0) return;
  state.counters["coded"] = static_cast<double>(coded);
  state.counters["percent"] = 100.0 * static_cast<double>(coded) / static_cast<double>(btf.size());
}

void code_whole(benchmark::State& state, const Bytes& btf) {
  std::size_t coded = 0;
  for (auto _ : state) coded = encode_whole(btf).value().size();
  report(state, btf, coded);
}

void decode_whole(benchmark::State& state, const Bytes& btf) {
  const Bytes coded = encode_whole(btf).value();
  Bytes out(btf.size());
  for (auto _ : state) {
    if (!btfbatch::decode_whole(coded, out)) return state.SkipWithError("does not decode");
  }
  if (out != btf) state.SkipWithError("other bytes came back");
  report(state, btf, coded.size());
}

void code_delta(benchmark::State& state, const Bytes& base, const Bytes& btf) {
  const EncoderBase encoder = EncoderBase::make(base);
  std::size_t coded = 0;
  for (auto _ : state) coded = encode_delta(encoder, btf).value().size();
  report(state, btf, coded);
}

// With the base made ready for each, as in a chain where each kernel is the
// next one's base; or once.
void decode_delta(benchmark::State& state, const Bytes& base, const Bytes& btf, bool with_base) {
  const Bytes coded = encode_delta(EncoderBase::make(base), btf).value();
  const DecoderBase ready = DecoderBase::make(base);
  Bytes out(btf.size());
  for (auto _ : state) {
    const bool decoded =
        with_base ? btfbatch::decode_delta(DecoderBase::make(base), coded, out).has_value()
                  : btfbatch::decode_delta(ready, coded, out).has_value();
    if (!decoded) return state.SkipWithError("does not decode");
  }
  if (out != btf) state.SkipWithError("other bytes came back");
  report(state, btf, coded.size());
}

void register_all(const std::vector<Kernel>& kernels) {
  const auto add = [](const std::string& name, std::function<void(benchmark::State&)> run) {
    benchmark::RegisterBenchmark(name.c_str(), std::move(run))->Unit(benchmark::kMillisecond);
  };
  const Bytes& base = kernels.front().btf;
  add("code_whole", [&](auto& state) { code_whole(state, base); });
  add("decode_whole", [&](auto& state) { decode_whole(state, base); });
  add("sketch", [&](auto& state) {
    for (auto _ : state) benchmark::DoNotOptimize(Sketch::of(base));
    report(state, base, 0);
  });
  add("make_encoder_base", [&](auto& state) {
    for (auto _ : state) benchmark::DoNotOptimize(EncoderBase::make(base));
    report(state, base, 0);
  });
  add("make_decoder_base", [&](auto& state) {
    for (auto _ : state) benchmark::DoNotOptimize(DecoderBase::make(base));
    report(state, base, 0);
  });
  for (std::size_t i = 1; i < kernels.size(); ++i) {
    const auto& [name, btf] = kernels[i];
    add("code_delta/" + name, [&](auto& state) { code_delta(state, base, btf); });
    add("decode_delta/" + name, [&](auto& state) { decode_delta(state, base, btf, false); });
    add("decode_base_and_delta/" + name,
        [&](auto& state) { decode_delta(state, base, btf, true); });
  }
}

}  // namespace
}  // namespace btfbatch

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  try {
    const auto kernels = btfbatch::read_kernels(argc, argv);
    btfbatch::register_all(kernels);
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::system_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  benchmark::Shutdown();
  return 0;
}
