#include "tests/support/tree.h"

#include "tests/support/temp_dir.h"

namespace btfbatch::test {
namespace {

void read_all(const std::filesystem::path& root, const std::filesystem::path& folder, Tree& tree) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_directory()) {
      read_all(root, entry.path(), tree);
    } else {
      tree[entry.path().lexically_relative(root).string()] =
          entry.exists() ? read_file(entry.path()) : "nothing";
    }
  }
}

}  // namespace

Tree read_tree(const std::filesystem::path& root) {
  Tree tree;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string path = entry.path().lexically_relative(root).string();
    if (entry.is_symlink()) {
      tree[path] = "link " + std::filesystem::read_symlink(entry.path()).string();
    } else if (entry.is_directory()) {
      tree[path] = "folder";
    } else {
      tree[path] = "file " + read_file(entry.path());
    }
  }
  return tree;
}

Tree read_through_links(const std::filesystem::path& root) {
  Tree tree;
  read_all(root, root, tree);
  return tree;
}

}  // namespace btfbatch::test
