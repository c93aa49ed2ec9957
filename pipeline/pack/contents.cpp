#include "pipeline/pack/contents.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <zstd.h>

#include <algorithm>
#include <new>
#include <numeric>
#include <tuple>
#include <utility>

#include "pipeline/pack/blob_check.h"
#include "pipeline/source.h"

namespace btfbatch {
namespace {

// For bytes that are read back soon: little time, and about the size that xz gives.
constexpr int kScratchLevel = 1;

constexpr std::size_t kMostNamed = 4;  // kernels in a warning

void make_failed(KernelWork& work, Error error) {
  work.outcome.reasons = {std::move(error.message)};
}

// The same bytes give the same.
std::vector<std::byte> compress_lightly(std::span<const std::byte> bytes) {
  std::vector<std::byte> compressed(ZSTD_compressBound(bytes.size()));
  const std::size_t size = ZSTD_compress(compressed.data(), compressed.size(), bytes.data(),
                                         bytes.size(), kScratchLevel);
  if (ZSTD_isError(size) != 0) {
    throw std::bad_alloc();  // there is room for any bytes; nothing else can go wrong
  }
  compressed.resize(size);
  compressed.shrink_to_fit();
  return compressed;
}

Result<void> expand(std::span<const std::byte> compressed, std::span<std::byte> bytes) {
  const std::size_t size =
      ZSTD_decompress(bytes.data(), bytes.size(), compressed.data(), compressed.size());
  return size == bytes.size() ? Result<void>() : fail("temporary file: is not what was written");
}

}  // namespace

Result<BasePack> BasePack::open(const std::filesystem::path& file) {
  Result<PackFile> pack = PackFile::open(file);
  if (!pack) {
    return std::unexpected(std::move(pack).error());
  }
  BasePack base;
  base.pack_ = std::make_shared<const PackFile>(*std::move(pack));
  for (const std::string& damage : base.pack_->damage()) {
    spdlog::warn("{}: {}", file.string(), damage);
  }
  BlobCheck check(*base.pack_);
  const std::vector<PackKernel>& kernels = base.pack_->index().kernels;
  std::vector<std::string_view> damaged;
  for (std::uint32_t i = 0; i < kernels.size(); ++i) {
    if (check.failure_of(kernels[i].blob)) {
      damaged.emplace_back(kernels[i].path);
      continue;
    }
    base.blob_of_source_.emplace(kernels[i].source_hash, kernels[i].blob);
    base.kernel_of_blob_.emplace(kernels[i].blob, i);
  }
  const std::vector<PackBlob>& blobs = base.pack_->index().blobs;
  for (std::uint32_t i = 0; i < blobs.size(); ++i) {
    if (!check.failure_of(i)) {
      base.blob_of_btf_.emplace(blobs[i].id, i);
    }
  }
  if (!damaged.empty()) {
    const std::size_t named = std::min(damaged.size(), kMostNamed);
    spdlog::warn("{}: {} of its {} kernels are damaged, and are packed anew: {}{}", file.string(),
                 damaged.size(), kernels.size(), fmt::join(std::span(damaged).first(named), ", "),
                 named < damaged.size() ? fmt::format(" and {} more", damaged.size() - named) : "");
  }
  return base;
}

std::optional<std::uint32_t> BasePack::find(const ContentId& source) const {
  const auto found = blob_of_source_.find(source);
  return found == blob_of_source_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint32_t> BasePack::find_btf(std::span<const std::byte> btf,
                                                const ContentId& id) const {
  const auto found = blob_of_btf_.find(id);
  if (found == blob_of_btf_.end()) {
    return std::nullopt;
  }
  // The id finds the candidate, the bytes decide.
  Buffer kept;
  const Result<void> decoded = pack_->decode_alone(found->second, kept);
  return decoded && std::ranges::equal(kept.bytes(), btf) ? std::optional(found->second)
                                                          : std::nullopt;
}

std::optional<std::uint32_t> BasePack::kernel_of(std::uint32_t blob) const {
  const auto found = kernel_of_blob_.find(blob);
  return found == kernel_of_blob_.end() ? std::nullopt : std::optional(found->second);
}

void read_kernel(KernelWork& work, const BasePack& base, const UnpackLimits& limits,
                 BufferPool& buffers) {
  if (has_failed(work)) {
    return;
  }
  work.to_pack = std::make_shared<KernelToPack>();
  Result<void> read = [&]() -> Result<void> {
    const Result<Source> source = Source::open(work.entry, limits.stop);
    if (!source) {
      return std::unexpected(source.error());
    }
    work.outcome.source_hash = source->hash();
    const std::optional<std::uint32_t> kept = base.find(source->hash());
    if (kept && base.pack()->index().blobs[*kept].btf_size <= limits.max_btf_size) {
      work.to_pack->kept = kept;
      return {};
    }
    work.btf = buffers.take();
    const Result<SharedView> unpacked = source->unpack(limits, work.btf);
    if (!unpacked) {
      return std::unexpected(unpacked.error());
    }
    if (work.btf.size() > kMaxPackedBtf) {
      return fail(fmt::format("too large for a pack: has {} bytes", work.btf.size()));
    }
    return {};
  }();
  work.entry.content = Buffer();
  work.entry.packed.reset();
  if (!read) {
    buffers.give_back(std::exchange(work.btf, Buffer()));
    make_failed(work, std::move(read).error());
  }
}

void survey_kernel(KernelWork& work, const BasePack& base, BufferPool& buffers) {
  if (has_failed(work) || work.to_pack->kept) {
    return;
  }
  KernelToPack& kernel = *work.to_pack;
  const std::span<const std::byte> btf = work.btf.bytes();
  kernel.btf_size = btf.size();
  kernel.id = content_id_of(btf);
  kernel.kept = base.find_btf(btf, kernel.id);
  if (!kernel.kept) {
    kernel.sketch = Sketch::of(btf);
    kernel.stored = compress_lightly(btf);
  }
  buffers.give_back(std::exchange(work.btf, Buffer()));
}

Result<void> Contents::add(KernelWork& work) {
  KernelOutcome& outcome = work.outcome;
  if (has_failed(work)) {
    // The scan had no content to give for what it knew to be unreadable.
    failures_.push_back({.path = std::move(outcome.archive_path),
                         .reason = std::move(outcome.reasons.front()),
                         .compressed_size = outcome.compressed_size,
                         .seen_by_scan = work.to_pack == nullptr && !work.entry.failed_when_read});
    return {};
  }
  const Result<std::size_t> number = number_of(*work.to_pack);
  work.to_pack.reset();
  if (!number) {
    return std::unexpected(number.error());
  }
  std::string& path = contents_[*number].path;
  if (path.empty() || outcome.archive_path < path) {
    path = outcome.archive_path;
  }
  kernels_.push_back({.path = std::move(outcome.archive_path),
                      .blob = static_cast<std::uint32_t>(*number),
                      .compressed_size = outcome.compressed_size,
                      .source_hash = *outcome.source_hash});
  return {};
}

Result<std::size_t> Contents::number_of(const KernelToPack& kernel) {
  if (kernel.kept) {
    return number_of_kept(*kernel.kept);
  }
  // The id finds the candidates, the bytes decide; the same bytes were compressed to the same.
  const auto [first, last] = new_by_id_.equal_range(kernel.id);
  for (auto candidate = first; candidate != last; ++candidate) {
    const Content& content = contents_[candidate->second];
    if (content.stored_size == kernel.stored.size()) {
      const Result<std::vector<std::byte>> stored =
          scratch_.read(content.offset, content.stored_size);
      if (!stored) {
        return std::unexpected(stored.error());
      }
      if (*stored == kernel.stored) {
        return candidate->second;
      }
    }
  }
  const Result<std::uint64_t> offset = scratch_.append(kernel.stored);
  if (!offset) {
    return std::unexpected(offset.error());
  }
  new_by_id_.emplace(kernel.id, contents_.size());
  contents_.push_back({.path = {},
                       .btf_size = kernel.btf_size,
                       .id = kernel.id,
                       .kept = {},
                       .offset = *offset,
                       .stored_size = kernel.stored.size(),
                       .sketch = kernel.sketch});
  return contents_.size() - 1;
}

std::size_t Contents::number_of_kept(std::uint32_t blob) {
  const auto [known, is_new] = kept_by_blob_.emplace(blob, contents_.size());
  if (is_new) {
    const PackBlob& kept = base_.pack()->index().blobs[blob];
    contents_.push_back({.path = {},
                         .btf_size = kept.btf_size,
                         .id = kept.id,
                         .kept = blob,
                         .offset = 0,
                         .stored_size = 0,
                         .sketch = {}});
  }
  return known->second;
}

void Contents::complete() {
  for (std::size_t i = 0; i < contents_.size(); ++i) {
    if (const std::optional<std::uint32_t> blob = contents_[i].kept) {
      if (const auto base = base_.pack()->index().blobs[*blob].base) {
        number_of_kept(*base);
      }
    }
  }
  std::vector<std::size_t> order(contents_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [this](std::size_t i) {
    const Content& content = contents_[i];
    return std::tuple(!content.kept, content.kept.value_or(0), std::string_view(content.path));
  });
  std::vector<Content> sorted;
  std::vector<std::uint32_t> new_number(contents_.size());
  for (const std::size_t i : order) {
    new_number[i] = static_cast<std::uint32_t>(sorted.size());
    sorted.push_back(std::move(contents_[i]));
  }
  contents_ = std::move(sorted);
  for (PackKernel& kernel : kernels_) {
    kernel.blob = new_number[kernel.blob];
  }
  new_by_id_.clear();
  kept_by_blob_.clear();
  std::ranges::stable_sort(kernels_, {}, &PackKernel::path);
  std::ranges::stable_sort(failures_, {}, &PackFailure::path);
}

Result<Buffer> Contents::btf(const Content& content) const {
  Buffer btf;
  if (content.kept) {
    if (Result<void> decoded = base_.pack()->decode_alone(*content.kept, btf); !decoded) {
      return fail_within("--base", std::move(decoded).error());
    }
    return btf;
  }
  const Result<std::vector<std::byte>> stored = scratch_.read(content.offset, content.stored_size);
  if (!stored) {
    return std::unexpected(stored.error());
  }
  if (Result<void> expanded = expand(*stored, btf.append_unfilled(content.btf_size)); !expanded) {
    return std::unexpected(std::move(expanded).error());
  }
  return btf;
}

}  // namespace btfbatch
