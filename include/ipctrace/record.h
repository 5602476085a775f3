/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The wire: every fact that crosses from the kernel side to the model, and from a recording to
 * the model, is one of these records. Shared by bpf/ and src/, so it names fixed-size types only
 * and includes nothing; the includer has __u8 … __u64 from vmlinux.h or <linux/types.h>.
 *
 * A record is never changed in meaning: a new meaning gets a new number, and RECORD_VERSION rises
 * when a layout changes. Numbers are explicit because recordings outlive builds.
 */
#ifndef IPCTRACE_RECORD_H
#define IPCTRACE_RECORD_H

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
	RECORD_LOSS = 62,   /* struct record_loss: totals so far */
	RECORD_PRUNE = 64,  /* struct record alone: forget processes that are neither selected nor share
			     * an object with a selected one; the kernel does not report them */
	RECORD_STOP = 63,   /* struct record alone: orderly end; a recording without it is cut short */

	/* Shared memory: which parts of an address space are mapped from an object that others may
	 * map as well. Private mappings are not spoken of. */
	RECORD_MAPPING = 90, /* struct record_mapping: what a call did to a range (also a snapshot row) */
	RECORD_SPACE = 91,   /* struct record_space: the process uses that address space (fork; a row) */
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
	RECORD_NO_VALUE = 1 << 4, /* what a signal carries is not known: value is 0 */
};

/* What kind of thing a file is; told in the kernel from s_magic, i_mode and the dentry's name. */
enum file_kind {
	FILE_UNKNOWN = 0,
	FILE_REGULAR = 1,
	FILE_DIRECTORY = 2,
	FILE_CHAR = 3,
	FILE_BLOCK = 4,
	FILE_PIPE = 5,
	FILE_FIFO = 6,
	FILE_UNIX = 7,
	FILE_TCP = 8,
	FILE_UDP = 9,
	FILE_SOCKET = 10,	/* a socket of any other family or protocol */
	FILE_EVENTFD = 11,
	FILE_EPOLL = 12,
	FILE_SIGNALFD = 13,
	FILE_TIMERFD = 14,
	FILE_INOTIFY = 15,
	FILE_PIDFD = 16,
	FILE_MEMFD = 17,
	FILE_MQ = 18,
	FILE_PTY = 19,
	FILE_IO_URING = 20,
	FILE_ANON = 21,		/* any other anon_inode; name says which */
	FILE_SYMLINK = 22,	/* O_PATH|O_NOFOLLOW */
	FILE_SHM = 23,		/* System V shared memory segment; ino is its id */
	FILE_ANON_MEMORY = 24,	/* shared anonymous memory, /dev/zero mapped shared */
	FILE_PROCESS = 25,	/* no file: a process as the target of signals and the like; ino is its pid */
	FILE_SEM = 26,		/* System V semaphore set; ino is its id */
	FILE_MSG = 27,		/* System V message queue; ino is its id */
	FILE_KIND_MAX
};

