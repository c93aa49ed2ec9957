#include "pipeline/objects.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/elf/sections.h"
#include "core/object/embedded.h"
#include "core/report/needs.h"
#include "core/verify/verify.h"
#include "pipeline/file.h"

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

// Parses all objects in one file and appends them to `objects` and `summaries`.
Result<void> parse_file(const std::string& file, std::span<const std::byte> content,
                        std::vector<Object>& objects, std::vector<ObjectSummary>& summaries) {
  const std::vector<EmbeddedObject> images = find_embedded_objects(content);
  if (images.empty()) {
    return fail_within(file, no_object(content));
  }
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::string name = i == 0 ? file : fmt::format("{}#{}", file, i + 1);
    Result<Object> object = parse_object(name, images[i].bytes);
    if (!object) {
      return fail_within(name, std::move(object).error());
    }
    for (const std::string& warning : object->warnings) {
      spdlog::debug("{}: {}", name, warning);
    }
    const bool is_embedded = images[i].offset != 0;
    summaries.push_back({.name = name,
                         .found_in = is_embedded ? file : std::string(),
                         .relocations = object->relocations.size(),
                         .programs = object->programs.size(),
                         .has_btf_ext = object->has_btf_ext,
                         .warnings = object->warnings});
    objects.push_back(*std::move(object));
  }
  return {};
}

}  // namespace

Result<LoadedObjects> load_objects(std::span<const std::filesystem::path> paths, StopSignal* stop) {
  const Result<std::vector<std::filesystem::path>> files = files_of(paths);
  if (!files) {
    return std::unexpected(files.error());
  }
  if (files->empty()) {
    return fail("no objects given");
  }
  std::vector<std::string> contents;
  contents.reserve(files->size());  // objects refer to the strings: they must not move
  std::vector<Object> objects;
  std::vector<ObjectSummary> summaries;
  for (const std::filesystem::path& file : *files) {
    if (stop != nullptr && stop->stopped()) {
      return fail("stopped");
    }
    Result<std::string> content = read_file(file, kLargestFile);
    if (!content) {
      return fail_within(file.string(), std::move(content).error());
    }
    contents.push_back(*std::move(content));
    if (Result<void> parsed =
            parse_file(file.string(), bytes_of(contents.back()), objects, summaries);
        !parsed) {
      return std::unexpected(std::move(parsed).error());
    }
  }
  Result<ObjectSet> set = ObjectSet::make(std::move(objects));
  if (!set) {
    return std::unexpected(std::move(set).error());
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
      .files = std::move(contents), .set = *std::move(set), .summaries = std::move(summaries)};
}

Result<LoadedObjects> no_objects() {
  Result<ObjectSet> set = ObjectSet::make({});
  if (!set) {
    return std::unexpected(std::move(set).error());
  }
  return LoadedObjects{.files = {}, .set = *std::move(set), .summaries = {}};
}

}  // namespace btfbatch
