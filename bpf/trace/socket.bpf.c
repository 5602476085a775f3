// SPDX-License-Identifier: GPL-2.0-only
/* Calls that make, name, connect and shut down sockets, and where datagrams are sent to. */
#include "slot.bpf.h"
#include "socket.bpf.h"
#include "transfer.bpf.h"
#include <bpf/bpf_endian.h>

/* A selected process's socket: who connects to it, or is connected to, shall be a peer. */
static __always_inline void socket_watch(const struct socket_named *named)
{
	const struct socket_facts *facts = &named->facts;

	if (!control.selective)
		return;
	object_watch(facts->ino, facts->dev);
	if (facts->kind == FILE_UNIX && facts->address) {
		object_watch(facts->address, WATCH_ADDRESS);
		object_watch(socket_name_hash(named->name, facts->name_len, facts->netns),
			     WATCH_NAME);
	} else if (facts->kind != FILE_UNIX && facts->local_port)
		object_watch(WATCH_PORT_KEY(facts->netns, facts->local_port), WATCH_PORT);
}

static __always_inline bool is_watched(__u64 ino, __u32 dev)
{
	struct watched_key key = {.ino = ino, .dev = dev};

	return ino && bpf_map_lookup_elem(&watched, &key);
}

/* Without the facts, which would be too much for the stack of those who ask. */
__noinline int socket_is_watched(__u64 address)
{
	struct file *file = (void *)address;
	struct socket *socket;
	struct sock *sock, *peer;
	__u32 netns;

	if (!file || BPF_CORE_READ(file, f_inode, i_sb, s_magic) != SOCKFS_MAGIC)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sock = BPF_CORE_READ(socket, sk);
	if (!sock)
		return 0;
	if (BPF_CORE_READ(sock, __sk_common.skc_family) != AF_UNIX) {
		netns = BPF_CORE_READ(sock, __sk_common.skc_net.net, ns.inum);
		return is_watched(WATCH_PORT_KEY(netns, bpf_ntohs(BPF_CORE_READ(
								sock, __sk_common.skc_dport))),
				  WATCH_PORT);
	}
	peer = BPF_CORE_READ((struct unix_sock *)sock, peer);
	if (!peer)
		return 0;
	return is_watched(sock_ino(peer), BPF_CORE_READ(file, f_inode, i_sb, s_dev)) ||
	       is_watched((__u64)BPF_CORE_READ((struct unix_sock *)peer, addr), WATCH_ADDRESS);
}

/* include/uapi/linux/{in,in6}.h, as far as addresses go */
struct inet_address {
	__u16 family;
	__be16 port;
	__u32 v4;		/* IPv6: flow information */
	__u8 v6[16];
};

/* What a connect that failed asked for, from its arguments: the socket keeps nothing of it. */
static __always_inline void asked_fill(struct record_socket *record, __u64 where, __u32 len)
{
	struct inet_address address = {};

	if (len < 3 || bpf_probe_read_user(&address, 8, (void *)where))
		return;
	if (address.family == AF_UNIX) {
		len -= 2;
		if (len > RECORD_SOCKET_NAME - 2)
			len = RECORD_SOCKET_NAME - 2;
		barrier_var(len);
		len &= 127;
		if (len > RECORD_SOCKET_NAME - 2 ||
		    bpf_probe_read_user(record->named.name, len, (void *)(where + 2)))
			return;
		record->facts.name_len = len;
		return;
	}
	record->facts.remote_port = bpf_ntohs(address.port);
	__builtin_memset(record->facts.remote, 0, 16);
	if (address.family == AF_INET)
		address_map(record->facts.remote, address.v4);
	else if (address.family == AF_INET6)
		bpf_probe_read_user(record->facts.remote, 16,
				    (void *)(where + __builtin_offsetof(struct inet_address, v6)));
}

