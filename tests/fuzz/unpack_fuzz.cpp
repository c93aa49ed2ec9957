// From the bytes of an archive's file to raw BTF: compression, tar, the choice among its members.
// libarchive is not built with the sanitizers; what it reads and writes through libc is watched.
#include "pipeline/unpack.h"
#include "tests/fuzz/support/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace btfbatch;
  const UnpackLimits limits{.max_btf_size = 1U << 20};
  static Buffer btf;  // used again, as in a run
  const auto unpacked =
      unpack_bytes(std::as_bytes(std::span(data, size)), "5.4.0.btf.tar.xz", limits, btf);
  if (!unpacked) {
    fuzz::require(!unpacked.error().message.empty(), "an error without words");
    return 0;
  }
  fuzz::require(btf.size() <= limits.max_btf_size, "more was unpacked than is allowed");
  return 0;
}
