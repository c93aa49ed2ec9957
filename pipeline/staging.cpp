#include "pipeline/staging.h"

#include <fmt/format.h>

#include "pipeline/file.h"

namespace btfbatch {

std::filesystem::path Staging::new_path() {
  return folder_.placing_folder() / std::to_string(staged_++);
}

Result<void> Staging::stage(std::vector<Step>& steps, StopSignal* stop) {
  for (Step& step : steps) {
    if (step.stays) {
      continue;
    }
    if (stop != nullptr && stop->stopped()) {
      return fail("stopped");
    }
    if (Result<void> staged = stage_step(step); !staged) {
      return staged;
    }
  }
  return {};
}

Result<void> Staging::stage_step(Step& step) {
  // What cannot wait, as it is, for its link to be made.
  const bool needs_stand_in = step.found == Found::kLink || step.is_behind_obstacle ||
                              (step.found == Found::kFolder && !step.planned->blob);
  if (step.planned->link.empty() || needs_stand_in) {
    step.file = new_path();
    if (Result<void> staged =
            step.planned->blob ? stage_file(*step.planned->blob, step.file) : stage_folder(step);
        !staged) {
      return staged;
    }
  }
  if (!step.planned->link.empty()) {
    step.link = new_path();
    std::error_code error;
    std::filesystem::create_symlink(step.planned->link, step.link, error);
    if (error) {
      return cannot_place(at(*step.path), error);
    }
  }
  return {};
}

Result<std::filesystem::path> Staging::stage_document(const std::string& text,
                                                      std::string_view name) {
  if (holds_text(at(name), text)) {
    return std::filesystem::path();
  }
  const std::filesystem::path staged = new_path();
  if (Result<void> written = write_new_file(staged, bytes_of(text), Sync::kYes); !written) {
    return std::unexpected(std::move(written).error());
  }
  return staged;
}

// Makes `file` hold the blob's bytes, on the disk.
Result<void> Staging::stage_file(std::size_t blob, const std::filesystem::path& file) {
  const bool is_first = !is_used_[blob];
  is_used_[blob] = true;
  // An inode that lies in the output already may be shared where inodes are to be shared.
  if (layout_ == Layout::kHardlink ||
      (blobs_.is_own(blob) && (layout_ != Layout::kCopy || is_first))) {
    const std::filesystem::path* const staying =
        layout_ == Layout::kHardlink ? in_place_.staying(blob) : nullptr;
    const std::filesystem::path source = staying != nullptr ? *staying : blobs_.file(blob);
    if (is_first) {
      if (Result<void> synced = sync_path(source); !synced) {
        return synced;
      }
    }
    std::error_code error;
    std::filesystem::create_hard_link(source, file, error);
    if (!error) {
      return {};
    }
    // A file system without hard links, or too many links: a copy serves as well.
  }
  const Result<std::string> content = blobs_.read(blob);
  return content ? write_new_file(file, bytes_of(*content), Sync::kYes)
                 : std::unexpected(content.error());
}

// Makes the step's `file` a folder that shows what the folder shows to which its link leads.
Result<void> Staging::stage_folder(const Step& step) {
  const std::filesystem::path above = std::filesystem::path(*step.path).parent_path();
  const std::string folder = (above / step.planned->link).lexically_normal().string() + "/";
  std::error_code error;
  std::filesystem::create_directory(step.file, error);
  for (auto it = plan_.lower_bound(folder);
       !error && it != plan_.end() && it->first.starts_with(folder); ++it) {
    if (!it->second.blob) {
      continue;
    }
    const std::string inner = it->first.substr(folder.size());
    stand_ins_.insert(fmt::format("{}/{}", *step.path, inner));
    std::filesystem::create_directories((step.file / inner).parent_path(), error);
    if (error) {
      break;
    }
    if (Result<void> staged = stage_file(*it->second.blob, step.file / inner); !staged) {
      return staged;
    }
  }
  return error ? cannot_place(at(*step.path), error) : Result<void>();
}

}  // namespace btfbatch
