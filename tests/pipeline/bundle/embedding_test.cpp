// The judges are the C compiler and the linker of this machine, and programs made with them.
#include "pipeline/bundle/embedding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/find/btfs_writer.h"
#include "test_paths.h"
#include "tests/support/memory_file.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

// Finds debian's 6.1 in what is embedded, and prints its BTF and how the bytes lie.
constexpr const char* kMain = R"(
#include "btfbatch_find.h"
#include "btfs.h"
#include <stdio.h>
#include <string.h>
int main(void) {
  struct btfbatch_btfs btfs;
  struct btfbatch_host host;
  struct btfbatch_result found;
  enum btfbatch_status status = btfbatch_open(&btfs, btfbatch_btfs, btfbatch_btfs_size);
  memset(&host, 0, sizeof host);
  strcpy(host.id, "debian");
  strcpy(host.version_id, "12");
  strcpy(host.machine, "x86_64");
  strcpy(host.kernel_release, "6.1.0-1-amd64");
  if (status == BTFBATCH_OK) status = btfbatch_find(&btfs, &host, NULL, &found);
  if (status != BTFBATCH_OK) {
    printf("%s\n", btfbatch_status_text(status));
    return 1;
  }
  printf("%.*s %d %d\n", (int)found.size, (const char*)found.data,
         (int)((uintptr_t)btfbatch_btfs % 8), (int)((uintptr_t)found.data % 8));
  return 0;
}
)";

class Embedding : public testing::Test {
 protected:
  Embedding() { dir_.write("main.c", kMain); }

  static std::vector<std::byte> btfs() {
    // Of a length that is no multiple of 8, so that the size's place has to be found.
    const BtfsKernel kernels[] = {{.identity = {.distro = "debian",
                                                .release = "12",
                                                .arch = "x86_64",
                                                .kernel_release = "6.1.0-1-amd64"},
                                   .btf = test::as_byte_span("found me")}};
    return write_btfs(kernels, {}).value();
  }
  std::filesystem::path write(const std::string& name, const std::vector<std::byte>& bytes) {
    return dir_.write(name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  // Runs the compiler, strict in what it takes, and without a word.
  void compile(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = {
        "/usr/bin/gcc", "-Wall",   "-Wextra",
        "-Wpedantic",   "-Werror", std::string("-I") + BTFBATCH_SOURCE_DIR + "/core/find"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const test::ProgramResult result = test::run_program(command, dir_.path());
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
  }
  // What the program prints, its main file being compiled as `language` ("c", "c++").
  [[nodiscard]] std::string build_and_run(const std::string& language, const std::string& standard,
                                          const std::vector<std::string>& objects) const {
    const std::string library = std::string(BTFBATCH_SOURCE_DIR) + "/core/find/btfbatch_find.c";
    compile({"-std=c99", "-c", library, "-o", "find.o"});
    compile({"-x", language, standard, "-c", "main.c", "-o", "main.o"});
    std::vector<std::string> link = {"main.o", "find.o", "-o", "program",
                                     "-Wl,-z,noexecstack,--fatal-warnings"};
    link.insert(link.end(), objects.begin(), objects.end());
    compile(link);
    return test::run_program({(dir_ / "program").string()}).out;
  }

  test::TempDir dir_;
};

TEST_F(Embedding, AnObjectIsLinkedIntoCAndCxx) {
  dir_.write("btfs.h", embedding_header());
  const auto object = embedding_object(own_elf_machine().value(), btfs());
  ASSERT_TRUE(object) << object.error().message;
  const auto file = write("btfs.o", *object);
  EXPECT_EQ(build_and_run("c", "-std=c99", {file.string()}), "found me 0 0\n");
  EXPECT_EQ(build_and_run("c++", "-std=c++11", {file.string()}), "found me 0 0\n");
}

TEST_F(Embedding, AHeaderHoldsTheBytesForCAndCxx) {
  dir_.write("btfs.h", embedding_header_with_bytes(btfs()));
  EXPECT_EQ(build_and_run("c", "-std=c99", {}), "found me 0 0\n");
  EXPECT_EQ(build_and_run("c++", "-std=c++11", {}), "found me 0 0\n");
}

// In a shared library, nobody else can meet its symbols, and nothing needs to be written at start.
TEST_F(Embedding, AnObjectShowsNothingOutsideOfASharedLibrary) {
  dir_.write("btfs.h", embedding_header());
  dir_.write("lib.c", R"(
#include "btfs.h"
uint64_t mine(void);
uint64_t mine(void) { return btfbatch_btfs_size + btfbatch_btfs[0]; }
)");
  const auto file = write("btfs.o", embedding_object(own_elf_machine().value(), btfs()).value());
  const test::ProgramResult built =
      test::run_program({"/usr/bin/gcc", "-shared", "-fPIC", "-O2", "-Wl,--fatal-warnings", "lib.c",
                         file.string(), "-o", "lib.so"},
                        dir_.path());
  ASSERT_EQ(built.exit_code, 0) << built.err;
  EXPECT_EQ(built.err, "");
  const auto readelf = std::filesystem::path(BTFBATCH_OBJDUMP).parent_path() / "llvm-readelf-19";
  const std::string text = test::run_program({readelf.string(), "--dyn-symbols",
                                              "--program-headers", (dir_ / "lib.so").string()})
                               .out;
  EXPECT_THAT(text, HasSubstr(" mine\n"));
  EXPECT_THAT(text, Not(HasSubstr("btfbatch")));
  EXPECT_THAT(text, ContainsRegex("GNU_STACK +0x0+ 0x0+ 0x0+ 0x0+ 0x0+ RW "));
}

TEST_F(Embedding, TheSizeIsInTheMachinesByteOrder) {
  const std::vector<std::byte> bytes(16, std::byte{0xaa});
  const auto ends_with = [&](ElfMachine machine, std::string_view size) {
    const std::vector<std::byte> object = embedding_object(machine, bytes).value();
    const std::string text(reinterpret_cast<const char*>(object.data()), object.size());
    return text.find(std::string(16, '\xaa') + std::string(size)) != std::string::npos;
  };
  EXPECT_TRUE(ends_with(ElfMachine::kArm64, {"\x10\0\0\0\0\0\0\0", 8}));
  EXPECT_TRUE(ends_with(ElfMachine::kS390x, {"\0\0\0\0\0\0\0\x10", 8}));
}

}  // namespace
}  // namespace btfbatch
