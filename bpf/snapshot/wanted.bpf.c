// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects that somebody waits on. What cannot be told apart by its inode always counts as wanted:
 * anonymous inodes, both sides of terminals, sockets whose other end only addresses tell, and those
 * that a connect() may wait for or in whose queues descriptors lie.
 */
#include "wanted.bpf.h"
#include "file.bpf.h"

#define TCP_LISTEN 10 /* include/net/tcp_states.h; Unix sockets have the same */

struct wanted_map wanted SEC(".maps");
struct wanting wanting;

static __always_inline void note(__u64 ino, __u32 dev)
{
	struct watched_key key = {.ino = ino, .dev = dev};
	__u32 look = wanting.look;

	if (bpf_map_update_elem(&wanted, &key, &look, BPF_ANY))
		wanting.overflows = 1;
}

__noinline int want(const struct file_facts *facts)
{
	if (!facts || !wanting.collects)
		return 0;
	note(facts->ino, facts->dev);
	if (facts->kind == FILE_UNIX && facts->socket.peer_ino)
		note(facts->socket.peer_ino, facts->dev);
	return 0;
}

__noinline int want_memory(const struct file_facts *facts)
{
	if (!facts || !wanting.collects)
		return 0;
	wanting.memory = 1;
	note(facts->ino, facts->dev);
	return 0;
}

static __always_inline bool is_noted(const struct file_facts *facts)
{
	struct watched_key key = {.ino = facts->ino, .dev = facts->dev};
	__u32 *look = bpf_map_lookup_elem(&wanted, &key);

	return look && *look == wanting.look;
}

static __always_inline bool is_noted_unix(const struct file_facts *facts)
{
	struct unix_sock *sock = (void *)facts->socket.sock;

	return is_noted(facts) || facts->socket.state == TCP_LISTEN ||
	       BPF_CORE_READ(sock, scm_stat.nr_fds.counter);
}

__noinline int is_wanted(const struct file_facts *facts)
{
	if (!facts || !wanting.look || wanting.overflows)
		return 1;
	switch (facts->kind) {
	case FILE_UNIX: return is_noted_unix(facts);
	case FILE_PIPE:
	case FILE_FIFO:
	case FILE_MQ:
	case FILE_MEMFD:
	case FILE_REGULAR:
	case FILE_DIRECTORY:
	case FILE_CHAR:
	case FILE_BLOCK: return is_noted(facts);
	}
	return 1;
}

__noinline int is_wanted_memory(const struct file_facts *facts)
{
	if (!facts || !wanting.look || wanting.overflows)
		return 1;
	return is_noted(facts);
}
