// SPDX-License-Identifier: GPL-2.0-only
/*
 * FIFOs: made, opened, unlinked. The path is told as the caller gave it and, from the kernel's own
 * tree of directories and mounts, as everybody would: who makes or unlinks one may be gone, and its
 * working directory with it, before anybody could ask /proc.
 */
#include "fifo.bpf.h"
#include "transfer.bpf.h"

#define AT_FDCWD     -100
#define AT_REMOVEDIR 0x200
#define FMODE_READ   1
#define FMODE_WRITE  2

/* --- the names of FIFOs ---------------------------------------------------------------------- */

/* The end of a path. An argument that is longer than there is room has an end that is not seen:
 * such an unlink is let through. */
struct last_name {
	char text[RECORD_PATH_MAX];
	__u32 left, hash;
};

static long hash_step(__u32 i, struct last_name *name)
{
	__u32 at = name->left - 1;
	char c;

	if (!name->left)
		return 1;
	barrier_var(at);
	c = name->text[at & (RECORD_PATH_MAX - 1)];
	if (c == '/')
		return 1;
	name->hash = NAME_HASH(name->hash, c);
	name->left--;
	return 0;
}

/* Below 0: not read. user: the text lies in the caller's memory. */
__noinline __s64 name_hash(__u64 address, __u32 user)
{
	struct last_name name = {};
	long n;

	if (user)
		n = bpf_probe_read_user_str(name.text, sizeof(name.text), (void *)address);
	else
		n = bpf_probe_read_kernel_str(name.text, sizeof(name.text), (void *)address);
	if (n <= 0)
		return -1;
	name.left = n - 1;
	bpf_loop(NAME_HASH_BYTES, hash_step, &name, 0);
	return name.hash;
}

static __always_inline void name_remember(__u32 hash)
{
	__u32 one = 1;

	control.fifos = 1;
	bpf_map_update_elem(&fifo_names, &hash, &one, BPF_ANY);
}

/* --- the way up to the root ------------------------------------------------------------------ */

struct climb {
	struct dentry *dentry;
	struct mount *mount;
	struct record_fifo *record;
};

#define CLIMB_MAX 256

static long climb_step(__u32 i, struct climb *climb)
{
	struct record_fifo *record = climb->record;
	struct dentry *dentry = climb->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
	struct mount *mount = climb->mount, *above;
	__u32 used = record->folders_len;
	long n;

	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount)
			return 1;
		climb->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		climb->mount = above;
		return 0;
	}
	if (parent == dentry)
		return 1;
	if (used > RECORD_FOLDERS_MAX - RECORD_COMPONENT_MAX) {
		record->cut = 1;
		return 1;
	}
	n = bpf_probe_read_kernel_str(record->folders + used, RECORD_COMPONENT_MAX,
				      BPF_CORE_READ(dentry, d_name.name));
	if (n <= 0) {
		record->cut = 1;
		return 1;
	}
	record->folders_len = used + n;
	climb->dentry = parent;
	return 0;
}

static __always_inline void folders_fill(struct record_fifo *record, __u64 file)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct climb climb = {.record = record};
	struct vfsmount *mount;

	if (file) {
		climb.dentry = BPF_CORE_READ((struct file *)file, f_path.dentry);
		mount = BPF_CORE_READ((struct file *)file, f_path.mnt);
	} else {
		climb.dentry = BPF_CORE_READ(task, fs, pwd.dentry);
		mount = BPF_CORE_READ(task, fs, pwd.mnt);
	}
	climb.mount = (void *)mount - bpf_core_field_offset(struct mount, mnt);
	if (bpf_loop(CLIMB_MAX, climb_step, &climb, 0) == CLIMB_MAX)
		record->cut = 1;
}

static __always_inline __u32 foreign_mnt_ns(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 inum = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);

	return inum == settings.own_mnt_ns ? 0 : inum;
}

/* --- records --------------------------------------------------------------------------------- */

static __always_inline void file_fill(struct record_fifo *record, __u64 file)
{
	record->fmode = BPF_CORE_READ((struct file *)file, f_mode);
	record->ino = BPF_CORE_READ((struct file *)file, f_inode, i_ino);
	record->dev = BPF_CORE_READ((struct file *)file, f_inode, i_sb, s_dev);
}

/* The call succeeded, so the kernel could read its path; by now the page is gone, and what became of which
 * name is not known. */
static __always_inline int path_lost(void)
{
	count_loss(LOSS_READ_FAILED);
	return 0;
}

/* All but the texts, of which the source clears what is unused: they are too long for here. */
static __always_inline void record_clear(struct record_fifo *record)
{
	record->ino = 0;
	record->dev = 0;
	record->fmode = 0;
	record->cut = 0;
	record->folders_len = 0;
	record->whole = 0;
	record->pad = 0;
	record->path[0] = 0;
}

