// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life of tasks: fork, exec, exit, and a table left for another (unshare). Each hook is there twice, as
 * those at the exit of calls are: from 7.0 on a tp_btf program that is preempted while it runs makes
 * the kernel skip it for the next task on that processor, a perf tracepoint's is never skipped.
 */
#include "call.bpf.h"
#include "emit.bpf.h"
#include "pid.bpf.h"
#include "space.bpf.h"

#define CLONE_FILES  0x00000400
#define CLONE_PARENT 0x00008000
#define CLONE_PIDFD  0x00001000
#define CLONE_THREAD 0x00010000
#define PF_KTHREAD   0x00200000

static __always_inline void task_fill(struct record_task *record, struct task_struct *task)
{
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	record->table = (__u64)BPF_CORE_READ(task, files);
	record->old_table = 0;
	record->parent_start = BPF_CORE_READ(parent, group_leader, start_boottime);
	record->parent_pid = BPF_CORE_READ(parent, tgid);
	record->parent_tid = 0;
	record->uid = BPF_CORE_READ(task, cred, uid.val);
	record->clone_flags = 0;
	bpf_probe_read_kernel(record->leader_comm, sizeof(record->leader_comm),
				  &leader->comm);
}

/* What of its maker's mark a new process gets: descendants are selected unless --no-follow, and
 * even then they hold what a selected process holds. */
static __always_inline void mark_inherit(struct task_struct *child, __u32 mark)
{
	__u32 tgid = BPF_CORE_READ(child, tgid);

	if (!control.selective || BPF_CORE_READ(child, pid) != tgid)
		return;
	if ((mark & MARK_SELECTED) && !(mark & MARK_FOLLOW))
		mark = MARK_PEER;
	process_set_mark(tgid, mark & ~MARK_LATE);
}

/*
 * The child does not run yet, so nobody but its maker's other threads can have changed anything
 * since its table was copied. Where the maker's table has one user, the pointers suffice: the
 * model knows every description of it. Otherwise each slot is sampled.
 */
__noinline int child_table_send(const struct who *who, __u64 table, __u64 made_from, __u32 mark)
{
	struct slot_cause cause = {.type = RECORD_SLOT, .nr = -1};

	if (!who || !made_from)
		return 0;
	if (BPF_CORE_READ((struct files_struct *)made_from, count.counter) == 1)
		table_send(who, table, TABLE_COPY, -1);
	else
		table_scan(&cause, who, table, 0, SCAN_MAX, mark);
	return 0;
}

static __always_inline void ns_pid_send(struct task_struct *task, const struct who *who)
{
	__u32 pid = task_ns_pid(task);
	struct record_ns_pid *record;

	if (!pid)
		return;
	record = record_reserve(sizeof(*record));
	if (!record)
		return;
	head_fill(&record->head, RECORD_NS_PID, sizeof(*record), who);
	record->pid = pid;
	record->pad = 0;
	record_submit(record);
}

static __always_inline int task_made(struct task_struct *child, __u64 clone_flags)
{
	struct task_struct *maker = (void *)bpf_get_current_task_btf();
	__u32 mark = process_mark(maker->tgid);
	struct record_task *record;
	struct who who;
	__u64 table;

	if (!mark || (BPF_CORE_READ(child, flags) & PF_KTHREAD))
		return 0;
	mark_inherit(child, mark);
	who_init(&who, child);
	record = record_reserve(sizeof(*record));
	if (!record)
		return 0;
	head_fill(&record->head, RECORD_FORK, sizeof(*record), &who);
	task_fill(record, child);
	record->old_table = current_table();
	record->parent_start = current_start();
	record->parent_pid = maker->tgid;
	record->parent_tid = maker->pid;
	record->clone_flags = (__u32)clone_flags;
	record_submit(record);
	if (!(clone_flags & CLONE_THREAD))
		ns_pid_send(child, &who);
	table = (__u64)BPF_CORE_READ(child, files);
	if (!(clone_flags & CLONE_FILES) && table)
		child_table_send(&who, table, current_table(), mark);
	if (settings.mappings)
		space_forked(&who, (__u64)BPF_CORE_READ(child, mm), clone_flags);
	return 0;
}

SEC("?tp_btf/task_newtask")
int BPF_PROG(newtask_btf, struct task_struct *child, __u64 clone_flags)
{
	return task_made(child, clone_flags);
}

