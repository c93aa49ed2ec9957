// Our answers against libbpf's, on kernels that are well-formed but strange: real BTF, changed by
// btf_mutator.h. One object of the test data is asked at a time; the byte behind the BTF says which
// one, so that an input is also a file that bpftool reads.
//
// There are two judges, since libbpf has no function that only resolves relocations:
//
// - bpftool, started anew for each input (3 ms), whose bytes ours must be wherever it succeeds. It
//   reaches libbpf's bpf_core_calc_relo through internals that libbpf.so does not export, and its
//   btfgen is in no library, so there is no way to have its bytes within the process.
// - libbpf's own loader, within the process, on a kernel of paper (see libbpf_resolve.h): what it
//   patches for each relocation must be what our resolver says, for the full BTF and for the
//   minimized one. bpftool's bytes say nothing about values; this does.
//
// Left out, since libbpf 1.1 has no defined answer there:
//
// - Types that contain themselves, and bitfields of types without a size (see is_sound): libbpf
//   recurses or loops without end, or divides by zero. Forward declarations with a type ID, which
//   bpftool follows where a type is to match.
// - Signedness of fields. libbpf 1.1 takes every type but enums for an int and reads the word
// behind
//   it, whatever it is, and says of every enum that it is signed; newer ones do neither.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <string_view>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "core/relocation/plan.h"
#include "core/relocation/resolver.h"
#include "tests/core/support/libbpf_resolve.h"
#include "tests/fuzz/support/mutate.h"
#include "tests/fuzz/support/objects.h"
#include "tests/fuzz/support/require.h"
#include "tests/support/bpftool.h"
#include "tests/support/memory_file.h"