/* Sends what descriptor fd of the current task is as a socket. Always returns 0. */
__noinline int socket_send(struct slot_cause *cause, __u32 fd, __u32 mark)
{
	struct record_socket *record;

	if (!cause || !mark)
		return 0;
	record = record_reserve(sizeof(*record));
	if (!record)
		return 0;
	head_fill(&record->head, RECORD_SOCKET, sizeof(*record), NULL);
	record->head.flags = cause->flags;
	record->fd = fd;
	record->nr = cause->nr;
	record->result = cause->result;
	record->arg[0] = cause->arg[0];
	record->arg[1] = cause->arg[1];
	record->arg[2] = cause->arg[2];
	__builtin_memset(&record->named, 0, sizeof(record->named));
	if (!socket_sample(&record->named, current_file(fd))) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return 0;
	}
	if (mark & MARK_SELECTED)
		socket_watch(&record->named);
	else if (socket_is_watched(current_file(fd)))
		object_watch(record->facts.ino, record->facts.dev); /* what it moves counts */
	if (cause->flags & RECORD_ASKED)
		asked_fill(record, cause->arg[1], cause->arg[2]);
	record_submit(record);
	return 0;
}

/* A new descriptor, and the socket behind it. */
static __always_inline int socket_made(struct call *call)
{
	struct slot_cause cause;

	if (call->ret < 0)
		return 0;
	cause_init(&cause, call);
	slot_filled_send(&cause, call->ret);
	return socket_send(&cause, call->ret, process_mark(call->task->tgid));
}

static __always_inline int on_socket(struct call *call)
{
	return socket_made(call);
}

static __always_inline int on_accept(struct call *call)
{
	return socket_made(call);
}

/* bind, listen, shutdown: of the socket in argument 0, whether they went well or not. */
static __always_inline int on_socket_state(struct call *call)
{
	struct slot_cause cause;

	cause_init(&cause, call);
	return socket_send(&cause, call->arg[0], process_mark(call->task->tgid));
}

#define SOCK_DGRAM 2

/* Whose an address was before, it is no more. */
static __always_inline int on_bind(struct call *call)
{
	struct file *file = (void *)current_file(call->arg[0]);
	struct socket *socket;

	if (!call->ret && file && BPF_CORE_READ(file, f_inode, i_sb, s_magic) == SOCKFS_MAGIC) {
		socket = BPF_CORE_READ(file, private_data);
		if (BPF_CORE_READ(socket, type) == SOCK_DGRAM)
			__sync_fetch_and_add(&control.binds, 1);
	}
	return on_socket_state(call);
}

#define EINPROGRESS 115

/* Whoever connects to a selected process's listener is a peer from now on. */
static __always_inline int on_connect(struct call *call)
{
	struct slot_cause cause;

	cause_init(&cause, call);
	if (call->ret < 0 && call->ret != -EINPROGRESS)
		cause.flags |= RECORD_ASKED;
	return socket_send(&cause, call->arg[0], slot_mark(call->arg[0]));
}

static __always_inline int on_socketpair(struct call *call)
{
	__u32 mark = process_mark(call->task->tgid);
	struct slot_cause cause;

	if (!pair_made(call, call->arg[3], &cause))
		return 0;
	socket_send(&cause, cause.arg[0], mark);
	return socket_send(&cause, cause.arg[1], mark);
}

/* --- who closes first ------------------------------------------------------------------------ */

/* include/net/tcp_states.h */
enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_RECV = 3,
	TCP_FIN_WAIT1 = 4,
	TCP_CLOSE = 7,
	TCP_CLOSE_WAIT = 8,
	TCP_CLOSING = 11,
};

#define EPIPE      32
#define ECONNRESET 104

/* A reset that came leaves its error before the state changes (tcp_reset()); one that goes out, none. */
static __always_inline __u32 reset_by(struct sock *sock)
{
	switch (BPF_CORE_READ(sock, sk_err)) {
	case 0: return CLOSED_THIS;
	case EPIPE:
	case ECONNRESET: return CLOSED_PEER;
	}
	return CLOSED_UNKNOWN;
}

static __always_inline __u32 closed_first(struct sock *sock, int old, int new)
{
	if (new == TCP_CLOSING)
		return CLOSED_BOTH;
	if (old != TCP_ESTABLISHED && old != TCP_SYN_RECV)
		return CLOSED_UNKNOWN;
	switch (new) {
	case TCP_FIN_WAIT1: return CLOSED_THIS;
	case TCP_CLOSE_WAIT: return CLOSED_PEER;
	case TCP_CLOSE: return reset_by(sock);
	}
	return CLOSED_UNKNOWN;
}

