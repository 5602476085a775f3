// SPDX-License-Identifier: GPL-2.0-only
/* The graph as a document: ipctrace.graph/1. */
#include "sink/sink.h"

#include "sink/json.h"
#include "sink/names.h"
#include "sink/order.h"

static const char *role_name(enum role role)
{
	switch (role) {
	case ROLE_READ: return "read";
	case ROLE_WRITE: return "write";
	case ROLE_BOTH: return "both";
	case ROLE_LISTEN: return "listen";
	case ROLE_MAP: return "map";
	}
	return NULL;
}

static json_t *json_role(const struct graph_endpoint *endpoint)
{
	const char *name = role_name(endpoint->role);

	return name ? json_string(name) : json_null();
}

static json_t *json_endpoint_fds(const struct graph_endpoint *endpoint)
{
	json_t *fds = json_array();
	size_t i;

	for (i = 0; i < endpoint->fds_count; i++)
		json_array_append_new(fds, json_integer(endpoint->fds[i]));
	return fds;
}

/* {"for": "read", "since_ns", "ns"}: it waits in open; null = it does not */
static json_t *json_waiting(const struct model *model, const struct graph_endpoint *endpoint)
{
	uint64_t since = endpoint->waiting_since;
	json_t *value;

	if (!endpoint->waiting)
		return json_null();
	value = json_object();
	json_object_set_new(value, "for", json_string(endpoint->waiting == ROLE_READ ? "writer" :
										       "reader"));
	json_object_set_new(value, "since_ns", since ? json_uint(since) : json_null());
	json_object_set_new(value, "ns", since && model->end_ts > since ?
						 json_uint(model->end_ts - since) :
						 json_null());
	return value;
}

/* {"process", "object", "fds", "role", "bytes_in", …, "blocked_ns", "closed"} */
static json_t *json_endpoint(const struct model *model, const struct graph_endpoint *endpoint)
{
	static const struct transfer none;
	bool known = model->counted && endpoint->transfer;
	const struct transfer *transfer = known ? endpoint->transfer : &none;
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = {
		{ "bytes_in", transfer->bytes_in },
		{ "bytes_out", transfer->bytes_out },
		{ "ops_in", transfer->ops_in },
		{ "ops_out", transfer->ops_out },
		{ "blocked_ns", transfer->blocked_in + transfer->blocked_out },
	};
	json_t *value = json_object();
	size_t i;

	json_object_set_new(value, "process", json_process_id(endpoint->process));
	json_object_set_new(value, "object", json_object_id(endpoint->object));
	json_object_set_new(value, "fds", json_endpoint_fds(endpoint));
	json_object_set_new(value, "role", json_role(endpoint));
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_set_new(value, counts[i].key,
				    json_count((struct count){ counts[i].value, known }));
	json_object_set_new(value, "closed", json_boolean(endpoint->closed));
	json_object_set_new(value, "waiting", json_waiting(model, endpoint));
	return value;
}

static json_t *json_field(const struct graph_field *field)
{
	switch (field->type) {
	case FIELD_COUNT: return json_count(field->count);
	case FIELD_TEXT: return field->text ? json_string(field->text) : json_null();
	case FIELD_OBJECT: return json_object_id(field->object);
	}
	return json_null();
}

/* [{"object", "from_fd", "fd", "in_flight_ns"}], as the kind of the link has it; null = none */
static json_t *json_details(const struct graph_link *link)
{
	json_t *rows, *row;

	if (!link->details_count)
		return json_null();
	rows = json_array();
	for (size_t i = 0; i < link->details_count; i++) {
		const struct graph_detail *detail = &link->details[i];

		row = json_object();
		for (size_t j = 0; j < detail->count; j++)
			json_object_set_new(row, detail->fields[j].key,
					    json_field(&detail->fields[j]));
		json_array_append_new(rows, row);
	}
	return rows;
}

/* "203.0.113.5:443": where the other side is, if not on this machine */
static json_t *json_remote(const struct graph_link *link)
{
	char remote[SOCKET_ADDRESS_MAX];

	elsewhere_name(&link->place, remote);
	return json_string(remote);
}

