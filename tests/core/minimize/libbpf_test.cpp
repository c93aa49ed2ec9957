// libbpf as the judge: with the minimized BTF, its loader must decide every relocation as it does
// with the full one. Other than bpftool, which may fail where a loader does not, the loader has the
// last word.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "tests/core/support/libbpf_resolve.h"
#include "tests/core/support/object_sets.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

// Objects that the judge cannot load: of the other byte order, with maps in the way of old libbpf,
// and without BTF.
bool libbpf_opens(std::string_view name) {
  return !name.ends_with(".be") && name != "legacy_maps" && name != "without_btf.nodebug";
}

// Where bpftool succeeds, its bytes are ours, even in the one case where a loader reads them
// otherwise: see narrowed_apart.bpf.c.
bool is_narrowed_apart(std::string_view kernel, std::string_view object) {
  return kernel == "twins" && object == "narrowed_apart";
}

std::vector<std::byte> minimized_for(const std::string& kernel,
                                     std::span<const std::string> object_paths) {
  const auto bytes = test::read_bytes(test::kernel_path(kernel));
  const auto view = load_kernel_btf(bytes);
  const auto loaded = test::load_objects(object_paths);
  if (!view || !loaded.set) {
    ADD_FAILURE() << (view ? loaded.set.error().message : view.error().message);
    return {};
  }
  auto minimized = minimize(*view, *loaded.set);
  if (!minimized) {
    ADD_FAILURE() << minimized.error().message;
    return {};
  }
  return std::move(minimized->bytes);
}

class Libbpf : public testing::TestWithParam<std::string> {
 protected:
  void expect_same_answers(const std::string& object, const test::MemoryFile& minimized) {
    const auto path = test::object_path(object);
    const auto full = test::resolve_with_libbpf(path, test::kernel_path(GetParam()));
    const auto ours = test::resolve_with_libbpf(path, minimized.path());
    ASSERT_EQ(full.opened, libbpf_opens(object));
    ASSERT_EQ(ours.opened, libbpf_opens(object));
    if (is_narrowed_apart(GetParam(), object)) {
      EXPECT_NE(to_text(ours), to_text(full)) << "no longer an exception";
    } else {
      EXPECT_EQ(to_text(ours), to_text(full));
    }
  }
};

TEST_P(Libbpf, DecidesEachObjectAloneAsWithTheFullBtf) {
  for (const auto& object : test::object_names()) {
    if (!libbpf_opens(object)) continue;
    SCOPED_TRACE(object);
    const std::string paths[] = {test::object_path(object)};
    expect_same_answers(object, test::MemoryFile(minimized_for(GetParam(), paths)));
  }
}

TEST_P(Libbpf, DecidesEachObjectOfOneSetAsWithTheFullBtf) {
  std::vector<std::string> paths;
  for (const auto& object : test::object_names()) {
    if (object != "without_btf.nodebug") paths.push_back(test::object_path(object));
  }
  const test::MemoryFile minimized(minimized_for(GetParam(), paths));
  for (const auto& object : test::object_names()) {
    if (!libbpf_opens(object)) continue;
    SCOPED_TRACE(object);
    expect_same_answers(object, minimized);
  }
}

// What minimize() calls unanswerable is what a loader refuses.
TEST_P(Libbpf, RefusesExactlyWhatIsCalledUnanswerable) {
  const auto bytes = test::read_bytes(test::kernel_path(GetParam()));
  const auto view = load_kernel_btf(bytes);
  ASSERT_TRUE(view) << view.error().message;
  for (const auto& object : test::object_names()) {
    if (!libbpf_opens(object)) continue;
    SCOPED_TRACE(object);
    const std::string paths[] = {test::object_path(object)};
    const auto loaded = test::load_objects(paths);
    ASSERT_TRUE(loaded.set) << loaded.set.error().message;
    const auto minimized = minimize(*view, *loaded.set);
    ASSERT_TRUE(minimized) << minimized.error().message;
    const auto full = test::resolve_with_libbpf(paths[0], test::kernel_path(GetParam()));
    EXPECT_EQ(minimized->unanswerable.empty(), full.relocated) << to_text(full);
    if (!minimized->unanswerable.empty()) {
      // libbpf stops at the first one, after answering those before it.
      EXPECT_EQ(minimized->unanswerable[0].relocation + 1, full.answers.size()) << to_text(full);
    } else {
      EXPECT_EQ(loaded.set->relocation_count(), full.answers.size());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(TestData, Libbpf, testing::ValuesIn(test::kernel_names()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace btfbatch
