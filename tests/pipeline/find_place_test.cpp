// Every form of an output gives each host of tests/data/hosts.txt what the table says.
#include "pipeline/find_place.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "core/content_id.h"
#include "core/find/btfs_writer.h"
#include "core/kernel_identity.h"
#include "pipeline/bundle/btfs_compression.h"
#include "tests/support/archive_writer.h"
#include "tests/support/btf_bytes.h"
#include "tests/support/hosts_table.h"
#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

namespace fs = std::filesystem;
using test::ArchivedKernel;
using test::HostRow;
using test::TempDir;
using test::text_of;
using Kernels = std::vector<ArchivedKernel>;

// A BTF without types that differs by its content.
std::string btf_of(std::string_view content) {
  test::BtfBytes btf;
  btf.string(content);
  return text_of(btf.bytes());
}

fs::path write_tree(const TempDir& dir, const Kernels& kernels) {
  for (const ArchivedKernel& kernel : kernels) {
    dir.write("tree/" + kernel.path + ".btf", btf_of(kernel.content));
  }
  return dir / "tree";
}

fs::path write_indexed(const TempDir& dir, const Kernels& kernels) {
  nlohmann::json index = {{"format_version", 1},
                          {"kernels", nlohmann::json::array()},
                          {"aliases", nlohmann::json::array()}};
  for (const ArchivedKernel& kernel : kernels) {
    const std::string btf = btf_of(kernel.content);
    const std::string id = content_id_of(test::as_byte_span(btf)).hex();
    const KernelIdentity identity = identify_kernel(kernel.path + ".btf");
    dir.write("indexed/blobs/" + id + ".btf", btf);
    index["kernels"].push_back({{"path", kernel.path + ".btf"},
                                {"distro", identity.distro},
                                {"release", identity.release},
                                {"arch", identity.arch},
                                {"kernel", identity.kernel_release},
                                {"content_id", id},
                                {"blob", "blobs/" + id + ".btf"}});
  }
  dir.write("indexed/index.json", index.dump());
  return dir / "indexed";
}

std::vector<std::byte> stored_btfs(const Kernels& kernels) {
  std::vector<std::string> contents;
  for (const ArchivedKernel& kernel : kernels) {
    contents.push_back(btf_of(kernel.content));
  }
  std::vector<BtfsKernel> entries;
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    entries.push_back({.identity = identify_kernel(kernels[i].path + ".btf"),
                       .btf = test::as_byte_span(contents[i])});
  }
  return write_btfs(entries, {}).value();
}

fs::path write_stored(const TempDir& dir, const Kernels& kernels) {
  return dir.write("stored.btfs", text_of(stored_btfs(kernels)));
}

fs::path write_compressed(const TempDir& dir, const Kernels& kernels) {
  return dir.write("compressed.btfs", text_of(compress_btfs(stored_btfs(kernels)).value()));
}

// `link`: what the second and later paths to a content are.
fs::path write_tar(const TempDir& dir, const Kernels& kernels, test::TarMember::Type link,
                   test::Compression compression, const std::string& name,
                   const std::string& around = "") {
  std::vector<test::TarMember> members;
  std::map<std::string, std::string> first;
  for (const ArchivedKernel& kernel : kernels) {
    const std::string path = around + kernel.path + ".btf";
    const auto [place, is_first] = first.emplace(kernel.content, path);
    if (is_first || link == test::TarMember::Type::kFile) {
      members.push_back({.name = path, .content = btf_of(kernel.content)});
    } else {
      const std::string target =
          link == test::TarMember::Type::kHardlink
              ? place->second
              : fs::path(place->second).lexically_relative(fs::path(path).parent_path()).string();
      members.push_back({.name = path, .content = target, .type = link});
    }
  }
  return dir.write(name, test::make_tar(members, compression));
}

fs::path write_tar_gz(const TempDir& dir, const Kernels& kernels) {
  return write_tar(dir, kernels, test::TarMember::Type::kFile, test::Compression::kGzip,
                   "btfs.tar.gz", "./");
}

fs::path write_tar_xz(const TempDir& dir, const Kernels& kernels) {
  return write_tar(dir, kernels, test::TarMember::Type::kSymlink, test::Compression::kXz,
                   "btfs.tar.xz");
}