static __always_inline __u32 sock_dev(struct sock *sock)
{
	void *socket = BPF_CORE_READ(sock, sk_socket);
	struct socket_alloc *alloc = socket - bpf_core_field_offset(struct socket_alloc, socket);

	return socket ? BPF_CORE_READ(alloc, vfs_inode.i_sb, s_dev) : 0;
}

/* One that nobody has accepted has no inode: its state tells once it is. Runs in whatever context the
 * segment came in, so the current task says nothing. */
static __always_inline int tcp_state_changed(struct sock *sock, int old, int new)
{
	struct record_closing *record;
	struct who nobody = {};
	__u32 first = closed_first(sock, old, new), dev;
	__u64 ino;

	if (first == CLOSED_UNKNOWN)
		return 0;
	ino = sock_ino(sock);
	dev = sock_dev(sock);
	if (!ino || (control.selective && !object_is_watched(ino, dev)))
		return 0;
	record = record_reserve(sizeof(*record));
	if (!record)
		return 0;
	head_fill(&record->head, RECORD_CLOSING, sizeof(*record), &nobody);
	record->ino = ino;
	record->dev = dev;
	record->first = first;
	record_submit(record);
	return 0;
}

/* Not for a perf tracepoint: it may come in an interrupt (signal.bpf.c). */
SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(tcp_state_btf, const struct sock *sock, int old, int new)
{
	return tcp_state_changed((void *)address_of(sock), old, new);
}

/* --- where datagrams go ---------------------------------------------------------------------- */

/* include/uapi/linux/{in,in6,un}.h, as far as destinations go */
struct user_address {
	__u16 family;
	__be16 port;
	__u32 v4;		/* IPv6: flow information */
	__u8 v6[16];
	__u8 rest[RECORD_SOCKET_NAME - 22];
} __attribute__((aligned(8)));

static __always_inline void destination_fill(struct record_destination *record,
					     const struct user_address *address, __u32 len)
{
	record->family = address->family;
	record->name_len = 0;
	record->pad = 0;
	__builtin_memset(record->address, 0, sizeof(record->address));
	__builtin_memset(record->name, 0, sizeof(record->name));
	record->port = bpf_ntohs(address->port);
	if (address->family == AF_INET6) {
		__builtin_memcpy(record->address, address->v6, 16);
	} else if (address->family == AF_INET) {
		((__u32 *)record->address)[2] = 0xffff0000;
		((__u32 *)record->address)[3] = address->v4;
	} else {
		record->port = 0;
		__builtin_memcpy(record->name, (const __u8 *)address + 2, RECORD_SOCKET_NAME - 2);
		record->name[RECORD_SOCKET_NAME - 1] = 0;
		record->name_len = len - 2;
	}
}

/* FNV-1a over the address: which destination it is, as good as the address for telling it is new. */
static __always_inline __u64 address_hash(const struct user_address *address)
{
	const __u64 *words = (const __u64 *)address;
	__u64 hash = 0xcbf29ce484222325ULL;

	for (int i = 0; i < RECORD_SOCKET_NAME / 8; i++)
		hash = (hash ^ words[i]) * 0x100000001b3ULL;
	return hash;
}

/* Counts it where the destination is known. */
static __always_inline bool sent_add(const struct destination_key *key, __u64 bytes)
{
	struct sent *sent = bpf_map_lookup_elem(&destinations, key);

	if (!sent)
		return false;
	__sync_fetch_and_add(&sent->bytes, bytes);
	__sync_fetch_and_add(&sent->ops, 1);
	return true;
}

static __always_inline void destination_id(__u32 id[2], const struct destination_key *key)
{
	const __u64 *words = (const __u64 *)key;
	__u64 hash = 0xcbf29ce484222325ULL;

	for (int i = 0; i < sizeof(*key) / 8; i++)
		hash = (hash ^ words[i]) * 0x100000001b3ULL;
	id[0] = hash;
	id[1] = hash >> 32;
}