/* A walk back through a list of tasks, from its newest. */
struct newest {
	struct list_head *head, *node;
	__u64 child;		/* struct task_struct *; 0 = not found yet */
	__u32 node_offset, pid;
};

static long newest_step(__u32 i, struct newest *newest)
{
	struct list_head *node = newest->node;
	struct task_struct *task = (void *)node - newest->node_offset;

	if (!node || node == newest->head)
		return 1;
	if (BPF_CORE_READ(task, pid) == newest->pid) {
		newest->child = (__u64)task;
		return 1;
	}
	newest->node = BPF_CORE_READ(node, prev);
	return 0;
}

#define NEWEST_MAX 4096

/*
 * copy_process() (kernel/fork.c) has just put the child at the end of its parent's children, or of its
 * thread group; what stands behind it was made by other threads since. Should one of those end
 * meanwhile, it leads no further, and the child is not found.
 */
static __always_inline __u64 task_made_by_current(__u32 pid, __u64 clone_flags)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct newest newest = {.pid = pid, .child = control.zero};
	struct list_head *head;

	if (clone_flags & CLONE_THREAD) {
		head = (void *)BPF_CORE_READ(task, signal) +
		       bpf_core_field_offset(struct signal_struct, thread_head);
		newest.node_offset = bpf_core_field_offset(struct task_struct, thread_node);
	} else {
		if (clone_flags & CLONE_PARENT)
			task = BPF_CORE_READ(task, real_parent);
		head = (void *)task + bpf_core_field_offset(struct task_struct, children);
		newest.node_offset = bpf_core_field_offset(struct task_struct, sibling);
	}
	newest.head = head;
	newest.node = BPF_CORE_READ(head, prev);
	bpf_loop(NEWEST_MAX, newest_step, &newest, 0);
	return newest.child;
}

/* This tracepoint tells the child's pid alone, and no kfunc finds tasks for it. */
SEC("?tp/task/task_newtask")
int newtask_perf(struct trace_event_raw_task_newtask *ctx)
{
	__u64 child, clone_flags = ctx->clone_flags;
	__u32 pid = ctx->pid;

	if (!process_mark(bpf_get_current_pid_tgid() >> 32))
		return 0;
	child = task_by_pid(pid);
	if (!child)	/* the tree of pids is elsewhere */
		child = task_made_by_current(pid, clone_flags);
	if (!child) {
		count_loss(LOSS_READ_FAILED);
		return 0;
	}
	return task_made((void *)child, clone_flags);
}

#define FILENAME_ROOM 256 /* a power of two, as is RECORD_ARGV_MAX */
#define EXEC_TEXT     (FILENAME_ROOM + RECORD_ARGV_MAX)

static __always_inline void exec_text_fill(struct record_exec *record, struct task_struct *task,
					   const char *filename)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	unsigned long start = BPF_CORE_READ(mm, arg_start), end = BPF_CORE_READ(mm, arg_end);
	__u64 len = end - start;
	long n;

	n = bpf_probe_read_kernel_str(record->text, FILENAME_ROOM - 1, filename);
	if (n < 0)
		n = 0;
	barrier_var(n);
	n &= FILENAME_ROOM - 1;
	record->filename_len = n;
	record->argv_len = 0;
	if (n == FILENAME_ROOM - 1)
		record->head.flags |= RECORD_TEXT_CUT;
	if (end <= start)
		return;
	if (len > RECORD_ARGV_MAX - 1) {
		len = RECORD_ARGV_MAX - 1;
		record->head.flags |= RECORD_TEXT_CUT;
	}
	barrier_var(len);
	len &= RECORD_ARGV_MAX - 1;
	/* The pages were written by this very exec, so they are there. */
	if (bpf_probe_read_user(record->text + n, len, (void *)start))
		count_loss(LOSS_TEXT_CUT);
	else
		record->argv_len = len;
}

