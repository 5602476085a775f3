// SPDX-License-Identifier: GPL-2.0-only
/* record: every record to a file, for any other command to read. */
#include "command/command.h"

#include "command/session.h"
#include "util/error.h"

static int record_finish(struct session *session, struct output *dot)
{
	const struct options *options = session->options;
	int code;

	code = recording_finish(session->writer, model_lost(session->model)) ? EXIT_OTHER : 0;
	session->writer = NULL;
	if (!code)
		code = dot_finish(options, session->model, dot);
	if (!code && !options->quiet)
		say("%llu records, %llu events lost, in %s", (unsigned long long)session->records,
		    (unsigned long long)model_lost(session->model), options->output);
	session_report(session);
	return session_exit_code(session, code);
}

int command_record(const struct options *options)
{
	struct session session = { .options = options };
	struct output dot;
	int code = dot_open(options, &dot);

	if (!code && recording_create(options->output, &session.writer))
		code = EXIT_OTHER;
	if (!code)
		code = session_run(&session);
	if (!code)
		code = record_finish(&session, &dot);
	if (session.writer)
		recording_abandon(session.writer);
	output_abandon(&dot);
	session_free(&session);
	return code;
}
