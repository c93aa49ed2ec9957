// Custom mutators for libFuzzer, which half of the time leave the work to libFuzzer's own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/support/btf_mutator.h"

namespace btfbatch::fuzz {

// Both change `data` in place, as LLVMFuzzerCustomMutator does, and return the new size, at most
// `max_size`.

// Raw BTF; `trailing` bytes at the end are not part of it and are kept.
[[nodiscard]] std::size_t mutate_btf(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                     Random& random, std::size_t trailing = 0);

// An eBPF ELF: changes words of it where they lie, so that most of the ELF stays whole; of .BTF and
// .BTF.ext alone, which are ours to read, or also of those that only libbpf reads.
enum class Where : std::uint8_t { kBtfSections, kAnySection };
[[nodiscard]] std::size_t mutate_object(std::uint8_t* data, std::size_t size, Random& random,
                                        Where where);

}  // namespace btfbatch::fuzz

// libFuzzer's own mutator; tests that replay inputs have none, and do not mutate.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
