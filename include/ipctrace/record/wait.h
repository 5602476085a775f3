/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What tasks wait for, and who has locked what. */
#ifndef IPCTRACE_RECORD_WAIT_H
#define IPCTRACE_RECORD_WAIT_H

#include "ipctrace/record/file.h"

/* What a task is doing: from its state, the system call it is in, and that call's arguments. */
enum wait_what {
	WAIT_RUNNING = 0,
	WAIT_OTHER = 1,	    /* asleep in a call that this list doesn't have */
	WAIT_STOPPED = 2,   /* by a signal or a debugger */
	WAIT_DISK = 3,	    /* asleep and deaf to signals: something in the kernel will wake it */
	WAIT_READ = 4,	    /* read, recv, mq_receive, … */
	WAIT_WRITE = 5,
	WAIT_SPLICE = 6,    /* from one, to another: either may be what it waits on */
	WAIT_SENDFILE = 7,
	WAIT_ACCEPT = 8,
	WAIT_CONNECT = 9,
	WAIT_POLL = 10,	    /* poll, ppoll */
	WAIT_SELECT = 11,
	WAIT_EPOLL = 12,
	WAIT_FUTEX = 13,
	WAIT_SEM = 14,
	WAIT_MSG_SEND = 15,
	WAIT_MSG_RECEIVE = 16,
	WAIT_CHILD = 17,    /* wait4, waitid */
	WAIT_FLOCK = 18,
	WAIT_FCNTL = 19,
	WAIT_OPEN = 20,	    /* of a FIFO */
	WAIT_VFORK = 21,
	WAIT_SLEEP = 22,
	WAIT_SIGNAL = 23,   /* pause, sigsuspend, sigtimedwait */
	WAIT_WHAT_MAX
};

enum wait_flags {
	WAIT_BOUNDED = 1 << 0,	/* the call ends by itself: it has a timeout, or the process a timer */
	WAIT_CUT = 1 << 1,	/* not all that it waits on is told of */
	WAIT_TRACES = 1 << 2,	/* the task traces others: their stops end its wait for a child */
	WAIT_CATCHES = 1 << 3,	/* the process handles a signal that programs send each other */
	WAIT_CATCHES_CHILD = 1 << 4, /* … SIGCHLD, or the task waits for that */
	WAIT_MEMORY_SHARED = 1 << 5, /* its memory is used by more than its own threads */
	WAIT_FUTEX_PRIVATE = 1 << 6, /* only threads with the same memory can wake it */
	WAIT_FUTEX_READ = 1 << 7,    /* value could be read */
	WAIT_NAMESPACED = 1 << 8,    /* pids mean something else to it than here */
	WAIT_VFORKED = 1 << 9,	     /* its parent sleeps in vfork until it executes or ends */
	WAIT_WROTE_NOTHING = 1 << 10, /* nor did threads of its process that ended: no write() since it began */
};

struct record_wait {
	struct record head;
	__u64 since;	/* ns, CLOCK_MONOTONIC; 0 = unknown */
	__u64 switches;	/* how often it left the processor so far */
	__u64 arg[4];
	__u64 ino;	/* of a shared futex: the file, and where in it */
	__u64 offset;
	__u32 dev;
	__u32 value;	/* of the futex */
	__s32 nr;	/* system call, 64-bit numbering; -1 = none */
	__u16 what;	/* enum wait_what */
	__u16 flags;	/* enum wait_flags */
	__u32 last_pid;	/* who last did the other half on what System V object; 0 = none, or gone. Of a
			 * stopped task: the process that traces it; 0 = none */
	__u32 lock_mode; /* of a lock: enum lock_mode; LOCK_MODE_UNKNOWN: nor is it known which bytes */
	__u64 lock_start, lock_end; /* bytes, both included */
};

enum wait_on_flags {
	WAIT_ON_KERNEL = 1 << 0, /* the kernel may wake it, or whoever opens the object by its name */
	WAIT_ON_TIMED = 1 << 1,	 /* the socket has a timeout */
	WAIT_ON_WRITTEN = 1 << 2, /* data has passed through the pipe */
};

struct record_wait_on {
	struct record head;
	__s32 fd;	/* -1 = none: it waits in open */
	__u32 flags;	/* enum wait_on_flags */
	__u64 written;	/* ns since boot when a pipe was last written to; 0 = unknown, as where the
			 * kernel keeps no times of pipes */
	struct file_facts facts;
};

struct record_wait_peer {
	struct record head;	/* pid and tid alone */
	struct file_facts facts;
};

enum lock_kind { LOCK_FLOCK = 1, LOCK_POSIX = 2, LOCK_OFD = 3 };
enum lock_mode { LOCK_MODE_UNKNOWN = 0, LOCK_SHARED = 1, LOCK_EXCLUSIVE = 2 }; /* LOCK_SH and F_RDLCK; LOCK_EX and F_WRLCK */

/* A lock that is held. Once a look; it may come again. */
struct record_lock {
	struct record head;	/* pid: who took it, 0 = unknown; tid, start and comm are 0 */
	__u64 lock;		/* struct file_lock *: which it is */
	__u64 file;		/* struct file * that bears it, but for LOCK_POSIX */
	__u64 owner;		/* LOCK_POSIX: the table that does; struct files_struct * */
	__u64 start, end;	/* bytes, both included */
	__u64 ino;
	__u32 dev;
	__u16 kind;		/* enum lock_kind */
	__u16 mode;		/* enum lock_mode */
};

#endif /* IPCTRACE_RECORD_WAIT_H */
