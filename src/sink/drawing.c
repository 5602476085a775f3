// SPDX-License-Identifier: GPL-2.0-only
/* Decides what becomes a node and what an edge. */
#include "sink/drawing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mechanism/mechanism.h"
#include "sink/order.h"
#include "util/units.h"

/* More links than this from one process to another, all of a kind, become one edge. */
#define PARALLEL_MAX 3

/* --- signals ------------------------------------------------------------------------------- */

static bool is_signals(const struct graph_link *link)
{
	return !strcmp(link->kind, "signal");
}

static const struct graph_field *field_of(const struct graph_detail *detail, const char *key)
{
	for (size_t i = 0; i < detail->count; i++)
		if (!strcmp(detail->fields[i].key, key))
			return &detail->fields[i];
	return NULL;
}

static uint64_t count_of(const struct graph_detail *detail, const char *key)
{
	const struct graph_field *field = field_of(detail, key);

	return field && field->count.known ? field->count.value : 0;
}

/* What the kernel tells every shell of every child says nothing new in a drawing, unless it hangs. */
static bool is_routine_signal(const struct graph_link *link, const struct graph_detail *detail)
{
	static const char *const routine[] = { "SIGCHLD", "SIGCONT", "SIGWINCH" };
	const char *name = field_of(detail, "signal")->text;

	if (link->from || count_of(detail, "pending") || count_of(detail, "overflow"))
		return false;
	for (size_t i = 0; i < sizeof(routine) / sizeof(routine[0]); i++)
		if (!strcmp(name, routine[i]))
			return true;
	return false;
}

static bool is_routine(const struct graph_link *link)
{
	if (!is_signals(link))
		return false;
	for (size_t i = 0; i < link->details_count; i++)
		if (!is_routine_signal(link, &link->details[i]))
			return false;
	return true;
}

/* SIGTERM ×3, SIGHUP, … */
const char *signals_label(const struct graph_link *link, char buf[DRAWING_LABEL_MAX])
{
	size_t used = 0, told = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < link->details_count; i++) {
		const struct graph_detail *detail = &link->details[i];
		uint64_t sent = count_of(detail, "sent");

		if (is_routine_signal(link, detail))
			continue;
		if (told++ == 3) {
			snprintf(buf + used, DRAWING_LABEL_MAX - used, ", …");
			break;
		}
		used += (size_t)snprintf(buf + used, DRAWING_LABEL_MAX - used, "%s%s",
					 used ? ", " : "", field_of(detail, "signal")->text);
		if (sent > 1)
			used += (size_t)snprintf(buf + used, DRAWING_LABEL_MAX - used, " ×%llu",
						 (unsigned long long)sent);
	}
	return buf;
}

/* --- nodes --------------------------------------------------------------------------------- */

static int add_node(struct drawing *drawing, struct drawing_node node)
{
	struct drawing_node *nodes;
	size_t room;

	if (drawing->nodes_count == drawing->nodes_room) {
		room = drawing->nodes_room ? drawing->nodes_room * 2 : 64;
		nodes = reallocarray(drawing->nodes, room, sizeof(*nodes));
		if (!nodes)
			return -ENOMEM;
		drawing->nodes = nodes;
		drawing->nodes_room = room;
	}
	drawing->nodes[drawing->nodes_count++] = node;
	return 0;
}

/* By address: many connections lead to one node. */
static int remote_order(const struct object *a, const struct object *b)
{
	int order = COMPARE(!a, !b);

	if (order || !a)
		return order;
	order = memcmp(a->socket->facts.remote, b->socket->facts.remote,
		       sizeof(a->socket->facts.remote));
	if (!order)
		order = COMPARE(a->socket->facts.remote_port, b->socket->facts.remote_port);
	return order ? order : COMPARE(a->socket->facts.netns, b->socket->facts.netns);
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

static struct drawing_node *find_node(const struct drawing *drawing, const struct process *process,
				      const struct object *object)
{
	struct drawing_node key = { .process = process, .object = object };

	if (!drawing->nodes_count)
		return NULL;
	return bsearch(&key, drawing->nodes, drawing->nodes_count, sizeof(key), node_order);
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
		    !is_routine(&graph->links[i]))
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
		if (is_routine(&graph->links[i]))
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
				       (struct drawing_node){ .remote = graph->links[i].object });
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

static int add_nodes(struct drawing *drawing, const struct graph *graph)
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

/* --- edges --------------------------------------------------------------------------------- */

static int add_edge(struct drawing *drawing, struct drawing_edge edge)
{
	struct drawing_edge *edges;
	size_t room;

	if (drawing->edges_count == drawing->edges_room) {
		room = drawing->edges_room ? drawing->edges_room * 2 : 64;
		edges = reallocarray(drawing->edges, room, sizeof(*edges));
		if (!edges)
			return -ENOMEM;
		drawing->edges = edges;
		drawing->edges_room = room;
	}
	drawing->edges[drawing->edges_count++] = edge;
	return 0;
}

/* The amount that `to` read from the object, for the edge that leads to it. */
static void set_amounts_read(const struct model *model, const struct process *to,
			     struct drawing_edge *edge)
{
	const struct object *peer = edge->object->socket ? socket_other(model, edge->object, 0) : NULL;
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
static const struct drawing_node *side_node(const struct drawing *drawing,
					    const struct graph_link *link,
					    const struct process *side)
{
	struct drawing_node key = { .process = side };

	if (link->remote && !side)
		key.remote = link->object;
	if (!drawing->nodes_count)
		return NULL;
	return bsearch(&key, drawing->nodes, drawing->nodes_count, sizeof(key), node_order);
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
		.signals = is_signals(link) ? link : NULL,
	};

