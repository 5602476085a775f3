// SPDX-License-Identifier: GPL-2.0-only
/* Edges of a drawing that tell the same become one. */
#include "sink/drawing_parts.h"

#include <stdlib.h>
#include <string.h>

#include "sink/order.h"

/* More links than this from one process to another, all of a kind, become one edge. */
#define PARALLEL_MAX 3

static int edge_order(const void *a, const void *b)
{
	const struct drawing_edge *first = a, *second = b;
	int order = COMPARE(first->from, second->from);

	if (!order)
		order = COMPARE(first->to, second->to);
	if (!order)
		order = strcmp(first->kind, second->kind);
	if (!order)
		order = COMPARE(first->object ? first->object->serial : 0,
				second->object ? second->object->serial : 0);
	if (!order)
		order = COMPARE(first->waiting, second->waiting);
	return order;
}

void drawing_sort_edges(struct drawing *drawing)
{
	if (drawing->edges_count)
		qsort(drawing->edges, drawing->edges_count, sizeof(*drawing->edges), edge_order);
}

/* The same way through a hub, met again in another link: one edge, the amounts stay. */
void drawing_merge_repeated(struct drawing *drawing)
{
	struct drawing_edge *edges = drawing->edges;
	size_t i, kept = 0;

	for (i = 0; i < drawing->edges_count; i++) {
		if (!kept || edge_order(&edges[kept - 1], &edges[i])) {
			edges[kept++] = edges[i];
			continue;
		}
		edges[kept - 1].observed |= edges[i].observed;
		edges[kept - 1].closed &= edges[i].closed;
		if (!edges[kept - 1].bytes.known)
			edges[kept - 1].bytes = edges[i].bytes;
	}
	drawing->edges_count = kept;
}

static void count_add(struct count *sum, struct count other)
{
	sum->known &= other.known;
	sum->value += other.value;
}

static void merge_into(struct drawing_edge *edge, const struct drawing_edge *other)
{
	edge->object = NULL;
	edge->merged++;
	edge->observed |= other->observed;
	edge->closed &= other->closed;
	count_add(&edge->bytes, other->bytes);
	count_add(&edge->messages, other->messages);
	count_add(&edge->rate, other->rate);
	count_add(&edge->blocked_ns, other->blocked_ns);
}

static bool is_parallel(const struct drawing_edge *a, const struct drawing_edge *b)
{
	return a->from == b->from && a->to == b->to && !strcmp(a->kind, b->kind) &&
	       a->waiting == b->waiting;
}

/* Bundles of more than PARALLEL_MAX become one edge each. */
void drawing_merge_parallel(struct drawing *drawing)
{
	struct drawing_edge *edges = drawing->edges;
	size_t begin, end, i, kept = 0;

	for (begin = 0; begin < drawing->edges_count; begin = end) {
		for (end = begin + 1; end < drawing->edges_count; end++)
			if (!is_parallel(&edges[begin], &edges[end]))
				break;
		for (i = begin; i < end; i++)
			if (i > begin && end - begin > PARALLEL_MAX)
				merge_into(&edges[kept - 1], &edges[i]);
			else
				edges[kept++] = edges[i];
	}
	drawing->edges_count = kept;
}

static bool has_volume(const struct drawing_edge *edge)
{
	return edge->bytes.known && edge->bytes.value;
}

static bool is_at_object(const struct drawing *drawing, const struct drawing_edge *edge)
{
	return drawing->nodes[edge->from].object || drawing->nodes[edge->to].object;
}

/* The edge that leads the other way, unless it is gone; NULL = there is none. */
static struct drawing_edge *find_opposite(const struct drawing *drawing,
					  const struct drawing_edge *edge)
{
	struct drawing_edge key = *edge;

	key.from = edge->to;
	key.to = edge->from;
	return bsearch(&key, drawing->edges, drawing->edges_count, sizeof(key), edge_order);
}

/*
 * At an object that many share (memory, most of all) there is an edge each way for each of them. Two
 * that tell of no amount become one; of one that is over, and never carried anything, there is
 * nothing to draw.
 */
void drawing_merge_opposite(struct drawing *drawing)
{
	size_t i, kept = 0;

	for (i = 0; i < drawing->edges_count; i++) {
		struct drawing_edge *edge = &drawing->edges[i], *other;

		if (!is_at_object(drawing, edge) || has_volume(edge) || edge->observed ||
		    edge->waiting)
			continue;
		edge->merged = edge->closed ? 0 : edge->merged;
		other = find_opposite(drawing, edge);
		if (!edge->merged || !other || !other->merged || has_volume(other) ||
		    other->observed || other->closed != edge->closed || edge->from > edge->to)
			continue;
		edge->both = true;
		other->merged = 0;
	}
	for (i = 0; i < drawing->edges_count; i++)
		if (drawing->edges[i].merged)
			drawing->edges[kept++] = drawing->edges[i];
	drawing->edges_count = kept;
}
