#include "pipeline/graph.h"

#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <memory>
#include <optional>

#include "pipeline/hand_over.h"

#ifdef BTFBATCH_TSAN
// What oneTBB's headers do for its library, which is not instrumented; none of these calls a body.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "called_from_lib:libtbb.so\n"
         "race_top:tbb::detail\n"
         "race:tbb::detail::d1::spin_mutex\n"
         "race:tbb::detail::d1::spin_rw_mutex\n"
         "race:tbb::detail::d1::wait_context\n"
         "race:tbb::detail::d1::graph_task::\n"
         "race:tbb::detail::d1::aggregator_generic<\n"
         "race:std::__shared_ptr<btfbatch::KernelWork*::swap(\n"  // of input_node's own item
         "race:tbb::detail::d1::apply_body_task_bypass<*::apply_body_task_bypass(\n"
         "race:tbb::detail::d1::limiter_node<*::\n"
         "race:tbb::detail::d1::item_buffer<*::\n"
         "race:tbb::detail::d1::buffer_node<*::\n"
         "race:tbb::detail::d1::sequencer_node<*::\n";
}
#endif

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
  // From the caller to every body. Static, since a body cannot even look for it before it has it.
  static HandOver begun;
  HandOver scanned;    // from each scan to the next one
  HandOver collected;  // from each collect to the next one
  HandOver done;       // from every body to the caller

  flow::graph graph;
  flow::input_node<WorkPtr> scan(graph, [&](oneapi::tbb::flow_control& control) -> WorkPtr {
    begun.take();
    scanned.take();
    std::optional<Entry> entry = stop.stopped() ? std::nullopt : archive.next();
    WorkPtr work;
    if (entry) {
      work = std::make_shared<KernelWork>(start_work(next_sequence++, *std::move(entry)));
      work->hand_over.give();
    } else {
      control.stop();
    }
    scanned.give();
    done.give();
    return work;
  });
  const auto in_parallel = [&](const std::function<void(KernelWork&)>& stage) {
    return [&](const WorkPtr& work) {
      begun.take();
      work->hand_over.take();
      stage(*work);
      work->hand_over.give();
      done.give();
      return work;
    };
  };
  flow::limiter_node<WorkPtr> in_flight(graph, kInFlightPerJob * jobs);
  // No more at once than there are threads, so that kernels are begun in the order in which they
  // come: a pack's have their bases before them. Of any number, a thread would take the last first.
  flow::function_node<WorkPtr, WorkPtr> unpack(graph, jobs, in_parallel(stages.unpack));
  flow::function_node<WorkPtr, WorkPtr> judge(graph, flow::unlimited, in_parallel(stages.judge));
  flow::sequencer_node<WorkPtr> in_order(graph, [](const WorkPtr& work) { return work->sequence; });
  flow::function_node<WorkPtr, flow::continue_msg> collect(graph, flow::serial,
                                                           [&](const WorkPtr& work) {
                                                             begun.take();
                                                             collected.take();
                                                             work->hand_over.take();
                                                             stages.collect(*work);
                                                             work->hand_over.give();
                                                             collected.give();
                                                             done.give();
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

  begun.give();
  scan.activate();
  graph.wait_for_all();
  done.take();
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
