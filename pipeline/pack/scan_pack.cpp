#include "pipeline/pack/scan_pack.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "pipeline/admission.h"
#include "pipeline/file.h"
#include "pipeline/pack/blob_check.h"
#include "pipeline/pack/decode_order.h"
#include "pipeline/pack/pack_file.h"
#include "pipeline/pack/packed_kernel.h"

namespace btfbatch {
namespace {

class PackArchive : public Archive {
 public:
  PackArchive(const std::shared_ptr<const PackFile>& pack, ScanOptions options)
      : found_{.aliases = {}, .ignored = pack->index().ignored} {
    for (const Alias& alias : pack->index().aliases) {
      if (check_output_path(alias.path)) {
        found_.ignored.push_back(alias.path);
      } else {
        found_.aliases.push_back(alias);
      }
    }
    std::ranges::sort(found_.ignored);
    Admission admission(std::move(options.filter), options.clashes);
    BlobCheck check(*pack);
    std::vector<Entry> good;
    std::vector<std::uint32_t> numbers;  // of the good ones, among the pack's kernels
    std::vector<std::uint32_t> blobs;
    const PackIndex& index = pack->index();
    // By path, as a directory's kernels are, since that decides who gets a path that two want.
    auto failure = index.failures.begin();
    for (std::uint32_t i = 0; i <= index.kernels.size(); ++i) {
      for (; failure != index.failures.end() &&
             (i == index.kernels.size() || failure->path < index.kernels[i].path);
           ++failure) {
        add_failure(*failure, admission);
      }
      if (i == index.kernels.size() || (options.stop != nullptr && options.stop->stopped())) {
        continue;
      }
      const PackKernel& kernel = index.kernels[i];
      std::optional<Entry> entry = admission.admit(kernel.path);
      if (!entry) {
        continue;
      }
      entry->compressed_size = kernel.compressed_size;
      if (!entry->failure) {
        if (const std::optional<Error>& damage = check.failure_of(kernel.blob)) {
          entry->failure = Error(*damage).within("damaged in the pack");
        }
      }
      if (entry->failure) {
        entries_.push_back(*std::move(entry));
        continue;
      }
      good.push_back(*std::move(entry));
      numbers.push_back(i);
      blobs.push_back(kernel.blob);
    }
    std::vector<std::shared_ptr<const PackedKernel>> packed = share_blobs(pack, numbers);
    for (const std::size_t i : decode_order(index.blobs, blobs)) {
      good[i].packed = std::move(packed[i]);
      entries_.push_back(std::move(good[i]));
    }
    found_.filtered_out = admission.filtered_out();
  }

  std::size_t entry_count() const override { return entries_.size(); }

  std::optional<Entry> next() override {
    if (next_ == entries_.size()) {
      return std::nullopt;
    }
    return std::move(entries_[next_++]);
  }

  Findings findings() override { return std::move(found_); }

 private:
  void add_failure(const PackFailure& failure, Admission& admission) {
    std::optional<Error> seen;
    if (failure.seen_by_scan) {
      seen = Error{failure.reason};
    }
    std::optional<Entry> entry = admission.admit(failure.path, std::move(seen));
    if (!entry) {
      return;
    }
    entry->compressed_size = failure.compressed_size;
    entry->failed_when_read = !failure.seen_by_scan;
    if (!entry->failure) {
      entry->failure = Error{failure.reason};
    }
    entries_.push_back(*std::move(entry));
  }

  std::vector<Entry> entries_;
  std::size_t next_ = 0;
  Findings found_;
};

}  // namespace

bool looks_like_pack(const std::filesystem::path& file) {
  if (file.filename().string().ends_with(".btfpack")) {
    return true;
  }
  const Result<OpenFile> opened = open_regular_file(file);
  std::array<std::byte, 8> magic{};
  return opened && read(opened->fd.get(), magic.data(), magic.size()) == std::ssize(magic) &&
         has_pack_magic(magic);
}

Result<std::unique_ptr<Archive>> open_pack_archive(const std::filesystem::path& file,
                                                   ScanOptions options) {
  Result<PackFile> pack = PackFile::open(file);
  if (!pack) {
    return std::unexpected(std::move(pack).error());
  }
  for (const std::string& damage : pack->damage()) {
    spdlog::warn("{}: {}", file.string(), damage);
  }
  return pack_archive(std::make_shared<const PackFile>(*std::move(pack)), std::move(options));
}

std::unique_ptr<Archive> pack_archive(const std::shared_ptr<const PackFile>& pack,
                                      ScanOptions options) {
  return std::make_unique<PackArchive>(pack, std::move(options));
}

}  // namespace btfbatch
