// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's tables as they are now: iterators over tasks, descriptors and Unix sockets' queues.
 * They write the same records as the tracer, flagged as rows, to the iterator's file.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define IPCTRACE_ROWS_BPF
#include "file.bpf.h"
#include "part.bpf.h"
#include "pid.bpf.h"
#include "socket.bpf.h"
#include <bpf/bpf_endian.h>
#include "wanted.bpf.h"

#define PF_EXITING 0x00000004
#define PF_KTHREAD 0x00200000

static __always_inline void row_head(struct record *head, enum record_type type, __u32 size)
{
	head->type = type;
	head->flags = RECORD_ROW;
	head->size = size;
	head->ts = bpf_ktime_get_ns();
}

/* From a typed task, without a helper. */
static __always_inline void comm_take(char to[RECORD_COMM_LEN], struct task_struct *task)
{
	for (int i = 0; i < RECORD_COMM_LEN; i += sizeof(__u64))
		*(__u64 *)(to + i) = *(__u64 *)(task->comm + i);
}

static __always_inline void row_task(struct record *head, struct task_struct *task)
{
	head->pid = task->tgid;
	head->tid = task->pid;
	head->start = task->group_leader->start_boottime;
	comm_take(head->comm, task);
}

static __always_inline void ns_pid_row(struct seq_file *seq, struct task_struct *task)
{
	struct record_ns_pid row = {.pid = task_ns_pid(task)};

	if (!row.pid)
		return;
	row_head(&row.head, RECORD_NS_PID, sizeof(row));
	row_task(&row.head, task);
	bpf_seq_write(seq, &row, sizeof(row));
}

/* A task past PF_EXITING has ended for us: its exit event has come or is about to. */
SEC("iter/task")
int rows_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *parent;
	struct record_task row = {};

	if (!task || (task->flags & (PF_KTHREAD | PF_EXITING)) || task->tgid == settings.own_tgid)
		return 0;
	row_head(&row.head, RECORD_TASK, sizeof(row));
	row_task(&row.head, task);
	/* By helpers: each pointer of a typed task costs the verifier a search, and tasks are few. */
	parent = BPF_CORE_READ(task, real_parent);
	row.table = (__u64)BPF_CORE_READ(task, files);
	row.parent_start = BPF_CORE_READ(parent, group_leader, start_boottime);
	row.parent_pid = BPF_CORE_READ(parent, tgid);
	row.uid = BPF_CORE_READ(task, cred, uid.val);
	BPF_CORE_READ_INTO(&row.leader_comm, task, group_leader, comm);
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	if (task->pid == task->tgid)
		ns_pid_row(ctx->meta->seq, task);
	return 0;
}

/* Both rows of a socket's slot are too much for the stack. Whoever runs this iterator is alone. */
struct socket_room_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct record_socket);
};
struct socket_room_map socket_room SEC(".maps");

/* --- connections that nobody has accepted yet ---------------------------------------------------- */

#define TCP_LISTEN  10
#define WAITING_MAX 4096 /* net.core.somaxconn's default */

/* One listener's queue, read without its lock: what no longer looks like one of its own ends the walk. */
struct waiting {
	struct seq_file *seq;
	__u64 request;		/* struct request_sock * */
	__u64 ino, start;
	__u32 dev, netns, pid, tid;
	__u32 port;
};

static __always_inline void waiting_row(struct waiting *it, struct sock *sock, __u16 family)
{
	struct record_waiting row = {};

	row_head(&row.head, RECORD_WAITING, sizeof(row));
	row.head.pid = it->pid;
	row.head.tid = it->tid;
	row.head.start = it->start;
	row.ino = it->ino;
	row.dev = it->dev;
	row.netns = it->netns;
	row.local_port = it->port;
	row.remote_port = bpf_ntohs(BPF_CORE_READ(sock, __sk_common.skc_dport));
	if (family == AF_INET6) {
		BPF_CORE_READ_INTO(&row.local, sock, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&row.remote, sock, __sk_common.skc_v6_daddr);
	} else {
		address_map(row.local, BPF_CORE_READ(sock, __sk_common.skc_rcv_saddr));
		address_map(row.remote, BPF_CORE_READ(sock, __sk_common.skc_daddr));
	}
	bpf_seq_write(it->seq, &row, sizeof(row));
}

