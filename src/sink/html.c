// SPDX-License-Identifier: GPL-2.0-only
/*
 * The graph as one page that needs nothing else: the drawing (or, where graphviz is missing, its
 * Mermaid text) and tables. The page forbids itself scripts and any request.
 */
#include "sink/sink.h"

#include <string.h>

#include "sink/drawing.h"
#include "sink/names.h"
#include "sink/stream.h"
#include "sink/svg.h"
#include "util/units.h"

#define COMMAND_COLUMNS 200

static const char page_head[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" "
	"content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	"<title>ipctrace</title>\n"
	"<style>\n"
	"body { font: 14px sans-serif; margin: 1.5em; color: #1e293b }\n"
	"table { border-collapse: collapse; margin: 1em 0 }\n"
	"th, td { text-align: left; padding: .2em .8em .2em 0; border-bottom: 1px solid #e2e8f0 }\n"
	"td.number { text-align: right; font-variant-numeric: tabular-nums }\n"
	".incomplete { color: #dc2626; font-weight: bold }\n"
	".peer { color: #64748b } .selected { font-weight: bold }\n"
	"svg { max-width: 100%; height: auto }\n"
	"pre { background: #f8fafc; padding: 1em; overflow: auto }\n"
	"</style></head><body>\n";

static void print_heading(FILE *out, const struct model *model, const struct graph *graph)
{
	char text[DRAWING_WARNING_MAX];

	fprintf(out, "<h1>ipctrace</h1>\n<p>%s</p>\n", drawing_title(model, graph, text));
	if (drawing_warning(model, text))
		fprintf(out, "<p class=\"incomplete\">%s</p>\n", text);
}

/* Skips the XML declaration and the document type, which have no place inside a page. */
static int skip_prolog(FILE *svg)
{
	char line[4096];
	long at;

	for (;;) {
		at = ftell(svg);
		if (!fgets(line, sizeof(line), svg))
			return -1;
		if (!strncmp(line, "<svg", 4))
			return fseek(svg, at, SEEK_SET);
	}
}

/* Mermaid text between tags: '<' and '&' occur in it, and must be themselves. */
static int print_mermaid(FILE *out, const struct model *model, const struct graph *graph)
{
	FILE *text = memory_file("ipctrace.mermaid");
	int err = text ? graph_print_mermaid(text, model, graph) : -1;
	int c;

	if (!text)
		return stream_status(out);
	rewind(text);
	fputs("<p>(graphviz is not installed; this is the graph for Mermaid)</p>\n<pre>", out);
	while (!err && (c = getc(text)) != EOF) {
		if (c == '<' || c == '&')
			fputs(c == '<' ? "&lt;" : "&amp;", out);
		else
			putc(c, out);
	}
	fputs("</pre>\n", out);
	fclose(text);
	return err ? err : stream_status(out);
}

static int print_drawing(FILE *out, const struct model *model, const struct graph *graph)
{
	FILE *svg;
	int err;

	if (svg_draw(model, graph, &svg))
		return print_mermaid(out, model, graph);
	err = skip_prolog(svg) ? print_mermaid(out, model, graph) : stream_copy(svg, out);
	fclose(svg);
	return err;
}

static void print_process(FILE *out, const struct model *model, const struct process *process)
{
	bool is_selected = process_is_selected(model, process);
	char who[WHO_MAX], command[COMMAND_COLUMNS * 8];

	command_line(process, command, sizeof(command), COMMAND_COLUMNS, ESCAPE_HTML);
	fprintf(out, "<tr><td class=\"%s\">%s</td><td>%s</td><td>%s%s</td></tr>\n",
		is_selected ? "selected" : "peer", who_name(process, who, ESCAPE_HTML), command,
		is_selected ? "selected" : "peer", process->exited ? ", exited" : "");
}

static void print_count(FILE *out, struct count count, char *(*format)(uint64_t, char *))
{
	char text[UNITS_MAX];

	if (count.known && format)
		format(count.value, text);
	else
		snprintf(text, sizeof(text), "%llu", (unsigned long long)count.value);
	fprintf(out, "<td class=\"number\">%s</td>", count.known ? text : "?");
}

static void print_link(FILE *out, const struct graph_link *link)
{
	char from[WHO_MAX], to[WHO_MAX], name[NAME_MAX_ESCAPED];

	fprintf(out, "<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td>",
		side_name(link, link->from, from, ESCAPE_HTML), side_name(link, link->to, to, ESCAPE_HTML),
		link->kind,
		link->object ? object_name(link->object, name, sizeof(name), ESCAPE_HTML) : "");
	print_count(out, link->bytes, units_bytes);
	print_count(out, link->messages, NULL);
	print_count(out, link->blocked_ns, units_duration);
	fprintf(out, "<td>%s%s</td></tr>\n", link->observed ? "observed" : "open",
		link->closed ? ", closed" : "");
}

static void print_tables(FILE *out, const struct model *model, const struct graph *graph)
{
	size_t i;

	fputs("<h2>Links</h2>\n<table><tr><th>from</th><th>to</th><th>kind</th><th>object</th>"
	      "<th>bytes</th><th>messages</th><th>blocked</th><th>state</th></tr>\n",
	      out);
	for (i = 0; i < graph->links_count; i++)
		print_link(out, &graph->links[i]);
	fputs("</table>\n<h2>Processes</h2>\n<table><tr><th>process</th><th>command</th>"
	      "<th></th></tr>\n",
	      out);
	for (i = 0; i < graph->processes_count; i++)
		print_process(out, model, graph->processes[i]);
	fputs("</table>\n", out);
}

int graph_print_html(FILE *out, const struct model *model, const struct graph *graph)
{
	int err;

	fputs(page_head, out);
	print_heading(out, model, graph);
	err = print_drawing(out, model, graph);
	if (err)
		return err;
	print_tables(out, model, graph);
	fputs("</body></html>\n", out);
	return stream_status(out);
}
