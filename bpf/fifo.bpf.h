/* SPDX-License-Identifier: GPL-2.0-only */
/* Sending what happened to a FIFO; see trace/fifo.bpf.c. */
#ifndef IPCTRACE_FIFO_BPF_H
#define IPCTRACE_FIFO_BPF_H

#include "call.bpf.h"
#include "emit.bpf.h"

#define FIFO_NOT_WATCHED (~0ULL)

/* What a call did. Plain, since it goes to a global function. */
struct fifo_cause {
	__u64 path;	/* where the caller's argument lies */
	__u64 file;	/* OPENED: the struct file; else of the directory descriptor, 0 = the cwd */
	__u64 waited;
	__s64 result;
	__u32 verb, fmode;
	__s32 fd, nr;
};

/* Descriptor cause->fd is a FIFO's: says that it was opened. Always returns 0. */
int fifo_opened_send(struct fifo_cause *cause);

/* slept: FIFO_NOT_WATCHED where nobody took the time. Nothing is sent for other kinds. */
static __always_inline int fifo_opened(struct call *call, __u64 path, __u64 slept)
{
	struct fifo_cause cause = {
		.path = path,
		.waited = slept,
		.result = call->ret,
		.verb = FIFO_OPENED,
		.fd = call->ret,
		.nr = call->nr,
	};

	return fifo_opened_send(&cause);
}

#endif /* IPCTRACE_FIFO_BPF_H */
