/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is traced, and how a record gets into the ring. The rule that keeps tables exact stands here
 * once: reserve first, then sample, so that the last record about a slot is always right.
 */
#ifndef IPCTRACE_EMIT_BPF_H
#define IPCTRACE_EMIT_BPF_H

#include "file.bpf.h"

/* NULL = its number is above those that there were when tracing began. */
static __always_inline __u8 *mark_of(__u32 tgid)
{
	__u32 which = tgid / MARK_PAGE;
	struct mark_page *page = bpf_map_lookup_elem(&marks, &which);

	return page ? &page->of[tgid & (MARK_PAGE - 1)] : NULL;
}

/* Marks of a process: 0 = not traced, or ended. Everybody is selected where the whole machine is. */
static __always_inline __u32 process_mark(__u32 tgid)
{
	__u8 *mark;

	if (tgid == settings.own_tgid)
		return 0;
	if (!control.selective)
		return MARK_SELECTED;
	mark = mark_of(tgid);
	return mark ? *mark & ~MARK_GONE : 0;
}

static __always_inline void process_set_mark(__u32 tgid, __u32 mark)
{
	__u8 *place = mark_of(tgid);

	if (place)
		*(volatile __u8 *)place = mark;
	else
		count_loss(LOSS_MAP_FULL);
}

static __always_inline bool object_is_watched(__u64 ino, __u32 dev)
{
	struct watched_key key = {.ino = ino, .dev = dev};

	return bpf_map_lookup_elem(&watched, &key);
}

static __always_inline void object_watch(__u64 ino, __u32 dev)
{
	struct watched_key key = {.ino = ino, .dev = dev};
	__u32 one = WATCHED, *watch = bpf_map_lookup_elem(&watched, &key);

	if (watch) {
		*watch = WATCHED;
		return;
	}
	if (bpf_map_update_elem(&watched, &key, &one, BPF_ANY)) {
		count_loss(LOSS_MAP_FULL);
		return;
	}
	__sync_fetch_and_add(&control.watched, 1);
	__sync_fetch_and_add(&control.watch_era, 1);
}

/* Never a wake-up an event (DESIGN: +3,500 ns instead of +392): once when enough lies there, then
 * not again until the reader has been through the ring. The reader's timer covers the rest. */
static __always_inline __u64 wake_flags(void)
{
	if (control.wake_pending)
		return BPF_RB_NO_WAKEUP;
	if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) < control.wake_bytes)
		return BPF_RB_NO_WAKEUP;
	control.wake_pending = 1;
	return BPF_RB_FORCE_WAKEUP;
}

static __always_inline void *record_reserve(__u64 size)
{
	void *record = bpf_ringbuf_reserve(&events, size, 0);

	if (!record)
		count_loss(LOSS_RING_FULL);
	return record;
}

static __always_inline void record_submit(void *record)
{
	bpf_ringbuf_submit(record, wake_flags());
}

/* Whose record it is, where it isn't the current task's: typed task pointers do not pass through
 * loops. */
struct who {
	__u64 start;
	__u32 pid, tid;
	char comm[RECORD_COMM_LEN];
};

static __always_inline void who_init(struct who *who, struct task_struct *task)
{
	who->start = BPF_CORE_READ(task, group_leader, start_boottime);
	who->pid = BPF_CORE_READ(task, tgid);
	who->tid = BPF_CORE_READ(task, pid);
	BPF_CORE_READ_INTO(&who->comm, task, comm);
}

/* The current task's head is made in the record itself: before 6.13 all functions of a program share
 * 512 bytes of stack. */
static __always_inline void head_fill_current(struct record *head)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	head->start = current_start();
	head->pid = pid_tgid >> 32;
	head->tid = (__u32)pid_tgid;
	/* Kernels before 6.6 leave what lay behind the end of the name. */
	__builtin_memset(head->comm, 0, sizeof(head->comm));
	bpf_get_current_comm(head->comm, sizeof(head->comm));
}

/* size: of the whole record; who NULL = the current task. */
static __always_inline void head_fill(struct record *head, enum record_type type, __u32 size,
				      const struct who *who)
{
	head->type = type;
	head->flags = 0;
	head->size = size;
	head->ts = bpf_ktime_get_ns();
	if (!who) {
		head_fill_current(head);
		return;
	}
	head->start = who->start;
	head->pid = who->pid;
	head->tid = who->tid;
	__builtin_memcpy(head->comm, who->comm, sizeof(head->comm));
}

/* What a slot record says besides the slot itself. */
struct slot_cause {
	enum record_type type;
	int nr;
	__s64 result;
	__s64 arg[3];
	__u32 source_pid;
	__u16 flags;
};

