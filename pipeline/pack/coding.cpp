// To code against a base, an index of it is needed, five times its size in memory. So what shares a
// base is coded by one thread in one go, and the index is gone when that is done; and threads take
// the memory that they need from a budget, and wait where it is used up.
#include "pipeline/pack/coding.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "pipeline/freed_memory.h"
#include "pipeline/graph.h"
#include "pipeline/pack/plan.h"

namespace btfbatch {
namespace {

// More than this with one base is split, so that threads have equal shares of the work.
constexpr std::size_t kMostInUnit = 8;

// Bytes for all threads together: two of them have room for kernels of 5 MB at once. The whole job
// then takes 145 MB at most, be they many or one of 27 MB.
constexpr std::uint64_t kMemory = 112U << 20;
// What coding takes, in sizes of the BTF: an index of the base and the base itself; the kernel, its
// parts, and what is made of them.
constexpr std::uint64_t kForBase = 6;
constexpr std::uint64_t kForKernel = 5;
constexpr std::uint64_t kForWhole = 16;

// A delta of more than one part in this many of the kernel is compared with coding it by itself.
constexpr std::size_t kLargeDelta = 10;

class Memory {
 public:
  explicit Memory(std::uint64_t bytes) : total_(bytes), free_(bytes) {}

  // Waits until there is as much. What needs more than all there is, gets all of it.
  [[nodiscard]] std::uint64_t take(std::uint64_t bytes) {
    bytes = std::min(bytes, total_);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return free_ >= bytes; });
    free_ -= bytes;
    return bytes;
  }
  void give_back(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    free_ += bytes;
    changed_.notify_all();
  }

 private:
  std::uint64_t total_;
  std::uint64_t free_;
  std::mutex mutex_;
  std::condition_variable changed_;
};

// Memory that is given back at the end of its life.
class Share {
 public:
  Share(Memory& memory, std::uint64_t bytes) : memory_(memory), bytes_(memory.take(bytes)) {}
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() { memory_.give_back(bytes_); }

 private:
  Memory& memory_;
  std::uint64_t bytes_;
};

using Bytes = std::vector<std::byte>;

// The results of one unit, or why there are none; nothing yet while it is not done.
using UnitResult = std::optional<Result<std::vector<CodedContent>>>;

class Coder {
 public:
  Coder(const Contents& contents, StopSignal& stop) : contents_(contents), stop_(stop) {}

  UnitResult code(const CodingUnit& unit) {
    Result<std::vector<CodedContent>> coded =
        unit.base ? code_against_base(unit) : code_alone(unit);
    if (coded && coded->size() < unit.contents.size()) {
      return std::nullopt;  // stopped
    }
    return coded;
  }

 private:
  [[nodiscard]] const Content& content(std::size_t number) const {
    return contents_.contents()[number];
  }

  Result<std::vector<CodedContent>> code_against_base(const CodingUnit& unit) {
    std::uint64_t largest = 0;
    for (const std::size_t number : unit.contents) {
      largest = std::max(largest, content(number).btf_size);
    }
    const Share share(memory_, kForBase * content(*unit.base).btf_size + kForKernel * largest);
    trim_for(largest);
    const Result<Buffer> base = contents_.btf(content(*unit.base));
    if (!base) {
      return fail_within(content(*unit.base).path, base.error());
    }
    const EncoderBase encoder = EncoderBase::make(base->bytes());
    return for_each(unit, [&](const Buffer& btf, CodedContent& coded) -> Result<Bytes> {
      Result<Bytes> delta = encode_delta(encoder, btf.bytes());
      if (!delta || delta->size() > btf.size() / kLargeDelta) {
        Result<Bytes> whole = encode_whole(btf.bytes());
        if (!delta || (whole && whole->size() < delta->size())) {
          coded.is_whole = true;
          return whole;
        }
      }
      return delta;
    });
  }

  Result<std::vector<CodedContent>> code_alone(const CodingUnit& unit) {
    const Share share(memory_, kForWhole * content(unit.contents.front()).btf_size);
    trim_for(content(unit.contents.front()).btf_size);
    return for_each(unit, [](const Buffer& btf, CodedContent& coded) {
      coded.is_whole = true;
      return encode_whole(btf.bytes());
    });
  }

