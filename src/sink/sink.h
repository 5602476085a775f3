/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sinks print what the model, the graph and the mechanisms know, in one format each, to an open
 * stream, and escape what other programs chose (names, arguments, paths). They decide nothing.
 * All return 0 or -errno (of the stream).
 */
#ifndef IPCTRACE_SINK_H
#define IPCTRACE_SINK_H

#include <stdio.h>

#include "util/replace.h"
#include "check/check.h"
#include "mechanism/mechanism.h"
#include "model/graph.h"
#include "model/model.h"
#include "model/why.h"
#include "options.h"

/* An output that appears whole or not at all: a temporary file beside path, renamed by
 * output_commit(); path NULL is standard output. */
struct output {
	FILE *stream;
	char *path;
	struct replace file; /* what path will become */
};
int output_open(const char *path, struct output *output); /* says why on stderr */
int output_commit(struct output *output);
void output_abandon(struct output *output);

/* The trace: a line an event. color: escape sequences may be used. */
struct trace_style {
	bool json, color;
	uint64_t start_ts; /* text times count from here */
};
int trace_event_print(FILE *out, const struct event *event, const struct trace_style *style);
/* The last line; audit NULL = none was asked for. */
int trace_end_print(FILE *out, const struct model *model, uint64_t events,
		    const struct audit *audit, const struct trace_style *style);

int fds_print_text(FILE *out, const struct model *model, bool color);
int fds_print_json(FILE *out, const struct model *model);

int check_print_text(FILE *out, const struct model *model, const struct findings *findings,
		     bool color);
int check_print_json(FILE *out, const struct model *model, const struct findings *findings);
int why_print_text(FILE *out, const struct model *model, const struct why *why);
int why_print_json(FILE *out, const struct model *model, const struct why *why);

int graph_print_text(FILE *out, const struct model *model, const struct graph *graph);
int graph_print_json(FILE *out, const struct model *model, const struct graph *graph,
		     const struct audit *audit);
int graph_print_dot(FILE *out, const struct model *model, const struct graph *graph);
int graph_print_mermaid(FILE *out, const struct model *model, const struct graph *graph);
int graph_print_html(FILE *out, const struct model *model, const struct graph *graph);
/* DOT run through graphviz's dot(1). -ENOENT: it is not there; -EPROTO: it failed. */
int graph_print_svg(FILE *out, const struct model *model, const struct graph *graph);
/* True when dot(1) can be found. */
bool svg_is_available(void);

#endif /* IPCTRACE_SINK_H */
