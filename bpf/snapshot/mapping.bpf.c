// SPDX-License-Identifier: GPL-2.0-only
/* Rows of shared mappings, and of System V segments, attached or not. */
#include "mapping.bpf.h"
#include "part.bpf.h"
#include "segment.bpf.h"
#include "wanted.bpf.h"

#define PF_EXITING 0x00000004
#define PF_KTHREAD 0x00200000
#define TMPFS_MAGIC 0x01021994 /* include/uapi/linux/magic.h */

static __always_inline void row_begin(struct record *head, enum record_type type, __u32 size)
{
	head->type = type;
	head->flags = RECORD_ROW;
	head->size = size;
	head->ts = bpf_ktime_get_ns();
}

static __always_inline void row_by(struct record *head, struct task_struct *task)
{
	head->pid = task->tgid;
	head->tid = task->pid;
	head->start = task->group_leader->start_boottime;
	bpf_probe_read_kernel(head->comm, sizeof(head->comm), task->comm);
}

static __always_inline bool is_tmpfs(struct file *file)
{
	return BPF_CORE_READ(file, f_inode, i_sb, s_magic) == TMPFS_MAGIC;
}

/* The kernel goes through the mappings of each task but those threads that share their leader's
 * descriptor table; what a space has twice, the model takes once. Absent before 5.12. */
SEC("?iter/task_vma")
int rows_mapping(struct bpf_iter__task_vma *ctx)
{
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;
	struct record_mapping row = {};
	unsigned long flags;
	struct file *file;
	bool is_private;

	if (!task || !vma)
		return 0;
	flags = vma->vm_flags;
	file = vma->vm_file;
	is_private = !(flags & VM_MAYSHARE);
	if (!file || task->tgid == settings.own_tgid || (task->flags & PF_EXITING) ||
	    (is_private && !is_tmpfs(file)))
		return 0;
	file_sample(&row.facts, address_of(file));
	if (!kind_is_memory(row.facts.kind) || (is_private && row.facts.kind != FILE_REGULAR))
		return 0;
	if (!is_wanted_memory(&row.facts))
		return 0;
	row_begin(&row.head, is_private ? RECORD_MAPPING_PRIVATE : RECORD_MAPPING, sizeof(row));
	row_by(&row.head, task);
	row.space = (__u64)vma->vm_mm;
	row.start = vma->vm_start;
	row.end = vma->vm_end;
	row.offset = (__u64)vma->vm_pgoff << settings.page_shift;
	row.access = mapping_access(flags);
	row.nr = -1;
	/* The kernel goes on through the space that it began with, whatever the task has executed meanwhile. After
	 * the time was taken: what was executed later than that is told by an event, which undoes this row. */
	if ((__u64)task->mm == row.space)
		bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

struct segments {
	struct seq_file *seq;
	__u64 ns;
	__u32 met;
};

static long segment_step(__u32 i, struct segments *segments)
{
	struct record_segment row = {};

	if (!segment_sample_index(&row, segments->ns, i))
		return 0;
	if (!is_in_part(segments->met++))
		return 0;
	row_begin(&row.head, RECORD_SEGMENT, sizeof(row));
	row.nr = -1;
	bpf_seq_write(segments->seq, &row, sizeof(row));
	return 0;
}

#define NAMESPACES_SEEN 8 /* a power of two */

/* Which namespaces were walked already. One that fell out is walked again, which does no harm. */
__u64 namespaces_seen[NAMESPACES_SEEN];
__u32 namespaces_next;

static __always_inline bool is_seen(__u64 ns)
{
	for (int i = 0; i < NAMESPACES_SEEN; i++)
		if (namespaces_seen[i] == ns)
			return true;
	namespaces_seen[namespaces_next++ & (NAMESPACES_SEEN - 1)] = ns;
	return false;
}

SEC("?iter/task")
int rows_segment(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct segments segments = {.seq = ctx->meta->seq, .met = control.zero};

	if (!task || (task->flags & PF_KTHREAD) || task->pid != task->tgid)
		return 0;
	segments.ns = task_ipc_ns(address_of(task));
	if (!segments.ns || is_seen(segments.ns))
		return 0;
	bpf_loop(segment_indexes(segments.ns), segment_step, &segments, 0);
	return 0;
}

char _license[] SEC("license") = "GPL";