static __always_inline void slot_fill(struct record_slot *slot, __u32 size,
				      const struct slot_cause *cause, const struct who *who,
				      __u64 table, __u32 fd)
{
	__u64 file;

	head_fill(&slot->head, cause->type, size, who);
	slot->head.flags = cause->flags;
	slot->table = table;
	slot->fd = fd;
	slot->nr = cause->nr;
	slot->result = cause->result;
	slot->arg[0] = cause->arg[0];
	slot->arg[1] = cause->arg[1];
	slot->arg[2] = cause->arg[2];
	slot->source_pid = cause->source_pid;
	slot->text_len = 0;
	slot->pad = 0;
	__builtin_memset(&slot->facts, 0, sizeof(slot->facts));
	file = table_file(table, fd);
	file_sample(&slot->facts, file);
	slot->cloexec = file && table_cloexec(table, fd);
}

/* Whoever else gets hold of that becomes a peer (slot.bpf.c). Always returns 0. */
int facts_watch(const struct file_facts *facts);

/* Sends what slot fd of that table holds now. */
static __always_inline void slot_send(const struct slot_cause *cause, const struct who *who,
				      __u64 table, __u32 fd, __u32 mark)
{
	struct record_slot *slot = record_reserve(sizeof(*slot));

	if (!slot)
		return;
	slot_fill(slot, sizeof(*slot), cause, who, table, fd);
	if (control.selective && (mark & MARK_SELECTED))
		facts_watch(&slot->facts);
	record_submit(slot);
}

/* Slots of one table to be sent, for one cause. */
struct scan {
	const struct slot_cause *cause;
	const struct who *who;	/* NULL = the current task */
	__u64 table;
	__u32 fd, last, mark;
};

static long scan_step(__u32 i, struct scan *scan)
{
	__u32 fd = scan->fd;

	if (fd > scan->last)
		return 1;
	scan->fd = fd + 1;
	if (table_file(scan->table, fd))
		slot_send(scan->cause, scan->who, scan->table, fd, scan->mark);
	return 0;
}

#define SCAN_MAX (1 << 20) /* above sysctl fs.nr_open's default */

/* Sends every occupied slot from scan->fd to scan->last; each is sampled by itself. */
static __always_inline void scan_run(struct scan *scan)
{
	__u32 size = table_size(scan->table);

	if (size == 0 || scan->fd >= size)
		return;
	if (scan->last > size - 1)
		scan->last = size - 1;
	bpf_loop(SCAN_MAX, scan_step, scan, 0);
}

static __always_inline void table_scan(const struct slot_cause *cause, const struct who *who,
				       __u64 table, __u32 first, __u32 last,
				       __u32 mark)
{
	struct scan scan = {
		.cause = cause, .who = who, .table = table,
		.fd = first, .last = last, .mark = mark,
	};

	scan_run(&scan);
}

/* What a run of RECORD_TABLE records is about. */
struct chunks {
	const struct who *who;	/* NULL = the current task */
	__u64 table;
	__u32 mode, first, size;
	int nr;
};

/* Sends `count` pointers from slot chunks->first on; count is a constant. */
static __always_inline long chunk_send(struct chunks *chunks, const __u32 count)
{
	const __u32 size = sizeof(struct record_table) + count * sizeof(__u64);
	__u32 first = chunks->first;
	struct record_table *record;
	struct file **slots;

	record = record_reserve(size);
	if (!record)
		return 1;
	head_fill(&record->head, RECORD_TABLE, size, chunks->who);
	record->table = chunks->table;
	record->mode = chunks->mode;
	record->nr = chunks->nr;
	record->first = first;
	record->count = count;
	record->last = first + count >= chunks->size;
	record->pad = 0;
	slots = (void *)table_slots(chunks->table);
	if (bpf_probe_read_kernel(record->files, count * sizeof(__u64), &slots[first])) {
		count_loss(LOSS_READ_FAILED);
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return 1;
	}
	record_submit(record);
	chunks->first = first + count;
	return chunks->first >= chunks->size;
}

static long chunk_step(__u32 i, struct chunks *chunks)
{
	__u32 left = chunks->size - chunks->first;

	if (left >= 512)
		return chunk_send(chunks, 512);
	if (left >= 256)
		return chunk_send(chunks, 256);
	if (left >= 128)
		return chunk_send(chunks, 128);
	return chunk_send(chunks, 64);
}

/*
 * Sends the pointers of a whole table. Every fdtable has a multiple of 64 slots (BITS_PER_LONG;
 * fs/file.c, alloc_fdtable), mostly a power of two.
 */
static __always_inline void table_send(const struct who *who, __u64 table,
				       enum table_mode mode, int nr)
{
	struct chunks chunks = {.who = who, .table = table, .mode = mode, .nr = nr};

	chunks.size = table_size(table);
	if (chunks.size <= 64)
		chunk_send(&chunks, 64);
	else
		bpf_loop(SCAN_MAX / RECORD_CHUNK + 4, chunk_step, &chunks, 0);
}

#endif /* IPCTRACE_EMIT_BPF_H */
