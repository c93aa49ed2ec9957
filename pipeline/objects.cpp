#include "pipeline/objects.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <iterator>

#include "core/elf/sections.h"
#include "core/object/architecture.h"
#include "core/object/embedded.h"
#include "core/report/needs.h"
#include "core/verify/verify.h"
#include "pipeline/buffer.h"
#include "pipeline/file.h"
#include "pipeline/read_write.h"

namespace btfbatch {
namespace {

// Far above any executable; keeps a mistyped path from filling the memory.
constexpr std::uint64_t kLargestFile = 1ULL << 30;

// The *.o files in a folder, sorted.
Result<std::vector<std::filesystem::path>> objects_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() == ".o") {
      found.push_back(it->path());
    }
  }
  if (error) {
    return fail(fmt::format("{}: cannot be read: {}", folder.string(), error.message()));
  }
  if (found.empty()) {
    return fail(fmt::format("{}: no *.o file in this folder", folder.string()));
  }
  std::ranges::sort(found);
  return found;
}

// The files that the paths stand for.
Result<std::vector<std::filesystem::path>> files_of(std::span<const std::filesystem::path> paths) {
  std::vector<std::filesystem::path> files;
  for (const std::filesystem::path& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    Result<std::vector<std::filesystem::path>> found = objects_in(path);
    if (!found) {
      return found;
    }
    files.insert(files.end(), found->begin(), found->end());
  }
  return files;
}

// Why no object was found in a file.
Error no_object(std::span<const std::byte> content) {
  if (!has_elf_magic(content)) {
    return Error{"neither an eBPF object nor a file that embeds one"};
  }
  const Result<ElfFile> elf = read_elf(content);
  if (!elf) {
    return elf.error();
  }
  return Error{
      elf->machine == kMachineBpf
          ? std::string(
                "ELF: an eBPF file without its section headers: cut short, or not of 64 bits")
          : fmt::format("ELF: for machine {}, not eBPF ({}), and no eBPF object is embedded "
                        "in it",
                        elf->machine, kMachineBpf)};
}

// All objects in one file.
struct FileObjects {
  std::deque<std::string> images;
  std::vector<Object> objects;  // refer to `images`
  std::vector<ObjectSummary> summaries;
};

Result<FileObjects> parse_file(const std::string& file, std::span<const std::byte> content) {
  const std::vector<EmbeddedObject> found = find_embedded_objects(content);
  if (found.empty()) {
    return fail_within(file, no_object(content));
  }
  FileObjects all;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string name = i == 0 ? file : fmt::format("{}#{}", file, i + 1);
    const std::string& image = all.images.emplace_back(
        reinterpret_cast<const char*>(found[i].bytes.data()), found[i].bytes.size());
    Result<Object> object = parse_object(name, bytes_of(image));
    if (!object) {
      return fail_within(name, std::move(object).error());
    }
    const bool is_embedded = found[i].offset != 0;
    if (const std::string_view machine = architecture_of_executable(content);
        is_embedded && !machine.empty()) {
      object->architecture = machine;
    }
    all.summaries.push_back({.name = name,
                             .found_in = is_embedded ? file : std::string(),
                             .relocations = object->relocations.size(),
                             .programs = object->programs.size(),
                             .has_btf_ext = object->has_btf_ext,
                             .warnings = object->warnings});
    all.objects.push_back(*std::move(object));
  }
  return all;
}

// The whole file in place of what `content` held. Between its pieces it looks whether to stop: a
// file may be large, and its disk slow.
Result<void> read_content(const std::filesystem::path& path, Buffer& content, StopSignal* stop) {
  constexpr std::size_t kPiece = 16U << 20;
  content.clear();
  const Result<OpenFile> file = open_regular_file(path, kLargestFile);
  if (!file) {
    return std::unexpected(file.error());
  }
  content.reserve(file->size);
  while (content.size() < file->size) {
    if (stop != nullptr && stop->stopped()) {
      return fail("stopped");
    }
    const std::size_t before = content.size();
    const std::size_t wanted = std::min<std::size_t>(kPiece, file->size - before);
    const Result<std::size_t> got = read_all(file->fd, content.append_unfilled(wanted));
    if (!got) {
      return std::unexpected(got.error());
    }
    content.shorten(before + *got);
    if (*got < wanted) {
      break;  // shortened since it was opened; what is left is what it holds now
    }
  }
  return {};
}