/* An open file description and the object under it, as they are at the moment of sampling. */
struct file_facts {
	__u64 file;	/* struct file *: names the description while it lives; 0 = slot empty */
	__u64 ino;	/* i_ino; unique on pipefs and sockfs */
	__u32 dev;	/* s_dev in the kernel's encoding: major << 20 | minor; of a System V object
			 * the inode of its IPC namespace */
	__u32 rdev;	/* i_rdev of devices, same encoding */
	__u32 mode;	/* i_mode */
	__u32 fmode;	/* f_mode: 1 = read, 2 = write, 0x4000 = O_PATH */
	__u32 fflags;	/* f_flags: O_NONBLOCK, O_APPEND, … as in the architecture's fcntl.h */
	__u32 kind;	/* enum file_kind */
	union {
		struct {
			__u32 readers, writers;	/* descriptions open for each (not descriptors) */
			__u32 capacity;		/* bytes */
			__u32 buffers;		/* pipe buffers occupied */
			__u64 queued;		/* bytes in them; ~0 = not read */
			__u32 names;		/* FIFO: links in directories; 0 = unlinked */
			__u32 pad;
		} pipe;
		struct {
			__u64 sock;		/* struct sock * */
			__u64 peer_ino;		/* unix: inode of the peer socket; 0 = none */
			__u16 family, type;
			__u8 state, pad[3];
		} socket;
		struct {
			__u64 count;
			__s32 id;
			__u32 flags;
		} eventfd;
		struct {
			__u32 target;		/* pid the pidfd refers to; 0 = not read */
			__u32 pad;
		} pidfd;
		struct {
			__u64 messages;		/* lying in it */
			__u32 max, size;	/* how many may, and how long each */
		} mq;
		struct {
			__u32 master;		/* 1 = this file is the master's; ino and rdev are the slave's */
			__u32 pad;
		} pty;
		struct {
			__u64 size;		/* bytes */
			__u32 links;		/* names it has in file systems; 0 = deleted */
			__u32 pad;
		} regular;			/* FILE_REGULAR, FILE_MEMFD, FILE_ANON_MEMORY, FILE_SHM */
		__u64 raw[6];
	};
	char name[RECORD_NAME_LEN];	/* dentry name; empty for pipes and sockets */
};

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

