// The JSON form of what every relocation came to: a part of the manifest and of the report.
//
//   objects        in the order of the run; each with
//     name
//     architecture whose kernels it is for: "x86_64", "arm64", …; absent where it is for any, or
//                  where that is not known
//     programs     each {name, section, type, kernel_btf}; kernel_btf says why the program needs
//                  BTF in the kernel itself, so that no external one helps; absent where it does
//                  not
//     relocations  each {kind, path, joined_path, section, instruction, function, file, line,
//                  source}: libbpf's name of the kind; the access path as in C, and that through
//                  pointers (core/report/joined_paths.h); the instruction's place in its ELF
//                  section, in bytes; where in the C source it stands, and that line's text. What
//                  was not recorded is absent
//     sites        "0/0 0/1 1/0 -/2": program/relocation, numbers of the two lists above. A
//                  relocation in a function that several programs call has a site in each of them;
//                  "-": in no program
//     answers      the different ones that kernels have given; each with
//       sites      a letter for each site:
//                    r  resolved
//                    a  absent: an exists relocation and the like, answered by 0
//                    g  guarded: poisoned, but the program does not come there on this kernel
//                    p  probably guarded: the program asks whether it exists, but its branches
//                       could not be followed to the end
//                    b  broken: poisoned, and the program comes there
//                    m  ambiguous: has no one answer, a loader refuses the object
//       values     "2464 16 0": what a loader patches in, for each relocation; 0 where nothing
//       troubles   of what is broken or ambiguous, by relocation; each {relocation, reason,
//                  instead: {kind, path, type, text}}: what the kernel has that is near by name or
//                  place; absent where nothing is
//   results        "0 3 -": number of its answers for each object; "-" where the object is for
//                  other machines than the kernel, and is not judged on it
//
// and in each kernel that has a result:
//   result         number of its result
#pragma once

#include "pipeline/json_fields.h"
#include "pipeline/report/answers.h"

namespace btfbatch {

// The letter of a state in the JSON form.
[[nodiscard]] char letter_of(RelocationState state);

// The fields `objects` and `results` of the JSON form. The manifest goes without the lines of the
// objects' sources: `source` is absent then.
enum class SourceLines : bool { kLeftOut, kIncluded };
[[nodiscard]] Json json_of(const AnswerTable& table, SourceLines lines);

// Reads them again; every number in the result has been checked. Throws NotADocument or
// Json::exception.
[[nodiscard]] AnswerTable answers_from(const Json& json);

// Parts of it, for others who keep them: the kind by libbpf's name of it, and the field `instead`,
// which is absent where there is nothing.
[[nodiscard]] RelocationKind relocation_kind_from(const std::string& name);
void put_instead(Json& json, const Instead& instead);
[[nodiscard]] Instead instead_from(const Json& json);

}  // namespace btfbatch
