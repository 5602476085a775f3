// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two moments in a signal's life that the kernel tells of: it is sent (signal_generate, with what
 * that led to at once) and it is delivered (signal_deliver, with the action taken).
 */
#include "signal.bpf.h"

#define PF_EXITING 0x00000004

/* include/trace/events/signal.h */
enum {
	RESULT_DELIVERED,
	RESULT_IGNORED,
	RESULT_ALREADY_PENDING,
	RESULT_OVERFLOW,
	RESULT_LOSE_INFO
};

/* include/linux/sched/signal.h */
#define SIGNAL_GROUP_EXIT 0x00000004
#define SIGNAL_CLD_MASK   0x00000030

/* The two values of a siginfo pointer that are none: SEND_SIG_NOINFO and SEND_SIG_PRIV. */
#define INFO_NONE 0
#define INFO_PRIV 1

struct signal_origin {
	__u64 value;
	__u32 cause;
	__s32 code;
	__u32 child;
	__u32 pad;
};

/* --- why ------------------------------------------------------------------------------------- */

/* exit_notify() and disassociate_ctty() send the same two signals; the second still has its tty. */
static __always_inline __u32 hangup_cause(struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);

	if (!(BPF_CORE_READ(task, flags) & PF_EXITING))
		return SIGNAL_HANGUP;
	return BPF_CORE_READ(signal, leader) && BPF_CORE_READ(signal, tty) ? SIGNAL_HANGUP :
									     SIGNAL_ORPHANED;
}

