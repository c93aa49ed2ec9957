#include "tests/support/damaged_pack.h"

#include "core/pack/streams.h"

namespace btfbatch::test {
namespace {

void damage(std::vector<std::byte>& stream, std::minstd_rand& random) {
  const auto any_byte = [&] { return static_cast<std::byte>(random() >> 8); };
  const auto place = [&] {
    return stream.begin() + static_cast<std::ptrdiff_t>(random() % (stream.size() + 1));
  };
  switch (stream.empty() ? 0 : random() % 5) {
    case 0:
      stream.insert(place(), any_byte());
      break;
    case 1:
      stream.erase(stream.begin() + static_cast<std::ptrdiff_t>(random() % stream.size()));
      break;
    case 2:  // a large number
      stream.insert(place(), random() % 5, std::byte{0xff});
      break;
    case 3:  // another of those that stand here
      stream[random() % stream.size()] = stream[random() % stream.size()];
      break;
    default:
      stream[random() % stream.size()] = any_byte();
      break;
  }
}

}  // namespace

std::vector<std::byte> damage_streams(std::span<const std::byte> coded, std::minstd_rand& random) {
  const auto reader = pack::StreamReader::open(coded.subspan(1), std::uint64_t{1} << 30).value();
  std::vector<std::vector<std::byte>> streams;
  for (std::size_t i = 0; i < pack::kStreamCount; ++i) {
    const auto bytes = reader.rest(static_cast<pack::Stream>(i));
    streams.emplace_back(bytes.begin(), bytes.end());
  }
  for (auto changes = 1 + random() % 3; changes > 0; --changes) {
    damage(streams[random() % streams.size()], random);
  }
  pack::StreamWriter writer;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    writer.bytes(static_cast<pack::Stream>(i), streams[i]);
  }
  std::vector<std::byte> damaged = {coded[0]};
  static_cast<void>(writer.append_to(damaged, pack::StreamWriter::Form::kStored));
  return damaged;
}

}  // namespace btfbatch::test
