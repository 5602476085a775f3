// SPDX-License-Identifier: GPL-2.0-only
/*
 * The graph in the DOT language. Names of nodes are made of numbers, and what other programs chose
 * stands between quotes only, escaped.
 */
#include "sink/sink.h"

#include <string.h>
#include <sys/wait.h>

#include "sink/drawing.h"
#include "sink/names.h"
#include "sink/stream.h"
#include "util/units.h"

#define COMMAND_COLUMNS 40
#define NAME_COLUMNS    40

/* True when the command says no more than the name of the process already does. */
static bool is_same_name(const struct process *process)
{
	char command[64];
	const char *slash;

	command_line(process, command, sizeof(command), sizeof(command) / 4, ESCAPE_TERMINAL);
	slash = strrchr(command, '/');
	return !strncmp(slash ? slash + 1 : command, process->comm, sizeof(process->comm));
}

/* The id, cut in its middle, for a path is told best by its end. */
static void print_short_text(FILE *out, const char *id, size_t len)
{
	size_t head = NAME_COLUMNS / 2, tail;

	if (len <= NAME_COLUMNS) {
		escape_print(out, ESCAPE_DOT, id, len);
		return;
	}
	tail = len - NAME_COLUMNS / 2;
	while (head && ((unsigned char)id[head] & 0xc0) == 0x80)
		head--;
	while (tail < len && ((unsigned char)id[tail] & 0xc0) == 0x80)
		tail++;
	escape_print(out, ESCAPE_DOT, id, head);
	fputs("…", out);
	escape_print(out, ESCAPE_DOT, id + tail, len - tail);
}

static void print_short_name(FILE *out, const struct object *object)
{
	char id[ID_MAX];
	size_t len = object_id(object, id, sizeof(id));

	print_short_text(out, id, len);
}

#define LISTENERS_SHOWN 3

/* listens on tcp:127.0.0.1:80 (event loop) */
static void print_listener(FILE *out, const struct model *model, const struct object *object)
{
	struct server_view view;
	const char *name = NULL;

	if (server_judge(model, object, &view))
		name = server_model_name(view.model);
	fputs("\\nlistens on ", out);
	if (object->name)
		print_short_text(out, object->name, strlen(object->name));
	else
		print_short_name(out, object);
	if (name)
		fprintf(out, " (%s)", name);
}

static void print_listeners(FILE *out, const struct model *model, const struct process *process)
{
	const struct endpoint *endpoint;
	int shown = 0;

	for (endpoint = process->endpoints; endpoint; endpoint = endpoint->process_next)
		if (socket_is_listener(endpoint->key.object) && endpoint->read_slots &&
		    shown++ < LISTENERS_SHOWN)
			print_listener(out, model, endpoint->key.object);
	if (shown > LISTENERS_SHOWN)
		fprintf(out, "\\n… and on %d more", shown - LISTENERS_SHOWN);
}

/* yes [812]
 * yes hello
 * listens on … */
static void print_process_label(FILE *out, const struct model *model,
				const struct process *process)
{
	char command[COMMAND_COLUMNS * 8 + 8];

	escape_print(out, ESCAPE_DOT, process->comm, strnlen(process->comm, sizeof(process->comm)));
	fprintf(out, " [%u]", process->key.pid);
	command_line(process, command, sizeof(command), COMMAND_COLUMNS, ESCAPE_DOT);
	if (*command && !is_same_name(process))
		fprintf(out, "\\n%s", command);
	print_listeners(out, model, process);
	if (process->exited && process->exit_known && WIFSIGNALED(process->exit_code))
		fprintf(out, "\\nkilled by signal %d", WTERMSIG(process->exit_code));
	else if (process->exited && process->exit_known)
		fprintf(out, "\\nexited (%d)", exit_status(process));
	else if (process->exited)
		fputs("\\nexited", out);
}

