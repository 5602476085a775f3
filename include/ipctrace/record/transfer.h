/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The data plane: how much each process moved through each object, and who still waits to read. */
#ifndef IPCTRACE_RECORD_TRANSFER_H
#define IPCTRACE_RECORD_TRANSFER_H

#include "ipctrace/record/type.h"

/* What one process did with one object. Also the value kept in the kernel. */
struct transfer {
	__u64 bytes_in, bytes_out;	/* in: the process read; out: it wrote */
	__u64 ops_in, ops_out;		/* calls that succeeded, end of file (0) included */
	__u64 blocked_in, blocked_out;	/* ns asleep inside those calls */
	__u64 ended;			/* reads of a socket that found that the other end sends no more; 0 in older recordings */
	__u64 broken;			/* calls that failed with EPIPE: nobody is there to read */
};

/* Key of the kernel's table of transfers. */
struct transfer_key {
	__u64 ino;	/* object: i_ino, or the struct file * where the inode is shared (anon_inode) */
	__u64 start;	/* process: start_boottime of the leader */
	__u32 dev;	/* object: s_dev */
	__u32 pid;	/* process */
};

struct record_count {
	struct record head;	/* pid and start as in key; tid and comm are 0 */
	struct transfer_key key;
	struct transfer total;
};

struct record_blocked {
	struct record head;
	__s32 fd;		/* the descriptor it reads from */
	__s32 nr;		/* system call, 64-bit numbering */
};

#endif /* IPCTRACE_RECORD_TRANSFER_H */