/* filename: in the kernel's memory */
static __always_inline int task_execed(pid_t old_pid, const char *filename)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	__u32 mark = process_mark(task->tgid);
	const __u32 size = sizeof(struct record_exec) + EXEC_TEXT;
	struct record_exec *record;
	struct who who;

	if (!mark)
		return 0;
	who_init(&who, task);
	record = record_reserve(size);
	if (!record)
		return 0;
	head_fill(&record->head, RECORD_EXEC, size, &who);
	record->table = current_table();
	record->old_tid = old_pid;
	record->uid = BPF_CORE_READ(task, cred, uid.val);
	exec_text_fill(record, task, filename);
	record_submit(record);
	/* Close-on-exec is done by now (begin_new_exec), and the table is ours alone. */
	table_send(&who, current_table(), TABLE_COPY, -1);
	if (settings.mappings)
		space_begun();
	return 0;
}

SEC("?tp_btf/sched_process_exec")
int BPF_PROG(process_exec_btf, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	return task_execed(old_pid, BPF_CORE_READ(bprm, filename));
}

SEC("?tp/sched/sched_process_exec")
int process_exec_perf(struct trace_event_raw_sched_process_exec *ctx)
{
	/* A __data_loc: the low half tells where in the event the string lies. */
	return task_execed(ctx->old_pid, (const char *)ctx + (ctx->__data_loc_filename & 0xffff));
}

static __always_inline int task_exited(void)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	__u32 tgid = task->tgid, mark = process_mark(tgid);
	bool group_dead = BPF_CORE_READ(task, signal, live.counter) == 0;
	struct record_exit *record;
	struct who who;

	if (!mark || (task->flags & PF_KTHREAD))
		return 0;
	if (group_dead && control.selective)
		process_set_mark(tgid, MARK_GONE);
	who_init(&who, task);
	record = record_reserve(sizeof(*record));
	if (!record)
		return 0;
	head_fill(&record->head, RECORD_EXIT, sizeof(*record), &who);
	record->table = current_table();
	record->exit_code = task->exit_code;
	record->group_dead = group_dead;
	record_submit(record);
	return 0;
}

SEC("?tp_btf/sched_process_exit")
int BPF_PROG(process_exit_btf, struct task_struct *task)
{
	return task_exited();
}

SEC("?tp/sched/sched_process_exit")
int process_exit_perf(void *ctx)
{
	return task_exited();
}

/* Sends the pointers in the current table. Global, as the next one: what follows gets there in three ways, and
 * the verifier goes through it once. */
__noinline int current_table_prune(__s32 nr)
{
	table_send(NULL, current_table(), TABLE_PRUNE, nr);
	return 0;
}

/* Sends the slots first to last of the current table; nr: of the call that changed them, -1 = none did. */
__noinline int current_table_scan(__s32 nr, __u32 first, __u32 last, __u32 mark)
{
	struct slot_cause cause = {.type = RECORD_SLOT, .nr = nr};

	table_scan(&cause, NULL, current_table(), first, last, mark);
	return 0;
}

/* The task has a table of its own from now on: says so, and sends what is in it. */
static __always_inline void retable_send(struct call *call, __u32 mark)
{
	struct record_task *record = record_reserve(sizeof(*record));

	if (!record)
		return;
	head_fill(&record->head, RECORD_RETABLE, sizeof(*record), NULL);
	task_fill(record, call->task);
	record_submit(record);
	current_table_prune(call->nr);
	current_table_scan(-1, 0, SCAN_MAX, mark);
}

static __always_inline int on_unshare(struct call *call)
{
	__u32 mark;

	if (call->ret || !(call->arg[0] & CLONE_FILES) || !current_table())
		return 0;
	mark = process_mark(call->task->tgid);
	if (mark)
		retable_send(call, mark);
	return 0;
}

#define CLOSE_RANGE_UNSHARE 2 /* include/uapi/linux/close_range.h, 5.9 */
#define CLOSE_RANGE_CLOEXEC 4 /* 5.11 */

static __always_inline int on_close_range(struct call *call)
{
	__u32 mark;

	if (call->ret)
		return 0;
	mark = process_mark(call->task->tgid);
	if (!mark)
		return 0;
	if (call->arg[2] & CLOSE_RANGE_UNSHARE) {
		retable_send(call, mark);
		return 0;
	}
	if (call->arg[2] & CLOSE_RANGE_CLOEXEC)
		current_table_scan(call->nr, call->arg[0], call->arg[1], mark);
	else
		current_table_prune(call->nr);
	return 0;
}

CALL_EXIT(table_exit)
{
	switch (call_action(call)) {
	case CALL_ON_UNSHARE: return on_unshare(call);
	case CALL_ON_CLOSE_RANGE: return on_close_range(call);
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
