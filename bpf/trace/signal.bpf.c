// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two moments in a signal's life that the kernel tells of: it is sent (signal_generate, with what
 * that led to at once) and it is delivered (signal_deliver, with the action taken). The second hook is there
 * twice; see process.bpf.c. The first may be reached in an interrupt, as by a timer, amid some other program of
 * ours: one for a perf tracepoint would not be run then (bpf_prog_active, kernel/trace/bpf_trace.c), and one for a
 * tp_btf is, for what keeps it from being run is its own alone, and nothing comes in between while siglock is held.
 */
#include "signal.bpf.h"

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

static __always_inline bool is_queued(int result)
{
	return result == RESULT_DELIVERED || result == RESULT_LOSE_INFO;
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

/* it has its signal, group, target's pid and tid, and origin. */
static __always_inline int signal_generated(struct signal_sending *it, __u64 task, int result)
{
	__u32 counted;

	if (it->origin.cause == SIGNAL_BY_PROCESS)
		it->sent.sender_pid = bpf_get_current_pid_tgid() >> 32;
	if (!is_wanted(it->target.pid, it->sent.sender_pid))
		return 0;
	if (it->sent.sender_pid)
		it->sent.sender_start = current_start();
	it->sent.cause = it->origin.cause;
	it->sent.ts = bpf_ktime_get_ns();
	it->target.start = task_start(task);
	it->outcome = outcome_of(result, task, it->signal);
	undo_opposite(&it->target, it->signal);
	counted = it->outcome == SIGNAL_TERMINATED ? SIGNAL_PENDING : it->outcome;
	if (is_queued(result))
		signal_push(&it->sent, &it->target,
			    it->group ? QUEUE_OF_PROCESS(it->target.pid) :
					QUEUE_OF_THREAD(it->target.tid),
			    it->signal);
	if (signal_count(&it->sent, &it->target, it->signal, counted, 1))
		send_record(it, task);
	return 0;
}

SEC("?tp_btf/signal_generate")
int BPF_PROG(signal_generate_btf, int sig, struct kernel_siginfo *info, struct task_struct *target,
	     int group, int result)
{
	struct signal_sending it = { .signal = sig, .group = !!group };

	if (sig < 1 || sig > SIGNAL_MAX)
		return 0;
	it.target.pid = target->tgid;
	it.target.tid = target->pid;
	/* The verifier takes info for a pointer and would remove the tests for its special values. */
	signal_origin_fill(&it.origin, address_of(info), sig);
	return signal_generated(&it, address_of(target), result);
}

/* --- delivered ------------------------------------------------------------------------------- */

/* include/linux/pid.h */
enum { PIDTYPE_PGID = 2, PIDTYPE_SID = 3 };

#define GROUP_MAX 4096

struct group_walk {
	__u64 node; /* of the next member */
	__u64 group, session; /* struct pid * */
	__u32 is_minded;
};

/* Has that member a parent outside of the group, and in its session? */
static long member_step(__u32 i, struct group_walk *walk)
{
	struct hlist_node *node = (void *)walk->node;
	struct task_struct *task, *parent;

	if (!node)
		return 1;
	task = (void *)node - bpf_core_field_offset(struct task_struct, pid_links) -
	       PIDTYPE_PGID * 2 * sizeof(void *); /* struct hlist_node */
	walk->node = (__u64)BPF_CORE_READ(node, next);
	parent = BPF_CORE_READ(task, real_parent);
	if ((BPF_CORE_READ(task, exit_state) && BPF_CORE_READ(task, signal, nr_threads) == 1) ||
	    BPF_CORE_READ(parent, tgid) == 1)
		return 0;
	walk->is_minded = (__u64)BPF_CORE_READ(parent, signal, pids[PIDTYPE_PGID]) != walk->group &&
			  (__u64)BPF_CORE_READ(parent, signal, pids[PIDTYPE_SID]) == walk->session;
	return walk->is_minded;
}

/* Nobody could set its group going again, and the kernel does not stop it but for SIGSTOP (get_signal() and
 * will_become_orphaned_pgrp()). */
static __noinline bool is_orphaned(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pid *group = BPF_CORE_READ(task, signal, pids[PIDTYPE_PGID]);
	struct group_walk walk = {
		.group = (__u64)group,
		.session = (__u64)BPF_CORE_READ(task, signal, pids[PIDTYPE_SID]),
		.node = (__u64)BPF_CORE_READ(group, tasks[PIDTYPE_PGID].first),
	};

	bpf_loop(GROUP_MAX, member_step, &walk, 0);
	return !walk.is_minded && !walk.node;
}

static __always_inline __u32 default_outcome(__u32 sig)
{
	if (BIT_OF(sig) & SIGNALS_NOTHING)
		return SIGNAL_NOTHING;
	if (BIT_OF(sig) & SIGNALS_STOP)
		return sig != SIGSTOP && is_orphaned() ? SIGNAL_IGNORED : SIGNAL_STOPPED;
	return BIT_OF(sig) & SIGNALS_CORE ? SIGNAL_CORE : SIGNAL_TERMINATED;
}

/*
 * The end of a process is delivered as SIGKILL to each of its threads, whatever signal it was, and
 * whether it was one at all (exit_group): the exit code tells. The first thread takes the signal.
 */
static __always_inline int signal_delivered(int sig, __u64 handler)
{
	struct task_struct *task = (void *)bpf_get_current_task();

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
	if (sig >= SIGNAL_STANDARD)
		signal_heal(sig);
	return 0;
}

SEC("?tp_btf/signal_deliver")
int BPF_PROG(signal_deliver_btf, int sig, struct kernel_siginfo *info, struct k_sigaction *action)
{
	return signal_delivered(sig, (__u64)BPF_CORE_READ((struct k_sigaction *)address_of(action),
							  sa.sa_handler));
}

SEC("?tp/signal/signal_deliver")
int signal_deliver_perf(struct trace_event_raw_signal_deliver *ctx)
{
	return signal_delivered(ctx->sig, ctx->sa_handler);
}

char _license[] SEC("license") = "GPL";
