// Opening a .btfs file and finding hosts in it, with the checksum made right, since blind changes
// would never get past it. What is handed out must lie within the file, what is found must be in
// the index, and what opens compressed must expand to what opens. The same bytes are tried as an
// os-release file.
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/find/btfbatch_find.h"
#include "core/find/btfs_writer.h"
#include "pipeline/bundle/btfs_compression.h"
#include "tests/fuzz/support/require.h"

namespace btfbatch::fuzz {
namespace {

constexpr std::uint64_t kLargest = 1 << 20;

// A right checksum, and the size, of which each change breaks all.
std::vector<std::byte> sealed(std::span<const std::byte> bytes) {
  std::vector<std::byte> file(bytes.begin(), bytes.end());
  if (file.size() >= BTFBATCH_BTFS_HEADER_SIZE) {
    const std::uint64_t size = file.size();
    std::memcpy(file.data() + 16, &size, sizeof size);
    const std::uint64_t checksum = btfs_checksum(file);
    std::memcpy(file.data() + BTFBATCH_BTFS_CHECKSUM_OFFSET, &checksum, sizeof checksum);
  }
  return file;
}

std::size_t sum_of_bytes(const void* data, std::size_t size) {
  std::size_t sum = 0;
  for (const std::byte byte : std::span(static_cast<const std::byte*>(data), size)) {
    sum += std::to_integer<std::size_t>(byte);
  }
  return sum;
}

void find_host(const btfbatch_btfs& btfs, const btfbatch_host& host) {
  const btfbatch_options options = {.nearest = 1, .explain = nullptr, .context = nullptr};
  const auto found = std::make_unique<btfbatch_result>();
  const btfbatch_status status = btfbatch_find(&btfs, &host, &options, found.get());
  require(status <= BTFBATCH_INVALID, "finding in memory failed");
  if (status == BTFBATCH_OK) {
    require(found->data != nullptr && btfbatch_how_text(found->how)[0] != 0, "found nothing");
    static_cast<void>(sum_of_bytes(found->data, found->size));
  }
  if (status == BTFBATCH_AMBIGUOUS) {
    require(found->choice_count > 1, "one choice is no choice");
  }
}

void find_hosts(const btfbatch_btfs& btfs, std::span<const std::byte> file) {
  const std::size_t count = btfbatch_kernel_count(&btfs);
  for (std::size_t i = 0; i < count; ++i) {
    btfbatch_kernel kernel;
    require(btfbatch_kernel_at(&btfs, i, &kernel) == BTFBATCH_OK, "a kernel is missing");
    const auto* begin = static_cast<const std::byte*>(kernel.data);
    require(begin >= file.data() && kernel.size <= file.size() &&
                begin + kernel.size <= file.data() + file.size(),
            "a BTF lies outside of the file");
    if (i >= 8) {
      continue;
    }
    btfbatch_host host{};
    std::snprintf(host.id, sizeof host.id, "%s", kernel.distro);
    std::snprintf(host.version_id, sizeof host.version_id, "%s", kernel.release);
    std::snprintf(host.machine, sizeof host.machine, "%s", kernel.arch);
    std::snprintf(host.kernel_release, sizeof host.kernel_release, "%s", kernel.kernel_release);
    find_host(btfs, host);
    host.id[0] = 0;
    find_host(btfs, host);
    std::snprintf(host.id, sizeof host.id, "alpine");
    std::snprintf(host.machine, sizeof host.machine, "x86_64");
    find_host(btfs, host);
  }
}

}  // namespace
}  // namespace btfbatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace btfbatch;
  const auto bytes = std::as_bytes(std::span(data, size));
  btfbatch_btfs btfs;
  static_cast<void>(btfbatch_open(&btfs, bytes.data(), bytes.size()));
  const std::vector<std::byte> file = fuzz::sealed(bytes);
  const btfbatch_status status = btfbatch_open(&btfs, file.data(), file.size());
  if (status == BTFBATCH_OK) {
    fuzz::find_hosts(btfs, file);
  }
  const auto expanded = expand_btfs(file, fuzz::kLargest);
  fuzz::require(status != BTFBATCH_OK || expanded, "what opens does not expand");
  if (expanded && status == BTFBATCH_COMPRESSED) {
    fuzz::require(btfbatch_open(&btfs, expanded->data(), expanded->size()) == BTFBATCH_OK,
                  "what expanded does not open");
    fuzz::find_hosts(btfs, *expanded);
  }
  btfbatch_host host{};
  if (btfbatch_host_parse(&host, reinterpret_cast<const char*>(data), size) == BTFBATCH_OK &&
      status == BTFBATCH_OK) {
    std::snprintf(host.machine, sizeof host.machine, "aarch64");
    std::snprintf(host.kernel_release, sizeof host.kernel_release, "4.4.162-94.69-default");
    fuzz::find_host(btfs, host);
  }
  return 0;
}
