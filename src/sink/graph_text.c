// SPDX-License-Identifier: GPL-2.0-only
/* The graph as lines: who can send to whom. */
#include "sink/sink.h"

#include "sink/names.h"
#include "sink/stream.h"
#include "sink/text_table.h"
#include "util/units.h"

/* "1.2 MiB in 300 messages, observed, closed" */
static void add_volume(struct text_table *rows, const struct graph_link *link)
{
	const char *state = link->observed ? "observed" : "open";
	const char *closed = link->closed ? ", closed" : "";
	char bytes[UNITS_MAX];

	if (link->bytes.known && link->messages.known)
		text_table_add(rows, "%s in %llu messages, %s%s",
			       units_bytes(link->bytes.value, bytes),
			       (unsigned long long)link->messages.value, state, closed);
	else if (link->bytes.known)
		text_table_add(rows, "%s, %s%s", units_bytes(link->bytes.value, bytes), state,
			       closed);
	else
		text_table_add(rows, "?, %s%s", state, closed);
}

static void add_link(struct text_table *rows, const struct graph_link *link)
{
	char from[WHO_MAX], to[WHO_MAX], object[NAME_MAX_ESCAPED];

	text_table_add(rows, "%s → %s",
		       link->from ? who_name(link->from, from, ESCAPE_TERMINAL) : "kernel",
		       link->to ? who_name(link->to, to, ESCAPE_TERMINAL) : "?");
	text_table_add(rows, "%s",
		       link->object ?
			       object_name(link->object, object, sizeof(object), ESCAPE_TERMINAL) :
			       link->kind);
	add_volume(rows, link);
}

/*
 * yes[812] → head[813]  pipe:[88231]  1.2 MiB in 300 messages, observed
 * -- 2 processes, 1 links, 0 events lost, 0 resyncs
 */
int graph_print_text(FILE *out, const struct model *model, const struct graph *graph)
{
	struct text_table rows = { .columns = 3 };
	size_t i;
	int err;

	for (i = 0; i < graph->links_count; i++)
		add_link(&rows, &graph->links[i]);
	err = text_table_print(&rows, out, 0);
	if (err)
		return err;
	fprintf(out, "-- %zu processes, %zu links, ", graph->processes_count, graph->links_count);
	loss_print(out, model);
	fprintf(out, ", %u resyncs\n", model->resyncs);
	return stream_status(out);
}