fs::path write_tar_zst(const TempDir& dir, const Kernels& kernels) {
  return write_tar(dir, kernels, test::TarMember::Type::kHardlink, test::Compression::kZstd,
                   "btfs.tar.zst");
}

struct FormCase {
  const char* name;
  fs::path (*write)(const TempDir& dir, const Kernels& kernels);
};
constexpr FormCase kForms[] = {{"tree", write_tree},      {"indexed", write_indexed},
                               {"stored", write_stored},  {"compressed", write_compressed},
                               {"tar_gz", write_tar_gz},  {"tar_xz", write_tar_xz},
                               {"tar_zst", write_tar_zst}};

class FindPlaceForms : public ::testing::TestWithParam<FormCase> {};

TEST_P(FindPlaceForms, GiveEveryHostWhatTheTableSays) {
  const test::HostsTable table = test::read_hosts_table();
  const TempDir dir;
  for (const auto& [archive, kernels] : table.archives) {
    const TempDir place_dir;
    const auto place = FindPlace::open(GetParam().write(place_dir, kernels));
    ASSERT_TRUE(place) << place.error().message;
    for (const HostRow& row : table.hosts) {
      if (row.archive != archive) {
        continue;
      }
      SCOPED_TRACE("hosts.txt:" + std::to_string(row.line));
      const auto found = std::make_unique<btfbatch_result>();
      const test::HostAnswer answer = answer_of(
          row,
          [&](const auto& host, const auto& options, auto& result) {
            return place->find(host, options, result);
          },
          *found);
      expect_answer(row, answer);
      if (answer.keys.size() != 1 || answer.result == "refused") {
        continue;
      }
      // The bytes are those of a kernel with this key, and the name leads to them.
      std::set<std::string> contents;
      for (const ArchivedKernel& kernel : kernels) {
        const KernelIdentity identity = identify_kernel(kernel.path + ".btf");
        if (identity.distro + "/" + identity.release + "/" + identity.arch + "/" +
                identity.kernel_release ==
            answer.keys[0]) {
          contents.insert(btf_of(kernel.content));
        }
      }
      const auto btf = place->read(*found);
      ASSERT_TRUE(btf) << btf.error().message;
      EXPECT_TRUE(contents.contains(*btf));
      const std::string name = place->name_of(*found);
      EXPECT_TRUE(name.ends_with(".btf")) << name;
      if (place->has_files()) {
        EXPECT_EQ(test::read_file(name), *btf);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, FindPlaceForms, ::testing::ValuesIn(kForms),
                         [](const auto& form) { return form.param.name; });

const Kernels kTwo = {{.path = "ubuntu/20.04/x86_64/5.4.0-58-generic", .content = "a"},
                      {.path = "ubuntu/20.04/x86_64/5.4.0-59-generic", .content = "b"}};

// The name of what a host finds, or the library's word for why not.
std::string found_in(const FindPlace& place, const HostRow& row) {
  const auto found = std::make_unique<btfbatch_result>();
  const btfbatch_status status = place.find(host_of(row), {}, *found);
  return status == BTFBATCH_OK ? place.name_of(*found) : btfbatch_status_text(status);
}

HostRow focal_host() {
  HostRow row;
  row.os_release = "ID=ubuntu\nVERSION_CODENAME=focal\n";
  row.machine = "x86_64";
  row.kernel_release = "5.4.0-58-generic";
  return row;
}

TEST(FindPlace, NamesTheEntryOfATarAsTheTarDoes) {
  const TempDir dir;
  const fs::path tar = write_tar(dir, kTwo, test::TarMember::Type::kFile, test::Compression::kNone,
                                 "around.tar", "btfs/");
  const auto place = FindPlace::open(tar);
  ASSERT_TRUE(place) << place.error().message;
  EXPECT_FALSE(place->has_files());
  EXPECT_EQ(found_in(*place, focal_host()), "ubuntu/20.04/x86_64/5.4.0-58-generic.btf");
}

// A tar of an output with links between folders, as `tar c btfs/` makes it.
TEST(FindPlace, FollowsLinksBetweenFoldersInATar) {
  const TempDir dir;
  const std::string btf = btf_of("a");
  dir.write(
      "tree.tar",
      test::make_tar(
          {{.name = "ubuntu/focal/", .content = {}, .type = test::TarMember::Type::kDirectory},
           {.name = "ubuntu/focal/x86_64/5.4.0-58-generic.btf", .content = btf},
           {.name = "mint", .content = "ubuntu", .type = test::TarMember::Type::kSymlink}}));
  const auto place = FindPlace::open(dir / "tree.tar");
  ASSERT_TRUE(place) << place.error().message;
  HostRow row = focal_host();
  EXPECT_EQ(found_in(*place, row), "ubuntu/focal/x86_64/5.4.0-58-generic.btf");
  row.os_release = "ID=mint\nVERSION_ID=focal\n";
  row.kernel_release = "5.4.0-58-generic";
  EXPECT_EQ(found_in(*place, row), "ubuntu/focal/x86_64/5.4.0-58-generic.btf");
}

// The indexed layout's other paths are kernels too.
TEST(FindPlace, FollowsTheAliasesOfAnIndex) {
  const TempDir dir;
  const fs::path folder = write_indexed(dir, kTwo);
  auto index = nlohmann::json::parse(test::read_file(folder / "index.json"));
  index["aliases"].push_back(
      {{"path", "neon/22"}, {"target", "ubuntu/20.04"}, {"is_directory", true}});
  dir.write("indexed/index.json", index.dump());
  const auto place = FindPlace::open(folder);
  ASSERT_TRUE(place) << place.error().message;
  HostRow row = focal_host();
  row.os_release = "ID=neon\nID_LIKE=ubuntu\nVERSION_ID=22\n";
  const auto found = std::make_unique<btfbatch_result>();
  ASSERT_EQ(place->find(host_of(row), {}, *found), BTFBATCH_OK);
  EXPECT_STREQ(found->distro, "neon");
  EXPECT_EQ(place->read(*found).value(), btf_of("a"));
}

// A bundle for another loader: other paths, each entry packed.
TEST(FindPlace, ReadsBundlesOfOtherLayouts) {
  const TempDir dir;
  dir.write(
      "packed.tar.xz",
      test::make_tar({{.name = "ubuntu/20.04/5.4.0-58-generic.btf.tar.xz",
                       .content = test::make_kernel_tar("5.4.0-58-generic.btf", btf_of("a"))}},
                     test::Compression::kXz));
  const auto place = FindPlace::open(dir / "packed.tar.xz");
  ASSERT_TRUE(place) << place.error().message;
  const auto found = std::make_unique<btfbatch_result>();
  ASSERT_EQ(place->find(host_of(focal_host()), {}, *found), BTFBATCH_OK);
  EXPECT_EQ(place->read(*found).value(), btf_of("a"));
}

// Two folders of one tar have a kernel of the same names: no reason to refuse the others.
TEST(FindPlace, RefusesAContestedKernelAlone) {
  const TempDir dir;
  std::vector<test::TarMember> members;
  for (const char* path :
       {"a/ubuntu/20.04/x86_64/5.4.0-58-generic", "b/ubuntu/20.04/x86_64/5.4.0-58-generic",
        "a/ubuntu/20.04/x86_64/5.4.0-59-generic", "b/ubuntu/20.04/x86_64/5.4.0-60-generic",
        "b/ubuntu/18.04/x86_64/5.4.0-58-generic"}) {
    members.push_back({.name = path + std::string(".btf"), .content = btf_of(path)});
  }
  const std::string of_60 = members[3].content;
  members.push_back({.name = "a/ubuntu/20.04/x86_64/5.4.0-62-generic.btf", .content = of_60});
  members.push_back({.name = "b/ubuntu/20.04/x86_64/5.4.0-62-generic.btf", .content = btf_of("")});
  dir.write("two.tar", test::make_tar(members));
  const auto place = FindPlace::open(dir / "two.tar");
  ASSERT_TRUE(place) << place.error().message;
  HostRow row = focal_host();
  const auto found = std::make_unique<btfbatch_result>();
  EXPECT_EQ(place->find(host_of(row), {}, *found), BTFBATCH_AMBIGUOUS);
  EXPECT_STREQ(found->kernel_release, "5.4.0-58-generic");
  ASSERT_EQ(found->choice_count, 2U);
  EXPECT_STREQ(found->choices[0], "b/ubuntu/20.04/x86_64/5.4.0-58-generic.btf");
  EXPECT_STREQ(found->choices[1],
               "ubuntu/20.04/x86_64/5.4.0-58-generic.btf");  // the first's folder
  // It is like no other kernel: neither a neighbor nor one distro of several.
  btfbatch_options nearest{};
  nearest.nearest = 1;
  row.kernel_release = "5.4.0-61-generic";
  EXPECT_EQ(place->find(host_of(row), nearest, *found), BTFBATCH_NOT_FOUND);
  row.kernel_release = "5.4.0-58-generic";
  row.os_release = "ID=debian\nVERSION_ID=12\n";
  EXPECT_EQ(place->find(host_of(row), {}, *found), BTFBATCH_AMBIGUOUS);
  EXPECT_STREQ(found->kernel_release, "");
  EXPECT_EQ(found->choice_count, 2U);
  row = focal_host();
  row.kernel_release = "5.4.0-60-generic";
  ASSERT_EQ(place->find(host_of(row), {}, *found), BTFBATCH_OK);
  EXPECT_EQ(place->name_of(*found), "b/ubuntu/20.04/x86_64/5.4.0-60-generic.btf");
  EXPECT_EQ(place->read(*found).value(), btf_of("b/ubuntu/20.04/x86_64/5.4.0-60-generic"));
}

// As in a folder, where a kernel's own path is looked at first.
TEST(FindPlace, AKernelsOwnPathComesBeforeOthers) {
  const TempDir dir;
  Kernels kernels = kTwo;
  kernels.push_back({.path = "ubuntu/20.04/x86_64/nobpf/5.4.0-58-generic", .content = "c"});
  for (const FormCase& form : kForms) {
    if (std::string_view(form.name) == "stored" || std::string_view(form.name) == "compressed") {
      continue;  // such a file cannot have both
    }
    const auto place = FindPlace::open(form.write(dir, kernels));
    ASSERT_TRUE(place) << place.error().message;
    const auto found = std::make_unique<btfbatch_result>();
    ASSERT_EQ(place->find(host_of(focal_host()), {}, *found), BTFBATCH_OK) << form.name;
    EXPECT_EQ(place->read(*found).value(), btf_of("a")) << form.name;
  }
}

std::string refusal(const fs::path& path) {
  const auto place = FindPlace::open(path);
  return place ? "opened" : place.error().message;
}

TEST(FindPlace, SaysWhatIsWrongWithThePlace) {
  const TempDir dir;
  const auto expect = [&](const fs::path& path, const std::string& reason) {
    EXPECT_EQ(refusal(path), path.string() + ": " + reason);
  };
  expect(dir / "none", "does not exist");
  expect(dir.write("text", "text"), "neither a folder nor a .btfs file nor a tar");
  std::string btfs = text_of(stored_btfs(kTwo));
  btfs[100] = static_cast<char>(btfs[100] ^ 1);
  expect(dir.write("changed.btfs", btfs), "the .btfs file is damaged");
  const std::string tar = test::read_file(write_tar_xz(dir, kTwo));
  EXPECT_TRUE(
      refusal(dir.write("cut.tar.xz", tar.substr(0, tar.size() - 20))).contains("truncated"));
  dir.write("indexed/index.json", "{");
  EXPECT_TRUE(refusal(dir / "indexed").starts_with((dir / "indexed: index.json: ").string()));
  dir.write("outside/index.json",
            R"({"format_version": 1, "aliases": [], "kernels": [{"path": "a/b/x86_64/c.btf",
                "distro": "a", "release": "b", "arch": "x86_64", "kernel": "c",
                "content_id": "00000000000000000000000000000000", "blob": "../../etc/passwd"}]})");
  EXPECT_TRUE(refusal(dir / "outside").contains("'..'"));
}

}  // namespace
}  // namespace btfbatch
