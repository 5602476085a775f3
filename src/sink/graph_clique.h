/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes of which each can send to each through one object, all alike, as those that share memory: n * (n - 1)
 * links that a line can tell.
 */
#ifndef IPCTRACE_GRAPH_CLIQUE_H
#define IPCTRACE_GRAPH_CLIQUE_H

#include "model/graph.h"

/* The links by their writers, each of which has `processes` - 1 of them: its k-th process is the writer of
 * links[k * (processes - 1)]. */
struct graph_clique {
	const struct graph_link **links;
	size_t processes;
	bool told; /* for whoever prints it */
};

struct graph_cliques {
	const struct graph_link **order;
	struct graph_clique *all;
	size_t count;
	size_t *of; /* for each link of the graph: 1 + which; 0 = none */
};

/* Of three processes or more. 0 or -ENOMEM; graph_cliques_free() frees what is in it, whatever was returned. */
int graph_cliques_find(const struct graph *graph, struct graph_cliques *cliques);
void graph_cliques_free(struct graph_cliques *cliques);
/* That of the graph's i-th link; NULL = none. */
struct graph_clique *graph_clique_of(const struct graph_cliques *cliques, size_t i);

#endif /* IPCTRACE_GRAPH_CLIQUE_H */
