/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Signals: what was sent and why, what became of it, how a thread stands to them. */
#ifndef IPCTRACE_RECORD_SIGNAL_H
#define IPCTRACE_RECORD_SIGNAL_H

#include "ipctrace/record/type.h"

/* Why there is a signal. All but the first are the kernel's doing. */
enum signal_cause {
	SIGNAL_BY_PROCESS = 0,		/* kill(2) and its kin */
	SIGNAL_BY_KERNEL = 1,		/* none of those below */
	SIGNAL_CHILD_EXITED = 2,
	SIGNAL_CHILD_KILLED = 3,
	SIGNAL_CHILD_DUMPED = 4,
	SIGNAL_CHILD_TRAPPED = 5,
	SIGNAL_CHILD_STOPPED = 6,
	SIGNAL_CHILD_CONTINUED = 7,
	SIGNAL_TIMER = 8,		/* timer_create(2) */
	SIGNAL_ALARM = 9,		/* alarm(2), setitimer(2) */
	SIGNAL_BROKEN_PIPE = 10,
	SIGNAL_FAULT = 11,		/* by the target's own instruction */
	SIGNAL_TERMINAL = 12,		/* a key, or a background process that reads or writes */
	SIGNAL_HANGUP = 13,		/* the terminal, or the session's leader, is gone */
	SIGNAL_ORPHANED = 14,		/* a process group with stopped members lost its last parent */
	SIGNAL_RESIZED = 15,		/* of the terminal */
	SIGNAL_IO = 16,			/* O_ASYNC, urgent data, a lease, a directory */
	SIGNAL_LIMIT = 17,		/* RLIMIT_CPU, RLIMIT_FSIZE */
	SIGNAL_PARENT_DIED = 18,	/* prctl(PR_SET_PDEATHSIG) */
	SIGNAL_MESSAGE = 19,		/* mq_notify(3) */
	SIGNAL_SECCOMP = 20,
	SIGNAL_CAUSE_UNKNOWN = 21,	/* was pending before we looked */
	SIGNAL_CAUSE_MAX
};

/* What became of a signal. */
enum signal_outcome {
	SIGNAL_PENDING = 0,	/* queued, on its way */
	SIGNAL_BLOCKED = 1,	/* queued; the target blocks it */
	SIGNAL_HANDLED = 2,	/* a handler ran */
	SIGNAL_TERMINATED = 3,
	SIGNAL_CORE = 4,	/* terminated, with a core dump where those are on */
	SIGNAL_STOPPED = 5,
	SIGNAL_CONTINUED = 6,
	SIGNAL_IGNORED = 7,	/* because the target asked for it */
	SIGNAL_NOTHING = 8,	/* because by default this signal does nothing */
	SIGNAL_TOO_LATE = 9,	/* because the target is ending */
	SIGNAL_MERGED = 10,	/* one was pending already */
	SIGNAL_OVERFLOW = 11,	/* not queued: RLIMIT_SIGPENDING */
	SIGNAL_TAKEN = 12,	/* by sigwaitinfo(2) and the like */
	SIGNAL_READ = 13,	/* from a signalfd */
	SIGNAL_DISCARDED = 14,	/* was pending when it came to be ignored, or the target ended */
	SIGNAL_UNSEEN = 15,	/* no longer pending, nobody knows why */
	SIGNAL_OUTCOME_MAX
};

struct record_signal {
	struct record head;	/* SIGNAL: the sender, pid 0 = the kernel; SIGNAL_END: the target */
	__u64 other_start;	/* SIGNAL: the target; SIGNAL_END: the sender, pid 0 = the kernel */
	__u32 other_pid;
	__u32 target_tid;	/* the thread it is meant for, or that it went to */
	__u32 signal;
	__s32 code;		/* si_code */
	__u32 cause;		/* enum signal_cause */
	__u32 outcome;		/* enum signal_outcome */
	__u32 group;		/* 1 = for the process, 0 = for one thread; SIGNAL_END: was it */
	__u32 child;		/* SIGCHLD: the child; 0 = none */
	__u64 value;		/* address of a fault, status of a child, value of sigqueue(3) */
	__u64 delay_ns;		/* SIGNAL_END: since it was sent; ~0 = unknown */
	char other_comm[RECORD_COMM_LEN]; /* SIGNAL: the target's; SIGNAL_END: empty */
};

enum signal_action { SIGNAL_ACTION_DEFAULT, SIGNAL_ACTION_IGNORE, SIGNAL_ACTION_HANDLER };

struct record_signal_action {
	struct record head;
	__u64 sa_flags, sa_mask;
	__u32 signal;
	__u32 action;		/* enum signal_action */
};

struct record_signal_mask {
	struct record head;
	__u64 blocked;		/* bit N - 1 for signal N */
};

/* What one sender did to one process with one signal. Also the key and value kept in the kernel. */
struct signal_key {
	__u64 target_start, sender_start;
	__u32 target_pid, sender_pid;	/* sender 0 = the kernel; its start 0 = whoever had that pid
					 * when it sent, which was before the window */
	__u32 signal;
	__u32 cause;			/* enum signal_cause */
};

struct signal_counts {
	__u64 sent;			/* all of them, merged and ignored ones too */
	__u64 delivered;		/* handled, acted by default, or taken */
	__u64 ignored;
	__u64 merged;
	__u64 overflow;
	__u64 discarded;		/* pending ones that came to nothing */
	__u64 unseen;			/* were pending, went unseen */
	__u64 taken;			/* of those delivered: by sigwaitinfo, signalfd */
	__u64 delay_ns, delay_max_ns;	/* from sending to delivery: sum, longest */
	__u64 unshown;			/* records left out, there being too many at once */
	__u64 last_ts;
};

struct record_signal_count {
	struct record head;	/* pid and start are the target's; tid and comm are 0 */
	struct signal_key key;
	struct signal_counts total;
};

struct record_signal_queued {
	struct record head; /* whom it is for: the thread, or the leader where group */
	__u32 signal;
	__s32 code; /* si_code; 0 too where the kernel kept nothing but the signal's number */
	__u32 cause; /* enum signal_cause */
	__u32 sender_pid; /* as it says itself; 0 = the kernel, or unknown */
	__u32 group; /* 1 = for the process, any thread of it may take it */
	__u32 pad;
};

enum signal_state_flags {
	SIGNAL_STATE_PROCESS = 1 << 0, /* the leader's: ignored and handled are valid */
	SIGNAL_STATE_MOVING = 1 << 1,  /* its queues changed meanwhile, it is ending, or is traced */
};

struct record_signal_state {
	struct record head;
	__u64 blocked; /* as in record_signal_mask */
	__u64 ignored, handled; /* of the process */
	__u32 flags; /* enum signal_state_flags */
	__u32 pad;
};

struct record_signal_fail {
	struct record head;
	__s64 result;		/* -errno */
	__s64 arg[3];
	__s32 nr;
	__u32 signal;
	__s32 target;		/* as the call has it: a pid, 0, -1, or minus a process group */
	__u32 pad;
};

#endif /* IPCTRACE_RECORD_SIGNAL_H */