/* Selected processes stand out, peers step back; a dashed frame is one that ended. */
static const char *process_style(const struct model *model, const struct process *process)
{
	bool is_selected = process_is_selected(model, process);

	if (process->exited && is_selected)
		return "style=\"rounded,filled,dashed\" fillcolor=\"#eff6ff\" color=\"#60a5fa\" "
		       "fontcolor=\"#334155\"";
	if (process->exited)
		return "style=\"rounded,dashed\" color=\"#94a3b8\" fontcolor=\"#64748b\"";
	if (is_selected)
		return "style=\"rounded,filled,bold\" fillcolor=\"#dbeafe\" color=\"#1d4ed8\"";
	return "style=\"rounded,filled\" fillcolor=\"#ffffff\" color=\"#94a3b8\" "
	       "fontcolor=\"#475569\"";
}

static void print_process(FILE *out, const struct model *model, const struct process *process)
{
	char command[RECORD_ARGV_MAX * 4];

	fputs(" [label=\"", out);
	print_process_label(out, model, process);
	fprintf(out, "\" %s tooltip=\"", process_style(model, process));
	command_line(process, command, sizeof(command), RECORD_ARGV_MAX, ESCAPE_DOT);
	fprintf(out, "%s\"];\n", *command ? command : "command unknown");
}

static void print_object(FILE *out, const struct drawing_node *node)
{
	char name[NAME_MAX_ESCAPED];

	fputs(" [shape=ellipse margin=\"0.05,0.03\" style=filled fillcolor=\"#fef3c7\" "
	      "color=\"#b45309\" label=\"",
	      out);
	print_short_name(out, node->object);
	if (node->writers || node->readers)
		fprintf(out, "\\n%zu writer%s, %zu reader%s", node->writers,
			node->writers == 1 ? "" : "s", node->readers,
			node->readers == 1 ? "" : "s");
	object_name(node->object, name, sizeof(name), ESCAPE_DOT);
	fprintf(out, "\" tooltip=\"%s\"];\n", name);
}

/* Another machine, as far as it is known: 203.0.113.5:443 */
static void print_remote(FILE *out, const struct elsewhere *place)
{
	char remote[SOCKET_ADDRESS_MAX];

	elsewhere_name(place, remote);
	fprintf(out, " [label=\"%s\" shape=box style=\"dotted\" color=\"#64748b\"];\n", remote);
}

static void print_node(FILE *out, const struct model *model, const struct drawing_node *node)
{
	fputc('\t', out);
	drawing_print_node_id(out, node);
	if (node->process)
		print_process(out, model, node->process);
	else if (node->object)
		print_object(out, node);
	else if (node->remote)
		print_remote(out, node->remote);
	else
		fputs(" [label=\"kernel\" shape=octagon style=filled fillcolor=\"#e2e8f0\"];\n",
		      out);
}

/* One step for each power of ten, from 1 (nothing known) to 5. */
static double edge_width(const struct drawing_edge *edge)
{
	uint64_t bytes = edge->bytes.known ? edge->bytes.value : 0;
	double width = 1;

	for (; bytes >= 1000 && width < 5; bytes /= 10)
		width += 0.5;
	return width;
}

static const char *edge_style(const struct drawing_edge *edge)
{
	if (edge->waiting)
		return "style=dotted color=\"#b91c1c\" fontcolor=\"#b91c1c\"";
	if (edge->closed)
		return edge->observed ? "style=solid color=\"#8494aa\" fontcolor=\"#475569\"" :
					"style=dashed color=\"#cbd5e1\" fontcolor=\"#94a3b8\"";
	return edge->observed ? "style=solid color=\"#1e293b\"" :
				"style=dashed color=\"#475569\" fontcolor=\"#475569\"";
}

/* fifo:/tmp/f: waits in open for a writer, 1.2 s */
static void print_waiting_tooltip(FILE *out, const struct model *model,
				  const struct drawing_edge *edge)
{
	char name[NAME_MAX_ESCAPED], amount[UNITS_MAX];
	uint64_t since = edge->waiting_since;

	fprintf(out, "%s: waits in open for a %s, %s",
		object_name(edge->object, name, sizeof(name), ESCAPE_DOT),
		edge->waiting == ROLE_READ ? "writer" : "reader",
		since && model->end_ts > since ? units_duration(model->end_ts - since, amount) :
						 "since before we looked");
}

