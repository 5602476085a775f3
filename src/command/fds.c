// SPDX-License-Identifier: GPL-2.0-only
/* fds: descriptor tables, once. */
#include "command/command.h"

#include "command/session.h"

static int fds_print(const struct options *options, const struct model *model,
		     struct output *output)
{
	int err;

	if (options->format == FORMAT_JSON)
		err = fds_print_json(output->stream, model);
	else
		err = fds_print_text(output->stream, model, stream_has_color(output->stream));
	return report_finish(output, options->output, err);
}

int command_fds(const struct options *options)
{
	struct session session = { .options = options };
	struct output output;
	int code;

	if (output_open(options->output, &output))
		return EXIT_OTHER;
	code = session_run(&session);
	if (!code) {
		code = session_exit_code(&session, fds_print(options, session.model, &output));
		session_report(&session);
	}
	output_abandon(&output);
	session_free(&session);
	return code;
}
