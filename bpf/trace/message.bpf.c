// SPDX-License-Identifier: GPL-2.0-only
/*
 * sendmsg, recvmsg and their plural forms: transfers that may carry descriptors in their control
 * data (SCM_RIGHTS). At exit the user's msghdr holds what was really received.
 */
#include "slot.bpf.h"
#include "socket.bpf.h"
#include "transfer.bpf.h"

#define SOL_SOCKET 1
#define SCM_RIGHTS 1
#define SCM_PIDFD  4 /* 6.5 */

/* Where struct user_msghdr (include/linux/socket.h) and its 32-bit twin compat_msghdr have
 * msg_control, with msg_controllen behind it. */
#define MSG_CONTROL_NATIVE 32
#define MSG_CONTROL_COMPAT 16

#define MMSGHDR_NATIVE_SIZE 64
#define MMSGHDR_COMPAT_SIZE 32
#define MMSGHDR_MAX	    1024 /* UIO_MAXIOV, net/socket.c */

struct control_data {
	__u64 at, end;
};

static __always_inline long control_find(bool compat, __u64 msghdr, struct control_data *data)
{
	__u32 small[2] = {};
	long err;

	if (!compat) {
		err = bpf_probe_read_user(data, sizeof(*data), (void *)(msghdr + MSG_CONTROL_NATIVE));
	} else {
		err = bpf_probe_read_user(small, sizeof(small), (void *)(msghdr + MSG_CONTROL_COMPAT));
		data->at = small[0];
		data->end = small[1];
	}
	data->end += data->at;
	return err;
}

/* A walk over control data: each step takes one header, or one descriptor of the current one. */
struct walk {
	struct slot_cause cause;
	struct control_data data;
	__u64 fds_at, fds_end;	/* descriptors of the current SCM_RIGHTS not taken yet */
	bool compat, sending;
};

__noinline int passed_send(__u32 fd, __u32 socket_fd)
{
	__u64 table = current_table();
	struct file_facts facts = {};
	struct record_pass *pass;

	if (!table)
		return 0;
	file_sample(&facts, table_file(table, socket_fd));
	pass = record_reserve(sizeof(*pass));
	if (!pass)
		return 0;
	head_fill(&pass->head, RECORD_PASS, sizeof(*pass), NULL);
	pass->fd = fd;
	pass->socket_fd = socket_fd;
	pass->socket_ino = facts.ino;
	pass->peer_ino = facts.kind == FILE_UNIX ? facts.socket.peer_ino : 0;
	__builtin_memset(&pass->facts, 0, sizeof(pass->facts));
	file_sample(&pass->facts, table_file(table, fd));
	record_submit(pass);
	return 0;
}

static __always_inline void cmsg_open(struct walk *walk)
{
	const __u32 head = walk->compat ? 12 : 16, align = walk->compat ? 3 : 7;
	__u32 level_type[2] = {};
	__u64 len = 0;

	if (bpf_probe_read_user(&len, walk->compat ? 4 : 8, (void *)walk->data.at) ||
	    bpf_probe_read_user(level_type, sizeof(level_type),
				(void *)(walk->data.at + (walk->compat ? 4 : 8)))) {
		count_loss(LOSS_READ_FAILED);
		walk->data.at = walk->data.end;
		return;
	}
	if (len < head || len > walk->data.end - walk->data.at) {
		walk->data.at = walk->data.end;
		return;
	}
	if (level_type[0] == SOL_SOCKET &&
	    (level_type[1] == SCM_RIGHTS || (level_type[1] == SCM_PIDFD && !walk->sending))) {
		walk->fds_at = walk->data.at + head;
		walk->fds_end = walk->data.at + len;
	}
	walk->data.at += (len + align) & ~(__u64)align;
}

/* Global: the verifier goes through it once, and not for each way that leads to a step. 1 = that was all. */
__noinline int message_walk_step(struct walk *walk)
{
	__s32 fd;

	if (!walk)
		return 1;
	if (walk->fds_end - walk->fds_at >= sizeof(fd) && walk->fds_at < walk->fds_end) {
		if (bpf_probe_read_user(&fd, sizeof(fd), (void *)walk->fds_at)) {
			count_loss(LOSS_READ_FAILED);
			walk->fds_at = walk->fds_end;
			return 0;
		}
		walk->fds_at += sizeof(fd);
		if (walk->sending)
			passed_send(fd, walk->cause.arg[0]);
		else if (fd >= 0)
			slot_filled_send(&walk->cause, fd);
		return 0;
	}
	if (walk->data.at + (walk->compat ? 12 : 16) > walk->data.end)
		return 1;
	cmsg_open(walk);
	return 0;
}

static long walk_step(__u32 i, struct walk *walk)
{
	return message_walk_step(walk) != 0;
}

/* SCM_MAX_FD descriptors and a header each would be 506 steps; other kinds of control data add some. */
#define WALK_MAX 1024