static long waiting_step(__u32 i, struct waiting *it)
{
	struct request_sock *request = (void *)it->request;
	struct sock *sock;
	__u16 family;

	if (!request)
		return 1;
	sock = BPF_CORE_READ(request, sk);
	family = BPF_CORE_READ(sock, __sk_common.skc_family);
	if ((family != AF_INET && family != AF_INET6) ||
	    BPF_CORE_READ(sock, __sk_common.skc_num) != it->port)
		return 1;
	waiting_row(it, sock, family);
	it->request = (__u64)BPF_CORE_READ(request, dl_next);
	return 0;
}

static __always_inline void waiting_rows(struct seq_file *seq, const struct record_socket *listener,
					 __u64 file)
{
	struct socket *socket = BPF_CORE_READ((struct file *)file, private_data);
	struct inet_connection_sock *sock = (void *)BPF_CORE_READ(socket, sk);
	struct waiting it = {
		.seq = seq,
		.ino = listener->facts.ino,
		.dev = listener->facts.dev,
		.netns = listener->facts.netns,
		.port = listener->facts.local_port,
		.pid = listener->head.pid,
		.tid = listener->head.tid,
		.start = listener->head.start,
	};

	it.request = (__u64)BPF_CORE_READ(sock, icsk_accept_queue.rskq_accept_head);
	if (it.request)
		bpf_loop(WAITING_MAX, waiting_step, &it, 0);
}

/* --- what lies unread in a Unix socket ------------------------------------------------------------- */

#define UNREAD_MAX 4096 /* buffers of one queue: fifteen times what a sender gets by net.core.wmem_default */

/* A queue that is read without its lock. */
struct unread {
	__u64 skb, head;
	__u64 bytes;
	__u32 buffers;
};

static long unread_step(__u32 i, struct unread *it)
{
	struct sk_buff *skb = (void *)it->skb;
	struct unix_skb_parms *parms;

	if (!skb || it->skb == it->head)
		return 1;
	parms = (void *)skb + bpf_core_field_offset(struct sk_buff, cb);
	it->bytes += BPF_CORE_READ(skb, len) - BPF_CORE_READ(parms, consumed);
	it->buffers++;
	it->skb = (__u64)BPF_CORE_READ(skb, next);
	return 0;
}

/* A buffer that is taken off meanwhile leads nowhere, one that is used anew past others that lie there still. */
static __always_inline __u32 unread_all(struct sock *sock, struct unread *it)
{
	__u32 least = BPF_CORE_READ(sock, sk_receive_queue.qlen);

	it->skb = (__u64)BPF_CORE_READ(sock, sk_receive_queue.next);
	bpf_loop(UNREAD_MAX, unread_step, it, 0);
	if (it->skb != it->head || it->buffers < least || it->bytes > RECORD_COUNT_UNKNOWN)
		return RECORD_COUNT_UNKNOWN;
	return it->bytes;
}

static __always_inline __u32 unread_first(struct sock *sock, const struct unread *it)
{
	struct sk_buff *skb = BPF_CORE_READ(sock, sk_receive_queue.next);
	__u32 len = (__u64)skb == it->head ? 0 : BPF_CORE_READ(skb, len);

	return BPF_CORE_READ(sock, sk_receive_queue.next) == skb ? len : RECORD_COUNT_UNKNOWN;
}

/*
 * As net/unix/af_unix.c has it in unix_inq_len(): of datagrams what the next read can get. Not by the sum that
 * struct unix_sock keeps since 6.17 (commit f4e1fb04c123): of a buffer that was read in part it counts all,
 * up to commit c1f07a7f2d47.
 */
static __always_inline __u32 unread(const struct socket_facts *facts, __u64 file)
{
	struct socket *socket = BPF_CORE_READ((struct file *)file, private_data);
	struct sock *sock = BPF_CORE_READ(socket, sk);
	struct unread it = {};

	it.head = (__u64)sock + bpf_core_field_offset(struct sock, sk_receive_queue);
	return facts->type == SOCK_DGRAM ? unread_first(sock, &it) : unread_all(sock, &it);
}

/* What a slot's row does not say of a socket. One that many hold is told as often. */
static __always_inline void socket_row(struct seq_file *seq, struct task_struct *task, __u64 file)
{
	__u32 zero = 0;
	struct record_socket *row = bpf_map_lookup_elem(&socket_room, &zero);

	if (!row)
		return;
	__builtin_memset(row, 0, sizeof(*row));
	row_head(&row->head, RECORD_SOCKET, sizeof(*row));
	row_task(&row->head, task);
	row->fd = -1;
	row->nr = -1;
	if (!socket_sample(&row->named, file))
		return;
	if (row->facts.kind == FILE_UNIX && row->facts.state != TCP_LISTEN)
		row->facts.recv_queued = unread(&row->facts, file);
	bpf_seq_write(seq, row, sizeof(*row));
	if (row->facts.kind == FILE_TCP && row->facts.state == TCP_LISTEN)
		waiting_rows(seq, row, file);
}