/* What one process did with one object. Also the value kept in the kernel. */
struct transfer {
	__u64 bytes_in, bytes_out;	/* in: the process read; out: it wrote */
	__u64 ops_in, ops_out;		/* calls that succeeded, end of file (0) included */
	__u64 blocked_in, blocked_out;	/* ns asleep inside those calls */
	__u64 last_ts;
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

struct record_blocked {
	struct record head;
	__s32 fd;		/* the descriptor it reads from */
	__s32 nr;		/* system call, 64-bit numbering */
};

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

struct record_limit {
	struct record head;
	__u64 soft, hard;	/* descriptors a process may have; ~0 = any number */
};

struct record_ns_pid {
	struct record head;	/* the process's, as everywhere */
	__u32 pid;		/* the number it has for itself: in its own, innermost namespace */
	__u32 pad;
};

/* Why there is a signal. All but the first are the kernel's doing. */
enum signal_cause {
	SIGNAL_BY_PROCESS = 0,		/* kill(2) and its kin */
	SIGNAL_BY_KERNEL = 1,		/* none of those below */
	SIGNAL_CHILD_EXITED = 2,
	SIGNAL_CHILD_KILLED = 3,
	SIGNAL_CHILD_DUMPED = 4,
	SIGNAL_CHILD_TRAPPED = 5,
	SIGNAL_CHILD_STOPPED = 6,
	SIGNAL_CHILD_CONTINUED = 7,
	SIGNAL_TIMER = 8,		/* timer_create(2) */
	SIGNAL_ALARM = 9,		/* alarm(2), setitimer(2) */
	SIGNAL_BROKEN_PIPE = 10,
	SIGNAL_FAULT = 11,		/* by the target's own instruction */
	SIGNAL_TERMINAL = 12,		/* a key, or a background process that reads or writes */
	SIGNAL_HANGUP = 13,		/* the terminal, or the session's leader, is gone */
	SIGNAL_ORPHANED = 14,		/* a process group with stopped members lost its last parent */
	SIGNAL_RESIZED = 15,		/* of the terminal */
	SIGNAL_IO = 16,			/* O_ASYNC, urgent data, a lease, a directory */
	SIGNAL_LIMIT = 17,		/* RLIMIT_CPU, RLIMIT_FSIZE */
	SIGNAL_PARENT_DIED = 18,	/* prctl(PR_SET_PDEATHSIG) */
	SIGNAL_MESSAGE = 19,		/* mq_notify(3) */
	SIGNAL_SECCOMP = 20,
	SIGNAL_CAUSE_UNKNOWN = 21,	/* was pending before we looked */
	SIGNAL_CAUSE_MAX
};

/* What became of a signal. */
enum signal_outcome {
	SIGNAL_PENDING = 0,	/* queued, on its way */
	SIGNAL_BLOCKED = 1,	/* queued; the target blocks it */
	SIGNAL_HANDLED = 2,	/* a handler ran */
	SIGNAL_TERMINATED = 3,
	SIGNAL_CORE = 4,	/* terminated, with a core dump where those are on */
	SIGNAL_STOPPED = 5,
	SIGNAL_CONTINUED = 6,
	SIGNAL_IGNORED = 7,	/* because the target asked for it */
	SIGNAL_NOTHING = 8,	/* because by default this signal does nothing */
	SIGNAL_TOO_LATE = 9,	/* because the target is ending */
	SIGNAL_MERGED = 10,	/* one was pending already */
	SIGNAL_OVERFLOW = 11,	/* not queued: RLIMIT_SIGPENDING */
	SIGNAL_TAKEN = 12,	/* by sigwaitinfo(2) and the like */
	SIGNAL_READ = 13,	/* from a signalfd */
	SIGNAL_DISCARDED = 14,	/* was pending when it came to be ignored, or the target ended */
	SIGNAL_UNSEEN = 15,	/* no longer pending, nobody knows why */
	SIGNAL_OUTCOME_MAX
};

struct record_signal {
	struct record head;	/* SIGNAL: the sender, pid 0 = the kernel; SIGNAL_END: the target */
	__u64 other_start;	/* SIGNAL: the target; SIGNAL_END: the sender, pid 0 = the kernel */
	__u32 other_pid;
	__u32 target_tid;	/* the thread it is meant for, or that it went to */
	__u32 signal;
	__s32 code;		/* si_code */
	__u32 cause;		/* enum signal_cause */
	__u32 outcome;		/* enum signal_outcome */
	__u32 group;		/* 1 = for the process, 0 = for one thread; SIGNAL_END: was it */
	__u32 child;		/* SIGCHLD: the child; 0 = none */
	__u64 value;		/* address of a fault, status of a child, value of sigqueue(3) */
	__u64 delay_ns;		/* SIGNAL_END: since it was sent; ~0 = unknown */
	char other_comm[RECORD_COMM_LEN]; /* SIGNAL: the target's; SIGNAL_END: empty */
};

enum signal_action { SIGNAL_ACTION_DEFAULT, SIGNAL_ACTION_IGNORE, SIGNAL_ACTION_HANDLER };

struct record_signal_action {
	struct record head;
	__u64 sa_flags, sa_mask;
	__u32 signal;
	__u32 action;		/* enum signal_action */
};

struct record_signal_mask {
	struct record head;
	__u64 blocked;		/* bit N - 1 for signal N */
};

/* What one sender did to one process with one signal. Also the key and value kept in the kernel. */
struct signal_key {
	__u64 target_start, sender_start;
	__u32 target_pid, sender_pid;	/* sender 0 = the kernel; its start 0 = whoever had that pid
					 * when it sent, which was before the window */
	__u32 signal;
	__u32 cause;			/* enum signal_cause */
};

struct signal_counts {
	__u64 sent;			/* all of them, merged and ignored ones too */
	__u64 delivered;		/* handled, acted by default, or taken */
	__u64 ignored;
	__u64 merged;
	__u64 overflow;
	__u64 discarded;		/* pending ones that came to nothing */
	__u64 unseen;			/* were pending, went unseen */
	__u64 taken;			/* of those delivered: by sigwaitinfo, signalfd */
	__u64 delay_ns, delay_max_ns;	/* from sending to delivery: sum, longest */
	__u64 unshown;			/* records left out, there being too many at once */
	__u64 last_ts;
};

struct record_signal_count {
	struct record head;	/* pid and start are the target's; tid and comm are 0 */
	struct signal_key key;
	struct signal_counts total;
};

struct record_signal_queued {
	struct record head; /* whom it is for: the thread, or the leader where group */
	__u32 signal;
	__s32 code; /* si_code; 0 too where the kernel kept nothing but the signal's number */
	__u32 cause; /* enum signal_cause */
	__u32 sender_pid; /* as it says itself; 0 = the kernel, or unknown */
	__u32 group; /* 1 = for the process, any thread of it may take it */
	__u32 pad;
};

enum signal_state_flags {
	SIGNAL_STATE_PROCESS = 1 << 0, /* the leader's: ignored and handled are valid */
	SIGNAL_STATE_MOVING = 1 << 1,  /* its queues changed meanwhile, it is ending, or is traced */
};

struct record_signal_state {
	struct record head;
	__u64 blocked; /* as in record_signal_mask */
	__u64 ignored, handled; /* of the process */
	__u32 flags; /* enum signal_state_flags */
	__u32 pad;
};

struct record_signal_fail {
	struct record head;
	__s64 result;		/* -errno */
	__s64 arg[3];
	__s32 nr;
	__u32 signal;
	__s32 target;		/* as the call has it: a pid, 0, -1, or minus a process group */
	__u32 pad;
};

#define RECORD_SOCKET_NAME 112	/* sizeof(sockaddr_un.sun_path) is 108 */
#define RECORD_COUNT_UNKNOWN (~0u)

/* A socket, as it is at the moment of sampling. IPv4 addresses are written as IPv6 ones, mapped. */
struct socket_facts {
	__u64 ino;		/* of its inode in sockfs */
	__u64 peer_ino;		/* unix: of the peer's; 0 = none, or one that nobody has accepted yet */
	__u64 address;		/* unix: names what it is bound to; shared with what a listener accepts */
	__u64 peer_address;	/* unix: the peer's, likewise; 0 = no peer, or not bound */
	__u32 dev, kind;	/* s_dev of sockfs; enum file_kind */
	__u32 netns;		/* inode of the network namespace */
	__u16 family, type;	/* AF_*, SOCK_* */
	__u16 local_port, remote_port;
	__u8 state;		/* TCP_ESTABLISHED = 1, … (include/net/tcp_states.h), unix too */
	__u8 shutdown;		/* 1 = receives no more, 2 = sends no more */
	__u8 pending;		/* unix: connected, and not accepted yet */
	__u8 pad;
	__u8 local[16], remote[16];
	__u32 recv_queued, send_queued;	/* bytes; RECORD_COUNT_UNKNOWN = not read, or no such thing */
	__u32 backlog, backlog_max;	/* of a listener; likewise */
	__u32 drops;			/* of a listener: connections that found it full; likewise */
	__u32 name_len;			/* bytes of the name; 0 = not bound to one */
};

/* A socket and its name, which few have. */
struct socket_named {
	struct socket_facts facts;
	char name[RECORD_SOCKET_NAME];	/* a path, or what begins with NUL: an abstract name */
};

struct record_socket {
	struct record head;
	__s32 fd;		/* -1 = none */
	__s32 nr;		/* the call, 64-bit numbering; -1 = row */
	__s64 result;
	__s64 arg[3];
	union {
		struct socket_named named;
		struct socket_facts facts;
	};
};

struct record_destination {
	struct record head;
	__u64 ino;		/* the sender's socket */
	__u32 dev, kind;
	__u32 netns;
	__u16 family, port;
	__u8 address[16];
	__u32 name_len, pad;
	char name[RECORD_SOCKET_NAME];
};

struct record_heard {
	struct record head;	/* pid, tid and start are 0 */
	__u64 ino;		/* of a TCP socket */
	__u64 ago;		/* ns; to the millisecond */
	__u32 dev;
	__u32 pad;
};

/* Which end of a connection first sent its last byte: shut down sending, closed, or reset it. */
enum closed_first {
	CLOSED_UNKNOWN,
	CLOSED_NONE, /* neither has */
	CLOSED_THIS,
	CLOSED_PEER,
	CLOSED_BOTH, /* each before it had heard that the other did */
	CLOSED_FIRST_MAX
};

struct record_closing {
	struct record head; /* pid, tid and start are 0 */
	__u64 ino; /* of a TCP socket */
	__u32 dev;
	__u32 first; /* enum closed_first */
};

struct record_host {
	struct record head;
	__u32 netns, ipcns;	/* inodes; 0 = unknown */
};

/* Of TCP, in the queue of a listener; as the server's side has its addresses. */
struct record_waiting {
	struct record head;	/* a holder of the listener */
	__u64 ino;		/* the listener's */
	__u32 dev;
	__u32 netns;
	__u16 local_port, remote_port;
	__u32 pad;
	__u8 local[16], remote[16];
};

struct record_address {
	struct record head;	/* pid, tid and start are 0 */
	__u32 netns;		/* where it is one; inode */
	__u32 pad;
	__u8 address[16];
};

struct record_text {
	struct record head;
	__u32 text_len;
	__u32 pad;
	char text[];
};

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
	__u64 made_from;	/* fork: the maker's space; the same = shared with it; 0 = a row */
	__u64 maker_start;	/* the maker's process, as in record_task */
	__u32 maker_pid;
	__u32 doubt;		/* as above */
};

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