/* Apart, for the stack's sake. Counts it under a new number, and tells which. */
static __noinline int destination_begin(const struct destination_key *key, const struct user_address *address,
					__u32 len, __u64 bytes)
{
	struct sent sent = {.bytes = bytes, .ops = 1};
	struct record_destination *record;

	destination_id(sent.id, key);
	if (bpf_map_update_elem(&destinations, key, &sent, BPF_NOEXIST)) {
		if (!sent_add(key, bytes))
			count_loss(LOSS_MAP_FULL);
		return 0;
	}
	record = record_reserve(sizeof(*record));
	if (!record) {
		bpf_map_delete_elem(&destinations, key);
		return 0;
	}
	head_fill(&record->head, RECORD_DESTINATION, sizeof(*record), NULL);
	record->ino = key->from.ino;
	record->dev = key->from.dev;
	record->id[0] = sent.id[0];
	record->id[1] = sent.id[1];
	destination_fill(record, address, len);
	record_submit(record);
	return 0;
}

__noinline int destination_send(__u32 fd, __u64 where, __u32 len, __u64 bytes)
{
	struct user_address address = {};
	struct destination_key key = {};

	if (len < 3 || !current_transfer(&key.from, fd))
		return 0;
	if (len > sizeof(address))
		len = sizeof(address);
	barrier_var(len);
	len &= 127;
	if (len > sizeof(address))
		return 0;
	if (bpf_probe_read_user(&address, len, (void *)where))
		return 0;
	key.from.pid = bpf_get_current_pid_tgid() >> 32;
	key.hash = address_hash(&address);
	key.era = control.binds;
	return sent_add(&key, bytes) ? 0 : destination_begin(&key, &address, len, bytes);
}

static __always_inline __u32 file_netns(__u64 address)
{
	struct file *file = (void *)address;
	struct socket *socket = BPF_CORE_READ(file, private_data);

	return BPF_CORE_READ(socket, sk, __sk_common.skc_net.net, ns.inum);
}

/* Is somebody selected bound there, as seen from the current task's socket fd? */
__noinline int destination_is_watched(__u32 fd, __u64 where, __u32 len)
{
	struct user_address address = {};
	__u64 file = current_file(fd);
	__u32 netns;

	if (len < 3 || !file || BPF_CORE_READ((struct file *)file, f_inode, i_sb, s_magic) != SOCKFS_MAGIC)
		return 0;
	if (len > sizeof(address))
		len = sizeof(address);
	barrier_var(len);
	len &= 127;
	if (len > sizeof(address) || bpf_probe_read_user(&address, len, (void *)where))
		return 0;
	netns = file_netns(file);
	switch (address.family) {
	case AF_INET:
	case AF_INET6:
		return is_watched(WATCH_PORT_KEY(netns, bpf_ntohs(address.port)), WATCH_PORT);
	case AF_UNIX:
		return is_watched(socket_name_hash((const char *)&address + 2, len - 2, netns), WATCH_NAME);
	}
	return 0;
}

__noinline int stranger_joins(__u32 fd, __u64 where, __u32 len)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct slot_cause cause = {.type = RECORD_SOCKET, .nr = -1};
	struct watched_key key = {};
	__u32 mark = process_mark(task->tgid);

	if (!control.selective || !where || call_is_own(task) || (mark & MARK_SELECTED) ||
	    !file_channel(&key, current_file(fd)) || object_is_watched(key.ino, key.dev) ||
	    !destination_is_watched(fd, where, len))
		return 0;
	object_watch(key.ino, key.dev); /* what it moves counts */
	if (!mark) {
		peer_begin();
		socket_send(&cause, fd, MARK_PEER);
	}
	return 1;
}

/* sendto(fd, buffer, length, flags, address, its length): the root program has counted it. */
static __always_inline int on_sendto(struct call *call)
{
	if (call->ret < 0 || !call->arg[4])
		return 0;
	if (stranger_joins(call->arg[0], call->arg[4], call->arg[5]))
		call_count(call, call->arg[0], DIRECTION_OUT, call->ret);
	if (!process_mark(call->task->tgid))
		return 0;
	return destination_send(call->arg[0], call->arg[4], call->arg[5], call->ret);
}

CALL_EXIT(socket_exit)
{
	switch (call_action(call)) {
	case CALL_ON_SOCKET: return on_socket(call);
	case CALL_ON_ACCEPT: return on_accept(call);
	case CALL_ON_BIND: return on_bind(call);
	case CALL_ON_SOCKET_STATE: return on_socket_state(call);
	case CALL_ON_CONNECT: return on_connect(call);
	case CALL_ON_SOCKETPAIR: return on_socketpair(call);
	case CALL_ON_SENDTO: return on_sendto(call);
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