/* "pipe:[88231]: 1.2 MiB in 300 messages, 4.5 KiB/s, blocked 3.4 s" */
static void print_edge_tooltip(FILE *out, const struct drawing_edge *edge)
{
	char name[NAME_MAX_ESCAPED], amount[UNITS_MAX];

	if (edge->object)
		fputs(object_name(edge->object, name, sizeof(name), ESCAPE_DOT), out);
	else
		fprintf(out, "%zu links", edge->merged);
	if (edge->bytes.known)
		fprintf(out, ": %s", units_bytes(edge->bytes.value, amount));
	if (edge->messages.known)
		fprintf(out, " in %llu messages", (unsigned long long)edge->messages.value);
	if (edge->rate.known)
		fprintf(out, ", %s/s", units_bytes(edge->rate.value, amount));
	if (edge->blocked_ns.known)
		fprintf(out, ", blocked %s", units_duration(edge->blocked_ns.value, amount));
	fprintf(out, ", %s%s", edge->observed ? "observed" : "open",
		edge->closed ? ", closed" : "");
}

/* A name that a person gave it says more than the kind alone. */
static bool has_telling_name(const struct drawing *drawing, const struct drawing_edge *edge)
{
	return !edge->direct && edge->object && edge->object->name && *edge->object->name &&
	       !drawing->nodes[edge->from].object && !drawing->nodes[edge->to].object &&
	       edge->object->key.kind != FILE_PIPE;
}

static void print_edge(FILE *out, const struct model *model, const struct drawing *drawing,
		       const struct drawing_edge *edge)
{
	char label[DRAWING_LABEL_MAX];

	fputc('\t', out);
	drawing_print_node_id(out, &drawing->nodes[edge->from]);
	fputs(" -> ", out);
	drawing_print_node_id(out, &drawing->nodes[edge->to]);
	fputs(" [label=\"", out);
	if (has_telling_name(drawing, edge)) {
		if (edge->object->key.kind == FILE_UNIX) /* the id is but a number */
			print_short_text(out, edge->object->name, strlen(edge->object->name));
		else
			print_short_name(out, edge->object);
		if (*drawing_edge_volume(edge, label))
			fprintf(out, "\\n%s", label);
	} else {
		fputs(drawing_edge_label(drawing, edge, label), out);
	}
	fprintf(out, "\"%s %s penwidth=%.1f edgetooltip=\"", edge->both ? " dir=both" : "",
		edge_style(edge), edge_width(edge));
	if (edge->waiting)
		print_waiting_tooltip(out, model, edge);
	else
		print_edge_tooltip(out, edge);
	fputs("\"];\n", out);
}

/* Title, what the lines mean, and in red what is missing. No name of others is in it. */
static void print_heading(FILE *out, const struct model *model, const struct graph *graph)
{
	char title[DRAWING_LABEL_MAX], warning[DRAWING_WARNING_MAX];

	fprintf(out, "\tlabel=<<b>ipctrace</b>: %s<br/>", drawing_title(model, graph, title));
	if (drawing_warning(model, warning))
		fprintf(out, "<font color=\"#dc2626\"><b>%s</b></font><br/>", warning);
	fputs("<font point-size=\"9\" color=\"#64748b\">solid: data passed &#183; dashed: open, no "
	      "data seen &#183; grey: closed</font>>;\n",
	      out);
}

int graph_print_dot(FILE *out, const struct model *model, const struct graph *graph)
{
	struct drawing drawing;
	size_t i;
	int err = drawing_build(model, graph, &drawing);

	if (err)
		return err;
	fputs("digraph ipctrace {\n"
	      "\tgraph [rankdir=LR labelloc=t fontname=\"sans-serif\" fontsize=12 ranksep=0.5 "
	      "nodesep=0.2 pad=0.2 charset=\"UTF-8\"];\n"
	      "\tnode [shape=box fontname=\"sans-serif\" fontsize=10 margin=\"0.12,0.06\" "
	      "height=0.3];\n"
	      "\tedge [fontname=\"sans-serif\" fontsize=9 arrowsize=0.7];\n",
	      out);
	print_heading(out, model, graph);
	for (i = 0; i < drawing.nodes_count; i++)
		if (drawing_node_is_shown(&drawing.nodes[i]))
			print_node(out, model, &drawing.nodes[i]);
	for (i = 0; i < drawing.edges_count; i++)
		print_edge(out, model, &drawing, &drawing.edges[i]);
	fputs("}\n", out);
	drawing_free(&drawing);
	return stream_status(out);
}
