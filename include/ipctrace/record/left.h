/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What lies in file systems and in memory at the end, and nobody has it. */
#ifndef IPCTRACE_RECORD_LEFT_H
#define IPCTRACE_RECORD_LEFT_H

#include "ipctrace/record/type.h"

struct record_left {
	struct record head;	/* pid, tid and start are 0 */
	__u64 ino;
	__u64 age;		/* ns since it was made or last changed; FILE_SHM: or last detached */
	__u32 dev;
	__u32 kind;		/* FILE_FIFO or FILE_SHM */
	__u32 text_len;		/* bytes of path that follow, NUL included; 0 for FILE_SHM */
	__u32 pad;
	char text[];
};

struct record_left_memory {
	struct record head;	/* the first that mapped it in the window, where it was made in the
				 * window too; else pid, tid and start are 0 */
	__u64 ino;
	__u64 age;		/* as above */
	__u64 size;		/* bytes */
	__u64 held;		/* bytes of memory that it takes */
	__u32 dev;
	__u32 text_len;		/* bytes of path that follow, NUL included */
	char text[];
};

#endif /* IPCTRACE_RECORD_LEFT_H */
