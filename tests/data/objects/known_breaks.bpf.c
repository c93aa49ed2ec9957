// Fields and types of Linux 5.10 and 4.18 that later kernels have renamed, moved, given another
// type or dropped, asked for without a guard: what breaks programs in the wild. Each stands as the
// old kernel has it; tests/judges/known_breaks.cpp says when it went.
#include "core.h"

typedef struct cpumask {
  unsigned long bits[1];
} cpumask_t;

struct task_struct {
  volatile long state;
  unsigned int cpu;
  cpumask_t cpus_allowed;
} CORE;

struct rw_semaphore {
  long count;
} CORE;

struct mm_struct {
  struct rw_semaphore mmap_sem;
} CORE;

struct timespec64 {
  long long tv_sec;
  long tv_nsec;
} CORE;

struct inode {
  struct timespec64 i_ctime;
} CORE;

struct kernfs_node {
  struct kernfs_node* parent;
} CORE;

struct vm_area_struct {
  struct vm_area_struct* vm_next;
} CORE;

struct request {
  void* rq_disk;
} CORE;

struct bio {
  void* bi_disk;
} CORE;

struct hd_struct {
  unsigned long long nr_sects;
} CORE;

struct gendisk {
  struct hd_struct part0;
} CORE;

struct shrinker {
  int seeks;
} CORE;

struct super_block {
  struct shrinker s_shrink;
} CORE;

struct address_space_operations {
  int (*readpage)(void* file, void* page);
} CORE;

struct load_weight {
  unsigned long weight;
  unsigned int inv_weight;
} CORE;

struct cfs_rq {
  struct load_weight load;
  unsigned int nr_running;
  unsigned int h_nr_running;
} CORE;

struct trace_event_raw_kmem_alloc {
  unsigned long bytes_req;
} CORE;

enum pageflags { PG_error = 8 };

SEC("raw_tp/x")
int reads_what_is_gone(void* context) {
  struct task_struct* task = context;
  struct mm_struct* memory = context;
  struct inode* inode = context;
  struct kernfs_node* node = context;
  struct vm_area_struct* area = context;
  struct request* request = context;
  struct bio* bio = context;
  struct gendisk* disk = context;
  struct super_block* block = context;
  struct address_space_operations* operations = context;
  struct cfs_rq* queue = context;
  struct trace_event_raw_kmem_alloc* event = context;
  ASK(bpf_core_field_offset(task->state));
  ASK(bpf_core_field_offset(task->cpu));
  ASK(bpf_core_field_offset(task->cpus_allowed));
  ASK(bpf_core_field_offset(memory->mmap_sem));
  ASK(bpf_core_field_offset(inode->i_ctime));
  ASK(bpf_core_field_offset(node->parent));
  ASK(bpf_core_field_offset(area->vm_next));
  ASK(bpf_core_field_offset(request->rq_disk));
  ASK(bpf_core_field_offset(bio->bi_disk));
  ASK(bpf_core_field_offset(disk->part0.nr_sects));
  ASK(bpf_core_field_offset(block->s_shrink.seeks));
  ASK(bpf_core_field_offset(operations->readpage));
  ASK(bpf_core_field_offset(queue->nr_running));
  ASK(bpf_core_field_offset(event->bytes_req));
  ASK(bpf_core_enum_value(enum pageflags, PG_error));
  return 0;
}
