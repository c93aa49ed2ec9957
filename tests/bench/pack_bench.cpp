// What the pack's codec costs a kernel: coding it, decoding it, making a base
// ready; and what size it gives.
//
//   pack_bench [google benchmark's options] [BASE KERNEL... | hub.btfpack]
//
// All are raw BTF; each KERNEL is coded against BASE. Without any, or with the
// word "synthetic", two kernels are made by rule. Bytes per second are of raw
// BTF.
//
// Of a pack, all that is in it is decoded as a run does it, each base made
// ready once, by one thread, without reading the file and without checking what
// comes out: what decoding costs a kernel when its bases are shared out over
// their series.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/pack/delta.h"
#include "pipeline/pack/decode_order.h"
#include "pipeline/pack/pack_file.h"
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

// A blob of a pack, and what it takes to decode it.
struct CodedBlob {
  Bytes coded;
  std::size_t btf_size = 0;
  std::optional<std::uint32_t> base;
  std::size_t users = 0;  // what is coded against it
};

std::vector<CodedBlob> read_blobs(const PackFile& pack) {
  std::vector<CodedBlob> blobs;
  for (const PackBlob& blob : pack.index().blobs) {
    const Buffer coded = pack.read_blob(static_cast<std::uint32_t>(blobs.size())).value();
    blobs.push_back({.coded = {coded.bytes().begin(), coded.bytes().end()},
                     .btf_size = blob.btf_size,
                     .base = blob.base});
    if (blob.base) ++blobs[*blob.base].users;
  }
  return blobs;
}

struct DecodedBlob {
  Buffer btf;
  std::optional<DecoderBase> base;
  std::size_t users = 0;
};

// False where a blob does not decode.
bool decode_all(const std::vector<CodedBlob>& blobs, std::span<const std::size_t> order,
                BufferPool& buffers) {
  std::vector<DecodedBlob> decoded(blobs.size());
  for (const std::size_t i : order) {
    const CodedBlob& blob = blobs[i];
    DecodedBlob& here = decoded[i];
    here.users = blob.users;
    here.btf = buffers.take();
    const std::span<std::byte> out = here.btf.append_unfilled(blob.btf_size);
    DecodedBlob* const below = blob.base ? &decoded[*blob.base] : nullptr;
    Result<DecoderBase> done = below != nullptr
                                   ? btfbatch::decode_delta(*below->base, blob.coded, out)
                                   : btfbatch::decode_whole(blob.coded, out);
    if (!done) return false;
    const auto free = [&](DecodedBlob& unused) {
      unused.base.reset();
      buffers.give_back(std::exchange(unused.btf, Buffer()));
    };
    if (below != nullptr && --below->users == 0) free(*below);
    if (here.users == 0) {
      free(here);
    } else {
      here.base = *std::move(done);
    }
  }
  return true;
}

void decode_pack(benchmark::State& state, const std::vector<CodedBlob>& blobs,
                 const std::vector<std::size_t>& order) {
  BufferPool buffers;
  std::size_t bytes = 0;
  for (const CodedBlob& blob : blobs) bytes += blob.btf_size;
  for (auto _ : state) {
    if (!decode_all(blobs, order, buffers)) return state.SkipWithError("does not decode");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
  state.counters["s/kernel"] = benchmark::Counter(
      static_cast<double>(blobs.size()),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void register_pack(const std::vector<CodedBlob>& blobs, const std::vector<std::size_t>& order) {
  benchmark::RegisterBenchmark("decode_pack", [&](auto& state) {
    decode_pack(state, blobs, order);
  })->Unit(benchmark::kMillisecond);
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
    if (argc == 2 && std::string_view(argv[1]).ends_with(".btfpack")) {
      const auto pack = btfbatch::PackFile::open(argv[1]);
      if (!pack) {
        std::fprintf(stderr, "%s: %s\n", argv[1], pack.error().message.c_str());
        return 1;
      }
      const auto blobs = btfbatch::read_blobs(*pack);
      std::vector<std::uint32_t> all(blobs.size());
      std::iota(all.begin(), all.end(), 0);
      const auto order = btfbatch::decode_order(pack->index().blobs, all);
      btfbatch::register_pack(blobs, order);
      benchmark::RunSpecifiedBenchmarks();
      return 0;
    }
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
