// SPDX-License-Identifier: GPL-2.0-only
/* One run, from the first record to the last. */
#include "command/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command/privilege.h"
#include "mechanism/mechanism.h"
#include "sink/names.h"
#include "util/error.h"
#include "util/stop.h"

/* Bounds how late a stop is noticed that came just before the wait. */
#define POLL_MS 100
/* The audit's stream is read until it is quiet, but not for ever. */
#define AUDIT_POLLS     50
#define AUDIT_LIMIT_NS  1000000000ull
#define AUDIT_PAUSE_MS  10
#define AUDIT_SETTLES   8
/* What was lost while it looked would be taken for an error, so then it looks again. */
#define AUDIT_LOOKS     10
#define FORGET_EVERY_NS 10000000000ull
#define FORGET_OLDER_NS 60000000000ull
/* Where there is no room for that. */
#define FORGET_SOON_NS  5000000000ull
#define TIDY_EVERY_NS   1000000000ull

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- one record ---------------------------------------------------------------------------- */

static int out_of_memory(struct session *session)
{
	session->failed = true;
	return err_r(-ENOMEM, "%s", strerror(ENOMEM));
}

/* Tells whoever waits for it that tracing has begun; a duration counts from here. */
static void announce_ready(struct session *session)
{
	const struct options *options = session->options;

	if (options->input)
		return;
	if (options->has_duration)
		session->deadline_ns = now_ns() + options->duration_ns;
	if (!options->quiet && !options_is_snapshot(options))
		say("ready");
	if (options->ready_fd < 0)
		return;
	if (write(options->ready_fd, "ready\n", 6) != 6)
		say("--ready-fd %d: %s", options->ready_fd, strerror(errno));
	if (options->ready_fd > STDERR_FILENO)
		close(options->ready_fd);
}

static bool is_shown(const struct model *model, const struct record *record,
		     const struct event *event)
{
	if (event->before || (record->flags & RECORD_ROW) || !model->ready ||
	    event->ts < model->start_ts)
		return false;
	if (model->select_all || (event->process && event->process->selected))
		return true;
	if (event->party && event->party->selected)
		return true;
	if (!model->follow)
		return false;
	if (!event->object)
		return false;
	return (object_is_ipc(event->object) && object_is_of_selected(event->object)) ||
	       (event->process && process_shares_table_with_selected(event->process));
}

static int show_event(struct session *session, const struct record *record,
		      const struct change *change)
{
	struct event event = { 0 };
	int err;

	if (!mechanism_event(session->model, record, change, session->options->mechanisms,
			     &event) ||
	    !is_shown(session->model, record, &event))
		return 0;
	session->events++;
	err = session->event(session->ctx, session->model, &event);
	session->failed |= err != 0;
	return err;
}

static int take_fresh(void *ctx, const struct record *record)
{
	struct session *session = ctx;
	struct change unused = { 0 };

	return model_apply(session->fresh, record, &unused) ? out_of_memory(session) : 0;
}

static int apply(struct session *session, const struct record *record)
{
	struct change change = { 0 };
	int err;

	/* What was shared once is known to the other alone: a prune would leave fewer here. */
	err = session->fresh && record->type != RECORD_PRUNE ? take_fresh(session, record) : 0;
	if (err)
		return err;
	if (model_apply(session->model, record, &change))
		return out_of_memory(session);
	if (record->type == RECORD_READY)
		announce_ready(session);
	return session->event ? show_event(session, record, &change) : 0;
}

/* A recording read with -p: what was asked for then gives way to what is asked for now. */
static int apply_selection(struct session *session)
{
	const struct options *options = session->options;
	struct record_select select = {
		.head = { .type = RECORD_SELECT, .size = sizeof(select) },
		.follow = options->follow,
	};
	size_t i;
	int err = 0;

	for (i = 0; i < options->pids_count && !err && !session->has_selected; i++) {
		select.pid = options->pids[i];
		err = apply(session, &select.head);
	}
	session->has_selected = true;
	return err;
}

static int take_record(void *ctx, const struct record *record)
{
	struct session *session = ctx;
	int err = 0;

	session->records++;
	if (session->writer)
		err = recording_write(session->writer, record);
	if (err) {
		session->failed = true;
		return err;
	}
	if (record->type == RECORD_SELECT && session->options->input &&
	    session->options->pids_count)
		return apply_selection(session);
	return apply(session, record);
}

/* --- opening ------------------------------------------------------------------------------- */

static int live_exit_code(int err)
{
	switch (err) {
	case 0: return EXIT_DONE;
	case -EPERM:
	case -EACCES: return EXIT_PERMISSION;
	case -ESRCH: return EXIT_NO_PROCESS;
	case -EOPNOTSUPP: return EXIT_KERNEL;
	case -ENOENT: return EXIT_NOT_FOUND;
	case -ENOEXEC: return EXIT_CANNOT_START;
	default: return EXIT_OTHER;
	}
}

