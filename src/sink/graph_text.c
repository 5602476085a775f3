// SPDX-License-Identifier: GPL-2.0-only
/* The graph as lines: who can send to whom. */
#include "sink/sink.h"

#include <stdarg.h>
#include <string.h>

#include "sink/graph_clique.h"
#include "sink/names.h"
#include "sink/stream.h"
#include "sink/text_table.h"
#include "util/units.h"

struct signals_text {
	char bytes[512];
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void signals_say(struct signals_text *text,
							      const char *format, ...)
{
	size_t room = sizeof(text->bytes) - text->used;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text->bytes + text->used, room, format, args);
	va_end(args);
	if (len > 0)
		text->used += (size_t)len < room ? (size_t)len : room - 1;
}

/* SIGTERM 2 sent, 1 delivered, 1 ignored (child exited) */
static void signals_say_detail(struct signals_text *text, const struct graph_detail *detail)
{
	const char *cause = NULL, *before = " ";

	for (size_t i = 0; i < detail->count; i++) {
		const struct graph_field *field = &detail->fields[i];

		if (!strcmp(field->key, "cause")) {
			cause = field->text;
		} else if (field->type == FIELD_TEXT) {
			signals_say(text, "%s", field->text);
		} else if (field->count.known && field->count.value && !strstr(field->key, "_ns")) {
			signals_say(text, "%s%llu %s", before,
				    (unsigned long long)field->count.value, field->key);
			before = ", ";
		}
	}
	if (cause)
		signals_say(text, " (%s)", cause);
}

/* SIGTERM 1 sent, 1 delivered; SIGCHLD 4 sent, 3 ignored, 1 merged (child exited), closed */
static void add_signals(struct text_table *rows, const struct graph_link *link)
{
	struct signals_text text = { .used = 0 };

	for (size_t i = 0; i < link->details_count; i++) {
		signals_say(&text, "%s", i ? "; " : "");
		signals_say_detail(&text, &link->details[i]);
	}
	text_table_add(rows, "%s%s", text.bytes, link->closed ? ", closed" : "");
}

#define STATE_MAX (UNITS_MAX + 32)

/* What its writer wrote counts for every link of an end; this reader had none of it, or a part. */
static const char *state_words(const struct graph_link *link, char buf[STATE_MAX])
{
	char read[UNITS_MAX], written[UNITS_MAX];

	if (!link->observed)
		return link->bytes.known && link->bytes.value ? "none of it read, open" : "open";
	if (!link->read.known || !link->bytes.known || link->read.value >= link->bytes.value)
		return "observed";
	if (!strcmp(units_bytes(link->read.value, read), units_bytes(link->bytes.value, written)))
		return "observed";
	snprintf(buf, STATE_MAX, "%s of it read, observed", read);
	return buf;
}

/* Which end closed first, not who: an end may have several holders. */
static const char *closed_words(const struct graph_link *link)
{
	switch (link->closed_first) {
	case CLOSED_THIS:
		return link->closed ? ", closed, the writer's end first" :
				      ", half closed: the writer's end";
	case CLOSED_PEER:
		return link->closed ? ", closed, the reader's end first" :
				      ", half closed: the reader's end";
	case CLOSED_BOTH: return ", closed, both ends at once";
	default: return link->closed ? ", closed" : "";
	}
}

/* "1.2 MiB in 300 messages, observed, closed"; of memory "8.0 KiB in common, open" */
static void put_volume(struct text_table *rows, const struct graph_link *link)
{
	char bytes[UNITS_MAX], messages[UNITS_MAX + 32] = "", words[STATE_MAX];

	if (link->common.known) {
		text_table_put(rows, units_bytes(link->common.value, bytes));
		text_table_put(rows, " in common");
	} else if (link->bytes.known) {
		text_table_put(rows, units_bytes(link->bytes.value, bytes));
		if (link->messages.known)
			snprintf(messages, sizeof(messages), " in %llu messages",
				 (unsigned long long)link->messages.value);
		text_table_put(rows, messages);
	} else {
		text_table_put(rows, "?");
	}
	text_table_put(rows, ", ");
	text_table_put(rows, state_words(link, words));
	text_table_put(rows, closed_words(link));
}

