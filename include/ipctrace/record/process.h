/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Tasks and processes: their life, and what /proc says of those that started before us. */
#ifndef IPCTRACE_RECORD_PROCESS_H
#define IPCTRACE_RECORD_PROCESS_H

#include "ipctrace/record/type.h"

struct record_task {
	struct record head;
	__u64 table;		/* struct files_struct *; 0 = none any more */
	__u64 old_table;	/* FORK: the maker's; RETABLE: the one left behind */
	__u64 parent_start;	/* of the parent process; FORK: of the maker's process */
	__u32 parent_pid;	/* real parent process (getppid); FORK: the maker's process */
	__u32 parent_tid;	/* FORK: the maker */
	__u32 uid;		/* real uid, initial user namespace */
	__u32 clone_flags;	/* FORK: CLONE_*, low 32 bits */
	char leader_comm[RECORD_COMM_LEN];
};

struct record_exec {
	struct record head;	/* comm is the new one */
	__u64 table;
	__u32 old_tid;		/* the calling thread's, where it was not the leader */
	__u32 uid;
	__u32 filename_len;	/* bytes of file name that follow, NUL included */
	__u32 argv_len;		/* bytes of argv that follow the file name */
	char text[];
};

struct record_exit {
	struct record head;
	__u64 table;
	__s32 exit_code;	/* as wait(2) gives it: status << 8 | signal */
	__u32 group_dead;	/* 1 = the last task of its thread group */
};

struct record_text {
	struct record head;
	__u32 text_len;
	__u32 pad;
	char text[];
};

struct record_limit {
	struct record head;
	__u64 soft, hard;	/* descriptors a process may have; ~0 = any number */
};

struct record_ns_pid {
	struct record head;	/* the process's, as everywhere */
	__u32 pid;		/* the number it has for itself: in its own, innermost namespace */
	__u32 pad;
};

#endif /* IPCTRACE_RECORD_PROCESS_H */
