#include "tests/cli/program.h"

#include <sstream>
#include <stdexcept>
#include <utility>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "core/object/object.h"
#include "core/object/object_set.h"
#include "test_paths.h"

namespace btfbatch::test {

namespace fs = std::filesystem;

Tree tree_of(const fs::path& folder) {
  Tree tree;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    if (entry.is_symlink()) {
      tree[name] = "-> " + fs::read_symlink(entry.path()).string();
    } else if (entry.is_regular_file()) {
      tree[name] = test::read_file(entry.path());
    }
  }
  return tree;
}

std::string minimized(std::string_view kernel, const std::vector<std::string>& objects) {
  std::vector<std::string> contents;
  for (const std::string& name : objects) {
    contents.push_back(test::read_file(object_path(name)));
  }
  std::vector<Object> parsed;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    auto object = parse_object(objects[i], as_byte_span(contents[i]));
    if (!object) {
      throw std::runtime_error(object.error().message);
    }
    parsed.push_back(*std::move(object));
  }
  const auto set = ObjectSet::make(std::move(parsed));
  if (!set) {
    throw std::runtime_error(set.error().message);
  }
  const std::string full = test::read_file(kernel_path(kernel));
  const auto view = load_kernel_btf(as_byte_span(full));
  if (!view) {
    throw std::runtime_error(view.error().message);
  }
  const auto result = minimize(*view, *set);
  if (!result) {
    throw std::runtime_error(result.error().message);
  }
  return {reinterpret_cast<const char*>(result->bytes.data()), result->bytes.size()};
}

std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    auto parsed = nlohmann::json::parse(line, nullptr, false);
    EXPECT_TRUE(parsed.is_object()) << line;
    lines.push_back(std::move(parsed));
  }
  return lines;
}

void ProgramTest::add_kernel(std::string_view path, std::string_view kernel) {
  const fs::path place(path);
  dir_.write(
      "archive" / fs::path(std::string(path) + ".btf.tar.xz"),
      make_kernel_tar(place.filename().string() + ".btf", test::read_file(kernel_path(kernel))));
}

void ProgramTest::add_good_kernels() {
  add_kernel(kArm, "moved_fields");
  add_kernel(kAmd1, "reference");
  add_kernel(kAmd2, "reference");
  add_kernel(kGeneric1, "moved_fields");
  add_kernel(kGeneric2, "empty");
}

ProgramResult ProgramTest::btfbatch(const Arguments& arguments) const {
  ProgramResult result = run_program(command(arguments), dir_.path());
  EXPECT_EQ(result.signal, 0) << "the program was killed, or crashed: " << result.err;
  return result;
}

Arguments ProgramTest::job(const Arguments& more, const std::vector<std::string>& objects) const {
  Arguments arguments{"--archive", "archive", "--out", "out", "--objs"};
  for (const std::string& object : objects) {
    arguments.push_back(object_path(object));
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

Arguments ProgramTest::command(const Arguments& arguments) {
  Arguments whole{BTFBATCH_EXECUTABLE};
  whole.insert(whole.end(), arguments.begin(), arguments.end());
  return whole;
}

nlohmann::json ProgramTest::manifest() const {
  return nlohmann::json::parse(test::read_file(out() / "btfbatch.json"));
}

}  // namespace btfbatch::test
