/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks and their numbers. */
#ifndef IPCTRACE_PID_BPF_H
#define IPCTRACE_PID_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>

/* The tracer's alone: address of the struct task_struct of that number in the first pid namespace;
 * 0 = there is none. */
__u64 task_by_pid(__u32 nr);

/* The number that a process has in its own pid namespace; 0 = that is the first. struct pid has a number for each level, the innermost last. */
static __always_inline __u32 task_ns_pid(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	struct upid *own;

	if (!level)
		return 0;
	own = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	      level * bpf_core_type_size(struct upid);
	return BPF_CORE_READ(own, nr);
}

#endif /* IPCTRACE_PID_BPF_H */