/* Returns 0 or an exit code. */
static int open_source(struct session *session)
{
	const struct options *options = session->options;

	if (options->input)
		return source_open_recording(options->input, take_record, session,
					     &session->source) ?
			       EXIT_OTHER :
			       0;
	/* PROGRAM has no business with it. */
	if (options->ready_fd > STDERR_FILENO)
		fcntl(options->ready_fd, F_SETFD, FD_CLOEXEC);
	privilege_raise();
	return live_exit_code(
		source_open_live(options, session->model, take_record, session, &session->source));
}

/* --- the loop ------------------------------------------------------------------------------ */

/* Milliseconds to wait at most; 0 = the time is up. */
static int wait_ms(const struct session *session)
{
	uint64_t now, left;

	if (!session->deadline_ns)
		return POLL_MS;
	now = now_ns();
	left = session->deadline_ns > now ? session->deadline_ns - now : 0;
	return left > POLL_MS * 1000000ull ? POLL_MS : (int)((left + 999999) / 1000000);
}

static int flush(struct session *session)
{
	int err = session->flush ? session->flush(session->ctx) : 0;

	session->failed |= err != 0;
	return err;
}

/* Returns 1 when the stream goes on, 0 when it ended, or -errno. */
static int poll_once(struct session *session, int timeout_ms)
{
	int ret = session->source->poll(session->source, timeout_ms), err;

	if (ret == -EINTR)
		ret = 1; /* the stop flag tells why */
	if (ret < 0)
		return ret;
	err = flush(session);
	return err ? err : ret;
}

/* Whoever makes a report at the end needs all of the past. */
static bool needs_past(const struct options *options)
{
	return options->dot || (options->command != COMMAND_TRACE && options->command != COMMAND_REPLAY &&
				options->command != COMMAND_RECORD);
}

/* Is there anything but the graph that is made of the past? Of a process that is asked for by its number it must be
 * known at the end that there was one. */
static bool is_for_graph(const struct options *options)
{
	return (options->command == COMMAND_GRAPH && !(options->input && options->pids_count)) ||
	       options->command == COMMAND_RECORD;
}

static void forget_older(struct model *model, uint64_t ns)
{
	if (model->end_ts > ns)
		model_forget(model, model->end_ts - ns);
}

/* What the kernel counted for a process is read at its end, and what was missed then twice a second. */
static void tidy(struct session *session)
{
	struct model *model = session->model;

	if (model->end_ts < session->tidied_ts[0] + TIDY_EVERY_NS)
		return;
	model_tidy(model, session->tidied_ts[1]);
	session->tidied_ts[1] = session->tidied_ts[0];
	session->tidied_ts[0] = model->end_ts;
}

/* A quarter of the room at least is made; where the state itself leaves less, it is not tried again before there is
 * a quarter more. */
static void make_room(struct session *session)
{
	const uint64_t limit = session->options->history_bytes;
	struct model *model = session->model;

	if (model_size(model) <= (session->room ? session->room : limit))
		return;
	if (!needs_past(session->options))
		forget_older(model, FORGET_SOON_NS);
	while (model_size(model) > limit / 4 * 3 && model_forget_oldest(model))
		;
	session->room = model_size(model) > limit / 4 * 3 ? model_size(model) + limit / 4 : limit;
}

/* Keeps a long run in bounds. */
static void forget_past(struct session *session)
{
	struct model *model = session->model;

	if (model->for_graph)
		tidy(session);
	make_room(session);
	if (needs_past(session->options) || model->end_ts < session->forgotten_ts + FORGET_EVERY_NS)
		return;
	if (session->forgotten_ts)
		forget_older(model, FORGET_OLDER_NS);
	session->forgotten_ts = model->end_ts;
}

static int stream(struct session *session)
{
	int timeout_ms, ret = 1;

	while (ret > 0 && !stop_is_requested()) {
		timeout_ms = wait_ms(session);
		if (!timeout_ms)
			break;
		ret = poll_once(session, timeout_ms);
		forget_past(session);
	}
	/* What happened up to now belongs to it. */
	if (ret > 0 && !session->options->input)
		ret = poll_once(session, 0);
	return ret < 0 ? ret : 0;
}

/* --- the end ------------------------------------------------------------------------------- */

/* Lets both models take what the stream still brings, until it brings nothing. */
static int drain(struct session *session, uint64_t limit)
{
	uint64_t before;
	int polls, ret = 1;

	for (polls = 0; polls < AUDIT_POLLS && ret > 0 && now_ns() < limit; polls++) {
		before = session->records;
		ret = poll_once(session, 0);
		if (session->records == before)
			break;
	}
	return ret < 0 ? ret : 0;
}

static int compare(struct session *session)
{
	audit_free(&session->audit);
	if (audit_compare(session->model, session->fresh, &session->audit))
		return out_of_memory(session);
	return 0;
}

/* The rows show what a call has done already, its record comes when it returns: until then the two differ.
 * Both take the same records, so what differs for any other reason stays. On a machine so busy that one poll
 * takes all of the time, some are made all the same. */