static void add_way(struct text_table *rows, const struct graph_link *link)
{
	char object[NAME_MAX_ESCAPED];

	text_table_add(rows, "%s", link->object ? object_name(link->object, object, sizeof(object),
							      ESCAPE_TERMINAL) :
						  link->kind);
}

static void add_link(struct text_table *rows, const struct graph_link *link)
{
	char from[WHO_MAX], to[WHO_MAX];

	text_table_add(rows, "%s → %s", side_name(link, link->from, from, ESCAPE_TERMINAL),
		       side_name(link, link->to, to, ESCAPE_TERMINAL));
	add_way(rows, link);
	if (!strcmp(link->kind, "signal")) {
		add_signals(rows, link);
		return;
	}
	if (link->direct) {
		text_table_add(rows, "%llu descriptor%s, %s%s",
			       (unsigned long long)link->messages.value,
			       link->messages.value == 1 ? "" : "s", link->kind, closed_words(link));
		return;
	}
	put_volume(rows, link);
	text_table_end(rows);
}

/* 4 processes, each → each  anon:[77]  8.0 KiB in common, open: a[1] b[2] c[3] d[4] */
static void add_clique(struct text_table *rows, const struct graph_clique *clique)
{
	char who[WHO_MAX];
	size_t i;

	text_table_add(rows, "%zu processes, each → each", clique->processes);
	add_way(rows, clique->links[0]);
	put_volume(rows, clique->links[0]);
	text_table_put(rows, ":");
	for (i = 0; i < clique->processes; i++) {
		text_table_put(rows, " ");
		text_table_put(rows, who_name(clique->links[i * (clique->processes - 1)]->from, who,
					      ESCAPE_TERMINAL));
	}
	text_table_end(rows);
}

static int add_links(struct text_table *rows, const struct graph *graph)
{
	struct graph_cliques cliques;
	int err = graph_cliques_find(graph, &cliques);
	size_t i;

	for (i = 0; i < graph->links_count && !err; i++) {
		struct graph_clique *clique = graph_clique_of(&cliques, i);

		if (!clique)
			add_link(rows, &graph->links[i]);
		else if (!clique->told)
			add_clique(rows, clique);
		if (clique)
			clique->told = true;
	}
	graph_cliques_free(&cliques);
	return err;
}

/* cat[812] waits in open  fifo:/tmp/f  for a writer, 1.2 s */
static void add_waiting(struct text_table *rows, const struct model *model,
			const struct graph_endpoint *endpoint)
{
	char who[WHO_MAX], object[NAME_MAX_ESCAPED], duration[UNITS_MAX];
	uint64_t since = endpoint->waiting_since;

	text_table_add(rows, "%s waits in open", who_name(endpoint->process, who, ESCAPE_TERMINAL));
	text_table_add(rows, "%s",
		       object_name(endpoint->object, object, sizeof(object), ESCAPE_TERMINAL));
	text_table_add(rows, "for a %s, %s", endpoint->waiting == ROLE_READ ? "writer" : "reader",
		       since && model->end_ts > since ?
			       units_duration(model->end_ts - since, duration) :
			       "since before we looked");
}

/*
 * yes[812] → head[813]  pipe:[88231]  1.2 MiB in 300 messages, observed
 * -- 2 processes, 1 links, 0 events lost, 0 resyncs
 */
int graph_print_text(FILE *out, const struct model *model, const struct graph *graph)
{
	struct text_table rows = { .columns = 3 };
	int err = add_links(&rows, graph);
	size_t i;

	for (i = 0; i < graph->endpoints_count; i++)
		if (graph->endpoints[i].waiting)
			add_waiting(&rows, model, &graph->endpoints[i]);
	if (!err)
		err = text_table_print(&rows, out, 0);
	text_table_free(&rows);
	if (err)
		return err;
	unseen_print(out, model);
	fprintf(out, "-- %zu processes, %zu links, ", graph->processes_count, graph->links_count);
	if (graph->links_left_out)
		fprintf(out, "%zu unused ones between very many holders left out, ", graph->links_left_out);
	loss_print(out, model);
	fprintf(out, ", %u resyncs\n", model->resyncs);
	return stream_status(out);
}
