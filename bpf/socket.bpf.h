/* SPDX-License-Identifier: GPL-2.0-only */
/* What a socket is; see socket_sample.bpf.h. Events and the snapshot both come here. */
#ifndef IPCTRACE_SOCKET_BPF_H
#define IPCTRACE_SOCKET_BPF_H

#include "file.bpf.h"

#define SOCKFS_MAGIC 0x534F434B /* include/uapi/linux/magic.h */

/* The inode of a socket; 0 = it has none (yet, or any more). */
static __always_inline __u64 sock_ino(struct sock *sock)
{
	struct socket *socket = BPF_CORE_READ(sock, sk_socket);
	struct socket_alloc *alloc;

	if (!socket)
		return 0;
	alloc = (void *)socket - bpf_core_field_offset(struct socket_alloc, socket);
	return BPF_CORE_READ(alloc, vfs_inode.i_ino);
}

#define ADDRESS_MAPPED 0xffff0000u /* the third word of ::ffff:a.b.c.d, little-endian */

/* to: 16 bytes, zero */
static __always_inline void address_map(__u8 *to, __be32 address)
{
	__u32 *words = (__u32 *)to;

	words[2] = ADDRESS_MAPPED;
	words[3] = address;
}

/* Fills *named, which must be zero, from the struct file at that address. 1 where it is a socket. */
int socket_sample(struct socket_named *named, __u64 file);

/* Is it a socket whose other end a selected process has, or had? */
int socket_is_watched(__u64 file);

struct name_hashing {
	const char *name;
	__u64 hash;
	__u32 len;
	bool is_abstract;
};

static long name_hash_step(__u32 i, struct name_hashing *it)
{
	if (i >= RECORD_SOCKET_NAME - 4 || i >= it->len || (!it->is_abstract && !it->name[i]))
		return 1;
	it->hash = NAME_HASH(it->hash, it->name[i]);
	return 0;
}

/*
 * By which the name of a Unix socket is watched: its bytes, up to a NUL in a path; an abstract one, which
 * begins with NUL, means something in its network namespace alone. A loop that the verifier goes through
 * byte by byte took longer to load than all else that watches sockets.
 */
static __always_inline __u64 socket_name_hash(const char *name, __u32 len, __u32 netns)
{
	struct name_hashing it = {.name = name, .len = len, .is_abstract = !name[0]};

	it.hash = it.is_abstract ? netns : 0;
	bpf_loop(RECORD_SOCKET_NAME - 4, name_hash_step, &it, 0);
	return it.hash;
}

/*
 * trace/socket.bpf.c: a process that is not selected sent, with its descriptor fd, to that address. If it
 * is one that a selected process's socket is bound to, the process is a peer from now on, what it sends
 * there counts, and 1 is returned: what it just sent is not counted yet. Else 0.
 */
int stranger_joins(__u32 fd, __u64 where, __u32 len);

/* trace/socket.bpf.c: socket fd of the current task sent so many bytes to the address of len bytes in the
 * user's memory. That is counted, and told when it is new. Always returns 0. */
int destination_send(__u32 fd, __u64 where, __u32 len, __u64 bytes);

#endif /* IPCTRACE_SOCKET_BPF_H */
