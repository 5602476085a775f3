// SPDX-License-Identifier: GPL-2.0-only
/* Decides what becomes an edge of a drawing, and between which nodes. */
#include "sink/drawing_parts.h"

#include <errno.h>
#include <stdlib.h>

#include "util/array.h"

static int add_edge(struct drawing *drawing, struct drawing_edge edge)
{
	struct drawing_edge *added =
		array_add(&drawing->edges, &drawing->edges_count, sizeof(*drawing->edges));

	if (!added)
		return -ENOMEM;
	*added = edge;
	return 0;
}

/* The amount that `to` read from the object, for the edge that leads to it. */
static void set_amounts_read(const struct model *model, const struct process *to,
			     struct drawing_edge *edge)
{
	const struct object *peer = edge->object->socket ? socket_other(model, edge->object, 0) :
							   NULL;
	const struct endpoint *endpoint =
		to ? model_endpoint(model, to, peer ? peer : edge->object) : NULL;
	bool known = model->counted && endpoint;

	edge->bytes = (struct count){ known ? endpoint->transfer.bytes_in : 0, known };
	edge->messages = (struct count){ known ? endpoint->transfer.ops_in : 0, known };
	edge->blocked_ns = (struct count){ known ? endpoint->transfer.blocked_in : 0, known };
	edge->rate = (struct count){ 0 };
}

/* Writer to object and object to reader; what many links repeat is merged afterwards. */
static int add_hub_edges(const struct model *model, struct drawing *drawing,
			 const struct graph_link *link, struct drawing_edge edge, size_t hub)
{
	size_t to = edge.to;
	int err;

	edge.to = hub;
	edge.blocked_ns.known = false; /* both sides' time: it belongs to neither edge */
	err = add_edge(drawing, edge);
	if (err)
		return err;
	edge.from = hub;
	edge.to = to;
	set_amounts_read(model, link->to, &edge);
	return add_edge(drawing, edge);
}

/* One side of a link: a process, or the place where a connection leads that leaves the machine. */
static const struct drawing_node *
side_node(const struct drawing *drawing, const struct graph_link *link, const struct process *side)
{
	if (link->remote && !side)
		return drawing_remote_node(drawing, &link->place);
	return drawing_process_node(drawing, side);
}

static int add_link(const struct model *model, struct drawing *drawing,
		    const struct graph_link *link)
{
	const struct drawing_node *from = side_node(drawing, link, link->from);
	const struct drawing_node *to = side_node(drawing, link, link->to);
	const struct drawing_node *hub;
	struct drawing_edge edge = {
		.kind = link->kind,
		.object = link->object,
		.merged = 1,
		.bytes = link->bytes,
		.messages = link->messages,
		.rate = link->rate,
		.blocked_ns = link->blocked_ns,
		.observed = link->observed,
		.closed = link->closed,
		.direct = link->direct,
		.signals = link_is_signals(link) ? link : NULL,
	};

	if (signals_are_routine(link) || !from || !to || (!link->to && !link->remote))
		return 0;
	edge.from = (size_t)(from - drawing->nodes);
	edge.to = (size_t)(to - drawing->nodes);
	hub = link->object && !link->direct && !link->remote ?
		      drawing_object_node(drawing, link->object) :
		      NULL;
	if (hub)
		return add_hub_edges(model, drawing, link, edge, (size_t)(hub - drawing->nodes));
	return add_edge(drawing, edge);
}

static int add_waiting(struct drawing *drawing, const struct graph_endpoint *endpoint)
{
	const struct drawing_node *process = drawing_process_node(drawing, endpoint->process);
	const struct drawing_node *object = drawing_object_node(drawing, endpoint->object);
	bool reads = endpoint->waiting == ROLE_READ;
	struct drawing_edge edge = {
		.kind = kind_name(endpoint->object->key.kind),
		.object = endpoint->object,
		.merged = 1,
		.waiting = (enum role)endpoint->waiting,
		.waiting_since = endpoint->waiting_since,
	};

	if (!endpoint->waiting || !process || !object)
		return 0;
	edge.from = (size_t)((reads ? object : process) - drawing->nodes);
	edge.to = (size_t)((reads ? process : object) - drawing->nodes);
	return add_edge(drawing, edge);
}

int drawing_add_edges(const struct model *model, struct drawing *drawing, const struct graph *graph)
{
	size_t i;
	int err = 0;

	for (i = 0; i < graph->links_count && !err; i++)
		err = add_link(model, drawing, &graph->links[i]);
	for (i = 0; i < graph->endpoints_count && !err; i++)
		err = add_waiting(drawing, &graph->endpoints[i]);
	return err;
}
