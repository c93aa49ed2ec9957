// What is to be packed: the different BTFs of an archive, outside of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/content_id.h"
#include "core/error.h"
#include "core/pack/delta.h"
#include "pipeline/buffer.h"
#include "pipeline/pack/format.h"
#include "pipeline/pack/pack_file.h"
#include "pipeline/pack/scratch_file.h"
#include "pipeline/stages.h"
#include "pipeline/unpack.h"

namespace btfbatch {

// The pack that a new one is based on, or none. Immutable; thread-safe.
class BasePack {
 public:
  BasePack() = default;

  // What is damaged in it is as if it were not there; a warning says so. Fails as PackFile::open().
  [[nodiscard]] static Result<BasePack> open(const std::filesystem::path& file);

  // nullptr where there is none.
  [[nodiscard]] const std::shared_ptr<const PackFile>& pack() const { return pack_; }

  // The blob of a kernel whose file in the archive had this hash; nothing where there is none.
  [[nodiscard]] std::optional<std::uint32_t> find(const ContentId& source) const;

  // The blob that decodes to these bytes, whose id is `id`; nothing where there is none. A kernel
  // of the pack need not have it any more.
  [[nodiscard]] std::optional<std::uint32_t> find_btf(std::span<const std::byte> btf,
                                                      const ContentId& id) const;

  // A kernel of the pack that has the blob; nothing for a blob that others are coded against and no
  // kernel has any more.
  [[nodiscard]] std::optional<std::uint32_t> kernel_of(std::uint32_t blob) const;

 private:
  std::shared_ptr<const PackFile> pack_;
  std::unordered_map<ContentId, std::uint32_t> blob_of_source_;
  std::unordered_map<ContentId, std::uint32_t> blob_of_btf_;
  std::unordered_map<std::uint32_t, std::uint32_t> kernel_of_blob_;
};

// What is known of a kernel between the stages.
struct KernelToPack {
  std::optional<std::uint32_t> kept;  // its blob in the base; the rest is of no use then
  std::uint64_t btf_size = 0;
  ContentId id;  // of the BTF
  Sketch sketch;
  std::vector<std::byte> stored;  // the BTF, lightly compressed
};

// First stage: fills work.to_pack, and work.btf where the kernel is not in the base; or makes the
// kernel a failed one. Thread-safe.
void read_kernel(KernelWork& work, const BasePack& base, const UnpackLimits& limits,
                 BufferPool& buffers);

// Second stage: uses work.btf up. A file that the base does not know may have a BTF that it has.
// Thread-safe.
void survey_kernel(KernelWork& work, const BasePack& base, BufferPool& buffers);

// One distinct BTF.
struct Content {
  std::string path;  // the first, in path order, of the kernels that have it
  std::uint64_t btf_size = 0;
  ContentId id;
  std::optional<std::uint32_t> kept;  // its blob in the base
  std::uint64_t offset = 0;           // in the scratch file, where it is not in the base
  std::size_t stored_size = 0;
  Sketch sketch;
};

// All of them, and the kernels that have them. Not to be changed while another thread reads it.
class Contents {
 public:
  Contents(ScratchFile scratch, const BasePack& base) : scratch_(std::move(scratch)), base_(base) {}

  // Last stage: takes what the others have found out. Fails where the scratch file cannot be
  // written.
  [[nodiscard]] Result<void> add(KernelWork& work);

  // When all are added: brings in what the kept blobs are coded against, and sorts. From then on
  // nothing depends on the order in which kernels came.
  void complete();

  // The number of a PackKernel's blob is that of its content here.
  [[nodiscard]] const std::vector<PackKernel>& kernels() const { return kernels_; }
  [[nodiscard]] std::vector<PackFailure>& failures() { return failures_; }
  // Those of the base first, in the order of their blobs; then the new ones, by path.
  [[nodiscard]] std::vector<Content>& contents() { return contents_; }
  [[nodiscard]] const std::vector<Content>& contents() const { return contents_; }

  // A content's bytes. Thread-safe.
  [[nodiscard]] Result<Buffer> btf(const Content& content) const;

 private:
  [[nodiscard]] Result<std::size_t> number_of(const KernelToPack& kernel);
  std::size_t number_of_kept(std::uint32_t blob);

  ScratchFile scratch_;
  const BasePack& base_;
  std::vector<PackKernel> kernels_;
  std::vector<PackFailure> failures_;
  std::vector<Content> contents_;
  std::unordered_multimap<ContentId, std::size_t> new_by_id_;
  std::unordered_map<std::uint32_t, std::size_t> kept_by_blob_;
};

}  // namespace btfbatch
