/* SPDX-License-Identifier: GPL-2.0-only */
/* A part of file.bpf.c. Samples a socket: who it is, whom it is connected to, what waits in it. */
#ifndef IPCTRACE_SOCKET_SAMPLE_BPF_H
#define IPCTRACE_SOCKET_SAMPLE_BPF_H

#include "socket.bpf.h"
#include "view.bpf.h"
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
		address_map(facts->local, FIELD(struct sock, sock, __sk_common.skc_rcv_saddr));
		address_map(facts->remote, FIELD(struct sock, sock, __sk_common.skc_daddr));
	}
	facts->local_port = FIELD(struct sock, sock, __sk_common.skc_num);
	facts->remote_port = bpf_ntohs(FIELD(struct sock, sock, __sk_common.skc_dport));
}

static __always_inline void sample_listener(struct socket_facts *facts, struct sock *sock)
{
	facts->backlog = facts->kind == FILE_UNIX ? FIELD(struct sock, sock, sk_receive_queue.qlen) :
						    FIELD(struct sock, sock, sk_ack_backlog);
	facts->backlog_max = FIELD(struct sock, sock, sk_max_ack_backlog);
	/* Unix listeners turn nobody away: who finds the backlog full waits, or is told EAGAIN. */
	if (facts->kind == FILE_TCP && bpf_core_field_exists(struct sock, sk_drops))
		facts->drops = FIELD(struct sock, sock, sk_drops.counter);
}

static __always_inline void sample_inet(struct socket_facts *facts, struct sock *sock)
{
	struct tcp_sock *tcp = (void *)sock;

	sample_addresses(facts, sock);
	if (facts->kind == FILE_UDP) {
		facts->recv_queued = FIELD(struct sock, sock, sk_backlog.rmem_alloc.counter);
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
	struct unix_address *address = (void *)POINTER_OF(struct unix_sock, sock, addr), *peer_address;
	struct sock *peer = (void *)POINTER_OF(struct unix_sock, sock, peer);

	facts->address = (__u64)address;
	if (peer) {
		facts->peer_ino = socket_ino(FIELD(struct sock, peer, sk_socket));
		/* One that is gone has shut us down (unix_release_sock); one not accepted yet has not. */
		facts->pending = !facts->peer_ino && !facts->shutdown;
		peer_address = (void *)POINTER_OF(struct unix_sock, peer, addr);
		facts->peer_address = (__u64)peer_address;
	}
	if (facts->state == TCP_LISTEN)
		sample_listener(facts, sock);
	if (address)
		sample_name(named, address);
}

__noinline int socket_sample(struct socket_named *named, __u64 address)
{
	struct socket_facts *facts;
	struct super_block *sb;
	struct socket *socket;
	struct inode *inode;
	struct sock *sock;
	struct net *net;

	if (!named || !address)
		return 0;
	inode = FIELD(struct file, address, f_inode);
	sb = FIELD(struct inode, inode, i_sb);
	if (FIELD(struct super_block, sb, s_magic) != SOCKFS_MAGIC)
		return 0;
	socket = FIELD(struct file, address, private_data);
	sock = FIELD(struct socket, socket, sk);
	if (!sock)
		return 0;
	facts = &named->facts;
	counts_unknown(facts);
	facts->ino = FIELD(struct inode, inode, i_ino);
	facts->dev = FIELD(struct super_block, sb, s_dev);
	facts->family = FIELD(struct sock, sock, __sk_common.skc_family);
	facts->type = FIELD(struct socket, socket, type);
	facts->state = FIELD(struct sock, sock, __sk_common.skc_state);
	facts->shutdown = FIELD(struct sock, sock, sk_shutdown);
	net = FIELD(struct sock, sock, __sk_common.skc_net.net);
	facts->netns = FIELD(struct net, net, ns.inum);
	facts->kind = socket_kind(facts->family, facts->type, FIELD(struct sock, sock, sk_protocol));
	if (facts->kind == FILE_UNIX)
		sample_unix(named, sock);
	else if (facts->kind != FILE_SOCKET)
		sample_inet(facts, sock);
	return 1;
}

#endif /* IPCTRACE_SOCKET_SAMPLE_BPF_H */