/* Sent by the kernel with nothing to tell. */
static __always_inline __u32 bare_cause(struct task_struct *task, __u32 sig, bool is_priv)
{
	switch (sig) {
	case SIGPIPE: return SIGNAL_BROKEN_PIPE;
	case SIGXFSZ:
	case SIGXCPU: return SIGNAL_LIMIT;
	}
	if (!is_priv)
		return BPF_CORE_READ(task, flags) & PF_EXITING ? SIGNAL_PARENT_DIED :
								 SIGNAL_BY_KERNEL;
	switch (sig) {
	case 1: /* SIGHUP */
	case SIGCONT: return hangup_cause(task);
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

static __always_inline __u32 told_cause(struct task_struct *task, __u32 sig, __s32 code)
{
	bool ending = BPF_CORE_READ(task, flags) & PF_EXITING;

	if (code > 0 && code <= CLD_LAST && (sig == SIGCHLD || (ending && code <= CLD_KILLED_LAST)))
		return SIGNAL_CHILD_EXITED + code - 1;
	switch (sig) {
	case SIGSEGV:
	case SIGBUS:
	case SIGILL:
	case SIGFPE:
	case SIGTRAP: return SIGNAL_FAULT;
	case SIGSYS: return SIGNAL_SECCOMP;
	case SIGIO: return SIGNAL_IO;
	}
	return code == SI_KERNEL ? bare_cause(task, sig, true) : SIGNAL_BY_KERNEL;
}

/* si_pid is in the numbers of the parent's namespace; whoever ends or stops is the current task. */
static __always_inline __u32 child_of(struct task_struct *task, const struct siginfo_start *info)
{
	if (info->code > CLD_KILLED_LAST || (BPF_CORE_READ(task, flags) & PF_EXITING))
		return bpf_get_current_pid_tgid() >> 32;
	return info->pid;
}

/*
 * Why there is this signal. si_code tells a process's from the kernel's: send_sig(…, 0), as for a
 * broken pipe, looks like a kill() by oneself when delivered, but has no siginfo when sent.
 */
__noinline int signal_origin_fill(struct signal_origin *origin, __u64 address, __u32 sig)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct siginfo_start info = {};

	if (!origin)
		return 0;
	if (address == INFO_NONE || address == INFO_PRIV) {
		origin->code = address == INFO_PRIV ? SI_KERNEL : 0;
		origin->cause = bare_cause(task, sig, address == INFO_PRIV);
		return 0;
	}
	bpf_probe_read_kernel(&info, sizeof(info), (void *)address);
	origin->code = info.code;
	switch (info.code) {
	case SI_TIMER: origin->cause = SIGNAL_TIMER; break;
	case SI_MESGQ: origin->cause = SIGNAL_MESSAGE; break;
	case SI_SIGIO: origin->cause = SIGNAL_IO; return 0;
	default:
		origin->cause = info.code <= 0 ? SIGNAL_BY_PROCESS :
						 told_cause(task, sig, info.code);
	}
	if (info.code < 0 && info.code != SI_TKILL)
		origin->value = info.value;
	else if (origin->cause == SIGNAL_FAULT || origin->cause == SIGNAL_SECCOMP)
		origin->value = info.address;
	else if (origin->cause >= SIGNAL_CHILD_EXITED && origin->cause <= SIGNAL_CHILD_CONTINUED) {
		origin->value = (__u32)info.value;
		origin->child = child_of(task, &info);
	}
	return 0;
}

/* --- sent ------------------------------------------------------------------------------------ */

static __always_inline __u64 handler_of(struct task_struct *task, __u32 sig)
{
	void *actions = (void *)BPF_CORE_READ(task, sighand) +
			bpf_core_field_offset(struct sighand_struct, action);
	struct k_sigaction *action = actions + (sig - 1) * bpf_core_type_size(struct k_sigaction);

	return (__u64)BPF_CORE_READ(action, sa.sa_handler);
}

__noinline __u32 signal_state(__u64 address, __u32 sig)
{
	struct task_struct *task = (void *)address;
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	__u32 flags = BPF_CORE_READ(signal, flags), state = 0;

	if (sig < 1 || sig > SIGNAL_MAX)
		return 0;
	if (BPF_CORE_READ(task, blocked.sig[0]) & BIT_OF(sig))
		state |= STATE_BLOCKED;
	if (flags & SIGNAL_CLD_MASK)
		state |= STATE_CONTINUED;
	if (!(flags & SIGNAL_GROUP_EXIT))
		return state;
	state |= STATE_ENDING;
	if ((BPF_CORE_READ(signal, group_exit_code) & 0x7f) == sig)
		state |= STATE_KILLED_BY;
	return state;
}

/* SIGCONT, and SIGCHLD where nothing is set up for it, count as ignored though the first has set a
 * stopped process going. */
static __always_inline __u32 outcome_of(int result, __u64 task, __u32 sig)
{
	__u32 state;

	switch (result) {
	case RESULT_ALREADY_PENDING: return SIGNAL_MERGED;
	case RESULT_OVERFLOW: return SIGNAL_OVERFLOW;
	}
	state = signal_state(task, sig);
	if (result == RESULT_IGNORED) {
		if (sig == SIGCONT && (state & STATE_CONTINUED))
			return SIGNAL_CONTINUED;
		if (state & STATE_ENDING)
			return SIGNAL_TOO_LATE;
		return handler_of((void *)task, sig) == SIGNAL_ACTION_IGNORE ? SIGNAL_IGNORED :
									       SIGNAL_NOTHING;
	}
	if (state & STATE_KILLED_BY)
		return SIGNAL_TERMINATED;
	return state & STATE_BLOCKED ? SIGNAL_BLOCKED : SIGNAL_PENDING;
}

static __always_inline bool is_wanted(__u32 target, __u32 sender)
{
	__u32 marks = process_mark(target);

	if (!marks && target == settings.own_tgid)
		return false;
	if (sender)
		marks |= process_mark(sender);
	return marks & MARK_SELECTED;
}

struct signal_sending {
	struct signal_sent sent;
	struct signal_whom target;
	struct signal_origin origin;
	__u32 signal, outcome, group;
};

static __always_inline void send_record(struct signal_sending *it, __u64 task)
{
	struct record_signal *record = record_reserve(sizeof(*record));
	struct who who = {}; /* the kernel */

	if (!record)
		return;
	head_fill(&record->head, RECORD_SIGNAL, sizeof(*record), it->sent.sender_pid ? NULL : &who);
	record->other_start = it->target.start;
	record->other_pid = it->target.pid;
	record->target_tid = it->target.tid;
	record->signal = it->signal;
	record->code = it->origin.code;
	record->cause = it->origin.cause;
	record->outcome = it->outcome;
	record->group = it->group;
	record->child = it->origin.child;
	record->value = it->origin.value;
	record->delay_ns = ~0ull;
	BPF_CORE_READ_INTO(&record->other_comm, (struct task_struct *)task, group_leader, comm);
	record_submit(record);
}

/* A stop signal and SIGCONT undo each other: what was pending of the other is gone, whatever became
 * of this one (kernel/signal.c, prepare_signal()). */
static __always_inline void undo_opposite(struct signal_whom *target, __u32 sig)
{
	__u64 mask = 0;

	if (sig == SIGCONT)
		mask = SIGNALS_STOP;
	else if (BIT_OF(sig) & SIGNALS_STOP)
		mask = BIT_OF(SIGCONT);
	if (!mask)
		return;
	signal_discard(target, QUEUE_OF_PROCESS(target->pid), mask, 0);
	signal_discard(target, QUEUE_OF_THREAD(target->tid), mask, 0);
}

SEC("?tp_btf/signal_generate")
int BPF_PROG(signal_generate, int sig, struct kernel_siginfo *info, struct task_struct *target,
	     int group, int result)
{
	struct signal_sending it = { .signal = sig, .group = !!group };
	__u64 task = address_of(target);
	__u32 counted;

	if (sig < 1 || sig > SIGNAL_MAX)
		return 0;
	it.target.pid = target->tgid;
	it.target.tid = target->pid;
	/* The verifier takes info for a pointer and would remove the tests for its special values. */
	signal_origin_fill(&it.origin, address_of(info), sig);
	if (it.origin.cause == SIGNAL_BY_PROCESS)
		it.sent.sender_pid = bpf_get_current_pid_tgid() >> 32;
	if (!is_wanted(it.target.pid, it.sent.sender_pid))
		return 0;
	if (it.sent.sender_pid)
		it.sent.sender_start = current_start();
	it.sent.cause = it.origin.cause;
	it.sent.ts = bpf_ktime_get_ns();
	it.target.start = task_start(task);
	it.outcome = outcome_of(result, task, sig);
	undo_opposite(&it.target, sig);
	counted = it.outcome == SIGNAL_TERMINATED ? SIGNAL_PENDING : it.outcome;
	if (result == RESULT_DELIVERED || result == RESULT_LOSE_INFO)
		signal_push(&it.sent, &it.target,
			    group ? QUEUE_OF_PROCESS(it.target.pid) :
				    QUEUE_OF_THREAD(it.target.tid),
			    sig);
	if (signal_count(&it.sent, &it.target, sig, counted, 1))
		send_record(&it, task);
	return 0;
}

/* --- delivered ------------------------------------------------------------------------------- */

static __always_inline __u32 default_outcome(__u32 sig)
{
	if (BIT_OF(sig) & SIGNALS_NOTHING)
		return SIGNAL_NOTHING;
	if (BIT_OF(sig) & SIGNALS_STOP)
		return SIGNAL_STOPPED;
	return BIT_OF(sig) & SIGNALS_CORE ? SIGNAL_CORE : SIGNAL_TERMINATED;
}

/*
 * The end of a process is delivered as SIGKILL to each of its threads, whatever signal it was, and
 * whether it was one at all (exit_group): the exit code tells. The first thread takes the signal.
 */
SEC("?tp_btf/signal_deliver")
int BPF_PROG(signal_deliver, int sig, struct kernel_siginfo *info, struct k_sigaction *action)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 handler =
		(__u64)BPF_CORE_READ((struct k_sigaction *)address_of(action), sa.sa_handler);

	if (sig < 1 || sig > SIGNAL_MAX)
		return 0;
	if (sig == SIGKILL) {
		sig = BPF_CORE_READ(task, signal, group_exit_code) & 0x7f;
		if (sig)
			signal_take(sig, default_outcome(sig));
		return 0;
	}
	if (handler == SIGNAL_ACTION_DEFAULT)
		signal_take(sig, default_outcome(sig));
	else
		signal_take(sig, handler == SIGNAL_ACTION_IGNORE ? SIGNAL_IGNORED : SIGNAL_HANDLED);
	return 0;
}

char _license[] SEC("license") = "GPL";