  // A giant takes most of the memory there is: what others have freed is none of it.
  static void trim_for(std::uint64_t btf_size) {
    if (btf_size > kLargestPlannedBase) {
      trim_freed_memory();
    }
  }

  template <class Code>
  Result<std::vector<CodedContent>> for_each(const CodingUnit& unit, const Code& code) {
    std::vector<CodedContent> all;
    for (const std::size_t number : unit.contents) {
      if (stop_.stopped()) {
        break;
      }
      const Result<Buffer> btf = contents_.btf(content(number));
      if (!btf) {
        return fail_within(content(number).path, btf.error());
      }
      CodedContent& coded = all.emplace_back();
      coded.content = number;
      Result<Bytes> bytes = code(*btf, coded);
      if (!bytes) {
        return fail_within(content(number).path, std::move(bytes).error());
      }
      coded.bytes = *std::move(bytes);
    }
    return all;
  }

  const Contents& contents_;
  StopSignal& stop_;
  Memory memory_{kMemory};
};

// The units as the graph wants them: entries without anything but their number.
class Units : public Archive {
 public:
  explicit Units(std::size_t count) : count_(count) {}
  std::size_t entry_count() const override { return count_; }
  std::optional<Entry> next() override {
    return next_++ < count_ ? std::optional<Entry>(Entry{}) : std::nullopt;
  }
  Findings findings() override { return {}; }

 private:
  std::size_t count_;
  std::size_t next_ = 0;
};

}  // namespace

std::vector<CodingUnit> split_into_units(const Contents& contents,
                                         std::span<const std::optional<std::size_t>> bases) {
  const std::size_t count = contents.contents().size();
  std::vector<std::vector<std::size_t>> above(count);
  std::vector<CodingUnit> units;
  std::vector<std::size_t> to_walk;  // whose users have no unit yet, the next one last
  for (std::size_t i = count; i-- > 0;) {
    if (bases[i]) {
      above[*bases[i]].push_back(i);
    } else {
      to_walk.push_back(i);
    }
  }
  while (!to_walk.empty()) {
    const std::size_t base = to_walk.back();
    to_walk.pop_back();
    if (!bases[base] && !contents.contents()[base].kept) {
      units.push_back({.base = {}, .contents = {base}});
    }
    // above[] holds the last one first.
    const std::vector<std::size_t>& users = above[base];
    for (std::size_t end = users.size(); end > 0; end -= std::min(end, kMostInUnit)) {
      const std::size_t begin = end - std::min(end, kMostInUnit);
      CodingUnit& unit = units.emplace_back(CodingUnit{.base = base, .contents = {}});
      unit.contents.assign(users.rend() - static_cast<std::ptrdiff_t>(end),
                           users.rend() - static_cast<std::ptrdiff_t>(begin));
    }
    for (const std::size_t user : users) {
      if (!above[user].empty()) {
        to_walk.push_back(user);
      }
    }
  }
  return units;
}

Result<void> code_units(
    const Contents& contents, std::span<const CodingUnit> units, unsigned jobs, StopSignal& stop,
    const std::function<Result<void>(const CodedContent&, std::optional<std::size_t> base)>& take) {
  Coder coder(contents, stop);
  Units archive(units.size());
  std::vector<UnitResult> results(units.size());
  Result<void> taken;
  run_graph(archive, jobs, stop,
            {.unpack = [](KernelWork&) {},
             .judge =
                 [&](KernelWork& work) {
                   if (!stop.stopped()) {
                     results[work.sequence] = coder.code(units[work.sequence]);
                   }
                 },
             .collect =
                 [&](KernelWork& work) {
                   UnitResult result = std::exchange(results[work.sequence], std::nullopt);
                   if (!result || !taken || stop.stopped()) {
                     return;
                   }
                   if (!*result) {
                     taken = std::unexpected(result->error());
                   } else {
                     for (const CodedContent& coded : **result) {
                       if (taken) {
                         taken = take(coded, units[work.sequence].base);
                       }
                     }
                   }
                   if (!taken) {
                     stop.stop();
                   }
                 }});
  return taken;
}

}  // namespace btfbatch
