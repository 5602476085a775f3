// SPDX-License-Identifier: GPL-2.0-only
/* Finds cliques among the links of a graph: those of one object are looked at together. */
#include "sink/graph_clique.h"

#include <errno.h>
#include <stdlib.h>

#include "sink/order.h"
#include "util/array.h"

#define PROCESSES_MIN 3 /* of two there are two links */

/* Of one object, and of the same words but for who it is. */
static int alike_order(const struct graph_link *first, const struct graph_link *second)
{
	int order = COMPARE(first->object->serial, second->object->serial);

#define AND_BY(member)                                              \
	if (!order)                                                 \
		order = COMPARE(first->member, second->member)
	AND_BY(bytes.known);
	AND_BY(bytes.value);
	AND_BY(messages.known);
	AND_BY(messages.value);
	AND_BY(read.known);
	AND_BY(read.value);
	AND_BY(common.known);
	AND_BY(common.value);
	AND_BY(observed);
	AND_BY(closed);
	AND_BY(closed_first);
#undef AND_BY
	return order;
}

static int link_order(const void *a, const void *b)
{
	const struct graph_link *first = *(const struct graph_link *const *)a;
	const struct graph_link *second = *(const struct graph_link *const *)b;
	int order = alike_order(first, second);

	if (!order)
		order = process_order(first->from, second->from);
	return order ? order : process_order(first->to, second->to);
}

/* Data between two processes that are known, and no more to say of it. */
static bool is_eligible(const struct graph_link *link)
{
	return link->object && link->from && link->to && link->from != link->to && !link->direct &&
	       !link->remote && !link->details_count;
}

static bool has_process(const struct graph_clique *clique, const struct process *process)
{
	size_t low = 0, high = clique->processes;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = process_order(clique->links[middle * (clique->processes - 1)]->from, process);

		if (!order)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Of n writers each has n - 1 links, all to others of them; no link is there twice. */
static bool is_clique(const struct graph_clique *clique)
{
	const size_t each = clique->processes - 1;
	size_t i;

	for (i = 0; i < clique->processes * each; i++)
		if (clique->links[i]->from != clique->links[i - i % each]->from ||
		    !has_process(clique, clique->links[i]->to))
			return false;
	return true;
}

static size_t count_writers(const struct graph_link **links, size_t count)
{
	size_t writers = 1, i;

	for (i = 1; i < count; i++)
		writers += links[i]->from != links[i - 1]->from;
	return writers;
}

static int add_if_clique(const struct graph *graph, struct graph_cliques *cliques,
			 const struct graph_link **links, size_t count)
{
	struct graph_clique clique = { .links = links, .processes = count_writers(links, count) }, *added;
	size_t i;

	if (clique.processes < PROCESSES_MIN || count != clique.processes * (clique.processes - 1) ||
	    !is_clique(&clique))
		return 0;
	added = array_add(&cliques->all, &cliques->count, sizeof(*added));
	if (!added)
		return -ENOMEM;
	*added = clique;
	for (i = 0; i < count; i++)
		cliques->of[links[i] - graph->links] = cliques->count;
	return 0;
}

int graph_cliques_find(const struct graph *graph, struct graph_cliques *cliques)
{
	size_t count = 0, begin, end, i;
	int err = 0;

	*cliques = (struct graph_cliques){
		.order = calloc(graph->links_count + 1, sizeof(*cliques->order)),
		.of = calloc(graph->links_count + 1, sizeof(*cliques->of)),
	};
	if (!cliques->order || !cliques->of)
		return -ENOMEM;
	for (i = 0; i < graph->links_count; i++)
		if (is_eligible(&graph->links[i]))
			cliques->order[count++] = &graph->links[i];
	qsort(cliques->order, count, sizeof(*cliques->order), link_order);
	for (begin = 0; begin < count && !err; begin = end) {
		for (end = begin + 1; end < count && !alike_order(cliques->order[begin], cliques->order[end]); end++)
			;
		err = add_if_clique(graph, cliques, cliques->order + begin, end - begin);
	}
	return err;
}

void graph_cliques_free(struct graph_cliques *cliques)
{
	free(cliques->order);
	free(cliques->all);
	free(cliques->of);
}

struct graph_clique *graph_clique_of(const struct graph_cliques *cliques, size_t i)
{
	return cliques->of[i] ? &cliques->all[cliques->of[i] - 1] : NULL;
}
