// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks on files, from the inode's own lists (fs/locks.c): flock()'s, and those of fcntl(), of processes and of open
 * file descriptions. Told at the first descriptor met of each file that has any; who bears a lock is a file, or a table
 * of descriptors, and not who took it, which may be gone.
 */
#include "file.bpf.h"
#include "part.bpf.h"

#define LOCKS_MAX   65536
#define FL_POSIX    1
#define FL_FLOCK    2
#define FL_OFDLCK   1024
#define F_WRLCK	    1 /* include/uapi/asm-generic/fcntl.h */

/* Files whose locks are told of, and in which look and part. */
struct locked_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct watched_key);
	__type(value, __u64);
};
struct locked_map locked SEC(".maps");
struct locking locking;

struct locks {
	struct seq_file *seq;
	struct list_head *head, *at;
	struct watched_key of;
	__u32 met;
};

/* Until 6.9 (a69ce85ec9af, "filelock: split common fields into struct file_lock_core") all was in struct file_lock. */
static __always_inline void lock_take(struct record_lock *row, struct list_head *at)
{
	struct file_lock___before_6_9 *older;
	struct file_lock *lock;
	__u32 flags, type;
	__s32 pid;

	if (bpf_core_field_exists(struct file_lock, c)) {
		lock = (void *)at - bpf_core_field_offset(struct file_lock, c) -
		       bpf_core_field_offset(struct file_lock_core, flc_list);
		flags = BPF_CORE_READ(lock, c.flc_flags);
		type = BPF_CORE_READ(lock, c.flc_type);
		pid = BPF_CORE_READ(lock, c.flc_pid);
		row->lock = (__u64)lock;
		row->file = (__u64)BPF_CORE_READ(lock, c.flc_file);
		row->owner = (__u64)BPF_CORE_READ(lock, c.flc_owner);
		row->start = BPF_CORE_READ(lock, fl_start);
		row->end = BPF_CORE_READ(lock, fl_end);
	} else {
		older = (void *)at - bpf_core_field_offset(struct file_lock___before_6_9, fl_list);
		flags = BPF_CORE_READ(older, fl_flags);
		type = BPF_CORE_READ(older, fl_type);
		pid = BPF_CORE_READ(older, fl_pid);
		row->lock = (__u64)older;
		row->file = (__u64)BPF_CORE_READ(older, fl_file);
		row->owner = (__u64)BPF_CORE_READ(older, fl_owner);
		row->start = BPF_CORE_READ(older, fl_start);
		row->end = BPF_CORE_READ(older, fl_end);
	}
	row->head.pid = pid > 0 ? pid : 0;
	row->kind = flags & FL_FLOCK ? LOCK_FLOCK : flags & FL_OFDLCK ? LOCK_OFD : LOCK_POSIX;
	row->mode = type == F_WRLCK ? LOCK_EXCLUSIVE : LOCK_SHARED;
}

static long lock_step(__u32 i, struct locks *locks)
{
	struct record_lock row = {};
	struct list_head *at = locks->at;

	if (!at || at == locks->head)
		return 1;
	if (is_in_part(locks->met++)) {
		row.head.type = RECORD_LOCK;
		row.head.flags = RECORD_ROW;
		row.head.size = sizeof(row);
		row.ino = locks->of.ino;
		row.dev = locks->of.dev;
		lock_take(&row, at);
		bpf_seq_write(locks->seq, &row, sizeof(row));
	}
	locks->at = BPF_CORE_READ(at, next);
	return 0;
}

static __always_inline void list_walk(struct locks *locks, struct list_head *head)
{
	locks->head = head;
	locks->at = BPF_CORE_READ(head, next);
	bpf_loop(LOCKS_MAX, lock_step, locks, 0);
}

static __always_inline bool is_told(const struct watched_key *of)
{
	__u64 now = (__u64)locking.look << 32 | rows_part.first, *told = bpf_map_lookup_elem(&locked, of);

	if (told && *told == now)
		return true;
	bpf_map_update_elem(&locked, of, &now, BPF_ANY); /* without room it is told of again, no more */
	return false;
}

SEC("?iter/task_file")
int rows_lock(struct bpf_iter__task_file *ctx)
{
	struct locks locks = {.seq = ctx->meta->seq, .met = control.zero};
	struct file *file = ctx->file;
	struct file_lock_context *context;
	struct inode *inode;

	if (!file)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	context = BPF_CORE_READ(inode, i_flctx);
	if (!context)
		return 0;
	locks.of.ino = BPF_CORE_READ(inode, i_ino);
	locks.of.dev = BPF_CORE_READ(inode, i_sb, s_dev);
	if (is_told(&locks.of))
		return 0;
	list_walk(&locks, (void *)context + bpf_core_field_offset(struct file_lock_context, flc_flock));
	list_walk(&locks, (void *)context + bpf_core_field_offset(struct file_lock_context, flc_posix));
	return 0;
}

char _license[] SEC("license") = "GPL";
