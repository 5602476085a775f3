// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks asleep in a call that opens by path. Such a task has no descriptor yet, so no table tells
 * of it; the source looks whether the path is a FIFO's.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "maps.bpf.h"

static __always_inline bool is_asleep(struct task_struct *task)
{
	struct task_struct___before_5_14 *older = (void *)task;

	if (bpf_core_field_exists(struct task_struct, __state))
		return task->__state != 0;
	return BPF_CORE_READ(older, state) != 0;
}

static __always_inline bool is_open_call(int nr)
{
	for (int i = 0; i < OPEN_CALLS; i++)
		if (nr >= 0 && nr == settings.open_call[i])
			return true;
	return false;
}

static __always_inline int call_nr(struct task_struct *task, struct pt_regs *regs)
{
	__u32 nr = ARCH_SYSCALL_NR(regs);

	if (!ARCH_IS_COMPAT(task))
		return nr;
	if (nr >= CALLS_MAX)
		return -1;
	barrier_var(nr);
	return settings.compat_nr[nr & (CALLS_MAX - 1)];
}

static __always_inline void args_fill(struct record_opening *row, struct task_struct *task,
				      struct pt_regs *regs)
{
	bool compat = ARCH_IS_COMPAT(task);

	row->arg[0] = compat ? ARCH_COMPAT_ARG0(regs) : ARCH_ARG0(regs);
	row->arg[1] = compat ? ARCH_COMPAT_ARG1(regs) : ARCH_ARG1(regs);
	row->arg[2] = compat ? ARCH_COMPAT_ARG2(regs) : ARCH_ARG2(regs);
}

SEC("iter/task")
int rows_opening(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct record_opening row = {};
	struct pt_regs *regs;

	if (!task || !task->mm || task->tgid == settings.own_tgid || !is_asleep(task))
		return 0;
	regs = (void *)bpf_task_pt_regs(task);
	row.nr = call_nr(task, regs);
	if (!is_open_call(row.nr))
		return 0;
	row.head.type = RECORD_OPENING;
	row.head.flags = RECORD_ROW;
	row.head.size = sizeof(row);
	row.head.ts = bpf_ktime_get_ns();
	row.head.pid = task->tgid;
	row.head.tid = task->pid;
	row.head.start = task->group_leader->start_boottime;
	bpf_probe_read_kernel(row.head.comm, sizeof(row.head.comm), task->comm);
	args_fill(&row, task, regs);
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

char _license[] SEC("license") = "GPL";
