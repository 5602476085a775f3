/* SPDX-License-Identifier: GPL-2.0-only */
/* What processes hold: objects, such as a pipe, and how they are known. */
#ifndef IPCTRACE_MODEL_OBJECT_H
#define IPCTRACE_MODEL_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>
#include <uthash.h>

#include "ipctrace/record.h"

struct endpoint;
struct crowd_member;
struct description;
struct socket;
struct segment;
struct holding;

/* A count that may be unknown. */
struct count {
	uint64_t value;
	bool known;
};

/* Which process: a pid alone is used again. */
struct process_key {
	uint64_t start_ns;
	uint32_t pid;
	uint32_t pad;			/* 0 */
};

/* Identity of an object: inode and device, and the file itself where many share one inode. */
struct object_key {
	uint64_t ino;	/* or the struct file * for anon_inode kinds */
	uint32_t dev;
	uint32_t kind;	/* enum file_kind */
};

/* Of the endpoints of processes that ended which were not kept (past.c): what the graph's numbers are made of. */
struct past {
	uint64_t write_gone_ts;		/* the newest of theirs */
	unsigned int parties;		/* how many */
	unsigned int readers, writers;	/* of them, how many could have been the end of a link */
	unsigned int thin_at;		/* how many endpoints there must be to look again which may go */
};

struct object {
	struct object_key key;
	UT_hash_handle hh;		/* model->objects; beside the key, as everywhere: one miss less */
	struct file_facts facts;	/* the newest sample */
	char *name;			/* path or name; NULL = unknown; hostile bytes as they were */
	uint64_t first_ts, last_ts;
	unsigned int slots;		/* slots, in all tables, that hold it now */
	unsigned int in_flight;		/* descriptors of it in socket queues now */
	unsigned int maps;		/* mappings of it, in all address spaces */
	unsigned int sync_looks;	/* looks at it while several could write, up to SYNC_LOOKS */
	uint32_t sync_seen;		/* what keeps them apart, by those looks; enum sync_seen */
	uint32_t sync_inside;		/* at the last look something like a lock lay there; 0 = nowhere */
	bool gone;			/* eventfd: closed by all; its number may be another's by now */
	bool map_writer;		/* some mapping of it can be, or could be, written */
	bool is_left;			/* is there at the end, and nobody has it open or mapped */
	struct socket *socket;		/* what is known of it as a socket; NULL = nothing, or none */
	struct segment *segment;	/* System V shared memory; NULL = none, or unknown */
	uint64_t left_age;		/* with is_left: ns since it was made, changed or detached */
	uint64_t left_memory;		/* with is_left: bytes of memory it takes, in /dev/shm */
	struct process_key maker;	/* who made it in the window; pid 0 = unknown */
	struct endpoint *endpoints;	/* list, by .object_next */
	struct crowd_member *crowd;	/* the same, hashed, where there are many: model_endpoint() finds them */
	unsigned int parties;		/* endpoints there are */
	unsigned int targeted;		/* tallies that name it as their target */
	struct past *past;		/* NULL = all of them were kept */
	struct description *descriptions; /* list, by .object_next */
	uint64_t serial;		/* order of appearance, from 1 */
	struct holding *holdings;	/* scratch of why: the slots that hold it */
	struct object *fifo_next, *fifo_prev; /* model->fifos; fifo_prev NULL = not in it */
	bool unlink_due;		/* a FIFO that a sample shows unlinked, which no record has told of yet */
};

/* So many looks without a sign say something. They are half a second apart. */
#define SYNC_LOOKS 2

#endif /* IPCTRACE_MODEL_OBJECT_H */