/* Always returns 0. Global: it is in three programs. */
__noinline int fifo_send(struct fifo_cause *cause)
{
	struct record_fifo *record;
	long n;

	if (!cause)
		return 0;
	record = record_reserve(sizeof(*record));
	if (!record)
		return 0;
	head_fill(&record->head, RECORD_FIFO, sizeof(*record), NULL);
	record_clear(record);
	record->waited = cause->waited;
	record->result = cause->result;
	record->verb = cause->verb;
	record->fd = cause->fd;
	record->nr = cause->nr;
	record->mnt_ns = foreign_mnt_ns();
	n = bpf_probe_read_user_str(record->path, RECORD_PATH_MAX, (void *)cause->path);
	if (n < 0 && cause->verb != FIFO_OPENED)
		path_lost();
	if (n == RECORD_PATH_MAX) {
		record->head.flags |= RECORD_TEXT_CUT;
		count_loss(LOSS_TEXT_CUT);
	}
	if (cause->verb == FIFO_OPENED && cause->file)
		file_fill(record, cause->file);
	if (cause->verb == FIFO_OPENED || record->path[0] != '/')
		folders_fill(record, cause->file);
	record_submit(record);
	return 0;
}

/* A function of its own, for the facts and the call that sends are too much for one stack. */
__noinline __u64 current_fifo(__u32 fd)
{
	struct file_facts facts = {};

	file_sample(&facts, current_file(fd));
	return facts.kind == FILE_FIFO ? facts.file : 0;
}

__noinline int fifo_opened_send(struct fifo_cause *cause)
{
	struct file *file;
	__u32 fmode;

	if (!cause)
		return 0;
	cause->file = current_fifo(cause->fd);
	if (!cause->file)
		return 0;
	file = (void *)cause->file;
	fmode = BPF_CORE_READ(file, f_mode);
	name_remember(name_hash((__u64)BPF_CORE_READ(file, f_path.dentry, d_name.name), 0));
	if (cause->waited && cause->waited != FIFO_NOT_WATCHED)
		transfer_waited(cause->fd, fmode & FMODE_WRITE ? DIRECTION_OUT : DIRECTION_IN,
				cause->waited, cause->nr);
	return fifo_send(cause);
}

/* --- calls ----------------------------------------------------------------------------------- */

static __always_inline int path_changed(struct call *call, __s32 dirfd, __u64 path, __u32 verb)
{
	struct fifo_cause cause = {
		.path = path,
		.file = dirfd == AT_FDCWD ? 0 : current_file(dirfd),
		.result = call->ret,
		.verb = verb,
		.fd = -1,
		.nr = call->nr,
	};

	return fifo_send(&cause);
}

static __always_inline int made(struct call *call, __s32 dirfd, __u64 path, __u32 mode)
{
	__s64 hash;

	if (call->ret || (mode & S_IFMT) != S_IFIFO || !process_mark(call->task->tgid))
		return 0;
	hash = name_hash(path, 1);
	if (hash < 0)
		return path_lost();
	name_remember(hash);
	return path_changed(call, dirfd, path, FIFO_CREATED);
}

static __always_inline int on_mknod(struct call *call)
{
	return made(call, AT_FDCWD, call->arg[0], call->arg[1]);
}

static __always_inline int on_mknodat(struct call *call)
{
	return made(call, call->arg[0], call->arg[1], call->arg[2]);
}

static __always_inline int unlinked(struct call *call, __s32 dirfd, __u64 path)
{
	__s64 hash;
	__u32 name;

	if (call->ret || !control.fifos || !process_mark(call->task->tgid))
		return 0;
	hash = name_hash(path, 1);
	if (hash < 0)
		return path_lost();
	name = hash;
	if (!bpf_map_lookup_elem(&fifo_names, &name))
		return 0;
	return path_changed(call, dirfd, path, FIFO_UNLINKED);
}

static __always_inline int on_unlink(struct call *call)
{
	return unlinked(call, AT_FDCWD, call->arg[0]);
}

static __always_inline int on_unlinkat(struct call *call)
{
	if (call->arg[2] & AT_REMOVEDIR)
		return 0;
	return unlinked(call, call->arg[0], call->arg[1]);
}

CALL_EXIT(fifo_exit)
{
	switch (call_action(call)) {
	case CALL_ON_MKNOD: return on_mknod(call);
	case CALL_ON_MKNODAT: return on_mknodat(call);
	case CALL_ON_UNLINK: return on_unlink(call);
	case CALL_ON_UNLINKAT: return on_unlinkat(call);
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
