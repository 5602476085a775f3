/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What every record begins with, and the numbers that say what follows. */
#ifndef IPCTRACE_RECORD_TYPE_H
#define IPCTRACE_RECORD_TYPE_H

#define RECORD_VERSION	 2
#define RECORD_COMM_LEN	 16   /* TASK_COMM_LEN, include/linux/sched.h */
#define RECORD_NAME_LEN	 32   /* dentry names of special files are short: "[io_uring]" */
#define RECORD_CHUNK	 512  /* slots in one RECORD_TABLE; a power of two */
#define RECORD_TEXT_MAX	 4096 /* bytes of text behind a record */
#define RECORD_ARGV_MAX	 512  /* bytes of argv read at exec */
#define RECORD_SIZE_MAX	 (1 << 16)

enum record_type {
	/* What the kernel's tables hold: the rows between BEGIN and END replace all that the
	 * model knows about live tasks, tables and descriptors in flight. */
	RECORD_SNAPSHOT_BEGIN = 1, /* struct record alone; ts = before the first row was read */
	RECORD_SNAPSHOT_END = 2,   /* struct record alone */
	RECORD_TASK = 3,	   /* struct record_task: one live task (thread) */
	RECORD_IN_FLIGHT = 4,	   /* struct record_in_flight: a descriptor in a socket's queue */
	RECORD_QUEUES_BEGIN = 5,   /* struct record alone: RECORD_IN_FLIGHT rows follow, and no others */
	RECORD_QUEUES_END = 6,	   /* struct record alone: what lies in queues is what they said */

	/* Life of tasks. */
	RECORD_FORK = 10,   /* struct record_task: pid/tid are the new task's, parent_tid the maker */
	RECORD_EXEC = 11,   /* struct record_exec, then argv, NUL-separated */
	RECORD_EXIT = 12,   /* struct record_exit: one task (thread) ended */
	RECORD_RETABLE = 13,/* struct record_task: the task uses another table from now on (unshare) */

	/* Descriptor tables. Sampled truth: the record was reserved first and the slot read after,
	 * so the last record about a slot is right whatever the threads did meanwhile. */
	RECORD_SLOT = 20,  /* struct record_slot, then text: one slot now (also a snapshot row) */
	RECORD_TABLE = 21, /* struct record_table, then file pointers: many slots at once */
	RECORD_PASS = 22,  /* struct record_pass: a descriptor was put into a socket */

	/* Objects. */
	RECORD_PIPE = 30, /* struct record_slot: capacity changed (F_SETPIPE_SZ); a row: what
			   * lies in a pipe, queue or eventfd now */
	RECORD_NAME = 31, /* struct record_name, then text: the path of an object, as /proc shows it */

	/* Data plane. */
	RECORD_USE = 40,   /* struct record_slot: first transfer by this process on this object */
	RECORD_COUNT = 41, /* struct record_count: totals so far, absolute */
	RECORD_BLOCKED = 42, /* struct record_blocked: a thread sleeps in a read, at the end */

	/* FIFOs (70 to 79): what a descriptor does not tell. */
	RECORD_FIFO = 70,    /* struct record_fifo: one was made, opened or unlinked */
	RECORD_OPENING = 71, /* struct record_opening: a task waits in open for the other end */

	/* About a process, from /proc, for those that started before us. */
	RECORD_EXE = 50,    /* struct record_text: target of /proc/PID/exe */
	RECORD_ARGV = 51,   /* struct record_text: NUL-separated */
	RECORD_CGROUP = 52, /* struct record_text: path in the unified hierarchy */
	RECORD_LIMIT = 53,  /* struct record_limit: RLIMIT_NOFILE */
	RECORD_NS_PID = 56, /* struct record_ns_pid, behind RECORD_TASK or RECORD_FORK of a process that is
			     * not in the pid namespace that pids are told of */

	/* From a file system, at the end. */
	RECORD_LEFT = 54,   /* struct record_left, then its path: it is there, and nobody has it */
	RECORD_LEFT_MEMORY = 55, /* struct record_left_memory, then its path: likewise, in /dev/shm */

	/* Signals. */
	RECORD_SIGNAL = 80,	   /* struct record_signal: sent, and what that did at once; by the sender */
	RECORD_SIGNAL_END = 81,	   /* struct record_signal: what became of a queued one; by the target */
	RECORD_SIGNAL_ACTION = 82, /* struct record_signal_action: what a process does on a signal */
	RECORD_SIGNAL_MASK = 83,   /* struct record_signal_mask: what a thread blocks */
	RECORD_SIGNAL_COUNT = 84,  /* struct record_signal_count: totals so far, absolute */
	RECORD_SIGNAL_FAIL = 86,   /* struct record_signal_fail: a call that sent nothing */
	RECORD_SIGNAL_QUEUED = 87, /* struct record_signal_queued, a row: one that is pending */
	RECORD_SIGNAL_STATE = 88,  /* struct record_signal_state, a row: how a thread stands to them; comes
				    * after the rows of what is pending there */

