/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that others may share: System V segments, and what address spaces map. */
#ifndef IPCTRACE_MODEL_MEMORY_H
#define IPCTRACE_MODEL_MEMORY_H

#include "model/object.h"

struct process;

/* A System V segment, as it was when last looked at. */
struct segment {
	bool exists, to_be_destroyed;
	uint32_t key;
	uint64_t size, attached;	/* bytes; mappings in all processes */
	uint32_t creator_pid;		/* 0 = unknown */
	int64_t changed;		/* seconds since 1970 */
	int64_t detached;		/* likewise: the last detach; 0 = none, or unknown */
	bool stale;			/* not yet confirmed by the snapshot being applied */
	struct object *object;
	struct segment *next, *prev;	/* model->segments */
};

/* A part of an address space that others may share. Neighbours that go on alike are one. */
struct mapping {
	uint64_t start, end;
	uint64_t offset;		/* of start, in bytes, in the object */
	uint32_t access;		/* enum mapping_access */
	struct object *object;
};

/* Mappings by start; no two overlap. */
struct mappings {
	struct mapping **at;
	unsigned int count, room;
};

/* Walks them in order; none may be put in or taken out meanwhile. */
#define MAPPINGS_FOREACH(all, mapping)                             \
	for (unsigned int place_ = 0;                              \
	     place_ < (all)->count && ((mapping) = (all)->at[place_]); place_++)

/* Was mapped before the newest reading, and is not there as it was; no record has told of it yet. */
struct vanished {
	uint64_t start, end;
	uint64_t offset;		/* of start, in bytes, in the object */
	uint32_t access;		/* enum mapping_access */
	struct object_key object;
	struct vanished *prev, *next;
};

/* An address space: of one process, or of several for a while (vfork). */
struct space {
	uint64_t id;			/* struct mm_struct *, while it lives */
	struct mappings mappings;
	struct mappings incoming;	/* rows of the reading under way */
	struct vanished *vanished;	/* list; by it late records are told */
	struct process *processes;	/* list, by .space_next */
	uint64_t read_ts;		/* records before this say nothing new */
	bool reading;			/* rows are coming */
	bool doubt;			/* must be read anew */
	UT_hash_handle hh;		/* model->spaces, by id */
};

#endif /* IPCTRACE_MODEL_MEMORY_H */
