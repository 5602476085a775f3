// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls about signals: what a process does on one, what a thread blocks, and those that take a
 * pending one without its ever being delivered.
 */
#include "call.bpf.h"
#include "signal.bpf.h"
#include "slot.bpf.h"

#define EAGAIN 11

static __always_inline bool is_selected(const struct call *call)
{
	return process_mark(call->task->tgid) & MARK_SELECTED;
}

static __always_inline struct k_sigaction *action_of(__u32 sig)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	void *actions = (void *)BPF_CORE_READ(task, sighand) +
			bpf_core_field_offset(struct sighand_struct, action);

	return actions + (sig - 1) * bpf_core_type_size(struct k_sigaction);
}

/* What is ignored from now on, and is pending, is pending no more (do_sigaction()). */
static __always_inline void flush_ignored(__u32 sig, __u64 handler)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct signal_whom me = { .pid = pid_tgid >> 32, .tid = (__u32)pid_tgid };

	if (handler > SIGNAL_ACTION_IGNORE ||
	    (handler == SIGNAL_ACTION_DEFAULT && !(BIT_OF(sig) & SIGNALS_NOTHING)))
		return;
	me.start = current_start();
	signal_discard(&me, QUEUE_OF_PROCESS(me.pid), BIT_OF(sig), 0);
	signal_discard(&me, QUEUE_OF_THREAD(me.tid), BIT_OF(sig), 0);
}

/* Global: the same for both hooks. */
__noinline int signal_action_send(__u32 sig)
{
	struct record_signal_action *record;
	struct k_sigaction *action;
	__u64 handler;

	if (sig < 1 || sig > SIGNAL_MAX)
		return 0;
	record = record_reserve(sizeof(*record));
	if (!record)
		return 0;
	action = action_of(sig);
	handler = (__u64)BPF_CORE_READ(action, sa.sa_handler);
	head_fill(&record->head, RECORD_SIGNAL_ACTION, sizeof(*record), NULL);
	record->signal = sig;
	record->action = handler < SIGNAL_ACTION_HANDLER ? handler : SIGNAL_ACTION_HANDLER;
	record->sa_flags = BPF_CORE_READ(action, sa.sa_flags);
	record->sa_mask = BPF_CORE_READ(action, sa.sa_mask.sig[0]);
	record_submit(record);
	flush_ignored(sig, handler);
	return 0;
}

__noinline int signal_mask_send(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct record_signal_mask *record;

	record = record_reserve(sizeof(*record));
	if (!record)
		return 0;
	head_fill(&record->head, RECORD_SIGNAL_MASK, sizeof(*record), NULL);
	record->blocked = BPF_CORE_READ(task, blocked.sig[0]);
	record_submit(record);
	return 0;
}

/* rt_sigaction(signal, action, old): the new state is read from the kernel, not from the caller. */
static __always_inline int on_signal_action(struct call *call)
{
	if (call->ret || !call->arg[1] || !is_selected(call))
		return 0;
	return signal_action_send(call->arg[0]);
}

/* rt_sigprocmask(how, set, old) */
static __always_inline int on_signal_mask(struct call *call)
{
	if (call->ret || !call->arg[1] || !is_selected(call))
		return 0;
	return signal_mask_send();
}

/* rt_sigtimedwait(…) returns the signal it took. */
static __always_inline int on_signal_wait(struct call *call)
{
	return call->ret > 0 ? signal_take(call->ret, SIGNAL_TAKEN) : 0;
}

/* kill(pid, signal), tkill(tid, signal), rt_sigqueueinfo(pid, signal, …): nothing was sent, so there
 * is no other trace of it. */
static __always_inline int fail_send(struct call *call, __s32 target, __u32 sig)
{
	struct record_signal_fail *record;

	/* EAGAIN, the queue is full: signal_generate has told of it. */
	if (call->ret >= 0 || call->ret == -EAGAIN || !sig || !is_selected(call))
		return 0;
	record = record_reserve(sizeof(*record));
	if (!record)
		return 0;
	head_fill(&record->head, RECORD_SIGNAL_FAIL, sizeof(*record), NULL);
	record->result = call->ret;
	record->arg[0] = call->arg[0];
	record->arg[1] = call->arg[1];
	record->arg[2] = call->arg[2];
	record->nr = call->nr;
	record->signal = sig;
	record->target = target;
	record->pad = 0;
	record_submit(record);
	return 0;
}

static __always_inline int on_signal_kill(struct call *call)
{
	return fail_send(call, call->arg[0], call->arg[1]);
}

/* tgkill(tgid, tid, signal), rt_tgsigqueueinfo(tgid, tid, signal, …) */
static __always_inline int on_signal_tgkill(struct call *call)
{
	return fail_send(call, call->arg[1], call->arg[2]);
}

/* pidfd_send_signal(pidfd, signal, …) */
static __always_inline int on_signal_pidfd(struct call *call)
{
	return fail_send(call, 0, call->arg[1]);
}

/* --- signalfd -------------------------------------------------------------------------------- */

/* From now on reads are looked at that could be of a signalfd. */
CALL_EXIT(signalfd_exit)
{
	if (call->ret < 0)
		return 0;
	if (control.follow_signals)
		control.signalfds = 1;
	return slot_filled(call, call->ret);
}

#define SIGINFO_SIZE 128 /* struct signalfd_siginfo */
#define SIGINFO_MAX  512 /* in one read */

struct reading {
	__u64 at;
	__u32 left;
};

static long reading_step(__u32 i, struct reading *it)
{
	__u32 sig = 0;

	if (!it->left)
		return 1;
	if (bpf_probe_read_user(&sig, sizeof(sig), (void *)it->at))
		count_loss(LOSS_READ_FAILED);
	else
		signal_take(sig, SIGNAL_READ);
	it->at += SIGINFO_SIZE;
	it->left--;
	return 0;
}

__noinline int signal_read(__u32 fd, __u64 buffer, __u32 bytes)
{
	struct file *file = (void *)current_file(fd);
	struct reading it = { .at = buffer, .left = bytes / SIGINFO_SIZE };
	char name[8] = {};

	if (!file)
		return 0;
	bpf_probe_read_kernel(name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	if (*(__u64 *)name != *(const __u64 *)"[signalf")
		return 0;
	bpf_loop(SIGINFO_MAX, reading_step, &it, 0);
	return 0;
}

/* read(fd, buffer, …) of as many bytes as n signals take; see core.bpf.c. */
CALL_EXIT(signal_read_exit)
{
	return signal_read(call->arg[0], call->arg[1], call->ret);
}

CALL_EXIT(signal_call_exit)
{
	switch (call_action(call)) {
	case CALL_ON_SIGNAL_ACTION: return on_signal_action(call);
	case CALL_ON_SIGNAL_MASK: return on_signal_mask(call);
	case CALL_ON_SIGNAL_WAIT: return on_signal_wait(call);
	case CALL_ON_SIGNAL_KILL: return on_signal_kill(call);
	case CALL_ON_SIGNAL_TGKILL: return on_signal_tgkill(call);
	case CALL_ON_SIGNAL_PIDFD: return on_signal_pidfd(call);
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
