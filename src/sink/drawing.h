/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The graph as something to draw: nodes and edges, before any format. An object between two
 * processes is an edge; one that more share is a node of its own; what is many times the same
 * between the same two is drawn once with its number.
 */
#ifndef IPCTRACE_DRAWING_H
#define IPCTRACE_DRAWING_H

#include <stdio.h>

#include "model/graph.h"

/* A process, an object, or with neither the kernel. */
struct drawing_node {
	const struct process *process;
	const struct object *object;
	const struct elsewhere *remote; /* for a node on another machine */
	size_t writers, readers; /* of an object */
	size_t waiting; /* in open, for its other side */
};

struct drawing_edge {
	size_t from, to; /* index of the node */
	const char *kind;
	const struct object *object; /* NULL where several became one */
	size_t merged; /* how many links it stands for */
	struct count bytes, messages, rate, blocked_ns;
	bool observed, closed;
	bool both; /* the other way too, with as little to tell */
	const struct graph_link *signals; /* NULL = not an edge of signals */
	enum role waiting; /* the process waits in open to read or to write; 0 = it does not */
	uint64_t waiting_since; /* ns; 0 = longer than we watch */
	bool direct; /* it says something of the processes, not of data through the object */
};

struct drawing {
	struct drawing_node *nodes;
	size_t nodes_count;
	struct drawing_edge *edges;
	size_t edges_count;
};

/* False for an object that no line leads to: all that could be said of it is over. */
bool drawing_node_is_shown(const struct drawing_node *node);
/* 0 or -ENOMEM. */
int drawing_build(const struct model *model, const struct graph *graph, struct drawing *drawing);
void drawing_free(struct drawing *drawing);

/* What edges call a node, in any language: "p812_5123456789", "o17", "r9" of another machine, "kernel". */
void drawing_print_node_id(FILE *out, const struct drawing_node *node);

/* "pipe 1.2 MiB", "pipe ×5 3.2 MiB", "1.2 MiB" at an object's own node; unescaped, but names of
 * kinds and numbers are all there is in it. */
#define DRAWING_LABEL_MAX 192
const char *drawing_edge_label(const struct drawing *drawing, const struct drawing_edge *edge,
			       char buf[DRAWING_LABEL_MAX]);
/* "1.2 MiB"; "" when nothing passed, or nothing is known. */
const char *drawing_edge_volume(const struct drawing_edge *edge, char buf[DRAWING_LABEL_MAX]);
/* "SIGTERM ×3, SIGHUP"; of a link of signals. */
const char *signals_label(const struct graph_link *link, char buf[DRAWING_LABEL_MAX]);
/* "4 processes, 3 links, 3.4 s" */
const char *drawing_title(const struct model *model, const struct graph *graph,
			  char buf[DRAWING_LABEL_MAX]);
/* "INCOMPLETE: 12 events lost, tables read anew 2 times"; NULL when nothing was lost or
 * forgotten. */
#define DRAWING_WARNING_MAX 288
const char *drawing_warning(const struct model *model, char buf[DRAWING_WARNING_MAX]);

#endif /* IPCTRACE_DRAWING_H */