// What each of the files holds, read by `jobs` threads.
std::vector<Result<FileObjects>> read_files(std::span<const std::filesystem::path> files,
                                            unsigned jobs, StopSignal* stop) {
  std::vector<Result<FileObjects>> read(files.size(), fail("stopped"));
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    // Executables are many times as large as the objects in them: one after the other in the same
    // memory, and only the objects are kept.
    Buffer content;
    for (std::size_t i = next++; i < files.size(); i = next++) {
      if (stop != nullptr && stop->stopped()) {
        return;
      }
      const std::string name = files[i].string();
      Result<void> filled = read_content(files[i], content, stop);
      read[i] =
          filled ? parse_file(name, content.bytes()) : fail_within(name, std::move(filled).error());
    }
  };
  std::vector<std::future<void>> others;
  for (std::size_t job = 1; job < std::min<std::size_t>(jobs, files.size()); ++job) {
    others.push_back(std::async(std::launch::async, work));
  }
  work();
  for (std::future<void>& other : others) {
    other.get();
  }
  return read;
}

}  // namespace

Result<LoadedObjects> load_objects(std::span<const std::filesystem::path> paths, unsigned jobs,
                                   StopSignal* stop) {
  const Result<std::vector<std::filesystem::path>> files = files_of(paths);
  if (!files) {
    return std::unexpected(files.error());
  }
  if (files->empty()) {
    return fail("no objects given");
  }
  std::deque<std::string> images;
  std::vector<Object> objects;
  std::vector<ObjectSummary> summaries;
  std::vector<Result<FileObjects>> read = read_files(*files, jobs, stop);
  for (Result<FileObjects>& file : read) {
    if (!file) {
      return std::unexpected(std::move(file).error());
    }
    // The objects refer to the images' bytes, which stay where they are: no string as long as an
    // ELF header holds them within itself.
    std::ranges::move(file->images, std::back_inserter(images));
    std::ranges::move(file->objects, std::back_inserter(objects));
    std::ranges::move(file->summaries, std::back_inserter(summaries));
  }
  Result<ObjectSet> set = ObjectSet::make(std::move(objects));
  if (!set) {
    return std::unexpected(std::move(set).error());
  }
  for (const ObjectSummary& object : summaries) {
    for (const std::string& warning : object.warnings) {
      spdlog::debug("{}: {}", object.name, warning);
    }
  }
  for (std::size_t i = 0; i < summaries.size(); ++i) {
    for (const ProgramNeed& program : program_needs_of(set->objects()[i])) {
      if (!program.kernel_btf.empty()) {
        summaries[i].kernel_btf_programs.push_back(
            fmt::format("{} ({})", program.name, program.kernel_btf));
      }
    }
  }
  for (const std::uint32_t object : objects_with_target_type_ids(*set)) {
    summaries[object].warnings.emplace_back(
        "asks for the ID of a kernel type (bpf_core_type_id_kernel): with BTF that is not the "
        "kernel's own, the ID means nothing to the kernel");
  }
  return LoadedObjects{
      .images = std::move(images), .set = *std::move(set), .summaries = std::move(summaries)};
}

Result<LoadedObjects> no_objects() {
  Result<ObjectSet> set = ObjectSet::make({});
  if (!set) {
    return std::unexpected(std::move(set).error());
  }
  return LoadedObjects{.images = {}, .set = *std::move(set), .summaries = {}};
}

}  // namespace btfbatch
