// SPDX-License-Identifier: GPL-2.0-only
/* fds: descriptor tables, once. */
#include "command/command.h"

#include "command/session.h"

static int fds_finish(struct session *session, struct output *output, void *unused)
{
	const struct options *options = session->options;
	const struct model *model = session->model;
	int err, code;

	(void)unused;
	if (options->format == FORMAT_JSON)
		err = fds_print_json(output->stream, model);
	else
		err = fds_print_text(output->stream, model, stream_has_color(output->stream));
	code = session_exit_code(session, report_finish(output, options->output, err));
	session_report(session);
	return code;
}

int command_fds(const struct options *options)
{
	return report_run(options, fds_finish, NULL);
}
