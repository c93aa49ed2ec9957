// From any file to an object set: the scan for embedded objects, each found image as an object, and
// what it asks and needs: its programs are followed, too.
#include "core/object/embedded.h"
#include "core/object/object_set.h"
#include "core/report/needs.h"
#include "tests/fuzz/support/mutate.h"
#include "tests/fuzz/support/require.h"

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  btfbatch::fuzz::Random random(seed);
  if (seed % 4 == 0) return LLVMFuzzerMutate(data, size, max_size);
  return btfbatch::fuzz::mutate_object(data, size, random, btfbatch::fuzz::Where::kAnySection);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace btfbatch;
  const auto file = std::as_bytes(std::span(data, size));
  std::size_t end = 0;
  for (const EmbeddedObject& found : find_embedded_objects(file)) {
    fuzz::require(found.offset >= end && found.bytes.data() == file.data() + found.offset,
                  "embedded objects overlap, or lie outside of the file");
    end = found.offset + found.bytes.size();
    auto object = parse_object("fuzzed", found.bytes);
    if (!object) continue;
    const std::size_t count = object->relocations.size();
    std::vector<Object> objects;
    objects.push_back(*std::move(object));
    const auto set = ObjectSet::make(std::move(objects));
    if (!set) continue;
    fuzz::require(set->relocation_count() == count, "relocations were lost");
    static_cast<void>(set->fingerprint());
    for (const ObjectNeeds& needs : needs_of(*set)) {
      fuzz::require(needs.relocations.size() == count, "relocations were lost");
    }
  }
  return 0;
}
