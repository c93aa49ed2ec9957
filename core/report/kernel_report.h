// What becomes of every object, program and relocation on one kernel.
//
//   const ObjectSet objects = …;                       // once
//   const std::vector<ObjectNeeds> needs = needs_of(objects);
//   KernelReporter reporter(objects, needs);
//   Answers answers;                                   // for each kernel, from any thread
//   minimize(kernel, objects, &answers);
//   const KernelReport report = reporter.report(kernel, answers);
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/btf/view.h"
#include "core/kernel_identity.h"
#include "core/object/object_set.h"
#include "core/relocation/answers.h"
#include "core/report/needs.h"

namespace btfbatch {

// What becomes of a relocation in one program, from good to bad. A program is as well off as the
// worst of its relocations, an object as the worst of its programs.
enum class RelocationState : std::uint8_t {
  kResolved,
  kAbsent,  // a question that may be answered with 0, and is: exists, matches, size or ID of a type
  kGuarded,  // poisoned, but with this kernel's answers put in, the program never comes there
  // Poisoned, and the program asks for the same field, type or enumerator by an exists relocation
  // that is answered 0; but its branches could not be followed to the end.
  kProbablyGuarded,
  kBroken,     // poisoned, and the program comes there: the verifier refuses it
  kAmbiguous,  // has no one answer: a loader refuses the whole object
};
inline constexpr std::uint32_t kRelocationStateCount = 6;

// "resolved", "absent", "guarded", "probably_guarded", "broken", "ambiguous".
[[nodiscard]] std::string_view relocation_state_name(RelocationState state);

// What the kernel has in place of what a broken relocation asks for.
struct Instead {
  enum class Kind : std::uint8_t {
    kNothing,        // nothing that is near by name or place
    kRenamedMember,  // a member of another, similar name
    kMovedMember,    // the member of that name lies in another struct, within or around
    kChangedType,    // the member is there, its type is another
    kChangedSize,    // the member is there, the load or store cannot be fitted to its size
    kRenamedType,    // a type of a similar name
    kChangedKind,    // a type of that name, but a union for a struct, a typedef for an enum …
    kRenamedEnumerator,
  };
  Kind kind = Kind::kNothing;
  std::string path;  // what the kernel has, as C writes it: "task_struct.__state"
  std::string type;  // its type: "unsigned int"
  // The same as one sentence: "task_struct has __state (unsigned int)"; empty for kNothing.
  std::string text;

  bool operator==(const Instead&) const = default;
};

// "nothing", "renamed_member", "moved_member", "changed_type", "changed_size", "renamed_type",
// "changed_kind", "renamed_enumerator".
[[nodiscard]] std::string_view instead_kind_name(Instead::Kind kind);

// A relocation that is broken or ambiguous in at least one program.
struct Trouble {
  std::uint32_t relocation = 0;  // index into ObjectNeeds::relocations
  // Why: "task_struct has no member state", "no type of this name". The same words for all kernels
  // that differ in type IDs alone.
  std::string reason;
  Instead instead;

  bool operator==(const Trouble&) const = default;
};

// One object on one kernel. Immutable; kernels on which all is the same share it.
struct ObjectReport {
  std::vector<RelocationState> sites;  // of each of ObjectNeeds::sites
  std::vector<std::uint64_t> values;  // of each relocation, what a loader patches in; 0 where none,
                                      // and for the ID of a kernel's type
  std::vector<Trouble> troubles;      // by relocation

  bool operator==(const ObjectReport&) const = default;

  // The worst of all sites; kResolved where there are none.
  [[nodiscard]] RelocationState worst() const;
  // The same for one program, or kNoProgram, of the object.
  [[nodiscard]] RelocationState worst_of(const ObjectNeeds& needs, std::uint32_t program) const;
};

// For each object of the set, in its order. Equal pointers: the same in all. Null: the object is
// for other machines than the kernel (core/object/architecture.h) and is not judged on it.
using KernelReport = std::vector<std::shared_ptr<const ObjectReport>>;

// Makes the reports on all kernels of a run. Thread-safe; remembers what it has worked out, and
// hands out the same ObjectReport again where a kernel comes to the same.
class KernelReporter {
 public:
  // Both must outlive the reporter.
  KernelReporter(const ObjectSet& objects, std::span<const ObjectNeeds> needs);
  ~KernelReporter();
  KernelReporter(const KernelReporter&) = delete;
  KernelReporter& operator=(const KernelReporter&) = delete;

  // `answers`: this kernel's, from minimize() or answer_all(). `kernel`: its full BTF, in which is
  // looked for what it has instead. With a minimized BTF the states are the same, but there is
  // nothing else to be found in it. `identity` tells its architecture.
  [[nodiscard]] KernelReport report(const BtfView& kernel, const Answers& answers,
                                    const KernelIdentity& identity = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace btfbatch
