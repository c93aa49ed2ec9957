// What the nodes of the graph do, as plain functions.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/minimize/minimize.h"
#include "core/object/object_set.h"
#include "pipeline/blob_store.h"
#include "pipeline/buffer.h"
#include "pipeline/hand_over.h"
#include "pipeline/past_results.h"
#include "pipeline/report/answers.h"
#include "pipeline/report/kernel_answers.h"
#include "pipeline/run.h"
#include "pipeline/scan.h"
#include "pipeline/stop_signal.h"
#include "pipeline/unpack.h"
#include "pipeline/verify_output.h"

namespace btfbatch {

struct KernelToPack;

// What has become of the kernels of an archive.
struct ProcessedKernels {
  static constexpr std::size_t kNoBlob = static_cast<std::size_t>(-1);

  std::vector<KernelOutcome> outcomes;  // in the archive's order
  std::vector<std::size_t> blobs;       // of each outcome; kNoBlob where it failed
};

// One kernel on its way through the graph. Only one stage has it at a time.
struct KernelWork {
  HandOver hand_over;        // from stage to stage
  std::size_t sequence = 0;  // its place in the archive's order
  Entry entry;
  KernelOutcome outcome;
  Buffer btf;                              // the full one, between unpack and judge
  SharedView view;                         // of it, where unpacking has opened it
  std::optional<MinimizedBtf> minimized;   // from judge to collect; nothing where failed
  std::optional<KernelReport> report;      // the same; nothing where none is wanted
  std::optional<VerifiedKernel> verified;  // the same, where an output is verified
  std::shared_ptr<KernelToPack> to_pack;   // the same, where a pack is made
  std::filesystem::path earlier_file;      // that holds `minimized` already; empty where none
};

// Begins the work on an entry.
[[nodiscard]] KernelWork start_work(std::size_t sequence, Entry entry);

// Opens work.btf as load_kernel_btf() does, where it is not open yet.
[[nodiscard]] Result<SharedView> open_btf(const KernelWork& work);

// Lets go of it, and gives the memory back.
void drop_btf(KernelWork& work, BufferPool& buffers);

// Whether there is nothing left to do for the kernel than to tell why.
[[nodiscard]] bool has_failed(const KernelWork& work);

// Takes over the result of an earlier run into work.minimized where there is one, else fills
// work.btf, or makes the kernel a failed one. Thread-safe. `answers`, where given, makes the report
// of a result that is taken over, or says that it cannot be.
void unpack_kernel(KernelWork& work, const UnpackLimits& limits, const PastResults& past,
                   BufferPool& buffers, KernelAnswers* answers = nullptr);

// Fills work.minimized, gives work.btf back, and hands the result on to later runs, or makes the
// kernel a failed one; does nothing for one that failed before or has its result. With Proof::kYes
// every relocation is replayed against both BTFs, and each difference is one of the outcome's
// reasons, so that the kernel is degraded. `answers`, where given, makes its report. Thread-safe.
enum class Proof : bool { kNo, kYes };
void minimize_kernel(KernelWork& work, const ObjectSet& objects, const PastResults& past,
                     BufferPool& buffers, Proof proof = Proof::kNo,
                     KernelAnswers* answers = nullptr);

// Instead of minimize_kernel(): makes all of work.btf the result, be it valid or not. Thread-safe.
void keep_whole(KernelWork& work, BufferPool& buffers);
// The version of such results, apart from all of kOutputVersion.
inline constexpr std::uint32_t kWholeVersion = 0x80000001;

// "opensnoop.bpf.o: kprobe/do_open+0x18: task_struct.pid (byte_off): ambiguous: …": where a
// relocation stands, and what there is to say of it. The numbers are those of ObjectSet.
[[nodiscard]] std::string describe_relocation(const ObjectSet& objects, std::uint32_t object,
                                              std::uint32_t relocation, std::string_view reason);

// The last stage, which sees the kernels in order.
class KernelWriter {
 public:
  // The arguments are borrowed and must outlive the writer.
  KernelWriter(BlobStore& blobs, bool strict, StopSignal& stop,
               const std::function<void(const KernelOutcome&)>& kernel_done,
               AnswerCollector* answers = nullptr)
      : blobs_(blobs), strict_(strict), stop_(stop), kernel_done_(kernel_done), answers_(answers) {}

  // Stores the kernel's bytes, notes its outcome, and its report in `answers` where given. Once the
  // run is stopped, nothing more is noted, so that the outcomes are those of the archive's
  // beginning.
  void write(KernelWork& work);

  // What was noted, or why the run had to be stopped.
  [[nodiscard]] Result<ProcessedKernels> finish();

 private:
  BlobStore& blobs_;
  bool strict_;
  StopSignal& stop_;
  const std::function<void(const KernelOutcome&)>& kernel_done_;
  AnswerCollector* answers_;
  ProcessedKernels processed_;
  std::optional<Error> failure_;
};

}  // namespace btfbatch
