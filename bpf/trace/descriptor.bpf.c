// SPDX-License-Identifier: GPL-2.0-only
/* Calls that fill, empty or change single slots of a descriptor table. */
#include "fifo.bpf.h"
#include "slot.bpf.h"
#include "transfer.bpf.h"

#define EBADF		9
#define F_DUPFD		0
#define F_SETFD		2
#define F_SETFL		4
#define F_DUPFD_CLOEXEC 1030
#define F_SETPIPE_SZ	1031

#define FIONBIO	   0x5421
#define FIONCLEX   0x5450
#define FIOCLEX	   0x5451
#define TIOCGPTPEER 0x5441
#define CLONE_PIDFD 0x00001000

/* The result is a new descriptor. */
static __always_inline int on_new_fd(struct call *call)
{
	return call->ret < 0 ? 0 : slot_filled(call, call->ret);
}

/* An eventfd is watched by the address of its file, which another one may have had before. */
static __always_inline int on_eventfd(struct call *call)
{
	struct watched_key key = {};

	if (call->ret < 0)
		return 0;
	if (control.selective && odd_channel(&key, current_file(call->ret)))
		bpf_map_delete_elem(&watched, &key);
	return slot_filled(call, call->ret);
}

/* The result is a new descriptor, or 0 for "done". */
static __always_inline int on_maybe_fd(struct call *call)
{
	return call->ret <= 0 ? 0 : slot_filled(call, call->ret);
}

#define PATH_BYTES 256

/* As slot_send(), with the path argument behind. */
static __always_inline int slot_send_path(struct call *call, __u32 fd, __u64 path, __u32 mark)
{
	const __u32 size = sizeof(struct record_slot) + PATH_BYTES;
	struct record_slot *slot = record_reserve(size);
	struct slot_cause cause;
	long n;

	if (!slot)
		return 0;
	cause_init(&cause, call);
	slot_fill(slot, size, &cause, NULL, current_table(), fd);
	n = bpf_probe_read_user_str(slot->text, PATH_BYTES, (void *)path);
	slot->text_len = n > 0 ? n : 0;
	if (n == PATH_BYTES) {
		slot->head.flags |= RECORD_TEXT_CUT;
		count_loss(LOSS_TEXT_CUT);
	}
	if (control.selective && (mark & MARK_SELECTED))
		facts_watch(&slot->facts);
	record_submit(slot);
	return 0;
}

/* Paths of plain files are a quarter of a kilobyte each that nobody asked for. */
static __always_inline bool path_is_wanted(struct call *call, __u32 fd)
{
	struct watched_key key = {};

	if (settings.paths)
		return true;
	return file_channel(&key, current_file(fd));
}

/* Also a failed open has ended its sleep, or the next transfer would be given it. */
static __always_inline int opened(struct call *call, __u64 path)
{
	__u64 slept = control.count_transfers ? call_slept() : FIFO_NOT_WATCHED;
	__u32 mark;

	if (call->ret < 0)
		return 0;
	mark = slot_mark(call->ret);
	if (!mark)
		return 0;
	if (!path_is_wanted(call, call->ret))
		return slot_changed(call, call->ret);
	slot_send_path(call, call->ret, path, mark);
	return fifo_opened(call, path, slept);
}

static __always_inline int on_open(struct call *call)
{
	return opened(call, call->arg[0]);
}

static __always_inline int on_openat(struct call *call)
{
	return opened(call, call->arg[1]);
}

static __always_inline int on_close(struct call *call)
{
	return call->ret == -EBADF ? 0 : slot_changed(call, call->arg[0]);
}

static __always_inline int on_dup(struct call *call)
{
	return call->ret < 0 ? 0 : slot_changed(call, call->ret);
}

static __always_inline int on_fcntl(struct call *call)
{
	if (call->ret < 0)
		return 0;
	switch (call->arg[1]) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return slot_changed(call, call->ret);
	case F_SETFD:
	case F_SETFL:
	case F_SETPIPE_SZ:
		return slot_changed(call, call->arg[0]);
	}
	return 0;
}

