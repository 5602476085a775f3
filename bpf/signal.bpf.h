/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals on their way, as trace/signal_queue.bpf.c keeps them. A signal is sent and delivered under
 * its target's siglock, so that entries come and go in the kernel's own order.
 */
#ifndef IPCTRACE_SIGNAL_BPF_H
#define IPCTRACE_SIGNAL_BPF_H

#include "emit.bpf.h"
#include "pending.bpf.h"
#include "pid.bpf.h"

/* include/linux/signal.h: SIG_KERNEL_{STOP,COREDUMP,IGNORE}_MASK */
#define SIGNALS_STOP (BIT_OF(SIGSTOP) | BIT_OF(SIGTSTP) | BIT_OF(SIGTTIN) | BIT_OF(SIGTTOU))
#define SIGNALS_CORE                                                                             \
	(BIT_OF(SIGQUIT) | BIT_OF(SIGILL) | BIT_OF(SIGTRAP) | BIT_OF(SIGABRT) | BIT_OF(SIGFPE) | \
	 BIT_OF(SIGSEGV) | BIT_OF(SIGBUS) | BIT_OF(SIGSYS) | BIT_OF(SIGXCPU) | BIT_OF(SIGXFSZ))
#define SIGNALS_NOTHING (BIT_OF(SIGCONT) | BIT_OF(SIGCHLD) | BIT_OF(SIGWINCH) | BIT_OF(SIGURG))

/* Names a queue of pending signals: a process's own, or one thread's. */
#define QUEUE_OF_PROCESS(tgid) ((__u64)(tgid) | 1ull << 32)
#define QUEUE_OF_THREAD(tid)   ((__u64)(tid))

/* What became of signals; trace/signal_queue.bpf.c. */
struct signals_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SIGNALS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct signal_key);
	__type(value, struct signal_kept);
};

/* A signal that was sent. */
struct signal_sent {
	__u64 ts; /* 0 = before we looked */
	__u64 sender_start;
	__u32 sender_pid; /* 0 = the kernel */
	__u32 cause; /* enum signal_cause */
};

/* Whom it is for. */
struct signal_whom {
	__u64 start;
	__u32 pid, tid;
};

__u64 task_start(__u64 task);

/* Why it was sent: trace/signal_origin.bpf.c. */
struct signal_origin {
	__u64 value;
	__u32 cause;
	__s32 code;
	__u32 child;
};

/* By its siginfo, an address or one of two values that are none. Always returns 0. */
int signal_origin_fill(struct signal_origin *origin, __u64 info, __u32 sig);
/* By its code, and by the queue it was just put into: address of a struct sigpending, 0 = none. */

/* How a signal stands with its target; see signal_state(). */
enum {
	STATE_BLOCKED = 1 << 0,
	STATE_ENDING = 1 << 1, /* the target is ending */
	STATE_KILLED_BY = 1 << 2, /* because of this signal */
	STATE_CONTINUED = 1 << 3, /* the target was stopped and goes on */
};
__u32 signal_state(__u64 task, __u32 sig);

/* All below return 0 or 1. */

/* Counts it as sent, or as what became of it; 1 = a record about it should be sent: there are not
 * too many yet. */
int signal_count(struct signal_sent *sent, struct signal_whom *target, __u32 sig, __u32 outcome,
		 __u32 sending);
int signal_push(struct signal_sent *sent, struct signal_whom *target, __u64 queue, __u32 sig);
/* Takes back what we take for pending of it, and the kernel does not, for the current task and its process.
 * To be called under its siglock, as signal_deliver is. */
int signal_heal(__u32 sig);
/* Takes the oldest; 0 = there is none. */
int signal_pop(struct signal_sent *sent, __u64 queue, __u32 sig);
/* Ends a queued signal: counts and tells what became of it. */
int signal_end(struct signal_sent *sent, struct signal_whom *target, __u32 sig, __u32 outcome,
	       __u32 group);
/* The current task takes one of its pending signals, its thread's own first, as the kernel does. */
int signal_take(__u32 sig, __u32 outcome);
/* What is pending there of the signals in mask comes to nothing; of `fatal`, it ended the target. */
int signal_discard(struct signal_whom *target, __u64 queue, __u64 mask, __u32 fatal);

#endif /* IPCTRACE_SIGNAL_BPF_H */
