// SPDX-License-Identifier: GPL-2.0-only
/*
 * The graph: which objects, endpoints and processes belong in it, and in what order. Who can send
 * to whom through an object of some kind is up to that kind's link builder (link.c).
 */
#include "model/link.h"

#include "util/array.h"

struct graph_link *graph_add_link(struct graph *graph, struct process *from, struct process *to,
				  struct object *object)
{
	struct graph_link *link =
		array_add(&graph->links, &graph->links_count, sizeof(*graph->links));

	if (!link)
		return NULL;
	link->from = from;
	link->to = to;
	link->object = object;
	link->kind = object ? kind_name(object->key.kind) : NULL;
	return link;
}

struct graph_detail *graph_link_add_detail(struct graph_link *link)
{
	return array_add(&link->details, &link->details_count, sizeof(*link->details));
}

static struct graph_field *detail_field(struct graph_detail *detail, const char *key,
					enum field_type type)
{
	struct graph_field *field = &detail->fields[detail->count];

	if (detail->count < DETAIL_FIELDS_MAX - 1)
		detail->count++;
	field->key = key;
	field->type = type;
	return field;
}

void detail_count(struct graph_detail *detail, const char *key, struct count count)
{
	detail_field(detail, key, FIELD_COUNT)->count = count;
}

void detail_text(struct graph_detail *detail, const char *key, const char *text)
{
	detail_field(detail, key, FIELD_TEXT)->text = text;
}

void detail_object(struct graph_detail *detail, const char *key, const struct object *object)
{
	detail_field(detail, key, FIELD_OBJECT)->object = object;
}

static int graph_add_object(struct graph *graph, struct object *object)
{
	struct object **item = array_add(&graph->objects, &graph->objects_count, sizeof(*item));

	if (!item)
		return -ENOMEM;
	*item = object;
	return 0;
}

int graph_add_process(struct graph *graph, struct process *process)
{
	struct process **item;

	if (process->marked)
		return 0;
	item = array_add(&graph->processes, &graph->processes_count, sizeof(*item));
	if (!item)
		return -ENOMEM;
	*item = process;
	process->marked = true;
	return 0;
}

/* --- endpoints ------------------------------------------------------------------------------- */

static bool endpoint_is_closed(const struct endpoint *endpoint)
{
	return !endpoint->read_slots && !endpoint->write_slots && !endpoint->maps;
}

/* What it can do now; what it once could, where it is closed. */
static enum role endpoint_role(const struct endpoint *endpoint)
{
	bool past = endpoint_is_closed(endpoint);
	unsigned int role = 0;

	if (endpoint->maps || (past && endpoint->ever_map))
		return ROLE_MAP;
	if (endpoint_waits(endpoint))
		return (enum role)endpoint_waits(endpoint);
	if (socket_is_listener(endpoint->key.object))
		return ROLE_LISTEN;
	if (endpoint->read_slots || (past && (endpoint->ever_read || endpoint->used_in)))
		role |= ROLE_READ;
	if (endpoint->write_slots || (past && (endpoint->ever_write || endpoint->used_out)))
		role |= ROLE_WRITE;
	return (enum role)role;
}

static int graph_add_endpoint(struct graph *graph, const struct model *model,
			      struct endpoint *endpoint)
{
	struct graph_endpoint *item;

	item = array_add(&graph->endpoints, &graph->endpoints_count, sizeof(*item));
	if (!item)
		return -ENOMEM;
	item->process = endpoint->key.process;
	item->object = endpoint->key.object;
	item->role = endpoint_role(endpoint);
	item->waiting = endpoint_waits(endpoint);
	item->waiting_since = item->waiting ? endpoint->waiting_since : 0;
	item->transfer = model->counted ? &endpoint->transfer : NULL;
	item->closed = endpoint_is_closed(endpoint) && !item->waiting;
	return graph_add_process(graph, item->process);
}

static int endpoints_add(struct graph *graph, const struct model *model, struct object *object,
			 bool closed)
{
	struct endpoint *endpoint;
	int err = 0;

	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (!err && endpoint_counts(endpoint, closed))
			err = graph_add_endpoint(graph, model, endpoint);
	return err;
}

/* --- objects --------------------------------------------------------------------------------- */

struct parties {
	size_t count;
	bool waiting; /* one of them waits for another */
	bool selected; /* one of them is a process the user asked for */
};

static void parties_add(struct parties *parties, const struct model *model,
			const struct object *object, bool closed)
{
	const struct endpoint *endpoint;

	DL_FOREACH2(object->endpoints, endpoint, object_next) {
		if (!endpoint_counts(endpoint, closed))
			continue;
		parties->count++;
		parties->waiting |= endpoint_waits(endpoint) != 0;
		parties->selected |= process_is_selected(model, endpoint->key.process);
	}
	if (closed)
		parties->count += object_past(object)->parties;
}

