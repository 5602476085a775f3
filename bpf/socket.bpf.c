// SPDX-License-Identifier: GPL-2.0-only
/* Samples a socket: who it is, whom it is connected to, what waits in it. */
#include "socket.bpf.h"

#include <bpf/bpf_endian.h>

#define TCP_LISTEN	 10
#define SUN_FAMILY_BYTES 2

/* Of a queue whose length nobody keeps; also what the facts begin with. */
static __always_inline void counts_unknown(struct socket_facts *facts)
{
	facts->recv_queued = facts->send_queued = RECORD_COUNT_UNKNOWN;
	facts->backlog = facts->backlog_max = facts->drops = RECORD_COUNT_UNKNOWN;
}

static __always_inline void sample_addresses(struct socket_facts *facts, struct sock *sock)
{
	if (facts->family == AF_INET6) {
		BPF_CORE_READ_INTO(&facts->local, sock, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&facts->remote, sock, __sk_common.skc_v6_daddr);
	} else {
		address_map(facts->local, BPF_CORE_READ(sock, __sk_common.skc_rcv_saddr));
		address_map(facts->remote, BPF_CORE_READ(sock, __sk_common.skc_daddr));
	}
	facts->local_port = BPF_CORE_READ(sock, __sk_common.skc_num);
	facts->remote_port = bpf_ntohs(BPF_CORE_READ(sock, __sk_common.skc_dport));
}

static __always_inline void sample_listener(struct socket_facts *facts, struct sock *sock)
{
	facts->backlog = facts->kind == FILE_UNIX ? BPF_CORE_READ(sock, sk_receive_queue.qlen) :
						    BPF_CORE_READ(sock, sk_ack_backlog);
	facts->backlog_max = BPF_CORE_READ(sock, sk_max_ack_backlog);
	/* Unix listeners turn nobody away: who finds the backlog full waits, or is told EAGAIN. */
	if (facts->kind == FILE_TCP && bpf_core_field_exists(struct sock, sk_drops))
		facts->drops = BPF_CORE_READ(sock, sk_drops.counter);
}

static __always_inline void sample_inet(struct socket_facts *facts, struct sock *sock)
{
	struct tcp_sock *tcp = (void *)sock;

	sample_addresses(facts, sock);
	if (facts->kind == FILE_UDP) {
		facts->recv_queued = BPF_CORE_READ(sock, sk_backlog.rmem_alloc.counter);
	} else if (facts->state == TCP_LISTEN) {
		sample_listener(facts, sock);
	} else {
		facts->recv_queued = BPF_CORE_READ(tcp, rcv_nxt) - BPF_CORE_READ(tcp, copied_seq);
		facts->send_queued = BPF_CORE_READ(tcp, write_seq) - BPF_CORE_READ(tcp, snd_una);
	}
}

static __always_inline void sample_name(struct socket_named *named, struct unix_address *address)
{
	__u32 len = BPF_CORE_READ(address, len) - SUN_FAMILY_BYTES;

	if (len > 108)	/* len of an unbound address wraps here too */
		return;
	barrier_var(len);
	len &= 127;
	if (len > RECORD_SOCKET_NAME - 1)
		return;
	bpf_probe_read_kernel(named->name, len,
			      (void *)address + bpf_core_field_offset(struct unix_address, name) +
				      SUN_FAMILY_BYTES);
	named->facts.name_len = len;
}

static __always_inline void sample_unix(struct socket_named *named, struct sock *sock)
{
	struct socket_facts *facts = &named->facts;
	struct unix_sock *it = (void *)sock;
	struct unix_address *address = BPF_CORE_READ(it, addr), *peer_address;
	struct sock *peer = BPF_CORE_READ(it, peer);

	facts->address = (__u64)address;
	if (peer) {
		facts->peer_ino = sock_ino(peer);
		/* One that is gone has shut us down (unix_release_sock); one not accepted yet has not. */
		facts->pending = !facts->peer_ino && !facts->shutdown;
		peer_address = BPF_CORE_READ((struct unix_sock *)peer, addr);
		facts->peer_address = (__u64)peer_address;
	}
	if (facts->state == TCP_LISTEN)
		sample_listener(facts, sock);
	if (address)
		sample_name(named, address);
}

__noinline int socket_sample(struct socket_named *named, __u64 address)
{
	struct file *file = (void *)address;
	struct socket *socket;
	struct socket_facts *facts;
	struct sock *sock;

	if (!named || !file ||
	    BPF_CORE_READ(file, f_inode, i_sb, s_magic) != SOCKFS_MAGIC)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sock = BPF_CORE_READ(socket, sk);
	if (!sock)
		return 0;
	facts = &named->facts;
	counts_unknown(facts);
	facts->ino = BPF_CORE_READ(file, f_inode, i_ino);
	facts->dev = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	facts->family = BPF_CORE_READ(sock, __sk_common.skc_family);
	facts->type = BPF_CORE_READ(socket, type);
	facts->state = BPF_CORE_READ(sock, __sk_common.skc_state);
	facts->shutdown = BPF_CORE_READ(sock, sk_shutdown);
	facts->netns = BPF_CORE_READ(sock, __sk_common.skc_net.net, ns.inum);
	facts->kind = socket_kind(facts->family, facts->type, BPF_CORE_READ(sock, sk_protocol));
	if (facts->kind == FILE_UNIX)
		sample_unix(named, sock);
	else if (facts->kind != FILE_SOCKET)
		sample_inet(facts, sock);
	return 1;
}

char _license[] SEC("license") = "GPL";
