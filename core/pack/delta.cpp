// The codec of the pack.
//
// The problem. A kernel's BTF takes 3.5 to 5.3 MB: 80,000 to 120,000 types and as many strings.
// Two kernels of one series say nearly the same, a few hundred types apart. Yet a tool that
// looks for equal bytes finds little: whatever was added shifts the type IDs and the string
// offsets of all that comes after it, and so changes every third word; and pahole -j takes
// compilation units in the order in which its threads get to them, so that two builds of nearly
// the same source share stretches of eight types, in the mean, in any order (Debian's 6.1; of
// all types a fifth can be kept in order).
//
// The way, each with the file that goes into it:
//
//   plain_btf     The one layout that this knows, and its strings. All other bytes are coded as
//                 they are, by zstd, behind the base's bytes.
//   align         Which type of the kernel is which of the base: by shape, wherever it has moved.
//   segments      Stretches of types: copied from the base; like those of the base; spelled out.
//                 Of a copied type all is known once it is known where it and the types it refers
//                 to went. A stretch mostly begins where an earlier one broke off, at the next type
//                 of the base that is still free, so this is told by the number of that earlier
//                 one.
//   type_coder    Spelling out a type: a changed one by its difference from the base's, member by
//                 member; type IDs as distances, or as what the same name had last.
//   encode        The type IDs that the translation gets wrong (patches), and the order of the
//                 strings: most stand in the order in which the types first name them, which costs
//                 nothing to tell.
//   streams       The numbers of one sort together, each sort compressed by zstd by itself.
//   word_kinds    Which words of a kernel are names and which are type IDs, in bits.
//   rebuild       The way back. Two tables translate, one for type IDs, one for names: stretches of
//                 words are copied, and those that the bits name are looked up, without a look at
//                 the types. What comes out is known to be sound, with its bits and the places of
//                 its types; so it is not opened again, neither as a base nor to be minimized.
//   string_order  The strings, as they are first named. They are known by their ordinals, so that
//                 the tables take 0.4 MB each and stay in the second-level cache.
//
// A kernel by itself is coded as one whose base has no types: all of it is spelled out.
//
// This is in core, which so uses zstd too: bytes in, bytes out, tested and fuzzed without
// archives.
//
// What was tried, in bytes of what is coded. From left to right Debian's 6.1.0-47 to -48
// (shuffled by pahole), 6.1.0-47 to its cloud flavour, 6.12.113 to .115, 7.0.13 to 7.1.3,
// 5.10.0-30 to 6.1.0-47, and 5.10.0-30 by itself. The .tar.xz of the last takes 849,600.
//
//                                           patch  flavour  stable  release  strangers    alone
//   as it is                               24,865   63,018   3,942   41,030    272,437  684,649
//   names and strings told by offsets      25,058   63,704   4,109   43,065    276,467  690,884
//   ... longest stretches first (suffixes) 25,045   63,654   4,109   43,094    276,388
//   ... types in order alone (patience)   516,800  488,049   7,744   47,321    632,527
//   zstd -19, no base                                                                   974,279
//   zstd -6 behind the base's bytes       963,063  950,494 948,414 1,018,778 1,176,049
//   greedy alignment of runs, references
//     by name, strings by content, zstd
//     (the prototype this began with)  60 - 95 kB 220-280 kB 3-40 kB 80-150 kB 410-480 kB
//   stretches begin only where told        32,604   70,051   4,149   43,671    280,819  683,353
//   ... or where the one before ended      32,150   69,505   4,109   43,307    279,052  683,353
//   strings in runs alone                  59,623   96,074   4,235   42,963    344,065  684,666
//   strings by first use alone             25,052   63,188   4,092   46,459    275,410  683,353
//   changed types spelled out              26,038   74,042  10,364   93,980    341,438  683,353
//   names, type IDs and offsets guessed
//     from those before, in five ways      25,052   63,188   4,092   42,963    275,410  683,353
//   ... in none                            25,062   65,009   4,137   43,462    281,032  707,663
//   all streams in one zstd frame          26,599   64,900   4,026   44,144    280,049  688,020
//   zstd -3 instead of -19                 26,705   70,668   4,493   46,925    317,002  811,615
//   zstd -9                                26,118   67,204   4,383   45,140    298,708  757,190
//   zstd -15                               25,061   63,535   4,096   43,120    284,512  715,829
//
// (All lines but the first are of a coder that told names by their offsets in the string section
// instead of their ordinals; those below the prototype's, with five guesses; of these only one
// was kept, the type ID that a name had last. The other four saved one per cent.)
//
// Aligning by order finds less: of 6.1.0-48's 100,602 types 100,509 have a partner in -47, but only
// 19,498 of them in the same order, and what is out of it has to be spelled out. Taking the longest
// stretches first, as suffix arrays do, saves 0.1 %: 100,462 of those shapes occur once in the
// base, so there is hardly anything to choose. A dictionary for each stream (16 KiB, trained by
// zstd on the streams of every other one of Debian's 126 deltas) saves 1.4 % of the rest, 331 bytes
// a kernel, and the dictionaries take 296 kB.
//
// Nor does the choice of a base need several tries: over the eight other 6.1.0 and 6.12 kernels as
// bases of 6.1.0-56 sizes go from 24 to 122 kB, the sketch's three first choices are below 31 kB;
// between releases its order is the order of the sizes.
//
// What it costs, on one core of an EPYC of 2024 shared with much else, of a kernel of 4 to 5 MB:
// making a base ready for coding 10 to 25 ms; coding a delta 25 to 150 ms, nearly all of it zstd
// -19 on what was spelled out, between strangers 380 ms; by itself 1.4 s. Decoding a delta 2 to 4
// ms, between strangers 7 ms; by itself 10 ms; what was decoded is ready as a base. All of a pack
// of Debian's (pack_bench hub.btfpack), bases included, 2.9 to 4.1 ms a kernel, 1.1 to 1.7 GB/s.
//
// What decoding waits for is memory. Tried, in milliseconds a kernel of the same pack, its bases
// shared, the XXH3-128 among them:
//
//   names translated by their offsets, a table of 3.8 MB, with bits for
//     what is there yet, and each string copied when it is first named         3.4 - 3.8
//   ... by ordinals, and strings that lie side by side copied in one go        3.4 - 3.7
//   ... and whether a name is the first of its string decided by no branch     2.9 - 3.2
//   the same on fresh memory, a page at a time                                 6.2 - 6.7
//
// 113 kernels (Debian's 5.10 to 7.3, Android's 5.10, 4.18 and 4.19 of three vendors), each
// against the kernel before it that its sketch is most like: 5.70 MB of 554 MB, where .tar.xz
// takes 121 MB.
//
// The step after this: minimizing without rebuilding. What a set of objects needs of a kernel are
// the types with the names it asks for, and what these refer to. Where all of them lie in copied
// stretches, no patch hits them, and no spelled-out type has one of the names, the kernel's
// minimized BTF says what its base's says, and is the same bytes where the translation keeps the
// order of these types; which is known from the segments, the patches and the spelled types alone,
// without a pass over the base. Of 126 deltas of Debian's kernels 53 come to the same minimized BTF
// as their base, with 52 objects. Rebuilding is half of the CPU time of a run from a pack, looking
// through the types a tenth; for those 53 it would leave the reading of the streams and segments,
// and so save a quarter of the run, and more where the rest is minimized by parts. `new_ids` and
// `Segment` are what it would start from.
#include "core/pack/delta.h"