static int audit_settle(struct session *session)
{
	const uint64_t limit = now_ns() + AUDIT_LIMIT_NS;
	int polls, ret = 1, err = compare(session);

	for (polls = 0; !err && ret > 0 && session->audit.differences; polls++) {
		if (polls >= AUDIT_SETTLES && now_ns() >= limit)
			break;
		ret = poll_once(session, AUDIT_PAUSE_MS);
		err = ret < 0 ? ret : compare(session);
	}
	return err;
}

/* Compares, unless something was lost since the tables were repaired last. */
static int audit_look(struct session *session)
{
	const uint64_t lost = losses_of_state(session->model->loss);
	const uint64_t limit = now_ns() + AUDIT_LIMIT_NS;
	int err;

	session->fresh = model_new();
	if (!session->fresh)
		return out_of_memory(session);
	err = session->source->snapshot(session->source, take_fresh, session);
	if (!err)
		err = drain(session, limit);
	if (!err && losses_of_state(session->model->loss) == lost)
		err = audit_settle(session);
	session->audited = !err && losses_of_state(session->model->loss) == lost;
	model_free(session->fresh);
	session->fresh = NULL;
	return err;
}

static int audit(struct session *session)
{
	const uint64_t limit = now_ns() + AUDIT_LIMIT_NS;
	int looks, err = audit_look(session);

	for (looks = 1; looks < AUDIT_LOOKS && !err && !session->audited && now_ns() < limit; looks++) {
		err = session->source->refresh(session->source);
		if (!err)
			err = audit_look(session);
	}
	if (!err && !session->audited)
		say("audit: nothing was compared: events were lost at each of %d looks", looks);
	return err;
}

/* A recording says itself where it ends. */
static int mark_stop(struct session *session)
{
	struct record stop = {
		.type = RECORD_STOP,
		.size = sizeof(stop),
		.ts = now_ns(),
	};

	if (session->options->input || session->model->stopped)
		return 0;
	return take_record(session, &stop);
}

static int finish(struct session *session)
{
	int err = session->source->refresh(session->source);

	if (!err && session->options->audit)
		err = audit(session);
	return err ? err : mark_stop(session);
}

/* With a recording nobody has looked yet whether it knows the processes asked for. */
static int check_selection(const struct session *session)
{
	const struct options *options = session->options;
	size_t i;

	for (i = 0; options->input && i < options->pids_count; i++)
		if (!model_process_by_pid(session->model, options->pids[i]))
			return err_r(EXIT_NO_PROCESS, "-p %u: no such process in %s",
				     options->pids[i], options->input);
	return 0;
}

/* A callback or the recording has said what is wrong; the kernel leaves that to us. */
static int failure(const struct session *session, int err)
{
	if (!session->failed && !session->options->input)
		say("tracing broke off: %s", strerror(-err));
	return EXIT_OTHER;
}

int session_run(struct session *session)
{
	int err, code;

	session->program_code = -1;
	session->model = model_new();
	if (!session->model) {
		out_of_memory(session);
		return EXIT_OTHER;
	}
	session->model->drops_heirs = session->options->command != COMMAND_CHECK;
	session->model->for_graph = is_for_graph(session->options);
	code = open_source(session);
	if (code)
		return code;
	privilege_confine(session->options);
	err = stream(session);
	if (!err)
		err = finish(session);
	session->program_code = session->source->exit_code(session->source);
	session->is_cut = err == -EPIPE && session->failed;
	if (session->options->command != COMMAND_WHY) /* which looks again */
		privilege_end(session->options);
	if (err && !session->is_cut)
		return failure(session, err);
	return check_selection(session);
}

int session_exit_code(const struct session *session, int code)
{
	if (code)
		return code;
	if (session->audited && session->audit.differences)
		return EXIT_FOUND;
	return session->program_code >= 0 ? session->program_code : EXIT_DONE;
}

void session_free(struct session *session)
{
	/* The model's events are gone with it, so the source, which feeds it, goes first. */
	if (session->source)
		session->source->close(session->source);
	audit_free(&session->audit);
	if (session->model)
		model_free(session->model);
}

static void report_audit(const struct audit *audit)
{
	size_t i;

	say("audit: %llu checked, %llu differences", (unsigned long long)audit->checked,
	    (unsigned long long)audit->differences);
	for (i = 0; i < audit->details_count; i++)
		say("audit: %s", audit->details[i]);
}

static void report_loss(const struct model *model)
{
	enum loss loss;

	for (loss = 0; loss < LOSS_MAX; loss++)
		if (model->loss[loss])
			say("lost: %s: %llu", loss_words(loss),
			    (unsigned long long)model->loss[loss]);
	if (model->resyncs)
		say("tables were read anew %u times", model->resyncs);
}

void session_report(const struct session *session)
{
	char words[FORGOTTEN_MAX];

	if (session->options->quiet)
		return;
	if (session->audited)
		report_audit(&session->audit);
	if (model_lost(session->model) || session->options->verbose)
		report_loss(session->model);
	if (model_has_forgotten(session->model))
		say("%s (--history)", forgotten_words(session->model, words));
}
