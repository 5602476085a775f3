// SPDX-License-Identifier: GPL-2.0-only
/* What commands share about getting their reports out. */
#include "command/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/session.h"
#include "model/graph.h"
#include "sink/stream.h"
#include "util/error.h"

bool stream_has_color(FILE *stream)
{
	const char *terminal = getenv("TERM");

	return isatty(fileno(stream)) && !getenv("NO_COLOR") &&
	       !(terminal && !strcmp(terminal, "dumb"));
}

int report_run(const struct options *options, report_fn finish, void *ctx)
{
	struct session session = { .options = options };
	struct output output;
	int code;

	if (output_open(options->output, &output))
		return EXIT_OTHER;
	code = session_run(&session);
	if (!code)
		code = finish(&session, &output, ctx);
	output_abandon(&output);
	session_free(&session);
	return code;
}

int report_finish(struct output *output, const char *path, int err)
{
	if (err) {
		stream_complain(path, err);
		output_abandon(output);
	} else {
		err = output_commit(output);
	}
	/* A reader that saw enough (| head) is no failure. */
	return err && err != -EPIPE ? EXIT_OTHER : 0;
}

int dot_open(const struct options *options, struct output *output)
{
	*output = (struct output){ 0 };
	return options->dot && output_open(options->dot, output) ? EXIT_OTHER : 0;
}

int dot_finish(const struct options *options, const struct model *model, struct output *output)
{
	struct graph graph = { 0 };
	int err;

	if (!options->dot)
		return 0;
	err = graph_build(model, true, &graph);
	if (!err)
		err = graph_print_dot(output->stream, model, &graph);
	graph_free(&graph);
	return report_finish(output, options->dot, err);
}
