#include "pipeline/pack/blob_check.h"

#include <string_view>
#include <utility>

namespace btfbatch {

const std::optional<Error>& BlobCheck::failure_of(std::uint32_t blob) {
  const std::vector<PackBlob>& blobs = pack_.index().blobs;
  std::vector<std::uint32_t> chain = {blob};
  while (!known_[chain.back()] && blobs[chain.back()].base) {
    chain.push_back(*blobs[chain.back()].base);
  }
  for (std::size_t i = chain.size(); i-- > 0;) {
    if (!known_[chain[i]]) {
      known_[chain[i]] =
          look_at(chain[i], i + 1 < chain.size() ? *known_[chain[i + 1]] : std::nullopt);
    }
  }
  return *known_[blob];
}

std::optional<Error> BlobCheck::look_at(std::uint32_t blob,
                                        std::optional<Error> base_failure) const {
  const Result<Buffer> bytes = pack_.read_blob(blob);
  if (!bytes) {
    return bytes.error();
  }
  constexpr std::string_view kOfBase = "what it is coded against: ";
  if (base_failure && !base_failure->message.starts_with(kOfBase)) {
    base_failure->message.insert(0, kOfBase);
  }
  return base_failure;
}

}  // namespace btfbatch
