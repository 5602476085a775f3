/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes, and what each has to do with an object. */
#ifndef IPCTRACE_MODEL_PROCESS_H
#define IPCTRACE_MODEL_PROCESS_H

#include "model/descriptor.h"
#include "model/memory.h"

#define UID_UNKNOWN UINT32_MAX

struct dependent;

/* How a process stands to signals; bit N - 1 for signal N. */
struct stance {
	bool known;
	bool moving; /* at the newest look: what was pending may not be all */
	uint64_t ignored, handled;
};

struct process {
	struct process_key key;
	uint32_t ppid;			/* 0 = none, or unknown */
	uint32_t uid;			/* UID_UNKNOWN */
	uint32_t ns_pid;		/* in its own pid namespace; 0 = unknown */
	char comm[RECORD_COMM_LEN];	/* of the leader */
	char *exe;			/* NULL = unknown */
	char *argv;			/* each argument ends with NUL; NULL = unknown */
	size_t argv_len;
	bool argv_cut;
	bool argv_over;			/* it wrote over what it was started with */
	char *cgroup;			/* NULL = unknown */
	bool selected, exited;
	unsigned int named;		/* selected itself, as which in the order of that; 0 = it was not */
	bool placed;			/* whether it is selected as a descendant is settled */
	int exit_code;			/* as wait(2); valid when exited and exit_known */
	bool exit_known;
	uint64_t exit_ts;
	uint64_t exec_ts;		/* its last exec in the window; 0 = none */
	struct count fd_limit;		/* RLIMIT_NOFILE, soft */
	struct table *table;		/* the leader's, else any live task's; NULL when exited */
	struct task *tasks;		/* list, by .process_next */
	struct endpoint *endpoints;	/* list, by .process_next */
	struct space *space;		/* NULL = nothing shared is known to be mapped */
	struct process *space_next, *space_prev;
	uint64_t space_read;		/* the space that it used, as far as known, when that was last read anew; 0 = none */
	bool space_stale;		/* not yet confirmed by the reading under way */
	bool space_inherited;		/* by a fork in the window, and no exec since */
	struct stance stance;
	unsigned int tallies, handovers; /* that name it; twice, where it is both sides */
	struct process *bare_next, *bare_prev; /* model->bare; bare_prev NULL = not in it */
	uint64_t serial;
	uint64_t birth;			/* lower than that of every endpoint of it */
	bool marked;			/* scratch of whoever walks the processes */
	bool has_uring;			/* scratch of why, as all that follow */
	struct process *children, *sibling; /* live ones */
	struct dependent *dependents;	/* waits that end once it goes on */
	UT_hash_handle hh;		/* model->processes, by key */
};

/* How a process holds an object, as far as it tells sense from oversight. */
enum held {
	HELD_STDIO_READ = 1 << 0,	/* as descriptor 0, 1 or 2, for reading */
	HELD_STDIO_WRITE = 1 << 1,
	HELD_FORK_READ = 1 << 2,	/* got from its parent */
	HELD_FORK_WRITE = 1 << 3,
	HELD_OWN_READ = 1 << 4,		/* got in any other way */
	HELD_OWN_WRITE = 1 << 5,
	HELD_LEAKED = 1 << 6,		/* above 2, from its parent, through its exec, no close-on-exec */
};

/* What one process has, or had, to do with one object. */
struct endpoint {
	/* What is looked at to find it lies together: there may be many. */
	struct { struct process *process; struct object *object; } key;
	struct crowd_member *member;	/* in object->crowd; NULL = not in it */
	struct endpoint *object_next, *object_prev; /* in the order of their births */
	struct endpoint *process_next, *process_prev;
	uint64_t birth;
	struct transfer transfer;	/* seen in the window; 0 until a count comes */
	unsigned int read_slots;	/* slots open for reading it now, in the process's tables */
	unsigned int write_slots;
	unsigned int other_slots;	/* neither (O_PATH) */
	unsigned int master_slots;	/* of them, masters of a terminal */
	unsigned int maps, write_maps;	/* shared mappings now, and those that can be written */
	unsigned int sync_writes;	/* looks at which it could write, up to SYNC_LOOKS; see object */
	bool ever_master;
	bool ever_map, ever_map_write;	/* in the window; not what came by a fork and went by an exec */
	bool mapped_itself;		/* in the window, not only by its parent's doing */
	bool ever_read, ever_write;	/* held such a slot at some time in the window */
	bool left_read, left_write;	/* held such a slot until the process ended */
	bool used_in, used_out;		/* data passed, in the window */
	bool is_reading;		/* at the end a thread sleeps in a read from it */
	uint8_t held;			/* enum held: of the slots it had when the process ended */
	int leaked_fd;			/* with HELD_LEAKED: the number; -1 = none */
	uint32_t waiting;		/* access it waits for in open, by the newest refresh; 0 = none */
	uint32_t use_tid;		/* the thread of its first transfer; 0 = none seen */
	uint32_t nonblock_mode;		/* access of the description of nonblock_by: 1 = read, 2 = write */
	uint64_t waiting_since;		/* ns; 0 = longer than we watch */
	uint64_t first_ts, last_ts;
	uint64_t read_gone_ts, write_gone_ts; /* its last slot for that was closed; 0 = not so */
	uint64_t use_ts;		/* first transfer that was told of; 0 = none */
	uint64_t in_ts, out_ts;		/* counts last rose: some read or write was at most a
					 * refresh earlier; 0 = never */
	struct process_key nonblock_by;	/* set O_NONBLOCK on a description that they share; pid 0 =
					 * nobody did, or this process did so itself */
	uint64_t nonblock_ts;
};

/* An endpoint of an object that has many. */
struct crowd_member {
	struct process *process;
	struct endpoint *endpoint;
	UT_hash_handle hh;		/* object->crowd, by process */
};

/* A process of which nothing is known but that it is there. */
struct unseen {
	uint32_t pid;
	char comm[RECORD_COMM_LEN];
	bool selected;
	struct unseen *next, *prev;
};

#endif /* IPCTRACE_MODEL_PROCESS_H */
