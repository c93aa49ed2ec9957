#include "core/relocation/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/relocation/question_key.h"
#include "core/relocation/value.h"

namespace btfbatch {
namespace {

// Of all keys of one object. Real ones take 100 bytes each; but a hostile object can ask about one
// huge struct in each of a million relocations.
constexpr std::size_t kMaxKeyBytes = 64U << 20;

// Understands one relocation, or says why no kernel could ever answer it.
Result<LocalSpec> read_question(const TypeSpace& space, const Relocation& relocation) {
  auto spec = parse_local_spec(space, relocation);
  if (!spec) return spec;
  if (spec->kind == RelocationKind::kTypeIdLocal) return spec;
  if (*space.name_of(space.type(spec->root_type)) == '\0') {
    return fail("its type has no name, so that no candidate can be found");
  }
  const Accessor* last = spec->accessors.empty() ? nullptr : &spec->accessors.back();
  if (!relocation_value(space, spec->kind, spec->root_type, last, spec->bit_offset)) {
    return fail(fmt::format("{} cannot be asked of {}", relocation_kind_name(spec->kind),
                            format_local_spec(space, *spec)));
  }
  return spec;
}

// Collects one object's sequences, by root type.
class ObjectReader {
 public:
  ObjectReader(RelocationPlan& plan, std::map<std::string, std::uint32_t>& known,
               std::uint32_t index)
      : plan_(plan), known_(known), index_(index) {}

  Result<std::map<std::uint32_t, RelocationSequence>> read(const Object& object) {
    const TypeSpace& space = plan_.spaces[index_];
    for (std::uint32_t i = 0; i < object.relocations.size(); ++i) {
      const Relocation& relocation = object.relocations[i];
      const auto place = [&] {
        return fmt::format("{}: section {}: relocation #{} ({})", object.name, relocation.section,
                           i, relocation_kind_name(relocation.kind));
      };
      auto spec = read_question(space, relocation);
      if (!spec) return fail_within(place(), std::move(spec).error());
      if (spec->kind == RelocationKind::kTypeIdLocal) continue;  // asks nothing of a kernel
      auto key = question_key(space, *spec);
      if (!key) return fail_within(place(), std::move(key).error());
      key_bytes_ += key->size();
      if (key_bytes_ > kMaxKeyBytes) {
        return fail_within(place(), Error{"what it and those before it ask is too much"});
      }
      add(*std::move(spec), *std::move(key), space, i);
    }
    return std::move(sequences_);
  }

 private:
  void add(LocalSpec spec, std::string key, const TypeSpace& space, std::uint32_t relocation) {
    const std::uint32_t root = spec.root_type;
    const btf::Type& root_type = space.type(root);
    const std::uint32_t wanted = plan_.wanted.add(space.name_of(root_type), root_type.kind());
    const auto [known, is_new] =
        known_.try_emplace(key, static_cast<std::uint32_t>(plan_.distinct.size()));
    if (is_new) plan_.distinct.push_back({index_, wanted, std::move(spec), std::move(key)});

    RelocationSequence& sequence = sequences_[root];
    if (sequence.askers.empty()) sequence = {wanted, {}, {{index_, {}}}};
    sequence.relocations.push_back(known->second);
    sequence.askers.front().relocations.push_back(relocation);
  }

  RelocationPlan& plan_;
  std::map<std::string, std::uint32_t>& known_;
  std::uint32_t index_;
  std::map<std::uint32_t, RelocationSequence> sequences_;
  std::size_t key_bytes_ = 0;
};

}  // namespace

ContentId RelocationPlan::fingerprint() const {
  std::vector<std::string> hashes;
  for (const RelocationSequence& sequence : sequences) {
    std::string keys;
    for (const std::uint32_t index : sequence.relocations) keys += distinct[index].key + '\n';
    hashes.push_back(content_id_of(std::as_bytes(std::span(keys))).hex());
  }
  std::ranges::sort(hashes);
  std::string all;
  for (const std::string& hash : hashes) all += hash;
  return content_id_of(std::as_bytes(std::span(all)));
}

Result<RelocationPlan> RelocationPlan::make(std::span<const Object> objects) {
  RelocationPlan plan;
  std::map<std::string, std::uint32_t> known;
  std::map<std::vector<std::uint32_t>, std::size_t> known_sequences;
  for (const Object& object : objects)
    plan.spaces.push_back(
        {.btf = &object.btf,
         .machine = {.pointer_size = 8, .big_endian = object.btf.was_big_endian()}});
  for (std::uint32_t i = 0; i < objects.size(); ++i) {
    auto sequences = ObjectReader(plan, known, i).read(objects[i]);
    if (!sequences) return std::unexpected(std::move(sequences).error());
    for (auto& [root, sequence] : *sequences) {
      const auto [place, is_new] =
          known_sequences.try_emplace(sequence.relocations, plan.sequences.size());
      if (is_new) {
        plan.sequences.push_back(std::move(sequence));
      } else {
        plan.sequences[place->second].askers.push_back(std::move(sequence.askers.front()));
      }
    }
  }
  return plan;
}

}  // namespace btfbatch
