/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What lies in a queue of pending signals (struct sigpending): a set, and an entry for each signal
 * that says who sent it. Of a signal that found no memory, or its sender's limit reached, the set alone
 * knows. Read without the siglock: a walk that the queue changed under says so.
 */
#ifndef IPCTRACE_PENDING_BPF_H
#define IPCTRACE_PENDING_BPF_H

#include "maps.bpf.h"

#define SIGINT    2
#define SIGQUIT   3
#define SIGILL    4
#define SIGTRAP   5
#define SIGABRT   6
#define SIGBUS    7
#define SIGFPE    8
#define SIGKILL   9
#define SIGSEGV   11
#define SIGPIPE   13
#define SIGALRM   14
#define SIGCHLD   17
#define SIGCONT   18
#define SIGSTOP   19
#define SIGTSTP   20
#define SIGTTIN   21
#define SIGTTOU   22
#define SIGURG    23
#define SIGXCPU   24
#define SIGXFSZ   25
#define SIGVTALRM 26
#define SIGPROF   27
#define SIGWINCH  28
#define SIGIO     29
#define SIGSYS    31

#define BIT_OF(sig) (1ull << ((sig)-1))

#define PENDING_MAX (1 << 16) /* entries; RLIMIT_SIGPENDING keeps them below */

/* siginfo_t as all 64-bit architectures have it. */
struct siginfo_start {
	__s32 signo, error, code, pad;
	union {
		struct {
			__u32 pid, uid;
			__u64 value; /* sigqueue: what it carries; SIGCHLD: the status */
		};
		__u64 address;
	};
};

/* include/uapi/asm-generic/siginfo.h */
#define SI_KERNEL       0x80
#define SI_QUEUE        -1
#define SI_TIMER        -2
#define SI_MESGQ        -3
#define SI_SIGIO        -5
#define SI_TKILL        -6
#define CLD_KILLED_LAST 3 /* up to here the child has ended */
#define CLD_LAST        6

struct pending_walk {
	__u64 head, at; /* struct list_head *: of the queue; of the entry to come */
	__u64 set, met; /* signals pending; those of which there was an entry */
	__u32 group; /* 1 = the process's own queue */
	__u32 namespaced; /* pids mean something else to the target than here */
};

struct pending_entry {
	__u32 signal;
	__s32 code;
	__u32 cause;
	__u32 sender_pid; /* 0 = the kernel, or unknown */
};

/* queue: address of a struct sigpending. */
static __always_inline void pending_begin(struct pending_walk *walk, __u64 queue, __u32 group,
					  __u64 task)
{
	struct sigpending *pending = (void *)queue;

	walk->head = queue + bpf_core_field_offset(struct sigpending, list);
	walk->at = (__u64)BPF_CORE_READ(pending, list.next);
	walk->set = BPF_CORE_READ(pending, signal.sig[0]);
	walk->met = control.zero;
	walk->group = group;
	walk->namespaced = BPF_CORE_READ((struct task_struct *)task, thread_pid, level) != 0;
}

/* Sent by the kernel: told by number alone, or with SI_KERNEL. */
static __always_inline __u32 pending_bare_cause(__u32 sig)
{
	switch (sig) {
	case SIGPIPE: return SIGNAL_BROKEN_PIPE;
	case SIGXCPU:
	case SIGXFSZ: return SIGNAL_LIMIT;
	case SIGINT:
	case SIGQUIT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU: return SIGNAL_TERMINAL;
	case SIGWINCH: return SIGNAL_RESIZED;
	case SIGALRM:
	case SIGVTALRM:
	case SIGPROF: return SIGNAL_ALARM;
	case SIGURG:
	case SIGIO: return SIGNAL_IO;
	}
	return SIGNAL_BY_KERNEL;
}

static __always_inline __u32 pending_told_cause(__u32 sig, __s32 code)
{
	switch (sig) {
	case SIGCHLD: return code <= CLD_LAST ? SIGNAL_CHILD_EXITED + code - 1 : SIGNAL_BY_KERNEL;
	case SIGILL:
	case SIGTRAP:
	case SIGBUS:
	case SIGFPE:
	case SIGSEGV: return SIGNAL_FAULT;
	case SIGSYS: return SIGNAL_SECCOMP;
	case SIGIO: return SIGNAL_IO;
	}
	return code == SI_KERNEL ? pending_bare_cause(sig) : SIGNAL_BY_KERNEL;
}

/*
 * Why it was sent, by what its entry says. kill() and its kin leave SI_USER in a process's queue and
 * SI_TKILL in a thread's: SI_USER there comes from send_sig(…, 0, …), as for a broken pipe.
 */
static __always_inline __u32 pending_cause(__u32 sig, __s32 code, __u32 group)
{
	switch (code) {
	case SI_TIMER: return SIGNAL_TIMER;
	case SI_MESGQ: return SIGNAL_MESSAGE;
	case SI_SIGIO: return SIGNAL_IO;
	case 0: return group ? SIGNAL_BY_PROCESS : pending_bare_cause(sig);
	}
	return code < 0 ? SIGNAL_BY_PROCESS : pending_told_cause(sig, code);
}

/* The next entry; false = that was all, or the queue has changed: pending_is_whole() tells. */
static __always_inline bool pending_next(struct pending_walk *walk, struct pending_entry *entry)
{
	struct siginfo_start info = {};
	__u64 at = walk->at;
	struct sigqueue *queued = (void *)at - bpf_core_field_offset(struct sigqueue, list);

	if (!at || at == walk->head)
		return false;
	bpf_probe_read_kernel(&info, sizeof(info),
			      (void *)queued + bpf_core_field_offset(struct sigqueue, info));
	if (info.signo < 1 || info.signo > SIGNAL_MAX || !(walk->set & BIT_OF(info.signo)))
		return false;
	walk->at = (__u64)BPF_CORE_READ(queued, list.next);
	walk->met |= BIT_OF(info.signo);
	entry->signal = info.signo;
	entry->code = info.code;
	entry->cause = pending_cause(info.signo, info.code, walk->group);
	entry->sender_pid = entry->cause == SIGNAL_BY_PROCESS ? info.pid : 0;
	if (entry->sender_pid && walk->namespaced)
		entry->sender_pid = 0;
	if (entry->cause == SIGNAL_BY_PROCESS && !entry->sender_pid)
		entry->cause =
			SIGNAL_CAUSE_UNKNOWN; /* from outside its pid namespace, or so it says */
	return true;
}

static __always_inline bool pending_is_whole(const struct pending_walk *walk)
{
	return walk->at == walk->head;
}

#endif /* IPCTRACE_PENDING_BPF_H */
