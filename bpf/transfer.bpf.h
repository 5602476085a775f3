/* SPDX-License-Identifier: GPL-2.0-only */
/* Counting what a process moves through an object; see trace/transfer.bpf.c. */
#ifndef IPCTRACE_TRANSFER_BPF_H
#define IPCTRACE_TRANSFER_BPF_H

#include "call.bpf.h"
#include "emit.bpf.h"

enum direction { DIRECTION_IN, DIRECTION_OUT };

/* Counts one call nr of the current task that moved `bytes` (or failed, < 0) through descriptor fd.
 * Always returns 0. */
int transfer_count(__u32 fd, __u32 direction, __s64 bytes, __u32 nr);

#endif /* IPCTRACE_TRANSFER_BPF_H */