#include <algorithm>
#include <optional>

#include "core/pack/align.h"
#include "core/pack/encode.h"
#include "core/pack/rebuild.h"
#include "core/pack/zstd_frame.h"

namespace btfbatch {
namespace {

// The first byte of what is coded.
enum class Method : std::uint8_t {
  kBytes = 0,  // one zstd frame of the bytes as they are, the base's bytes before them
  kTypes = 1,  // see pack/encode.h
};

constexpr int kLevelWithBase = 9;
constexpr int kLevelAlone = 19;

std::vector<std::byte> begin_with(Method method) {
  return {static_cast<std::byte>(method)};
}

Result<std::vector<std::byte>> encode_bytes(std::span<const std::byte> base,
                                            std::span<const std::byte> btf) {
  auto frame = compress_frame(btf, base, base.empty() ? kLevelAlone : kLevelWithBase);
  if (!frame) return frame;
  auto coded = begin_with(Method::kBytes);
  coded.insert(coded.end(), frame->begin(), frame->end());
  return coded;
}

// Nothing where the bytes have to be coded as they are.
Result<std::optional<std::vector<std::byte>>> encode_types(const pack::AnalyzedBase& base,
                                                           std::span<const std::byte> btf) {
  std::optional<pack::StreamWriter> streams;
  // The kernel opened takes several times its size, its streams half of it: both are gone before it
  // is rebuilt.
  if (const auto kernel = pack::Analyzed::of(pack::PlainBtf::open(btf))) {
    streams = pack::encode_typed(base, *kernel);
  }
  if (!streams) return std::nullopt;
  auto coded = begin_with(Method::kTypes);
  if (auto done = streams->append_to(coded); !done) {
    return std::unexpected(std::move(done).error());
  }
  streams.reset();
  // Whatever was not thought of in a strange BTF, it comes back.
  std::vector<std::byte> again(btf.size());
  if (!pack::rebuild(base.below, std::span(coded).subspan(1), again) ||
      !std::ranges::equal(again, btf)) {
    return std::nullopt;
  }
  return coded;
}

Result<std::vector<std::byte>> encode(const std::optional<pack::AnalyzedBase>& base,
                                      std::span<const std::byte> base_bytes,
                                      std::span<const std::byte> btf) {
  if (btf.size() > kMaxPackedBtf || base_bytes.size() > kMaxPackedBtf) {
    return fail("more than 1 GiB of BTF");
  }
  if (base) {
    auto coded = encode_types(*base, btf);
    if (!coded) return std::unexpected(std::move(coded).error());
    if (*coded) return **std::move(coded);
  }
  return encode_bytes(base_bytes, btf);
}

// Nothing for what is no base that types can be coded against.
Result<std::optional<pack::RebuildBase>> decode(const std::optional<pack::RebuildBase>& base,
                                                std::span<const std::byte> base_bytes,
                                                std::span<const std::byte> coded,
                                                std::span<std::byte> out) {
  if (out.size() > kMaxPackedBtf) return fail("more than 1 GiB of BTF");
  if (coded.empty()) return fail("nothing there");
  switch (static_cast<Method>(coded[0])) {
    case Method::kBytes:
      if (auto done = FrameExpander().expand(coded.subspan(1), base_bytes, out); !done) {
        return std::unexpected(std::move(done).error());
      }
      return pack::RebuildBase::open(out);
    case Method::kTypes:
      if (!base) return fail("the base is not of the kind that this was coded against");
      return pack::rebuild(*base, coded.subspan(1), out);
  }
  return fail("coded in a way that this version does not know");
}

// The base of what has none.
const std::optional<pack::AnalyzedBase>& no_base() {
  static const std::optional<pack::AnalyzedBase> base(
      pack::Analyzed::of(pack::PlainBtf::empty()).value());
  return base;
}
const std::optional<pack::RebuildBase>& nothing_below() {
  static const std::optional<pack::RebuildBase> base(no_base()->below);
  return base;
}

}  // namespace

struct EncoderBase::Parts {
  std::span<const std::byte> bytes;
  std::optional<pack::AnalyzedBase> analyzed;
};

struct DecoderBase::Parts {
  std::span<const std::byte> bytes;
  std::optional<pack::RebuildBase> base;
};

EncoderBase EncoderBase::make(std::span<const std::byte> btf) {
  auto parts = std::make_unique<Parts>();
  parts->bytes = btf;
  if (auto analyzed = pack::Analyzed::of(pack::PlainBtf::open(btf))) {
    parts->analyzed.emplace(*std::move(analyzed));
  }
  return EncoderBase(std::move(parts));
}
EncoderBase::EncoderBase(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
EncoderBase::EncoderBase(EncoderBase&&) noexcept = default;
EncoderBase& EncoderBase::operator=(EncoderBase&&) noexcept = default;
EncoderBase::~EncoderBase() = default;

DecoderBase DecoderBase::make(std::span<const std::byte> btf) {
  return DecoderBase(std::make_unique<const Parts>(btf, pack::RebuildBase::open(btf)));
}
const BtfView* DecoderBase::view() const {
  return parts_->base ? &parts_->base->btf.view() : nullptr;
}
DecoderBase::DecoderBase(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
DecoderBase::DecoderBase(DecoderBase&&) noexcept = default;
DecoderBase& DecoderBase::operator=(DecoderBase&&) noexcept = default;
DecoderBase::~DecoderBase() = default;

Result<std::vector<std::byte>> encode_whole(std::span<const std::byte> btf) {
  return encode(no_base(), {}, btf);
}

namespace {

// Ready for what is coded against it.
Result<DecoderBase> base_of(std::span<const std::byte> btf,
                            Result<std::optional<pack::RebuildBase>> decoded) {
  if (!decoded) return std::unexpected(std::move(decoded).error());
  return DecoderBase(std::make_unique<const DecoderBase::Parts>(btf, *std::move(decoded)));
}

}  // namespace

Result<DecoderBase> decode_whole(std::span<const std::byte> coded, std::span<std::byte> out) {
  return base_of(out, decode(nothing_below(), {}, coded, out));
}

Result<std::vector<std::byte>> encode_delta(const EncoderBase& base,
                                            std::span<const std::byte> btf) {
  return encode(base.parts().analyzed, base.parts().bytes, btf);
}

Result<DecoderBase> decode_delta(const DecoderBase& base, std::span<const std::byte> coded,
                                 std::span<std::byte> out) {
  return base_of(out, decode(base.parts().base, base.parts().bytes, coded, out));
}

}  // namespace btfbatch