#define SEGMENT_MODE_DESTROY 01000 /* SHM_DEST, include/uapi/linux/shm.h */

struct record_select {
	struct record head;
	__u32 pid;		/* 0 = every process */
	__u32 follow;		/* 1 = with descendants */
};

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
	WAIT_CATCHES_CHILD = 1 << 4, /* … SIGCHLD */
	WAIT_MEMORY_SHARED = 1 << 5, /* its memory is used by more than its own threads */
	WAIT_FUTEX_PRIVATE = 1 << 6, /* only threads with the same memory can wake it */
	WAIT_FUTEX_READ = 1 << 7,    /* value could be read */
	WAIT_NAMESPACED = 1 << 8,    /* pids mean something else to it than here */
	WAIT_VFORKED = 1 << 9,	     /* its parent sleeps in vfork until it executes or ends */
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
	__u32 last_pid;	/* who last did the other half on what System V object; 0 = none, or gone */
	__u32 pad;
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
	__u64 written;	/* ns since boot when a pipe was last written to; 0 = unknown */
	struct file_facts facts;
};

struct record_wait_peer {
	struct record head;	/* pid and tid alone */
	struct file_facts facts;
};

enum lock_kind { LOCK_FLOCK = 1, LOCK_POSIX = 2, LOCK_OFD = 3 };

struct record_lock {
	struct record head;	/* pid: who took it, 0 = unknown; tid, start and comm are 0 */
	__u64 ino;
	__u32 dev;
	__u32 kind;		/* enum lock_kind */
	__s32 fd;		/* of a descriptor of theirs that bears it; -1 = unknown */
	__u32 pad;
};

enum loss {
	LOSS_RING_FULL,		/* event dropped: ring buffer full */
	LOSS_MAP_FULL,		/* transfer not counted: table of transfers full */
	LOSS_TEXT_CUT,		/* a string was longer than its room */
	LOSS_READ_FAILED,	/* user or kernel memory could not be read: an event is missing */
	LOSS_RECURSION,		/* a hook was skipped by the kernel's recursion guard */
	LOSS_TABLE_CUT,		/* a descriptor table was too large to send whole */
	LOSS_UNRESOLVED,	/* the model met a descriptor it could not explain */
	LOSS_MAX
};

struct record_loss {
	struct record head;
	__u64 total[LOSS_MAX];
	__u32 resyncs;
	__u32 pad;
};

#endif /* IPCTRACE_RECORD_H */
