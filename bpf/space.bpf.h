/* SPDX-License-Identifier: GPL-2.0-only */
/* Address spaces at fork and exec, which process.bpf.c hooks; see trace/mapping.bpf.c. */
#ifndef IPCTRACE_SPACE_BPF_H
#define IPCTRACE_SPACE_BPF_H

#include "emit.bpf.h"

/* A task was made with that space. Always returns 0, as all of these. */
int space_forked(struct who *child, __u64 space, __u64 clone_flags);
/* The current task has a new space, empty (exec). */
int space_begun(void);
/* What the current task has mapped nobody knows yet: the source is to read it. */
int space_doubt(void);
/* The current process is a peer from now on: marks it and sends what it has (slot.bpf.c). */
int peer_begin(void);

#endif /* IPCTRACE_SPACE_BPF_H */
