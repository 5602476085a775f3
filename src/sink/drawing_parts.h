/* SPDX-License-Identifier: GPL-2.0-only */
/* The steps in which drawing.c builds a drawing, a file for each; nobody else calls them. */
#ifndef IPCTRACE_DRAWING_PARTS_H
#define IPCTRACE_DRAWING_PARTS_H

#include "sink/drawing.h"

/* drawing_signals.c */
bool link_is_signals(const struct graph_link *link);
/* True when all its signals are those that every shell gets for every child: not worth a line. */
bool signals_are_routine(const struct graph_link *link);

/* drawing_nodes.c. 0 or -ENOMEM; afterwards the nodes are in order, each there once. */
int drawing_add_nodes(struct drawing *drawing, const struct graph *graph);
/* Once all nodes are added; NULL = there is none. Of the process NULL: the kernel's. */
const struct drawing_node *drawing_process_node(const struct drawing *drawing,
						const struct process *process);
const struct drawing_node *drawing_object_node(const struct drawing *drawing,
					       const struct object *object);
/* Where the socket leads, on another machine. */
const struct drawing_node *drawing_remote_node(const struct drawing *drawing,
					       const struct elsewhere *remote);

/* drawing_edges.c. An edge, or two through an object's node, for each link. 0 or -ENOMEM. */
int drawing_add_edges(const struct model *model, struct drawing *drawing,
		      const struct graph *graph);

/* drawing_merge.c, in this order; the edges are in order from the first on. */
void drawing_sort_edges(struct drawing *drawing);
void drawing_merge_repeated(struct drawing *drawing);
void drawing_merge_opposite(struct drawing *drawing);
void drawing_merge_parallel(struct drawing *drawing);

#endif /* IPCTRACE_DRAWING_PARTS_H */
