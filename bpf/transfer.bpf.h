/* SPDX-License-Identifier: GPL-2.0-only */
/* Counting what a process moves through an object; see trace/transfer.bpf.c. */
#ifndef IPCTRACE_TRANSFER_BPF_H
#define IPCTRACE_TRANSFER_BPF_H

#include "call.bpf.h"
#include "emit.bpf.h"

enum direction { DIRECTION_IN, DIRECTION_OUT };

/* Counts one call nr of the current task that moved `bytes` (or failed, < 0) through descriptor fd.
 * pid_tgid: the current task's, as the helper of that name gives it. Always returns 0. */
int transfer_count(__u32 fd, __u32 direction, __s64 bytes, __u32 nr, __u64 pid_tgid);

/* The same of the call at hand, which moves `bytes` through fd. */
static __always_inline int call_count(const struct call *call, __u32 fd, __u32 direction, __s64 bytes)
{
	return transfer_count(fd, direction, bytes, call->nr, bpf_get_current_pid_tgid());
}

/* Ends the sleep of the current task in the call that now returns; its length in ns, 0 = none. */
__u64 call_slept(void);

/* Adds time asleep to what the current process lost on the FIFO behind fd. Always returns 0. */
int transfer_waited(__u32 fd, __u32 direction, __u64 slept, __u32 nr);

#endif /* IPCTRACE_TRANSFER_BPF_H */
