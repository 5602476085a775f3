// SPDX-License-Identifier: GPL-2.0-only
/*
 * sendmsg, recvmsg and their plural forms: transfers that may carry descriptors in their control
 * data (SCM_RIGHTS). At exit the user's msghdr holds what was really received.
 */
#include "slot.bpf.h"
#include "transfer.bpf.h"

#define SOL_SOCKET 1
#define SCM_RIGHTS 1
#define SCM_PIDFD  4 /* 6.5 */

/* include/linux/socket.h as user space sees it, and its 32-bit twin (compat_msghdr) */
struct user_msghdr_native {
	__u64 name;
	__u32 namelen, pad;
	__u64 iov, iovlen, control, controllen;
	__u32 flags, pad2;
};

struct user_msghdr_compat {
	__u32 name, namelen, iov, iovlen, control, controllen, flags;
};

#define MMSGHDR_NATIVE_SIZE 64
#define MMSGHDR_COMPAT_SIZE 32
#define MMSGHDR_MAX	    1024 /* UIO_MAXIOV, net/socket.c */

struct control_data {
	__u64 at, end;
};

static __always_inline long control_find(struct call *call, __u64 msghdr, struct control_data *data)
{
	struct user_msghdr_native native;
	struct user_msghdr_compat compat;

	if (!call->compat) {
		if (bpf_probe_read_user(&native, sizeof(native), (void *)msghdr))
			return -1;
		data->at = native.control;
		data->end = native.control + native.controllen;
		return 0;
	}
	if (bpf_probe_read_user(&compat, sizeof(compat), (void *)msghdr))
		return -1;
	data->at = compat.control;
	data->end = (__u64)compat.control + compat.controllen;
	return 0;
}

/* A walk over control data: each step takes one header, or one descriptor of the current one. */
struct walk {
	struct slot_cause cause;
	struct control_data data;
	__u64 fds_at, fds_end;	/* descriptors of the current SCM_RIGHTS not taken yet */
	bool compat, sending;
};

int passed_send(__u32 fd, __u32 socket_fd)
{
	__u64 table = current_table();
	struct file_facts facts = {};
	struct record_pass *pass;
	struct who who;

	if (!table)
		return 0;
	who_init_current(&who);
	file_sample(&facts, table_file(table, socket_fd));
	pass = record_reserve(sizeof(*pass));
	if (!pass)
		return 0;
	head_fill(&pass->head, RECORD_PASS, sizeof(*pass), &who);
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

static long walk_step(__u32 i, struct walk *walk)
{
	const __u32 head = walk->compat ? 12 : 16;
	__s32 fd;

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
	if (walk->data.at + head > walk->data.end)
		return 1;
	cmsg_open(walk);
	return 0;
}

/* SCM_MAX_FD descriptors and a header each would be 506 steps; other kinds of control data add some. */
#define WALK_MAX 1024

static __always_inline void message_walk(struct call *call, __u64 msghdr, bool sending)
{
	struct walk walk = {.compat = call->compat, .sending = sending};

	cause_init(&walk.cause, call);
	if (sending && !process_mark(call->task->tgid))
		return;
	if (control_find(call, msghdr, &walk.data)) {
		count_loss(LOSS_READ_FAILED);
		return;
	}
	if (!walk.data.at || walk.data.at >= walk.data.end)
		return;
	bpf_loop(WALK_MAX, walk_step, &walk, 0);
}

CALL_EXIT(sendmsg_exit)
{
	transfer_count(call->arg[0], DIRECTION_OUT, call->ret, call->nr);
	if (call->ret >= 0)
		message_walk(call, call->arg[1], true);
	return 0;
}

CALL_EXIT(recvmsg_exit)
{
	transfer_count(call->arg[0], DIRECTION_IN, call->ret, call->nr);
	if (call->ret >= 0 && !call_is_own(call->task))
		message_walk(call, call->arg[1], false);
	return 0;
}

/* sendmmsg, recvmmsg: the result is how many messages were moved. */
struct messages {
	struct call call;
	bool sending;
};

static long message_step(__u32 i, struct messages *messages)
{
	__u32 size = messages->call.compat ? MMSGHDR_COMPAT_SIZE : MMSGHDR_NATIVE_SIZE;
	struct call call = messages->call;
	__u32 len = 0;

	call.task = (void *)bpf_get_current_task_btf();
	if (i >= call.ret)
		return 1;
	bpf_probe_read_user(&len, sizeof(len),
			    (void *)(call.arg[1] + (__u64)i * size + (call.compat ? 28 : 56)));
	transfer_count(call.arg[0], messages->sending ? DIRECTION_OUT : DIRECTION_IN, len, call.nr);
	message_walk(&call, call.arg[1] + (__u64)i * size, messages->sending);
	return 0;
}

static __always_inline int messages_walk(struct call *call, bool sending)
{
	struct messages messages = {.call = *call, .sending = sending};

	if (call->ret > 0 && !call_is_own(call->task))
		bpf_loop(MMSGHDR_MAX, message_step, &messages, 0);
	return 0;
}

CALL_EXIT(sendmmsg_exit)
{
	return messages_walk(call, true);
}

CALL_EXIT(recvmmsg_exit)
{
	return messages_walk(call, false);
}

char _license[] SEC("license") = "GPL";
