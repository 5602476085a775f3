/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A call filled, emptied or changed one slot of its process's table: whether and how to say so. The
 * functions are global, so that the verifier goes through them once a program and not once a use.
 */
#ifndef IPCTRACE_SLOT_BPF_H
#define IPCTRACE_SLOT_BPF_H

#include "call.bpf.h"
#include "emit.bpf.h"

static __always_inline void cause_init(struct slot_cause *cause, const struct call *call)
{
	*cause = (struct slot_cause){
		.type = RECORD_SLOT,
		.nr = call->nr,
		.result = call->ret,
		.arg = {call->arg[0], call->arg[1], call->arg[2]},
		.flags = call->compat ? RECORD_COMPAT : 0,
	};
}

/* Slot fd of the current task changed. Always returns 0. */
int slot_changed_send(struct slot_cause *cause, __u32 fd);

/*
 * Slot fd of the current task was filled with something new to its process. If the process is not
 * traced, but what it got is an object of a selected one, it is a peer from now on. Always
 * returns 0.
 */
int slot_filled_send(struct slot_cause *cause, __u32 fd);

/* The current process is a peer from now on: tells of all that it holds. Always returns 0. */
int peer_begin(void);

/* The current process's mark, after it got slot fd: as above, it may be a peer only now. */
int slot_mark(__u32 fd);

static __always_inline int slot_changed(const struct call *call, __u32 fd)
{
	struct slot_cause cause;

	cause_init(&cause, call);
	return slot_changed_send(&cause, fd);
}

static __always_inline int slot_filled(const struct call *call, __u32 fd)
{
	struct slot_cause cause;

	cause_init(&cause, call);
	return slot_filled_send(&cause, fd);
}

/* The call made two descriptors and wrote them to memory; they become the cause's first arguments.
 * false = there is nothing to tell. */
static __always_inline bool pair_made(const struct call *call, __u64 where,
				      struct slot_cause *cause)
{
	__s32 fds[2];

	if (call->ret || !process_mark(call->task->tgid))
		return false;
	if (bpf_probe_read_user(fds, sizeof(fds), (void *)where)) {
		count_loss(LOSS_READ_FAILED);
		return false;
	}
	cause_init(cause, call);
	cause->arg[0] = fds[0];
	cause->arg[1] = fds[1];
	slot_changed_send(cause, fds[0]);
	slot_changed_send(cause, fds[1]);
	return true;
}

#endif /* IPCTRACE_SLOT_BPF_H */