struct destination {
	__u64 where; /* 0 = the header has none */
	__u32 len;
};

/* Where a datagram went, if its header says so: msg_name and msg_namelen come first in it. */
static __always_inline void destination_find(struct destination *to, bool compat, __u64 msghdr)
{
	__u64 head[2] = {};

	to->where = to->len = 0;
	if (bpf_probe_read_user(head, sizeof(head), (void *)msghdr))
		return;
	to->where = compat ? (__u32)head[0] : head[0];
	to->len = compat ? head[0] >> 32 : (__u32)head[1];
}

/* The sender is not selected: by where it sent that message it may be a peer from now on. */
static __always_inline void stranger_look(__u32 fd, bool compat, __u64 msghdr)
{
	struct destination to;

	if (!control.selective || (process_mark(bpf_get_current_pid_tgid() >> 32) & MARK_SELECTED))
		return;
	destination_find(&to, compat, msghdr);
	stranger_joins(fd, to.where, to.len);
}

/* Goes through the control data of one message of so many bytes; the walk's cause, compat and sending are set. */
static __always_inline void message_walk(struct walk *walk, __u64 msghdr, __u64 bytes)
{
	struct destination to;

	/* Before 6.7 (commit ab5cfac139ab) the verifier takes what it knows of the walk before the loop
	 * to hold in every step, and drops the branches that only later steps take: so it must know
	 * nothing. */
	walk->fds_at = walk->fds_end = control.zero;
	if (walk->sending) {
		destination_find(&to, walk->compat, msghdr);
		if (to.where)
			destination_send(walk->cause.arg[0], to.where, to.len, bytes);
	}
	if (control_find(walk->compat, msghdr, &walk->data)) {
		count_loss(LOSS_READ_FAILED);
		return;
	}
	if (!walk->data.at || walk->data.at >= walk->data.end)
		return;
	bpf_loop(WALK_MAX, walk_step, walk, 0);
}

static __always_inline void walk_init(struct walk *walk, const struct call *call, bool sending)
{
	cause_init(&walk->cause, call);
	walk->compat = call->compat;
	walk->sending = sending;
}

/* Whoever sends must be traced; whoever receives may become a peer only by what it gets. */
static __always_inline bool is_walked(const struct call *call, bool sending)
{
	return sending ? process_mark(call->task->tgid) != 0 : !call_is_own(call->task);
}

static __always_inline int message_moved(struct call *call, bool sending)
{
	struct walk walk = {};

	if (sending && call->ret >= 0)
		stranger_look(call->arg[0], call->compat, call->arg[1]);
	call_count(call, call->arg[0], sending ? DIRECTION_OUT : DIRECTION_IN, call->ret);
	if (call->ret < 0 || !is_walked(call, sending))
		return 0;
	walk_init(&walk, call, sending);
	message_walk(&walk, call->arg[1], call->ret);
	return 0;
}

/* sendmmsg, recvmmsg: the result is how many messages were moved. The walk's cause holds the call. */
static long message_step(__u32 i, struct walk *walk)
{
	__u64 msghdr = walk->cause.arg[1] +
		       (__u64)i * (walk->compat ? MMSGHDR_COMPAT_SIZE : MMSGHDR_NATIVE_SIZE);
	__u64 pid_tgid;
	__u32 len = 0;

	if (i >= walk->cause.result)
		return 1;
	if (walk->sending) {
		stranger_look(walk->cause.arg[0], walk->compat, msghdr);
		if (!process_mark(bpf_get_current_pid_tgid() >> 32))
			return 0;
	}
	bpf_probe_read_user(&len, sizeof(len), (void *)(msghdr + (walk->compat ? 28 : 56)));
	pid_tgid = bpf_get_current_pid_tgid();
	transfer_count(walk->cause.arg[0], walk->sending ? DIRECTION_OUT : DIRECTION_IN, len,
		       walk->cause.nr, pid_tgid);
	message_walk(walk, msghdr, len);
	return 0;
}

static __always_inline int messages_moved(struct call *call, bool sending)
{
	struct walk walk = {};

	/* A stranger's may be for a selected process, each of them. */
	if (call->ret <= 0 || call_is_own(call->task) ||
	    (!control.selective && !is_walked(call, sending)))
		return 0;
	walk_init(&walk, call, sending);
	bpf_loop(MMSGHDR_MAX, message_step, &walk, 0);
	return 0;
}

CALL_EXIT(message_exit)
{
	__u32 action = call_action(call);

	switch (action) {
	case CALL_ON_SENDMSG:
	case CALL_ON_RECVMSG: return message_moved(call, action == CALL_ON_SENDMSG);
	case CALL_ON_SENDMMSG:
	case CALL_ON_RECVMMSG: return messages_moved(call, action == CALL_ON_SENDMMSG);
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