	/* Sockets. */
	RECORD_SOCKET = 100,	  /* struct record_socket: what one is now, after a call or as a row */
	RECORD_HEARD = 103,	  /* struct record_heard: when the peer of a connection was last heard of */
	RECORD_DESTINATION = 101, /* struct record_destination: sent to for the first time */
	RECORD_SENT = 107,	  /* struct record_sent: how much went there since the last */
	RECORD_CLOSING = 104,	  /* struct record_closing: the first end of a TCP connection closes */
	RECORD_ADDRESS = 105,	  /* struct record_address: one of the machine's own */
	RECORD_WAITING = 106,	  /* struct record_waiting, a row: a connection that nobody accepted yet */
	RECORD_HOST = 102,	  /* struct record_host: the namespaces that names don't mention */
	/* What tasks wait for. Two passes with a snapshot between them tell who slept throughout. */
	RECORD_WAITS_BEGIN = 120, /* struct record alone: a pass over all tasks follows */
	RECORD_WAIT = 121,	  /* struct record_wait: one task, asleep or not */
	RECORD_WAIT_ON = 122,	  /* struct record_wait_on: what the task of the last RECORD_WAIT waits on */
	RECORD_LOCK = 123,	  /* struct record_lock: who has locked a file */
	RECORD_WAIT_PEER = 124,	  /* struct record_wait_peer: the socket whose full queue a task waits for */

	/* About the tracing itself. */
	RECORD_READY = 60,  /* struct record alone: attached, and what existed is known */
	RECORD_SELECT = 61, /* struct record_select: the user asked for this process (pid 0: all) */
	RECORD_UNSEEN = 65, /* struct record alone: a process that the kernel shows to no BPF program, comm and
			     * pid from /proc; pid 0 comes first: it was looked for such */
	RECORD_LOSS = 62,   /* struct record_loss: totals so far */
	RECORD_PRUNE = 64,  /* struct record alone: forget processes that are neither selected nor share an IPC
			     * object nor a table with a selected one; the kernel does not report them. With RECORD_INSTANT
			     * those stay that share an open file description, of whatever it is */
	RECORD_STOP = 63,   /* struct record alone: orderly end; a recording without it is cut short */

	/* Shared memory: which parts of an address space are mapped from an object that others may
	 * map as well. Private mappings are not spoken of. */
	RECORD_MAPPING = 90, /* struct record_mapping: what a call did to a range (also a snapshot row) */
	RECORD_SPACE = 91,   /* struct record_space: the process uses that address space (fork, exec; a row) */
	RECORD_SPACE_BEGIN = 92, /* struct record_space: all mappings of it follow as rows */
	RECORD_SPACE_END = 93,	 /* struct record_space: it has those, and no others */
	RECORD_SEGMENT = 94, /* struct record_segment: a System V segment as it is now (also a row) */
	RECORD_SYNC = 96,    /* struct record_sync: a look for what keeps several writers apart */
	RECORD_MAPPING_PRIVATE = 95, /* struct record_mapping, a row: a file in a tmpfs, mapped but not
				      * shared; the source keeps it to itself */
};

/* Header of every record. */
struct record {
	__u16 type;	/* enum record_type */
	__u16 flags;	/* enum record_flags */
	__u32 size;	/* of the whole record with what follows it; a multiple of 8 */
	__u64 ts;	/* ns, CLOCK_MONOTONIC (bpf_ktime_get_ns) */
	__u64 start;	/* ns since boot: start_boottime of the thread-group leader */
	__u32 pid;	/* thread group (what users call pid), initial pid namespace */
	__u32 tid;	/* the task itself */
	char comm[RECORD_COMM_LEN]; /* of the task itself; NUL-terminated */
};

enum record_flags {
	RECORD_ROW = 1 << 0,	 /* a snapshot row, not an event */
	RECORD_TEXT_CUT = 1 << 1, /* the text behind was longer than what is there */
	RECORD_COMPAT = 1 << 2,	 /* a 32-bit system call; nr is its 64-bit number all the same */
	RECORD_URING = 1 << 3,	 /* done by io_uring on behalf of the task */
	RECORD_ASKED = 1 << 5,	 /* a connect that failed: the name is the one it asked for, and so is the remote
				  * address; the socket has neither */
	RECORD_INSTANT = 1 << 6, /* the tables are told as they are now, and no change of them */
};

#endif /* IPCTRACE_RECORD_TYPE_H */