namespace btfbatch::fuzz {
namespace {

using State = Resolution::State;

// Objects that libbpf opens on this machine.
const std::vector<const FixedObject*>& judged_objects() {
  static const auto* const judged = [] {
    auto* objects = new std::vector<const FixedObject*>;
    for (const FixedObject& object : each_object()) {
      if (!object.set.objects()[0].programs.empty()) objects->push_back(&object);
    }
    return objects;
  }();
  return *judged;
}

bool asks_signedness(const FixedObject& object) {
  return std::ranges::any_of(object.set.objects()[0].relocations, [](const Relocation& r) {
    return r.kind == RelocationKind::kFieldSigned;
  });
}

// What our resolver says, by index of the object's relocation.
std::map<std::uint32_t, Resolution> resolve(const BtfView& kernel, const ObjectSet& set) {
  std::map<std::uint32_t, Resolution> resolutions;
  Resolver resolver(kernel, set.plan());
  for (const RelocationSequence& sequence : set.plan().sequences) {
    resolver.resolve(sequence, nullptr, [&](std::size_t position, const Resolution& resolution) {
      for (const RelocationSequence::Asker& asker : sequence.askers) {
        resolutions[asker.relocations[position]] = resolution;
      }
    });
  }
  return resolutions;
}

// "imm 16 -> 24" and the like: what libbpf put into the instruction.
std::optional<std::uint64_t> patched_value(std::string_view answer) {
  answer = answer.substr(0, answer.find(';'));
  const auto arrow = answer.find(" -> ");
  if (arrow == answer.npos) return std::nullopt;
  const std::string_view number = answer.substr(arrow + 4);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
  return value;
}

std::string describe_target(const BtfView& kernel, std::uint32_t id) {
  const btf::Type& t = kernel.type(id);
  return fmt::format("type of kind {} {}", static_cast<int>(t.kind()), kernel.string(t.name));
}

// Whether libbpf's answer to one relocation says the same as ours.
bool says_the_same(const BtfView& kernel, RelocationKind kind, const std::string& answer,
                   const Resolution& ours) {
  const bool absent_is_zero = is_type_based(kind) || kind == RelocationKind::kFieldExists ||
                              kind == RelocationKind::kEnumvalExists;
  const bool poisoned = answer.starts_with("poisoned");  // of two instructions, once each
  switch (ours.state) {
    case State::kAbsent:
      return absent_is_zero ? patched_value(answer) == 0 : poisoned;
    case State::kAmbiguous:
      return answer.contains("ambigu");
    case State::kRefused:
      return !patched_value(answer) && !poisoned;
    case State::kResolved:
      break;
  }
  if (kind == RelocationKind::kTypeIdTarget) {
    return answer == describe_target(kernel, ours.target);
  }
  // The answer was the same, but the instruction cannot hold it: a field whose size no load has, an
  // offset beyond 16 bits.
  if (answer.contains("accesses field incorrectly") || answer.contains("value too big") ||
      answer.contains("unexpected mem size") || answer.contains("invalid new mem size")) {
    return true;
  }
  const auto patched = patched_value(answer);
  // Only a 64-bit immediate holds all of the value.
  return patched &&
         (*patched == ours.value.value || *patched == static_cast<std::uint32_t>(ours.value.value));
}

void compare_with_loader(const FixedObject& fixed, const BtfView& kernel,
                         std::span<const std::byte> bytes, std::string_view which) {
  const Object& object = fixed.set.objects()[0];
  const auto ours = resolve(kernel, fixed.set);
  const test::MemoryFile file(bytes);
  const auto judged = test::resolve_with_libbpf(fixed.path, file.path());
  const auto where = [&](std::size_t i) {
    return fmt::format("{}, {} BTF, relocation #{}", fixed.path, which, i);
  };
  require(judged.answers.size() <= object.relocations.size(), where(0) + ": too many answers");
  for (std::size_t i = 0; i < judged.answers.size(); ++i) {
    const Relocation& relocation = object.relocations[i];
    const test::LibbpfAnswer& answer = judged.answers[i];
    const auto question =
        fmt::format("<{}> [{}]", relocation_kind_name(relocation.kind), relocation.local_type);
    require(answer.question.starts_with(question), where(i) + ": libbpf asked " + answer.question);
    const auto found = ours.find(static_cast<std::uint32_t>(i));
    if (found == ours.end() || relocation.kind == RelocationKind::kFieldSigned) continue;
    require(says_the_same(kernel, relocation.kind, answer.answer, found->second),
            fmt::format("{}: {}: libbpf says '{}', we say {} {} type ID {} {}", where(i),
                        answer.question, answer.answer, static_cast<int>(found->second.state),
                        found->second.value.value, found->second.target, found->second.reason));
  }
  if (judged.relocated) {
    require(judged.answers.size() == object.relocations.size(), where(0) + ": answers are missing");
  }
}

void compare_with_bpftool(const FixedObject& fixed, std::span<const std::byte> kernel,
                          const Result<MinimizedBtf>& ours) {
  static const auto bpftool = test::find_bpftool();
  if (!bpftool || asks_signedness(fixed)) return;
  const test::MemoryFile file(kernel);
  const auto theirs = test::bpftool_min_core_btf(*bpftool, file.path(), std::span(&fixed.path, 1));
  if (!theirs.succeeded) return;  // where it gives up, we may do better
  require(ours.has_value(), fixed.path + ": bpftool minimizes it, we do not");
  require(ours->unanswerable.empty(), fixed.path + ": bpftool has all answers, we do not");
  if (ours->bytes == theirs.bytes) return;
  // Which of the two would say it again?
  const auto again = test::bpftool_min_core_btf(*bpftool, file.path(), std::span(&fixed.path, 1));
  const auto ours_again = minimize(*load_kernel_btf(kernel), fixed.set);
  const auto differs = std::ranges::mismatch(ours->bytes, theirs.bytes).in1 - ours->bytes.begin();
  require(false, fmt::format("{}: not bpftool's bytes: {}, not {}, other at {}; a second time ours "
                             "are {}, bpftool's are {}",
                             fixed.path, ours->bytes.size(), theirs.bytes.size(), differs,
                             ours_again && ours_again->bytes == ours->bytes ? "the same" : "others",
                             again.bytes == theirs.bytes ? "the same" : "others"));
}

}  // namespace
}  // namespace btfbatch::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  using namespace btfbatch;
  fuzz::Random random(seed);
  // A seed comes without the byte that chooses the object.
  std::size_t trailing =
      BtfView::open(std::as_bytes(std::span(data, size))) && size > 0 && data[size - 1] != 0;
  if (trailing == 0 && size < max_size) {
    data[size++] = 1;
    trailing = 1;
  }
  if (trailing == 1 && seed % 4 == 0) {
    data[size - 1] = static_cast<std::uint8_t>(1 + (random() >> 4) % 255);
  }
  return fuzz::mutate_btf(data, size, max_size, random, trailing);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace btfbatch;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto kernel = load_kernel_btf(bytes);
  if (!kernel || kernel->was_big_endian() || !fuzz::is_sound(*kernel)) return 0;
  const auto& objects = fuzz::judged_objects();
  const fuzz::FixedObject& object = *objects[data[size - 1] % objects.size()];

  const auto minimized = minimize(*kernel, object.set);
  fuzz::compare_with_bpftool(object, bytes, minimized);
  fuzz::compare_with_loader(object, *kernel, bytes, "full");
  if (minimized) {
    const auto view = load_kernel_btf(minimized->bytes);
    fuzz::require(view.has_value(), "what was written cannot be read");
    fuzz::compare_with_loader(object, *view, minimized->bytes, "minimized");
  }
  return 0;
}
