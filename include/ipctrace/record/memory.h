/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Shared memory: mappings, address spaces, System V segments, what keeps writers apart. */
#ifndef IPCTRACE_RECORD_MEMORY_H
#define IPCTRACE_RECORD_MEMORY_H

#include "ipctrace/record/file.h"

enum mapping_access {
	MAPPING_READ = 1,	 /* VM_READ: pages can be read now */
	MAPPING_WRITE = 2,	 /* VM_WRITE */
	MAPPING_MAY_WRITE = 4,	 /* VM_MAYWRITE: mprotect() can make it so */
	MAPPING_NOT_FORKED = 8,	 /* VM_DONTCOPY: a child does not inherit it */
};

/*
 * One call, or a row: first [gone_start, gone_end) is emptied, then [start, end) holds this. Sampled
 * as slots are: the record was reserved first.
 */
struct record_mapping {
	struct record head;
	__u64 space;		/* struct mm_struct * */
	__u64 gone_start, gone_end; /* equal = nothing was unmapped */
	__u64 start, end;	/* equal = nothing shared lies there */
	__u64 offset;		/* of start, in bytes from the object's beginning */
	__s32 nr;		/* system call, 64-bit numbering; -1 = row */
	__u32 access;		/* enum mapping_access */
	__s64 result;
	__u32 doubt;		/* 1 = others change the space at the same time: rows will follow */
	__u32 pad;
	struct file_facts facts; /* kind FILE_UNKNOWN: the range holds nothing shared */
};

struct record_space {
	struct record head;
	__u64 space;
	__u64 made_from;	/* fork: the maker's space; the same = shared with it; 0 = a row, or exec: nothing */
	__u64 maker_start;	/* the maker's process, as in record_task */
	__u32 maker_pid;
	__u32 doubt;		/* as above */
};

#define SEGMENT_MODE_DESTROY 01000 /* SHM_DEST, include/uapi/linux/shm.h */

struct record_segment {
	struct record head;	/* who called; 0 in rows */
	__u32 id;
	__u32 ipc_ns;		/* inode of its IPC namespace */
	__u32 exists;		/* 0 = it is gone */
	__u32 key;
	__u64 size;		/* bytes */
	__u64 attached;		/* mappings of it, in all processes */
	__s64 changed;		/* seconds since 1970: created, or its owner or mode changed */
	__u32 creator_pid;	/* initial pid namespace */
	__u32 mode;		/* 01000 = to be destroyed with its last mapping */
	__s32 nr;		/* system call behind it, 64-bit numbering; -1 = row */
	__u32 detached;		/* seconds since 1970 of the last detach; 0 = none, or not read */
	__s64 result;
	__s64 arg[3];
};

/* What was seen of processes that can all write to the same memory. */
enum sync_seen {
	SYNC_FUTEX = 1,		/* one waits on a futex in it */
	SYNC_LOCK = 2,		/* one has locked a file, or waits to */
	SYNC_SEMAPHORE = 4,	/* one was the last to use a System V semaphore, or waits for one */
	SYNC_QUEUE = 8,		/* the same of a System V message queue */
	SYNC_INSIDE = 16,	/* a lock lies in it: at two looks, in the same place */
};

struct record_sync {
	struct record head;	/* pid, tid and start are 0 */
	__u64 ino;
	__u32 dev, kind;
	__u32 seen;		/* enum sync_seen; 0 = nothing */
	__u32 inside;		/* where in it lies what looks like a lock: offset + 1; 0 = nowhere */
};

#endif /* IPCTRACE_RECORD_MEMORY_H */
