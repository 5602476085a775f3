// SPDX-License-Identifier: GPL-2.0-only
/* The order of the graph, the same for the same model: by pid and start, then by object key. */
#include "model/link.h"

static int number_compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int process_compare(const struct process *a, const struct process *b)
{
	int order;

	if (!a || !b)
		return !!a - !!b; /* the kernel first */
	order = number_compare(a->key.pid, b->key.pid);
	return order ? order : number_compare(a->key.start_ns, b->key.start_ns);
}

static int object_compare(const struct object *a, const struct object *b)
{
	int order = number_compare(a->key.kind, b->key.kind);

	if (!order)
		order = number_compare(a->key.dev, b->key.dev);
	return order ? order : number_compare(a->key.ino, b->key.ino);
}

static int processes_order(const void *a, const void *b)
{
	return process_compare(*(struct process *const *)a, *(struct process *const *)b);
}

static int objects_order(const void *a, const void *b)
{
	return object_compare(*(struct object *const *)a, *(struct object *const *)b);
}

static int endpoints_order(const void *a, const void *b)
{
	const struct graph_endpoint *left = a, *right = b;
	int order = process_compare(left->process, right->process);

	return order ? order : object_compare(left->object, right->object);
}

static int links_order(const void *a, const void *b)
{
	const struct graph_link *left = a, *right = b;
	int order = process_compare(left->from, right->from);

	if (!order)
		order = process_compare(left->to, right->to);
	if (!order)
		order = object_compare(left->object, right->object);
	if (!order)
		order = strcmp(left->kind, right->kind);
	if (!order)
		order = number_compare(left->place.port, right->place.port);
	return order ? order : memcmp(left->place.address, right->place.address, sizeof(left->place.address));
}

/* qsort() is not to be given a NULL array, however short. */
static void array_sort(void *array, size_t count, size_t size,
		       int (*order)(const void *, const void *))
{
	if (count > 1)
		qsort(array, count, size, order);
}

void graph_sort(struct graph *graph)
{
	array_sort(graph->processes, graph->processes_count, sizeof(*graph->processes),
		   processes_order);
	array_sort(graph->objects, graph->objects_count, sizeof(*graph->objects), objects_order);
	array_sort(graph->endpoints, graph->endpoints_count, sizeof(*graph->endpoints),
		   endpoints_order);
	array_sort(graph->links, graph->links_count, sizeof(*graph->links), links_order);
}

struct graph_endpoint *graph_find_endpoint(const struct graph *graph, struct process *process,
					   struct object *object)
{
	const struct graph_endpoint key = { .process = process, .object = object };

	if (!graph->endpoints_count)
		return NULL;
	return bsearch(&key, graph->endpoints, graph->endpoints_count, sizeof(key),
		       endpoints_order);
}
