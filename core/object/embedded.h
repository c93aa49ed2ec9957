// eBPF objects inside other files: libbpf skeletons and bpf2go programs carry theirs as plain data.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace btfbatch {

// One ELF image with e_machine EM_BPF inside a file.
struct EmbeddedObject {
  std::size_t offset = 0;            // where it begins in the file
  std::span<const std::byte> bytes;  // the whole image, borrowed from the file
};

// Finds every eBPF ELF image in `file`, in file order: the file itself (offset 0), or those that it
// embeds at any alignment. An image reaches as far as its section headers and sections do; one
// whose headers lead outside of the file is no image and is passed over. Images do not overlap.
// Takes time in proportion to the file's size: one that was made to take longer is not looked at to
// its end.
// Thread-safe.
[[nodiscard]] std::vector<EmbeddedObject> find_embedded_objects(std::span<const std::byte> file);

}  // namespace btfbatch
