// SPDX-License-Identifier: GPL-2.0-only
/* Decides what becomes a node of a drawing. */
#include "sink/drawing_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sink/order.h"
#include "util/array.h"

static int add_node(struct drawing *drawing, struct drawing_node node)
{
	struct drawing_node *added =
		array_add(&drawing->nodes, &drawing->nodes_count, sizeof(*drawing->nodes));

	if (!added)
		return -ENOMEM;
	*added = node;
	return 0;
}

/* By address: many connections lead to one node. */
static int remote_order(const struct elsewhere *a, const struct elsewhere *b)
{
	int order = COMPARE(!a, !b);

	if (order || !a)
		return order;
	order = memcmp(a->address, b->address, sizeof(a->address));
	if (!order)
		order = COMPARE(a->port, b->port);
	return order ? order : COMPARE(a->netns, b->netns);
}

/* Processes first, then objects, then other machines, then the kernel. */
static int node_order(const void *a, const void *b)
{
	const struct drawing_node *first = a, *second = b;
	int order = COMPARE(!first->process, !second->process);

	if (!order && first->process)
		return process_order(first->process, second->process);
	if (!order)
		order = COMPARE(!first->object, !second->object);
	if (!order && first->object)
		return object_order(first->object, second->object);
	return order ? order : remote_order(first->remote, second->remote);
}

static const struct drawing_node *find_node(const struct drawing *drawing, struct drawing_node key)
{
	if (!drawing->nodes_count)
		return NULL;
	return bsearch(&key, drawing->nodes, drawing->nodes_count, sizeof(key), node_order);
}

const struct drawing_node *drawing_process_node(const struct drawing *drawing,
						const struct process *process)
{
	return find_node(drawing, (struct drawing_node){ .process = process });
}

const struct drawing_node *drawing_object_node(const struct drawing *drawing,
					       const struct object *object)
{
	return find_node(drawing, (struct drawing_node){ .object = object });
}

const struct drawing_node *drawing_remote_node(const struct drawing *drawing,
					       const struct elsewhere *remote)
{
	return find_node(drawing, (struct drawing_node){ .remote = remote });
}

/* One process that sends or receives through an object. */
struct party {
	const struct object *object;
	const struct process *process; /* NULL = the kernel */
};

static int party_order(const void *a, const void *b)
{
	const struct party *first = a, *second = b;
	int order = object_order(first->object, second->object);

	if (!order)
		order = COMPARE(!first->process, !second->process);
	return order || !first->process ? order : process_order(first->process, second->process);
}

/* Who takes part in the links of each object, in order; who only holds it draws no line. */
static struct party *collect_parties(const struct graph *graph, size_t *count)
{
	struct party *parties = calloc(2 * graph->links_count + 1, sizeof(*parties));
	size_t i;

	*count = 0;
	for (i = 0; parties && i < graph->links_count; i++) {
		const struct graph_link *link = &graph->links[i];

		if (!link->object || link->direct || link->remote)
			continue;
		parties[(*count)++] = (struct party){ link->object, link->from };
		parties[(*count)++] = (struct party){ link->object, link->to };
	}
	if (parties)
		qsort(parties, *count, sizeof(*parties), party_order);
	return parties;
}

/* Whoever waits in open has no partner yet: the line leads to the object itself. */
static int add_waited_nodes(struct drawing *drawing, const struct graph *graph)
{
	size_t i;
	int err = 0;

	for (i = 0; i < graph->endpoints_count && !err; i++)
		if (graph->endpoints[i].waiting)
			err = add_node(drawing, (struct drawing_node){
							.object = graph->endpoints[i].object });
	return err;
}

/* Nodes for objects with more than two parties. */
static int add_object_nodes(struct drawing *drawing, const struct graph *graph)
{
	size_t count, i, distinct = 0;
	struct party *parties = collect_parties(graph, &count);
	int err = 0;

	if (!parties)
		return -ENOMEM;
	for (i = 0; i < count && !err; i++) {
		if (!i || parties[i].object != parties[i - 1].object)
			distinct = 1;
		else if (party_order(&parties[i], &parties[i - 1]) && ++distinct == 3)
			err = add_node(drawing,
				       (struct drawing_node){ .object = parties[i].object });
	}
	free(parties);
	return err;
}

static int add_kernel_node(struct drawing *drawing, const struct graph *graph)
{
	size_t i;

	for (i = 0; i < graph->links_count; i++)
		if (!graph->links[i].from && !graph->links[i].remote &&
		    !signals_are_routine(&graph->links[i]))
			return add_node(drawing, (struct drawing_node){ 0 });
	return 0;
}

static int pointer_order(const void *a, const void *b)
{
	return COMPARE(*(const struct process *const *)a, *(const struct process *const *)b);
}

/* Who has to do with anything but routine signals, in order. NULL = no memory. */
static const struct process **collect_busy(const struct graph *graph, size_t *count)
{
	size_t room = graph->endpoints_count + 2 * graph->links_count + 1, i;
	const struct process **busy = calloc(room, sizeof(*busy));

	*count = 0;
	if (!busy)
		return NULL;
	for (i = 0; i < graph->endpoints_count; i++)
		busy[(*count)++] = graph->endpoints[i].process;
	for (i = 0; i < graph->links_count; i++) {
		if (signals_are_routine(&graph->links[i]))
			continue;
		busy[(*count)++] = graph->links[i].from;
		busy[(*count)++] = graph->links[i].to;
	}
	qsort(busy, *count, sizeof(*busy), pointer_order);
	return busy;
}

/* Those the user asked for, and the busy ones. */
static int add_process_nodes(struct drawing *drawing, const struct graph *graph)
{
	size_t count, i;
	const struct process **busy = collect_busy(graph, &count), *process;
	int err = busy ? 0 : -ENOMEM;

	for (i = 0; i < graph->processes_count && !err; i++) {
		process = graph->processes[i];
		if (process->selected ||
		    bsearch(&process, busy, count, sizeof(*busy), pointer_order))
			err = add_node(drawing, (struct drawing_node){ .process = process });
	}
	free(busy);
	return err;
}

static int add_remote_nodes(struct drawing *drawing, const struct graph *graph)
{
	size_t i;
	int err = 0;

	for (i = 0; i < graph->links_count && !err; i++)
		if (graph->links[i].remote)
			err = add_node(drawing,
				       (struct drawing_node){ .remote = &graph->links[i].place });
	return err;
}

/* The same met again; the nodes are in order. */
static void merge_nodes(struct drawing *drawing)
{
	size_t i, kept = 0;

	for (i = 0; i < drawing->nodes_count; i++)
		if (!kept || node_order(&drawing->nodes[kept - 1], &drawing->nodes[i]))
			drawing->nodes[kept++] = drawing->nodes[i];
	drawing->nodes_count = kept;
}

int drawing_add_nodes(struct drawing *drawing, const struct graph *graph)
{
	int err = 0;

	err = add_process_nodes(drawing, graph);
	if (!err)
		err = add_object_nodes(drawing, graph);
	if (!err)
		err = add_waited_nodes(drawing, graph);
	if (!err)
		err = add_kernel_node(drawing, graph);
	if (!err)
		err = add_remote_nodes(drawing, graph);
	if (!err && drawing->nodes_count)
		qsort(drawing->nodes, drawing->nodes_count, sizeof(*drawing->nodes), node_order);
	merge_nodes(drawing);
	return err;
}
