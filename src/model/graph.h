/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The graph of IPC links: computed from a model, owned by the caller, printed by sinks.
 * It knows no output format.
 */
#ifndef IPCTRACE_GRAPH_H
#define IPCTRACE_GRAPH_H

#include "model/model.h"

enum role { ROLE_READ = 1, ROLE_WRITE = 2, ROLE_BOTH = 3, ROLE_LISTEN = 4, ROLE_MAP = 8 };

struct graph_endpoint {
	struct process *process;
	struct object *object;
	enum role role;
	int *fds;			/* numbers held now, ascending; owned by the graph */
	size_t fds_count;
	const struct transfer *transfer; /* NULL = not watched, so unknown */
	uint32_t waiting;		/* ROLE_READ, ROLE_WRITE: it waits in open for the other side */
	uint64_t waiting_since;		/* ns; 0 = longer than we watch */
	bool closed;			/* the process no longer holds it */
};

/* One more thing to say of a link: fields as they are to be shown, in no format. */
enum field_type { FIELD_COUNT, FIELD_TEXT, FIELD_OBJECT };

struct graph_field {
	const char *key;		/* a literal */
	enum field_type type;
	union {
		struct count count;	/* unknown = null */
		const char *text;	/* a literal; NULL = null */
		const struct object *object; /* NULL = null */
	};
};

#define DETAIL_FIELDS_MAX 16

struct graph_detail {
	struct graph_field fields[DETAIL_FIELDS_MAX];
	size_t count;
};

struct graph_link {
	struct process *from, *to;	/* from NULL = the kernel, unless remote */
	struct object *object;
	const char *kind;		/* "pipe", "fifo", … */
	struct count bytes, messages;
	struct count read;		/* bytes that to took from the object, of whatever writer; unknown where
					 * what is read isn't what was written (eventfd, terminal) */
	bool observed, closed;
	enum closed_first closed_first;	/* of a connection: CLOSED_THIS = from's end, CLOSED_PEER = to's */
	bool remote;			/* the other side is on another machine: from or to is NULL */
	struct elsewhere place;		/* where, with remote */
	struct count common;		/* shared memory: bytes that both have mapped now */
	bool direct;			/* no data through the object: from process to process */
	struct graph_detail *details;	/* owned by the graph */
	size_t details_count;
	struct count rate;		/* bytes per second over the window */
	struct count blocked_ns;	/* time lost asleep on it, both sides */
};

struct graph {
	struct process **processes;
	size_t processes_count;
	struct object **objects;
	size_t objects_count;
	struct graph_endpoint *endpoints;
	size_t endpoints_count;
	struct graph_link *links;
	size_t links_count;
	size_t links_left_out;	/* that nothing is known to have passed through, among very many holders of one object */
};

/*
 * Builds the graph of the selected processes, their objects and their peers (the other holders of
 * those objects); of every process with an IPC link where all are selected. Order is stable: by
 * pid and start, then object key. closed: also links whose side is gone (a window, not an instant).
 * Returns 0 or -ENOMEM; *graph is untouched on failure. graph_free() frees what is in it.
 */
int graph_build(const struct model *model, bool closed, struct graph *graph);
void graph_free(struct graph *graph);

/* How many distinct processes have an endpoint on that object in the graph. */
size_t graph_parties(const struct graph *graph, const struct object *object);

#endif /* IPCTRACE_GRAPH_H */
