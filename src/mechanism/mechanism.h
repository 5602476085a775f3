/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mechanism is one means of communication: it names its kinds of object, words its events and
 * describes its objects. Adding one is a BPF file, a file in this folder, a workload with its
 * test, and a line in the table in mechanism.c (docs/HOWTO_ADD_A_MECHANISM.md).
 */
#ifndef IPCTRACE_MECHANISM_H
#define IPCTRACE_MECHANISM_H

#include "mechanism/event.h"

/* What a mechanism can say about an object, for JSON and text alike: fills facts, returns how many. */
typedef size_t (*object_facts_fn)(const struct model *model, const struct object *object,
				  struct fact *facts, size_t max);

struct mechanism {
	const char *name;	/* as -e takes it: "pipe" */
	const char *help;	/* one line for --help and the man page */
	uint64_t kinds;		/* bit per enum file_kind it owns */
	bool is_default;	/* traced unless asked otherwise */
	bool maps;		/* it is about shared memory, which is to be watched */
	bool moves_data;	/* its objects carry bytes, which are to be counted */
	/* Words one record as an event. Returns false when there is nothing a person should see. */
	bool (*event)(const struct model *model, const struct record *record,
		      const struct change *change, struct event *event);
	object_facts_fn facts;	/* NULL = none beyond id, kind and name */
};

extern const struct mechanism *const mechanisms[];	/* NULL-terminated */

/* The mechanism of that name, or NULL. */
const struct mechanism *mechanism_find(const char *name);
/* The mechanism that owns that kind of object, or NULL. */
const struct mechanism *mechanism_of_kind(uint32_t kind);

/*
 * Makes the event of a record that model_apply() turned into *change; `enabled` has bit i set for
 * mechanisms[i]. Returns false when there is none to show.
 */
bool mechanism_event(const struct model *model, const struct record *record,
		     const struct change *change, uint64_t enabled, struct event *event);

/* "pipe", "fifo", "unix", … as the contract's table of kinds has it. Never NULL. */
const char *object_kind_name(const struct object *object);
/* Writes the contract's id ("pipe:[88231]", "fifo:/tmp/f") into buf; unescaped. Returns its
 * length, cut to fit. */
size_t object_id(const struct object *object, char *buf, size_t size);
/* "127.0.0.1:80", "[::1]:80": the ends of a socket that has facts, TCP or UDP. */
#define SOCKET_ADDRESS_MAX 64
void socket_local_name(const struct object *object, char buf[SOCKET_ADDRESS_MAX]);
void elsewhere_name(const struct elsewhere *place, char buf[SOCKET_ADDRESS_MAX]);
void socket_remote_name(const struct object *object, char buf[SOCKET_ADDRESS_MAX]);
/* "812@5123456789": the contract's process id. */
size_t process_id(const struct process *process, char *buf, size_t size);
/* "read end", "write end", "both ends" of a description of a pipe or FIFO; NULL for other kinds. */
const char *description_end(const struct description *description);
/* Facts of that object, by its mechanism; returns how many. */
size_t object_facts(const struct model *model, const struct object *object, struct fact *facts,
		    size_t max);

#endif /* IPCTRACE_MECHANISM_H */
