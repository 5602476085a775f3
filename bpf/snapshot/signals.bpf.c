// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals as they stand: what is pending for each thread and each process, who sent it, which signals a
 * thread blocks, and which its process ignores or handles.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "file.bpf.h"
#include "part.bpf.h"
#include "pending.bpf.h"

#define PF_EXITING        0x00000004
#define PF_KTHREAD        0x00200000
#define SIGNAL_GROUP_EXIT 0x00000004 /* include/linux/sched/signal.h */

/* One queue, whose entries go to seq. */
struct listing {
	struct seq_file *seq;
	struct pending_walk walk;
	__u64 start;
	__u32 pid, tid;
	__u32 met;
	char comm[RECORD_COMM_LEN];
};

static __always_inline void queued_send(struct listing *it, const struct pending_entry *entry)
{
	struct record_signal_queued row = {};

	if (!is_in_part(it->met++))
		return;
	row.head.type = RECORD_SIGNAL_QUEUED;
	row.head.flags = RECORD_ROW;
	row.head.size = sizeof(row);
	row.head.ts = bpf_ktime_get_ns();
	row.head.start = it->start;
	row.head.pid = it->pid;
	row.head.tid = it->tid;
	__builtin_memcpy(row.head.comm, it->comm, sizeof(row.head.comm));
	row.signal = entry->signal;
	row.code = entry->code;
	row.cause = entry->cause;
	row.sender_pid = entry->sender_pid;
	row.group = it->walk.group;
	bpf_seq_write(it->seq, &row, sizeof(row));
}

static long entry_step(__u32 i, struct listing *it)
{
	struct pending_entry entry = {};

	if (!pending_next(&it->walk, &entry))
		return 1;
	queued_send(it, &entry);
	return 0;
}

/* Those that the set has and no entry speaks of. */
static long bare_step(__u32 i, struct listing *it)
{
	struct pending_entry entry = { .signal = i + 1, .cause = SIGNAL_CAUSE_UNKNOWN };
	__u64 bare = it->walk.set & ~it->walk.met;

	if (i < SIGNAL_MAX && (bare >> i & 1))
		queued_send(it, &entry);
	return 0;
}

static __always_inline bool queue_list(struct listing *it, struct task_struct *task, __u64 queue,
				       __u32 group)
{
	pending_begin(&it->walk, queue, group, (__u64)task);
	if (!it->walk.set)
		return pending_is_whole(&it->walk);
	bpf_loop(PENDING_MAX, entry_step, it, 0);
	/* Every thread of a process that is being killed has it (kernel/signal.c, zap_process()). */
	if (!group && it->pid != it->tid)
		it->walk.met |= BIT_OF(SIGKILL);
	if (it->walk.set & ~it->walk.met)
		bpf_loop(SIGNAL_MAX, bare_step, it, 0);
	return pending_is_whole(&it->walk);
}

struct actions {
	__u64 first; /* struct k_sigaction * */
	__u64 ignored, handled;
};

static long action_step(__u32 i, struct actions *it)
{
	struct k_sigaction *action = (void *)it->first + i * bpf_core_type_size(struct k_sigaction);
	__u64 handler = (__u64)BPF_CORE_READ(action, sa.sa_handler);

	if (handler == SIGNAL_ACTION_IGNORE)
		it->ignored |= 1ull << (i & 63);
	else if (handler != SIGNAL_ACTION_DEFAULT)
		it->handled |= 1ull << (i & 63);
	return 0;
}

static __always_inline void actions_fill(struct record_signal_state *row, struct task_struct *task)
{
	struct actions actions = { .ignored = control.zero, .handled = control.zero };

	actions.first = (__u64)BPF_CORE_READ(task, sighand);
	if (!actions.first)
		return;
	actions.first += bpf_core_field_offset(struct sighand_struct, action);
	bpf_loop(SIGNAL_MAX, action_step, &actions, 0);
	row->ignored = actions.ignored;
	row->handled = actions.handled;
	row->flags |= SIGNAL_STATE_PROCESS;
}

SEC("?iter/task")
int rows_signal(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct record_signal_state row = {};
	struct listing it = { .seq = ctx->meta->seq, .met = control.zero };
	bool whole;

	if (!task || (task->flags & (PF_KTHREAD | PF_EXITING)) || task->tgid == settings.own_tgid)
		return 0;
	it.pid = task->tgid;
	it.tid = task->pid;
	it.start = task->group_leader->start_boottime;
	bpf_probe_read_kernel(it.comm, sizeof(it.comm), task->comm);
	row.head.ts = bpf_ktime_get_ns();
	whole = queue_list(&it, task,
			   address_of(task) + bpf_core_field_offset(struct task_struct, pending),
			   0);
	if (it.pid == it.tid) {
		whole &= queue_list(&it, task,
				    (__u64)BPF_CORE_READ(task, signal) +
					    bpf_core_field_offset(struct signal_struct,
								  shared_pending),
				    1);
		actions_fill(&row, task);
	}
	row.head.type = RECORD_SIGNAL_STATE;
	row.head.flags = RECORD_ROW;
	row.head.size = sizeof(row);
	row.head.start = it.start;
	row.head.pid = it.pid;
	row.head.tid = it.tid;
	__builtin_memcpy(row.head.comm, it.comm, sizeof(row.head.comm));
	row.blocked = BPF_CORE_READ(task, blocked.sig[0]);
	if (!whole || BPF_CORE_READ(task, ptrace) ||
	    (BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT))
		row.flags |= SIGNAL_STATE_MOVING;
	if (!rows_part.first)
		bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

char _license[] SEC("license") = "GPL";