/* Of the object, and of what is at its other end. */
static struct parties object_parties(const struct model *model, const struct object *object,
				     bool closed)
{
	struct parties parties = { 0 };
	const struct object *other;

	parties_add(&parties, model, object, closed);
	for (unsigned int i = 0; (other = socket_other(model, object, i)); i++)
		parties_add(&parties, model, other, closed);
	return parties;
}

/* Adds the object's links; tells whether there is anything about it to show. */
static int object_link(struct graph *graph, const struct model *model, struct object *object,
		       bool closed, bool *shown)
{
	struct parties parties = object_parties(model, object, closed);
	link_builder build = link_builder_of(object->key.kind);
	size_t links = graph->links_count;
	int err = 0;

	*shown = false;
	if (!parties.selected)
		return 0;
	if (build)
		err = build(graph, model, object, closed);
	/* What a selected process holds is shown though nobody is at the other end. */
	*shown = graph->links_count > links || (build && !model->select_all) || parties.count > 1 ||
		 parties.waiting;
	return err;
}

static int objects_add(struct graph *graph, const struct model *model, bool closed)
{
	struct object *object;
	bool shown;
	int err = 0;

	for (object = model->objects; object && !err; object = object->hh.next) {
		if (!object->endpoints || !object_is_ipc(object))
			continue;
		err = object_link(graph, model, object, closed, &shown);
		if (err || !shown)
			continue;
		err = graph_add_object(graph, object);
		if (!err)
			err = endpoints_add(graph, model, object, closed);
	}
	return err;
}

static int selected_add(struct graph *graph, const struct model *model, bool closed)
{
	struct process *process;
	int err = 0;

	for (process = model->processes; process && !err; process = process->hh.next)
		if (process->selected && (closed || !process->exited))
			err = graph_add_process(graph, process);
	return err;
}

/* --- descriptor numbers ---------------------------------------------------------------------- */

static int endpoint_add_fd(struct graph_endpoint *endpoint, int fd)
{
	int *item = array_add(&endpoint->fds, &endpoint->fds_count, sizeof(*item));

	if (!item)
		return -ENOMEM;
	*item = fd;
	return 0;
}

static int user_add_fds(struct graph *graph, const struct table *table, struct process *process)
{
	struct graph_endpoint *endpoint;

	TABLE_FOREACH(table, fd, slot)
	{
		if (!object_is_ipc(slot->description->object))
			continue;
		endpoint = graph_find_endpoint(graph, process, slot->description->object);
		if (endpoint && endpoint_add_fd(endpoint, (int)fd))
			return -ENOMEM;
	}
	return 0;
}

static int fds_order(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Threads with tables of their own may hold an object under one number each: once is enough. */
static void fds_finish(struct graph_endpoint *endpoint)
{
	size_t kept = 0;

	if (endpoint->fds_count > 1)
		qsort(endpoint->fds, endpoint->fds_count, sizeof(*endpoint->fds), fds_order);
	for (size_t i = 0; i < endpoint->fds_count; i++)
		if (!kept || endpoint->fds[kept - 1] != endpoint->fds[i])
			endpoint->fds[kept++] = endpoint->fds[i];
	endpoint->fds_count = kept;
}

static int fds_add(struct graph *graph, const struct model *model)
{
	const struct table *table;
	struct table_user *user;
	int err = 0;

	for (table = model->tables; table && !err; table = table->hh.next)
		DL_FOREACH(table->users, user)
			if (!err && user->process->marked)
				err = user_add_fds(graph, table, user->process);
	for (size_t i = 0; i < graph->endpoints_count; i++)
		fds_finish(&graph->endpoints[i]);
	return err;
}

/* --- the whole ------------------------------------------------------------------------------- */

static int graph_fill(struct graph *graph, const struct model *model, bool closed)
{
	struct process *process;
	int err;

	for (process = model->processes; process; process = process->hh.next)
		process->marked = false;
	err = objects_add(graph, model, closed);
	if (!err)
		err = handover_links(graph, model, closed);
	if (!err)
		err = signal_links(graph, model, closed);
	if (!err)
		err = selected_add(graph, model, closed);
	if (err)
		return err;
	graph_sort(graph);
	return fds_add(graph, model);
}

int graph_build(const struct model *model, bool closed, struct graph *graph)
{
	struct graph result = { 0 };
	int err = graph_fill(&result, model, closed);

	if (err) {
		graph_free(&result);
		return err;
	}
	*graph = result;
	return 0;
}

void graph_free(struct graph *graph)
{
	for (size_t i = 0; i < graph->endpoints_count; i++)
		free(graph->endpoints[i].fds);
	for (size_t i = 0; i < graph->links_count; i++)
		free(graph->links[i].details);
	free(graph->processes);
	free(graph->objects);
	free(graph->endpoints);
	free(graph->links);
	*graph = (struct graph){ 0 };
}

size_t graph_parties(const struct graph *graph, const struct object *object)
{
	size_t count = 0;

	for (size_t i = 0; i < graph->endpoints_count; i++)
		count += graph->endpoints[i].object == object;
	return count;
}
