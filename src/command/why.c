// SPDX-License-Identifier: GPL-2.0-only
/* why: what processes wait for, on whom, and whether that will ever end. */
#include "command/command.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "command/privilege.h"
#include "command/session.h"
#include "util/error.h"

#define SECOND_LOOK_NS 50000000 /* a ring that is one stands that long */

static int take_later(void *ctx, const struct record *record)
{
	struct change unused = { 0 };

	return model_apply(ctx, record, &unused);
}

static int look_again(struct session *session)
{
	const struct timespec pause = { .tv_nsec = SECOND_LOOK_NS };
	struct model *later = model_new();
	int err = later ? 0 : -ENOMEM;

	nanosleep(&pause, NULL);
	if (!err)
		err = session->source->snapshot(session->source, take_later, later);
	if (!err)
		err = why_confirm(session->model, later);
	model_free(later);
	return err;
}

/* What looks like a deadlock is looked at twice before it is called one. */
static int build(struct session *session, struct why *why)
{
	uint64_t longer_ns = session->options->longer_ns;
	int err = why_build(session->model, longer_ns, why);

	if (err || why->verdict < VERDICT_NEVER_EOF)
		return err;
	err = look_again(session);
	why_free(why);
	return err ? err : why_build(session->model, longer_ns, why);
}

static int why_finish(struct session *session, struct output *output, void *unused)
{
	const struct options *options = session->options;
	bool is_json = options->format == FORMAT_JSON, is_deadlock;
	struct why why;
	int code, err = build(session, &why);

	(void)unused;
	privilege_end(options);
	if (!err)
		err = is_json ? why_print_json(output->stream, session->model, &why) :
				why_print_text(output->stream, session->model, &why);
	is_deadlock = why.verdict == VERDICT_DEADLOCK;
	why_free(&why);
	code = report_finish(output, options->output, err);
	return code ? code : is_deadlock ? EXIT_FOUND : EXIT_DONE;
}

int command_why(const struct options *options)
{
	return report_run(options, why_finish, NULL);
}
