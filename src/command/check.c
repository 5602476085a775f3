// SPDX-License-Identifier: GPL-2.0-only
/* check: mistakes found, in the state now or in what happened. */
#include "command/command.h"

#include <errno.h>
#include <string.h>

#include "check/check.h"
#include "command/baseline.h"
#include "command/session.h"
#include "util/error.h"

static int check_print(const struct session *session, const struct findings *findings,
		       struct output *output)
{
	if (session->options->format == FORMAT_JSON)
		return check_print_json(output->stream, session->model, findings);
	return check_print_text(output->stream, session->model, findings,
				stream_has_color(output->stream));
}

static int check_write(const struct session *session, const json_t *baseline, struct output *output,
		       bool *found)
{
	const struct options *options = session->options;
	struct findings findings;
	size_t known = 0;
	int err = check_run(session->model, options->ignored, &findings);

	if (!err && baseline)
		err = baseline_apply(baseline, session->model, &findings, &known);
	*found = findings.count > 0;
	if (known && !options->quiet)
		say("%zu known from %s", known, options->baseline);
	if (!err)
		err = check_print(session, &findings, output);
	findings_free(&findings);
	return report_finish(output, options->output, err);
}

static int check_finish(struct session *session, struct output *output, void *baseline)
{
	bool found = false;
	int code = check_write(session, baseline, output, &found);

	if (!code)
		code = found ? EXIT_FOUND : session_exit_code(session, 0);
	session_report(session);
	return code;
}

int command_check(const struct options *options)
{
	json_t *baseline = NULL;
	int code;

	if (options->baseline && baseline_read(options->baseline, &baseline))
		return EXIT_OTHER;
	code = report_run(options, check_finish, baseline);
	json_decref(baseline);
	return code;
}
