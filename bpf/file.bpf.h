/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What descriptor tables and struct files are; see file.bpf.c. Addresses are numbers: global
 * functions take no pointers to kernel types before 6.8, and each pointer member that is followed
 * from a typed task costs the verifier a search of all the kernel's types, at every load.
 */
#ifndef IPCTRACE_FILE_BPF_H
#define IPCTRACE_FILE_BPF_H

#include "maps.bpf.h"

#define S_IFMT	 0170000
#define S_IFSOCK 0140000
#define S_IFIFO	 0010000

#define AF_UNIX	    1
#define AF_INET	    2
#define AF_INET6    10
#define SOCK_STREAM 1
#define SOCK_DGRAM  2
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17

static __always_inline __u32 socket_kind(__u16 family, __u16 type, __u32 protocol)
{
	if (family == AF_UNIX)
		return FILE_UNIX;
	if (family != AF_INET && family != AF_INET6)
		return FILE_SOCKET;
	if (type == SOCK_STREAM && protocol == IPPROTO_TCP)
		return FILE_TCP;
	return type == SOCK_DGRAM && protocol == IPPROTO_UDP ? FILE_UDP : FILE_SOCKET;
}

/* True for objects that can carry data between processes, by mode alone; cheap. */
static __always_inline bool mode_is_channel(__u32 mode)
{
	return (mode & S_IFMT) == S_IFIFO || (mode & S_IFMT) == S_IFSOCK;
}

/* The number of a typed pointer: before 6.8 a global function takes it no other way. */
static __always_inline __u64 address_of(const void *pointer)
{
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &pointer);
	return address;
}

/* Fills *facts, which must be zero, from the struct file at that address; 0 leaves it zero. */
int file_sample(struct file_facts *facts, __u64 address);

/* Bytes that lie in the pipe or FIFO, which has a pipe_inode_info; ~0 = in more buffers than are looked at. */
__u64 file_queued(__u64 file);

/* The current task's struct files_struct, and when its process started (start_boottime). */
__u64 current_table(void);
__u64 current_start(void);
/* Its struct mm_struct. */
__u64 current_space(void);

/* The struct file in that slot, 0 if none; of the current task's table it is found faster. */
__u64 current_file(__u32 fd);
__u64 table_file(__u64 table, __u32 fd);
/* Is the slot close-on-exec? */
int table_cloexec(__u64 table, __u32 fd);
/* How many slots the table has, and where its array of pointers lies. */
__u32 table_size(__u64 table);
__u64 table_slots(__u64 table);

/* As file_channel(), for what is not told by its mode: terminals, POSIX queues, eventfds. */
int odd_channel(struct watched_key *key, __u64 address);

/* Is it a pipe, FIFO, socket or one of those? If so fills key->ino and key->dev and returns 1. */
int file_channel(struct watched_key *key, __u64 address);

/* The same of the current task's descriptor fd, and the start of its process: fills key but pid. */
int current_transfer(struct transfer_key *key, __u32 fd);

#endif /* IPCTRACE_FILE_BPF_H */