/* Type 0xb7 is nsfs, 0xae KVM: their calls return descriptors. Others that do hand them out in
 * structures; the model heals when such a descriptor is used. */
#define IOCTL_TYPE(cmd) ((cmd) >> 8 & 0xff)

static __always_inline int on_ioctl(struct call *call)
{
	__u32 cmd = call->arg[1];

	if (call->ret < 0)
		return 0;
	if (cmd == FIONBIO || cmd == FIONCLEX || cmd == FIOCLEX)
		return slot_changed(call, call->arg[0]);
	if (call->ret > 0 &&
	    (cmd == TIOCGPTPEER || IOCTL_TYPE(cmd) == 0xb7 || IOCTL_TYPE(cmd) == 0xae))
		return slot_filled(call, call->ret);
	return 0;
}

static __always_inline int on_pipe(struct call *call)
{
	struct slot_cause cause;

	pair_made(call, call->arg[0], &cause);
	return 0;
}

/* The process a pidfd of the current task refers to; 0 = it is none. A function of its own, for the
 * facts and the call that sends a slot are together too much for the stack. */
__noinline __u32 current_pidfd_target(__u32 fd)
{
	struct file_facts facts = {};

	file_sample(&facts, current_file(fd));
	return facts.kind == FILE_PIDFD ? facts.pidfd.target : 0;
}

/* pidfd_getfd: from whose table it was taken is what the pidfd in argument 0 refers to. */
static __always_inline int on_pidfd_getfd(struct call *call)
{
	struct slot_cause cause;

	if (call->ret < 0)
		return 0;
	cause_init(&cause, call);
	cause.source_pid = current_pidfd_target(call->arg[0]);
	return slot_filled_send(&cause, call->ret);
}

/* clone with CLONE_PIDFD writes the descriptor where parent_tid points. */
static __always_inline int on_clone(struct call *call)
{
	__s32 fd;

	if (call->ret <= 0 || !(call->arg[0] & CLONE_PIDFD) || !process_mark(call->task->tgid))
		return 0;
	if (bpf_probe_read_user(&fd, sizeof(fd), (void *)call->arg[2])) {
		count_loss(LOSS_READ_FAILED);
		return 0;
	}
	return slot_changed(call, fd);
}

/* struct clone_args, include/uapi/linux/sched.h: flags, then where to put the pidfd. */
static __always_inline int on_clone3(struct call *call)
{
	__u64 args[2];
	__s32 fd;

	if (call->ret <= 0 || !process_mark(call->task->tgid))
		return 0;
	if (bpf_probe_read_user(args, sizeof(args), (void *)call->arg[0]))
		goto unread;
	if (!(args[0] & CLONE_PIDFD))
		return 0;
	if (bpf_probe_read_user(&fd, sizeof(fd), (void *)args[1]))
		goto unread;
	return slot_changed(call, fd);
unread:
	count_loss(LOSS_READ_FAILED);
	return 0;
}

CALL_EXIT(descriptor_exit)
{
	switch (call_action(call)) {
	case CALL_ON_NEW_FD: return on_new_fd(call);
	case CALL_ON_EVENTFD: return on_eventfd(call);
	case CALL_ON_MAYBE_FD: return on_maybe_fd(call);
	case CALL_ON_OPEN: return on_open(call);
	case CALL_ON_OPENAT: return on_openat(call);
	case CALL_ON_CLOSE: return on_close(call);
	case CALL_ON_DUP: return on_dup(call);
	case CALL_ON_FCNTL: return on_fcntl(call);
	case CALL_ON_IOCTL: return on_ioctl(call);
	case CALL_ON_PIPE: return on_pipe(call);
	case CALL_ON_PIDFD_GETFD: return on_pidfd_getfd(call);
	case CALL_ON_CLONE: return on_clone(call);
	case CALL_ON_CLONE3: return on_clone3(call);
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
