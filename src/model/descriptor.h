/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors: the tables with their slots, what these lead to, and what is on its way to others. */
#ifndef IPCTRACE_MODEL_DESCRIPTOR_H
#define IPCTRACE_MODEL_DESCRIPTOR_H

#include "model/object.h"

struct process;

/* How a slot came to be filled. */
enum provenance {
	CAME_UNKNOWN,	/* was there before we looked */
	CAME_OPENED,	/* open, pipe, socket, accept, …: made here */
	CAME_FORK,	/* inherited when the process was forked */
	CAME_DUP,
	CAME_PASSED,	/* received over a socket */
	CAME_TAKEN,	/* pidfd_getfd */
};

/* An open file description: what dup, fork and passing share. */
struct description {
	uint64_t file;			/* struct file *, while it lives */
	UT_hash_handle hh;		/* model->descriptions, by file; the live one */
	struct object *object;		/* never NULL; kind FILE_UNKNOWN where nothing is known */
	uint32_t fmode, fflags;		/* newest sample */
	bool is_master;			/* of a terminal: the side of who shows it */
	bool marked;			/* scratch of whoever walks them */
	unsigned int slots;		/* holders in tables */
	struct passing *in_flight;	/* list: the copies lying in sockets' queues */
	struct description *object_next, *object_prev;
	uint64_t serial;		/* its name in output: unique in this model */
};

/* A descriptor on its way through a socket. */
struct passing {
	uint64_t ts;			/* when it was sent; 0 = was there before we looked */
	struct process *sender;		/* NULL = unknown */
	int sender_fd;			/* -1 = unknown */
	struct object_key via;		/* the sender's socket; kind FILE_UNKNOWN = unknown */
	uint64_t socket_ino;		/* whose queue it lies in; 0 = unknown */
	bool stale;			/* not yet confirmed by the snapshot being applied */
	struct description *description;
	struct passing *next, *prev;	/* of that description */
	struct passing *all_next, *all_prev;
};

/* Descriptors that one process handed to another, over one socket. */
struct handover_key {
	struct process *from, *to;
	struct object_key object;	/* the sender's socket; what was taken, where taken */
	uint64_t taken;			/* 1 = by pidfd_getfd */
};

struct handed {
	struct object object;		/* a copy of its identity: key, facts, name, serial */
	int from_fd, fd;		/* from_fd -1 = unknown */
	struct count in_flight;		/* ns between the two calls' returns */
	struct handed *next, *prev;
};

#define HANDED_MAX 32

struct handover {
	struct handover_key key;
	uint64_t count;
	struct handed *handed;		/* list: the newest, HANDED_MAX at most, the oldest first */
	UT_hash_handle hh;		/* model->handovers */
};

struct slot {
	struct description *description; /* NULL = empty */
	uint64_t since_ts;		/* 0 = before we looked */
	struct process *from;		/* FORK: the parent; PASSED: the sender; TAKEN: the owner */
	int32_t from_fd;		/* DUP, PASSED, TAKEN: the number it had there; -1 = unknown */
	uint8_t came;			/* enum provenance */
	bool through_exec;		/* kept across an exec since */
	bool cloexec;
	bool stale;			/* not yet confirmed by the snapshot being applied */
};

/* A process that uses a table: one for all its tasks that do. */
struct table_user {
	struct process *process;
	unsigned int tasks;
	struct table_user *next, *prev;
};

/* What a slot held when a look at all tables found it gone, until the record of the call that did it comes. */
struct untold {
	unsigned int fd;
	struct slot slot;		/* its description is not to be followed */
	struct description description; /* a copy, without its object */
	struct object_key object;
	UT_hash_handle hh;		/* of its table, by fd */
};

struct table {
	uint64_t id;			/* struct files_struct *, while it lives */
	uint64_t serial;		/* its name in output */
	struct slot *slots;
	unsigned int size;		/* slots allocated */
	unsigned int used;		/* slots filled */
	struct task *tasks;		/* list, by .table_next: who uses it */
	struct table_user *users;	/* list: the distinct processes of those tasks */
	struct process *maker;		/* forked from this process's table, and still being filled */
	uint64_t maker_table;		/* the id of that table */
	struct untold *untold;		/* by it late records are told */
	bool told;			/* a user's rows of slots were among those of the snapshot being applied */
	bool contested;			/* somebody else's were */
	struct table *next, *prev;	/* model->rivals; hh.tbl is NULL there */
	UT_hash_handle hh;		/* model->tables, by id */
};

struct task {
	uint32_t tid;
	bool blocked_known;
	uint64_t blocked;		/* signals; bit N - 1 for signal N */
	struct process *process;
	struct table *table;		/* NULL = let go already */
	uint64_t row_ts;		/* of the row that told of it last; 0 = none did */
	struct task *table_next, *table_prev;
	struct task *process_next, *process_prev;
	bool stale;
	UT_hash_handle hh;		/* model->tasks, by tid */
};

#endif /* IPCTRACE_MODEL_DESCRIPTOR_H */