	if (is_routine(link) || !from || !to || (!link->to && !link->remote))
		return 0;
	edge.from = (size_t)(from - drawing->nodes);
	edge.to = (size_t)(to - drawing->nodes);
	hub = link->object && !link->direct && !link->remote ?
		      find_node(drawing, NULL, link->object) :
		      NULL;
	if (hub)
		return add_hub_edges(model, drawing, link, edge, (size_t)(hub - drawing->nodes));
	return add_edge(drawing, edge);
}

static int add_waiting(struct drawing *drawing, const struct graph_endpoint *endpoint)
{
	const struct drawing_node *process = find_node(drawing, endpoint->process, NULL);
	const struct drawing_node *object = find_node(drawing, NULL, endpoint->object);
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

/* The same way through a hub, met again in another link: one edge, the amounts stay. */
static void merge_repeated(struct drawing *drawing)
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
static void merge_parallel(struct drawing *drawing)
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
static void merge_opposite(struct drawing *drawing)
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

/* Of what is drawn: the numbers at an object are those of its lines. */
static void count_ends(struct drawing *drawing)
{
	size_t i;

	for (i = 0; i < drawing->edges_count; i++) {
		const struct drawing_edge *edge = &drawing->edges[i];

		if (edge->waiting) {
			drawing->nodes[edge->waiting == ROLE_READ ? edge->from : edge->to].waiting++;
			continue;
		}
		drawing->nodes[edge->to].writers++;
		drawing->nodes[edge->from].readers++;
		if (!edge->both)
			continue;
		drawing->nodes[edge->from].writers++;
		drawing->nodes[edge->to].readers++;
	}
}

bool drawing_node_is_shown(const struct drawing_node *node)
{
	return !node->object || node->writers || node->readers || node->waiting;
}

int drawing_build(const struct model *model, const struct graph *graph, struct drawing *out)
{
	struct drawing drawing = { 0 };
	size_t i;
	int err = add_nodes(&drawing, graph);

	for (i = 0; i < graph->links_count && !err; i++)
		err = add_link(model, &drawing, &graph->links[i]);
	for (i = 0; i < graph->endpoints_count && !err; i++)
		err = add_waiting(&drawing, &graph->endpoints[i]);
	if (err) {
		drawing_free(&drawing);
		return err;
	}
	if (drawing.edges_count)
		qsort(drawing.edges, drawing.edges_count, sizeof(*drawing.edges), edge_order);
	merge_repeated(&drawing);
	merge_opposite(&drawing);
	count_ends(&drawing);
	merge_parallel(&drawing);
	*out = drawing;
	return 0;
}

void drawing_free(struct drawing *drawing)
{
	free(drawing->nodes);
	free(drawing->edges);
	*drawing = (struct drawing){ 0 };
}

/* --- words --------------------------------------------------------------------------------- */

const char *drawing_edge_volume(const struct drawing_edge *edge, char buf[DRAWING_LABEL_MAX])
{
	buf[0] = '\0';
	if (edge->bytes.known && edge->bytes.value)
		units_bytes(edge->bytes.value, buf);
	return buf;
}

const char *drawing_edge_label(const struct drawing *drawing, const struct drawing_edge *edge,
			       char buf[DRAWING_LABEL_MAX])
{
	bool at_object = drawing->nodes[edge->from].object || drawing->nodes[edge->to].object;
	char volume[DRAWING_LABEL_MAX], times[32] = "";

	if (edge->waiting)
		return strcpy(buf, edge->waiting == ROLE_READ ? "waits in open for a writer" :
								 "waits in open for a reader");
	drawing_edge_volume(edge, volume);
	if (at_object)
		return strcpy(buf, volume);
	if (edge->signals)
		return signals_label(edge->signals, buf);
	if (edge->direct && edge->messages.value > 1)
		snprintf(times, sizeof(times), " ×%llu", (unsigned long long)edge->messages.value);
	else if (edge->merged > 1)
		snprintf(times, sizeof(times), " ×%zu", edge->merged);
	snprintf(buf, DRAWING_LABEL_MAX, "%.24s%s%s%.32s", edge->kind, times, *volume ? " " : "",
		 volume);
	return buf;
}

const char *drawing_title(const struct model *model, const struct graph *graph,
			  char buf[DRAWING_LABEL_MAX])
{
	uint64_t window = model->end_ts > model->start_ts ? model->end_ts - model->start_ts : 0;
	char duration[UNITS_MAX];

	snprintf(buf, DRAWING_LABEL_MAX, "%zu process%s, %zu link%s, %s%s", graph->processes_count,
		 graph->processes_count == 1 ? "" : "es", graph->links_count,
		 graph->links_count == 1 ? "" : "s",
		 model->counted ? "window " : "state at an instant",
		 model->counted ? units_duration(window, duration) : "");
	return buf;
}

const char *drawing_warning(const struct model *model, char buf[DRAWING_LABEL_MAX])
{
	if (!model_lost(model))
		return NULL;
	snprintf(buf, DRAWING_LABEL_MAX, "INCOMPLETE: %llu events lost, tables read anew %u times",
		 (unsigned long long)model_lost(model), model->resyncs);
	return buf;
}
