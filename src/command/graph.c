// SPDX-License-Identifier: GPL-2.0-only
/* graph: who talks to whom, in the format asked for. */
#include "command/command.h"

#include <errno.h>

#include "command/session.h"
#include "model/graph.h"
#include "util/error.h"

static int print(FILE *out, const struct session *session, const struct graph *graph)
{
	const struct model *model = session->model;

	switch (session->options->format) {
	case FORMAT_TEXT: return graph_print_text(out, model, graph);
	case FORMAT_JSON:
		return graph_print_json(out, model, graph,
					session->audited ? &session->audit : NULL);
	case FORMAT_SVG: return graph_print_svg(out, model, graph);
	case FORMAT_HTML: return graph_print_html(out, model, graph);
	case FORMAT_MERMAID: return graph_print_mermaid(out, model, graph);
	default: return graph_print_dot(out, model, graph);
	}
}

static int graph_write(const struct session *session, struct output *output)
{
	/* Over a time also what is gone by now belongs to it. */
	bool closed = !options_is_snapshot(session->options);
	struct graph graph = { 0 };
	int err = graph_build(session->model, closed, &graph);

	if (!err)
		err = print(output->stream, session, &graph);
	graph_free(&graph);
	if (err == -EPROTO) {
		output_abandon(output);
		return err_r(EXIT_OTHER, "dot: graphviz failed to draw the graph");
	}
	return report_finish(output, session->options->output, err);
}

static int graph_finish(struct session *session, struct output *output, void *unused)
{
	int code = session_exit_code(session, graph_write(session, output));

	(void)unused;
	session_report(session);
	return code;
}

int command_graph(const struct options *options)
{
	/* Better now than after an hour of tracing. */
	if (options->format == FORMAT_SVG && !svg_is_available())
		return err_r(EXIT_OTHER, "--format svg: dot not found; it comes with graphviz");
	return report_run(options, graph_finish, NULL);
}
