// SPDX-License-Identifier: GPL-2.0-only
/* trace and replay: a line an event, as they come. */
#include "command/command.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "command/session.h"
#include "sink/stream.h"
#include "util/error.h"
#include "util/replace.h"

struct trace {
	const struct options *options;
	FILE *out;
	struct trace_style style;
};

static int trace_event(void *ctx, const struct model *model, const struct event *event)
{
	struct trace *trace = ctx;
	int err;

	trace->style.start_ts = model->start_ts;
	err = trace_event_print(trace->out, event, &trace->style);
	return err ? stream_complain(trace->options->output, err) : 0;
}

/* Once a poll: a reader of the file or pipe sees events at once, and none costs a write. */
static int trace_flush(void *ctx)
{
	struct trace *trace = ctx;

	if (!fflush(trace->out))
		return 0;
	return stream_complain(trace->options->output, errno ? -errno : -EIO);
}

static int trace_open(struct trace *trace, const struct options *options)
{
	int fd;

	*trace = (struct trace){
		.options = options,
		.out = stdout,
		.style.json = options->format == FORMAT_JSON,
	};
	if (options->output) {
		fd = stream_open(options->output);
		if (fd < 0)
			return fd;
		trace->out = fdopen(fd, "w");
		if (!trace->out) {
			close(fd);
			return err_r(-ENOMEM, "%s: %s", options->output, strerror(ENOMEM));
		}
	}
	setvbuf(trace->out, NULL, _IOFBF, 1 << 16);
	trace->style.color = stream_has_color(trace->out);
	return 0;
}

/* The last line. Returns 0 or an exit code. */
static int trace_end(struct trace *trace, const struct session *session)
{
	int err;

	if (session->is_cut)
		return 0;
	err = trace_end_print(trace->out, session->model, session->events,
			      session->audited ? &session->audit : NULL, &trace->style);
	err = err ? stream_complain(trace->options->output, err) : trace_flush(trace);
	session_report(session);
	return err && err != -EPIPE ? EXIT_OTHER : 0;
}

static int trace_run(struct trace *trace, struct output *dot)
{
	struct session session = {
		.options = trace->options,
		.event = trace_event,
		.flush = trace_flush,
		.ctx = trace,
	};
	int code = session_run(&session), dot_code;

	if (!code) {
		code = trace_end(trace, &session);
		dot_code = dot_finish(trace->options, session.model, dot);
		code = session_exit_code(&session, code ? code : dot_code);
	}
	session_free(&session);
	return code;
}

int command_trace(const struct options *options)
{
	struct output dot;
	struct trace trace;
	int code = dot_open(options, &dot);

	if (code)
		return code;
	code = trace_open(&trace, options) ? EXIT_OTHER : trace_run(&trace, &dot);
	if (trace.out != stdout && trace.out && fclose(trace.out) && !code)
		code = err_r(EXIT_OTHER, "%s: %s", options->output, strerror(errno));
	output_abandon(&dot); /* what was finished is out of its reach */
	return code;
}
