#include "pipeline/bundle/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "pipeline/bundle/path_template.h"
#include "pipeline/file.h"

namespace btfbatch {
namespace {

struct Ending {
  std::string_view text;
  BundleForm form;
};
constexpr std::array<Ending, 6> kEndings = {{{".tar.gz", BundleForm::kTarGzip},
                                             {".tgz", BundleForm::kTarGzip},
                                             {".tar.xz", BundleForm::kTarXz},
                                             {".txz", BundleForm::kTarXz},
                                             {".tar.zst", BundleForm::kTarZstd},
                                             {".btfs", BundleForm::kBtfs}}};

// What a run reads and writes besides.
struct Others {
  const std::filesystem::path& archive;
  std::span<const std::filesystem::path> objects;
  const std::filesystem::path& out;
};

// What speaks against a file's place beside what the run reads and writes.
Result<void> check_place(const std::filesystem::path& file, const Others& others) {
  if (Result<void> checked = check_place_of_new_file(file, others.archive); !checked) {
    return checked;
  }
  std::error_code error;
  const std::filesystem::path place = resolve_place(file, error);
  const auto is_in = [&](const std::filesystem::path& other) {
    return !other.empty() && is_within(place, resolve_place(other, error)) && !error;
  };
  if (is_in(others.out)) {
    return fail(
        fmt::format("lies inside of --out {}, where only the tree belongs", others.out.string()));
  }
  for (const std::filesystem::path& object : others.objects) {
    if (std::filesystem::equivalent(place, object, error) && !error) {
      return fail("is one of --objs, and would be replaced");
    }
    if (place.extension() == ".o" && std::filesystem::is_directory(object, error) &&
        is_in(object)) {
      return fail(
          fmt::format("lies in {}, which --objs names: the next run would take it for one "
                      "of them",
                      object.string()));
    }
  }
  return {};
}

}  // namespace

std::optional<BundleForm> bundle_form_of(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  const auto found = std::ranges::find_if(kEndings, [&](const Ending& ending) {
    return name.size() > ending.text.size() && name.ends_with(ending.text);
  });
  return found == kEndings.end() ? std::nullopt : std::optional(found->form);
}

Result<void> BundleOptions::check(const std::filesystem::path& archive,
                                  std::span<const std::filesystem::path> objects,
                                  const std::filesystem::path& out) const {
  std::vector<std::pair<std::string_view, std::filesystem::path>> wanted;
  for (const std::filesystem::path& file : files) {
    if (!bundle_form_of(file)) {
      return fail(
          fmt::format("--bundle {}: the ending says the form: .tar.gz, .tar.xz, .tar.zst or .btfs",
                      file.string()));
    }
    wanted.emplace_back("--bundle", file);
  }
  if (!object_file.empty()) {
    if (!object_machine && !own_elf_machine()) {
      return fail(
          "--emit-object: objects are not made for a machine like this one; name another with "
          "--object-arch");
    }
    wanted.emplace_back("--emit-object", object_file);
  }
  if (!header_file.empty()) {
    wanted.emplace_back("--emit-header", header_file);
  }
  std::set<std::filesystem::path> seen;
  for (const auto& [option, file] : wanted) {
    std::error_code error;
    Result<void> checked = check_place(file, {.archive = archive, .objects = objects, .out = out});
    if (checked && !seen.insert(resolve_place(file, error)).second) {
      checked = fail("is to be made twice");
    }
    if (!checked) {
      return fail_within(fmt::format("{} {}", option, file.string()), std::move(checked).error());
    }
  }
  if (const Result<PathTemplates> templates = PathTemplates::parse(paths); !templates) {
    return fail_within("--bundle-path", templates.error());
  }
  return {};
}

}  // namespace btfbatch