/* Rows of a task that is going are sent too: its table may live on in others. */
SEC("iter/task_file")
int rows_slot(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct record_slot row = {};

	if (!task || !file || task->tgid == settings.own_tgid)
		return 0;
	file_sample(&row.facts, address_of(file));
	if (!is_wanted(&row.facts))
		return 0;
	row_head(&row.head, RECORD_SLOT, sizeof(row));
	row_task(&row.head, task);
	row.table = (__u64)BPF_CORE_READ(task, files);
	row.fd = ctx->fd;
	row.nr = -1;
	row.cloexec = table_cloexec(row.table, ctx->fd);
	if ((row.facts.kind == FILE_PIPE || row.facts.kind == FILE_FIFO) && row.facts.pipe.capacity)
		row.facts.pipe.queued = file_queued(row.facts.file);
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	if ((row.facts.mode & S_IFMT) == S_IFSOCK)
		socket_row(ctx->meta->seq, task, row.facts.file);
	return 0;
}

struct rows_part rows_part;

/* One socket's receive queue. The rows are too large for the stack beside the walk's own state. */
struct queue {
	struct seq_file *seq;
	struct sk_buff *head, *skb;
	__u64 socket_ino;
	__u32 met; /* descriptors */
};

static __always_inline void in_flight_row(struct queue *queue, struct file *file)
{
	struct record_in_flight row = {};

	if (!is_in_part(queue->met++))
		return;
	row_head(&row.head, RECORD_IN_FLIGHT, sizeof(row));
	row.socket_ino = queue->socket_ino;
	file_sample(&row.facts, (__u64)file);
	bpf_seq_write(queue->seq, &row, sizeof(row));
}

struct carried {
	struct queue *queue;
	struct scm_fp_list *list;
	struct sk_buff *skb;
	__s32 count;
};

static long carried_step(__u32 i, struct carried *carried)
{
	struct scm_fp_list *list;
	struct file *file = NULL;

	if ((__s32)i >= carried->count)
		return 1;
	list = carried->list;
	bpf_core_read(&file, sizeof(file), &list->fp[i]);
	if (file)
		in_flight_row(carried->queue, file);
	return 0;
}

static long queue_step(__u32 i, struct queue *queue)
{
	struct carried carried = {.queue = queue};
	struct unix_skb_parms *parms;
	struct scm_fp_list *list;
	struct sk_buff *skb;

	if (!queue->skb || queue->skb == queue->head)
		return 1;
	parms = (void *)queue->skb + bpf_core_field_offset(struct sk_buff, cb);
	list = BPF_CORE_READ(parms, fp);
	if (list) {
		carried.list = list;
		carried.count = BPF_CORE_READ(list, count);
		bpf_loop(253, carried_step, &carried, 0);
	}
	skb = queue->skb;
	queue->skb = BPF_CORE_READ(skb, next);
	return 0;
}

#define QUEUE_MAX (1 << 16)

SEC("iter/unix")
int rows_in_flight(struct bpf_iter__unix *ctx)
{
	struct unix_sock *unix_sk = ctx->unix_sk;
	struct queue queue = {.seq = ctx->meta->seq, .met = control.zero};
	struct socket *socket;

	if (!unix_sk || BPF_CORE_READ(unix_sk, scm_stat.nr_fds.counter) == 0)
		return 0;
	socket = BPF_CORE_READ(unix_sk, sk.sk_socket);
	if (socket) {
		struct socket_alloc *alloc =
			(void *)socket - bpf_core_field_offset(struct socket_alloc, socket);
		queue.socket_ino = BPF_CORE_READ(alloc, vfs_inode.i_ino);
	}
	queue.head = (void *)unix_sk + bpf_core_field_offset(struct unix_sock, sk) +
		     bpf_core_field_offset(struct sock, sk_receive_queue);
	queue.skb = BPF_CORE_READ(unix_sk, sk.sk_receive_queue.next);
	bpf_loop(QUEUE_MAX, queue_step, &queue, 0);
	return 0;
}
