/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Descriptor tables, descriptors on their way through sockets, the paths of what they lead to. */
#ifndef IPCTRACE_RECORD_DESCRIPTOR_H
#define IPCTRACE_RECORD_DESCRIPTOR_H

#include "ipctrace/record/file.h"

struct record_slot {
	struct record head;
	__u64 table;		/* struct files_struct * */
	__s32 fd;
	__s32 nr;		/* system call that touched it, 64-bit numbering; -1 = row, or none */
	__s64 result;		/* what the call returned */
	__s64 arg[3];		/* the call's first three arguments */
	__u32 cloexec;		/* 1 = close-on-exec */
	__u32 source_pid;	/* pidfd_getfd: the process it was taken from; 0 = unknown */
	struct file_facts facts;
	__u32 text_len;		/* bytes of text that follow, NUL included; 0 = none */
	__u32 pad;
	char text[];		/* open calls: the path argument as given */
};

/* RECORD_TABLE: what its pointers mean. */
enum table_mode {
	TABLE_COPY = 1,	 /* the table is new; slot first+i holds the description at files[i] */
	TABLE_PRUNE = 2, /* slots whose pointer is 0 are empty; the others are not spoken for */
};

struct record_table {
	struct record head;
	__u64 table;
	__u32 mode;		/* enum table_mode */
	__s32 nr;		/* system call behind it; -1 = none */
	__u32 first;		/* slot number of files[0] */
	__u32 count;
	__u32 last;		/* 1 = no slot from first + count on is occupied */
	__u32 pad;
	__u64 files[];		/* struct file *, 0 = empty */
};

struct record_pass {
	struct record head;
	__s32 fd;		/* the sender's number for it */
	__s32 socket_fd;
	__u64 socket_ino;	/* the sender's socket */
	__u64 peer_ino;		/* the socket whose queue it lies in; 0 = unknown */
	struct file_facts facts;
};

struct record_in_flight {
	struct record head;	/* pid, tid and start are 0 */
	__u64 socket_ino;	/* the socket whose receive queue it lies in */
	struct file_facts facts;
};

struct record_name {
	struct record head;
	__u64 ino;
	__u64 file;
	__u32 dev;
	__u32 kind;
	__u32 text_len;
	__u32 pad;
	char text[];
};

#endif /* IPCTRACE_RECORD_DESCRIPTOR_H */
