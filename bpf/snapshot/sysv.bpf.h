/* SPDX-License-Identifier: GPL-2.0-only */
/* Who last used a System V semaphore or message queue: the likeliest to end a wait for it. */
#ifndef IPCTRACE_SYSV_BPF_H
#define IPCTRACE_SYSV_BPF_H

#include "segment.bpf.h"

#define SOPS_MAX 16 /* operations of one semop() that are looked at */

/* include/uapi/linux/sem.h: struct sembuf */
struct sop {
	__u16 num;
	__s16 op;
	__s16 flags;
};

struct sops {
	struct sop sop[SOPS_MAX];
	__u32 count;
};

/* The process (host pid) that last did something to the first semaphore of the set that holds those
 * operations up; 0 = nobody, one that is gone, or no such set. */
__u32 sem_last_user(__u64 ns, __u32 id, const struct sops *sops);
/* The same of a queue: who last sent to it, or received from it. */
__u32 msg_last_user(__u64 ns, __u32 id, __u32 sent);

#endif /* IPCTRACE_SYSV_BPF_H */