/* "from", "to", "both", "none"; null = not known, or no connection */
static json_t *json_closed_first(const struct graph_link *link)
{
	static const char *const names[CLOSED_FIRST_MAX] = {
		[CLOSED_NONE] = "none",
		[CLOSED_THIS] = "from",
		[CLOSED_PEER] = "to",
		[CLOSED_BOTH] = "both",
	};
	const char *name = names[link->closed_first];

	return name ? json_string(name) : json_null();
}

/* {"from", "to", "object", "kind", "bytes", "messages", "state", "closed", "detail"} */
static json_t *json_link(const struct graph_link *link)
{
	json_t *value = json_object();

	json_object_set_new(value, "from", json_process_id(link->from));
	json_object_set_new(value, "to", json_process_id(link->to));
	json_object_set_new(value, "object", json_object_id(link->object));
	json_object_set_new(value, "kind", json_string(link->kind));
	json_object_set_new(value, "bytes", json_count(link->bytes));
	json_object_set_new(value, "messages", json_count(link->messages));
	json_object_set_new(value, "state", json_string(link->observed ? "observed" : "open"));
	json_object_set_new(value, "closed", json_boolean(link->closed));
	json_object_set_new(value, "detail", json_details(link));
	json_object_set_new(value, "closed_first", json_closed_first(link));
	if (link->remote)
		json_object_set_new(value, "remote", json_remote(link));
	json_object_set_new(value, "rate", json_count(link->rate));
	json_object_set_new(value, "blocked_ns", json_count(link->blocked_ns));
	json_object_set_new(value, "common", json_count(link->common));
	return value;
}

static json_t *json_signals(uint64_t set)
{
	json_t *names = json_array();
	uint32_t signal;

	for (signal = 1; signal <= SIGNAL_COUNT; signal++)
		if (set >> (signal - 1) & 1)
			json_array_append_new(names, json_string(signal_name(signal)));
	return names;
}

/* {"blocked": ["SIGUSR1"], "ignored": [], "handled": ["SIGTERM"]}; null = not looked at */
static json_t *json_stance(const struct process *process)
{
	uint64_t blocked;
	bool is_known = process_blocks(process, &blocked);
	json_t *value;

	if (!process->stance.known)
		return json_null();
	value = json_object();
	json_object_set_new(value, "blocked", is_known ? json_signals(blocked) : json_null());
	json_object_set_new(value, "ignored", json_signals(process->stance.ignored));
	json_object_set_new(value, "handled", json_signals(process->stance.handled));
	return value;
}

static json_t *json_party(const struct model *model, const struct process *process)
{
	json_t *value = json_process(model, process);

	json_object_set_new(value, "signals", json_stance(process));
	return value;
}

static int collect_objects(const struct graph *graph, struct set *objects)
{
	size_t i;
	int err = 0;

	for (i = 0; i < graph->objects_count && !err; i++)
		err = set_add(objects, graph->objects[i]);
	for (i = 0; i < graph->links_count && !err; i++)
		if (graph->links[i].object)
			err = set_add(objects, graph->links[i].object);
	return err;
}

int graph_print_json(FILE *out, const struct model *model, const struct graph *graph,
		     const struct audit *audit)
{
	struct set objects = { .order = object_order };
	struct document document;
	size_t i;
	int err = collect_objects(graph, &objects);

	if (err) {
		set_free(&objects);
		return err;
	}
	document_begin(&document, out, "ipctrace.graph/1", model);
	document_value(&document, "incomplete",
		       json_boolean(model_lost(model) || model_has_forgotten(model)));
	document_array(&document, "processes");
	for (i = 0; i < graph->processes_count; i++)
		document_item(&document, json_party(model, graph->processes[i]));
	document_objects(&document, model, &objects);
	document_array(&document, "endpoints");
	for (i = 0; i < graph->endpoints_count; i++)
		document_item(&document, json_endpoint(model, &graph->endpoints[i]));
	document_array(&document, "links");
	for (i = 0; i < graph->links_count; i++)
		document_item(&document, json_link(&graph->links[i]));
	if (graph->links_left_out)
		document_value(&document, "links_left_out",
			       json_integer((json_int_t)graph->links_left_out));
	if (audit)
		document_value(&document, "audit", json_audit(audit));
	set_free(&objects);
	return document_end(&document);
}
