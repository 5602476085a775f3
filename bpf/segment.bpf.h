/* SPDX-License-Identifier: GPL-2.0-only */
/* System V shared memory segments, found by their ids as the kernel finds them. */
#ifndef IPCTRACE_SEGMENT_BPF_H
#define IPCTRACE_SEGMENT_BPF_H

#include "maps.bpf.h"

/* ipc/util.h */
#define SEM_IDS 0
#define MSG_IDS 1
#define SHM_IDS 2

/* The IPC namespace of that task, or of the current one (0). */
__u64 task_ipc_ns(__u64 task);
/* The struct kern_ipc_perm of what has that id, or another one of its index; 0 = nothing has. */
__u64 ipc_entry(__u64 ns, __u32 ids, __u32 index);
/* Ids in use in that namespace have indexes below this. */
__u32 segment_indexes(__u64 ns);
/* Fills what is known of the segment with that id (index: any id with that index) from the namespace.
 * Returns 1 if there is such a segment, else 0 with exists = 0. */
int segment_sample(struct record_segment *record, __u64 ns, __u32 id);
int segment_sample_index(struct record_segment *record, __u64 ns, __u32 index);

#endif /* IPCTRACE_SEGMENT_BPF_H */
