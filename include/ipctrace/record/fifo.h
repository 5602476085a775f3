/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* FIFOs: what a descriptor does not tell. */
#ifndef IPCTRACE_RECORD_FIFO_H
#define IPCTRACE_RECORD_FIFO_H

#include "ipctrace/record/type.h"

enum fifo_verb {
	FIFO_CREATED = 1,  /* mknod, mknodat */
	FIFO_OPENED = 2,
	FIFO_UNLINKED = 3, /* unlink, unlinkat */
};

#define RECORD_PATH_MAX	     256
#define RECORD_FOLDERS_MAX   1024
#define RECORD_COMPONENT_MAX 256 /* NAME_MAX and a NUL */

struct record_fifo {
	struct record head;
	__u64 ino;		/* OPENED; the other calls give a path, not a file: 0 */
	__u64 waited;		/* OPENED: ns asleep until the other side came; ~0 = not watched */
	__s64 result;
	__u32 dev;
	__u32 verb;		/* enum fifo_verb */
	__s32 fd;		/* OPENED; else -1 */
	__s32 nr;
	__u32 fmode;		/* OPENED: f_mode */
	__u32 mnt_ns;		/* inode of its mount namespace; 0 = ours */
	__u32 cut;		/* 1 = folders is not all */
	__u32 folders_len;	/* bytes in it */
	__u32 whole;		/* 1 = folders has the file's own name too, path is not needed */
	__u32 pad;
	/* Names from the file (OPENED), or from the directory that path is relative to, up to the root
	 * of the mount namespace; each ends with NUL. */
	char folders[RECORD_FOLDERS_MAX];
	char path[RECORD_PATH_MAX]; /* the argument as given; "" = not read */
};

/* A row of a refresh: tid waits in open for the other end of this FIFO. */
struct record_opening {
	struct record head;
	__u64 ino;
	__u64 since;		/* ns, CLOCK_MONOTONIC; 0 = longer than we watch */
	__u32 dev;
	__u32 fmode;		/* what it will be: 1 = read, 2 = write */
	__s32 nr;
	__u32 path_len;		/* bytes of the path that follow, NUL included; 0 = not known */
	__u64 arg[3];		/* of the call, for the source to find the FIFO by */
	char path[];
};

#endif /* IPCTRACE_RECORD_FIFO_H */
