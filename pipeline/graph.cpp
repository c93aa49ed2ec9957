#include "pipeline/graph.h"

#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <memory>
#include <optional>

namespace btfbatch {
namespace {

namespace flow = oneapi::tbb::flow;
using WorkPtr = std::shared_ptr<KernelWork>;

// Kernels between scan and collect, for each thread. As many may finish while the first of them, a
// rare one of 27 MB, is still being expanded, before threads have to wait for it. Only those that
// are just being worked on hold a full BTF.
constexpr std::size_t kInFlightPerJob = 4;

void run_in_arena(Archive& archive, unsigned jobs, StopSignal& stop, const Stages& stages) {
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
  flow::limiter_node<WorkPtr> in_flight(graph, kInFlightPerJob * jobs);
  flow::function_node<WorkPtr, WorkPtr> unpack(graph, flow::unlimited, [&](const WorkPtr& work) {
    stages.unpack(*work);
    return work;
  });
  flow::function_node<WorkPtr, WorkPtr> judge(graph, flow::unlimited, [&](const WorkPtr& work) {
    stages.judge(*work);
    return work;
  });
  flow::sequencer_node<WorkPtr> in_order(graph, [](const WorkPtr& work) { return work->sequence; });
  flow::function_node<WorkPtr, flow::continue_msg> collect(graph, flow::serial,
                                                           [&](const WorkPtr& work) {
                                                             stages.collect(*work);
                                                             return flow::continue_msg();
                                                           });

  //   scan ──▶ in_flight ──▶ unpack ──▶ judge ──▶ in_order ──▶ collect
  //                ▲                                              │
  //                └─────────────── one token back ───────────────┘
  //
  // The token comes back from the very end, so that kernels which wait for an earlier one in
  // in_order count as well, and memory does not grow with the archive.
  flow::make_edge(scan, in_flight);
  flow::make_edge(in_flight, unpack);
  flow::make_edge(unpack, judge);
  flow::make_edge(judge, in_order);
  flow::make_edge(in_order, collect);
  flow::make_edge(collect, in_flight.decrementer());

  scan.activate();
  graph.wait_for_all();
}

}  // namespace

void run_graph(Archive& archive, unsigned jobs, StopSignal& stop, const Stages& stages) {
  const oneapi::tbb::global_control threads(oneapi::tbb::global_control::max_allowed_parallelism,
                                            jobs);
  // The arena has a place for the calling thread, which works with the others.
  oneapi::tbb::task_arena arena(static_cast<int>(jobs));
  arena.execute([&] { run_in_arena(archive, jobs, stop, stages); });
}

}  // namespace btfbatch
