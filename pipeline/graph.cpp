#include "pipeline/graph.h"

#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <memory>
#include <optional>

#include "pipeline/stages.h"

namespace btfbatch {
namespace {

namespace flow = oneapi::tbb::flow;
using WorkPtr = std::shared_ptr<KernelWork>;

// Kernels between scan and write, for each thread. As many may finish while the first of them, a
// rare one of 27 MB, is still being expanded, before threads have to wait for it. Only those that
// are just being worked on hold a full BTF.
constexpr std::size_t kInFlightPerJob = 4;

Result<ProcessedKernels> run_graph(Archive& archive, const ObjectSet& objects,
                                   const PastResults& past, BlobStore& blobs,
                                   const GraphOptions& options, StopSignal& stop,
                                   const std::function<void(const KernelOutcome&)>& kernel_done) {
  const UnpackLimits limits{.max_btf_size = options.max_btf_size, .stop = &stop};
  BufferPool buffers;
  KernelWriter writer(blobs, options.strict, stop, kernel_done);
  std::size_t next_sequence = 0;

  flow::graph graph;
  flow::input_node<WorkPtr> scan(graph, [&](oneapi::tbb::flow_control& control) -> WorkPtr {
    std::optional<Entry> entry = stop.stopped() ? std::nullopt : archive.next();
    if (!entry) {
      control.stop();
      return nullptr;
    }
    return std::make_shared<KernelWork>(start_work(next_sequence++, *std::move(entry)));
  });
  flow::limiter_node<WorkPtr> in_flight(graph, kInFlightPerJob * options.jobs);
  flow::function_node<WorkPtr, WorkPtr> unpack(graph, flow::unlimited, [&](const WorkPtr& work) {
    unpack_kernel(*work, limits, past, buffers);
    return work;
  });
  flow::function_node<WorkPtr, WorkPtr> minimize(graph, flow::unlimited, [&](const WorkPtr& work) {
    minimize_kernel(*work, objects, past, buffers);
    return work;
  });
  flow::sequencer_node<WorkPtr> in_order(graph, [](const WorkPtr& work) { return work->sequence; });
  flow::function_node<WorkPtr, flow::continue_msg> write(graph, flow::serial,
                                                         [&](const WorkPtr& work) {
                                                           writer.write(*work);
                                                           return flow::continue_msg();
                                                         });

  //   scan ──▶ in_flight ──▶ unpack ──▶ minimize ──▶ in_order ──▶ write
  //                ▲                                                │
  //                └──────────────── one token back ────────────────┘
  //
  // The token comes back from the very end, so that kernels which wait for an earlier one in
  // in_order count as well, and memory does not grow with the archive.
  flow::make_edge(scan, in_flight);
  flow::make_edge(in_flight, unpack);
  flow::make_edge(unpack, minimize);
  flow::make_edge(minimize, in_order);
  flow::make_edge(in_order, write);
  flow::make_edge(write, in_flight.decrementer());

  scan.activate();
  graph.wait_for_all();
  return writer.finish();
}

}  // namespace

Result<ProcessedKernels> process_kernels(
    Archive& archive, const ObjectSet& objects, const PastResults& past, BlobStore& blobs,
    const GraphOptions& options, StopSignal& stop,
    const std::function<void(const KernelOutcome&)>& kernel_done) {
  const oneapi::tbb::global_control threads(oneapi::tbb::global_control::max_allowed_parallelism,
                                            options.jobs);
  // The arena has a place for the calling thread, which works with the others.
  oneapi::tbb::task_arena arena(static_cast<int>(options.jobs));
  return arena.execute(
      [&] { return run_graph(archive, objects, past, blobs, options, stop, kernel_done); });
}

}  // namespace btfbatch
