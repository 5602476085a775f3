// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel as a source. Attach, then iterate, then apply what was buffered: what existed before
 * comes as rows, what happens after as events, and after any loss the rows come again.
 */
#include "source/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tracer.skel.h"
#include "util/error.h"

#define NS_PER_MS	1000000ULL
#define POLL_MAX_MS	50	/* the ring is looked at so often even where nothing wakes us */
#define REFRESH_NS	(500 * NS_PER_MS)
#define RESYNC_GAP_NS	(200 * NS_PER_MS)

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

int live_deliver(struct live *live, const struct record *record)
{
	int err = live->fn(live->ctx, record);

	if (err && !live->err)
		live->err = err;
	return err;
}

int live_deliver_bare(struct live *live, enum record_type type)
{
	struct record record = {.type = type, .size = sizeof(record), .ts = now_ns()};

	return live_deliver(live, &record);
}

static int deliver_row(void *ctx, const struct record *record)
{
	live_shared_note(ctx, record);
	return live_deliver(ctx, record);
}

/* Of what it holds or has mapped, which puts it into the model. Of a child its maker tells. */
static bool tells_of_itself(const struct record *record)
{
	switch (record->type) {
	case RECORD_FORK:
	case RECORD_EXEC:
	case RECORD_RETABLE:
	case RECORD_SLOT:
	case RECORD_TABLE:
	case RECORD_USE:
	case RECORD_MAPPING:
	case RECORD_SPACE: return true;
	}
	return false;
}

/*
 * Of a stranger, which was traced until a moment ago, and is forgotten: whoever runs one of our programs while its
 * mark is taken away may tell of what it does all the same. Nobody would tell of its end.
 */
static bool is_strangers(const struct live *live, const struct record *record)
{
	const struct process *process;

	if (!live->strangers_dropped || !tells_of_itself(record) || !live_mark_is_none(live, record->pid))
		return false;
	process = model_process(live->model, record->pid, record->start);
	return !process || !process->tasks;
}

/* Never below 0 for a record that is merely not wanted: that would end the stream. */
static int on_event(void *ctx, const void *data, size_t size)
{
	struct live *live = ctx;
	const struct record *record = data;
	const struct record_exit *end = data;
	int err = 0;

	if (size < sizeof(*record) || is_strangers(live, record))
		return 0;
	if (record->type == RECORD_SLOT && size >= sizeof(struct record_slot)) {
		live_peers_note_handed(live, data);
	} else if (record->type == RECORD_USE) {
		err = live_counts_remember(live, data);
	} else if (record->type == RECORD_EXIT && end->group_dead) {
		live->exit_seen = true;
		live_select_forget(live, record->pid, record->start);
		err = live_counts_process_exit(live, record->pid, record->start);
	}
	if (record->type == RECORD_FIFO && size >= sizeof(struct record_fifo))
		return err ? err : live_fifo_deliver(live, data);
	if (record->type == RECORD_MAPPING && size >= sizeof(struct record_mapping)) {
		live_peers_note(live, data);
		err = live_describe_mapped(live, data);
	}
	live_shared_note(live, record);
	return err ? err : live_deliver(live, record);
}

static int drain(struct live *live, int (*how)(struct ring *ring, ring_fn fn, void *ctx))
{
	struct control *control = (struct control *)&live->tracer->bss->control;
	int ret;

	control->wake_pending = 0;
	ret = how(live->ring, on_event, live);
	live->is_behind = ret > 0;
	return live->err ? live->err : ret < 0 ? ret : 0;
}

int live_drain(struct live *live)
{
	return drain(live, ring_drain);
}

int live_drain_whole(struct live *live)
{
	return drain(live, ring_drain_whole);
}

int live_snapshot_deliver(struct live *live)
{
	const uint64_t since = now_ns();
	int err = 0;

	/* Of before the first there is nobody to tell it of. Later whatever was begun by now is told before: behind one
	 * record that is still being written, by anybody, others may lie, and of before the rows nothing is told any more. */
	if (live->tracer && live->model->snapshot_ts)
		err = live_drain_whole(live);
	if (!err)
		err = live_snapshot_rows(live, since, deliver_row, live);
	if (!err && live->tracer && live_wants_spaces(live))
		err = live_spaces_announce(live);
	return live->err ? live->err : err;
}

/* --- losses ---------------------------------------------------------------------------------- */

static int losses_report(struct live *live, const uint64_t *loss)
{
	struct record_loss record = {
		.head = {.type = RECORD_LOSS, .size = sizeof(record), .ts = now_ns()},
		.resyncs = live->resyncs,
	};

	memcpy(record.total, loss, sizeof(record.total));
	memcpy(live->loss, loss, sizeof(live->loss));
	return live_deliver(live, &record.head);
}

static int resync(struct live *live)
{
	int err = live_peers_look(live);

	live->resyncs++;
	live->next_resync_ns = now_ns() + RESYNC_GAP_NS;
	return err;
}

/* Counts what was lost and repairs it. now: do not wait for the pause between two repairs. */
static int losses_check(struct live *live, bool now)
{
	uint64_t loss[LOSS_MAX], left, state;
	int err = live_unexplained_ask(live, now, &left);

	if (err)
		return err;
	live_hooks_losses(live, loss);
	loss[LOSS_UNRESOLVED] = left;
	state = losses_of_state(loss) + loss[LOSS_UNRESOLVED];
	if (state != live->snapshot_losses && (now || now_ns() >= live->next_resync_ns)) {
		live->snapshot_losses = losses_of_state(loss);
		err = resync(live);
		if (!err)
			err = losses_report(live, loss);
	} else if (memcmp(loss, live->loss, sizeof(loss))) {
		err = losses_report(live, loss);
	}
	return err;
}

/* --- the source ------------------------------------------------------------------------------ */

static bool targets_ended(struct live *live)
{
	const struct process *process;

	if (!live->selective)
		return false;
	if (live->program.pid && !live->program.exited)
		return false;
	for (process = live->model->processes; process; process = process->hh.next) {
		if (process->selected && !process->exited)
			return false;
	}
	return true;
}

/* Hands on what the kernel added up since the last time. */
static int sums_read(struct live *live)
{
	int err = live_sent_read(live);

	if (!err)
		err = live_counts_read(live);
	return err ? err : live_signals_read(live);
}

/* What is to be done besides taking records. */
static int look_after(struct live *live)
{
	int err = losses_check(live, false);

	if (!err)
		err = live_peers_find(live);
	if (!err)
		err = live_spaces_reread(live);
	if (err || now_ns() < live->next_refresh_ns)
		return err;
	err = sums_read(live);
	if (!err)
		err = live_sync(live);
	live->next_refresh_ns = now_ns() + REFRESH_NS;
	return err;
}

static int live_poll(struct source *source, int timeout_ms)
{
	struct live *live = (struct live *)source;
	struct epoll_event event;
	int err;

	if (!live->tracer)
		return 0;	/* an instant, not a window: all was delivered at open */
	if (timeout_ms < 0 || timeout_ms > POLL_MAX_MS)
		timeout_ms = POLL_MAX_MS;
	epoll_wait(live->epoll, &event, 1, timeout_ms);
	program_check(&live->program);
	err = live_drain(live);
	/* Whoever does not wait wants what is there. In a storm the rest brings more than it takes. */
	if (!err && timeout_ms)
		err = look_after(live);
	if (err)
		return err;
	if ((live->exit_seen || live->program.exited) && targets_ended(live))
		return 0;
	live->exit_seen = false;
	return 1;
}

/* Data may lie in it with no event to tell. */
static bool kind_holds_data(uint32_t kind)
{
	return kind == FILE_PIPE || kind == FILE_FIFO || kind == FILE_MQ || kind == FILE_EVENTFD;
}

/*
 * Rows again, for what no event tells: what lies in pipes and queues and who is at their ends, and which
 * descriptors lie in sockets' queues. The tables stay as kept from events.
 */
static int state_row(void *ctx, const struct record *record)
{
	const struct record_slot *row = (const void *)record;
	struct record_slot pipe;

	live_shared_note(ctx, record);
	switch (record->type) {
	case RECORD_SNAPSHOT_BEGIN: return live_deliver_bare(ctx, RECORD_QUEUES_BEGIN);
	case RECORD_SNAPSHOT_END: return live_deliver_bare(ctx, RECORD_QUEUES_END);
	case RECORD_OPENING:
	case RECORD_SEGMENT:
	case RECORD_SIGNAL_QUEUED:
	case RECORD_SIGNAL_STATE:
	case RECORD_IN_FLIGHT:
	case RECORD_WAITING:
	case RECORD_SOCKET: return live_deliver(ctx, record);
	case RECORD_SLOT:
		if (!kind_holds_data(row->facts.kind))
			return 0;
		pipe = *row;
		pipe.head.type = RECORD_PIPE;
		return live_deliver(ctx, &pipe.head);
	}
	return 0;
}

static int live_refresh(struct source *source)
{
	struct live *live = (struct live *)source;
	const uint64_t begun = now_ns();
	int err;

	if (!live->tracer)
		return 0;
	live->next_recursion_ns = 0;
	err = live_drain_whole(live);
	if (!err)
		err = losses_check(live, true);
	if (!err)
		err = live_drain_whole(live);
	/* Once is enough: where processes never cease to come, there is always somebody to look for. */
	if (live->looked_ns < begun)
		live->next_find_ns = 0;
	if (!err)
		err = live_peers_find(live);
	if (!err)
		err = live_spaces_reread(live);
	if (!err)
		err = sums_read(live);
	if (!err)
		err = live_snapshot_rows(live, now_ns(), state_row, live);
	if (!err)
		err = live_describe_at_end(live);
	if (!err)
		err = live_blocked(live);
	if (!err)
		err = live_sync(live);
	if (!err)
		err = live_left(live);
	if (!err)
		err = live_heard(live);
	if (!err && !live->stopped) {
		live->stopped = true;
		err = live_deliver_bare(live, RECORD_STOP);
	}
	return err;
}

static int live_snapshot(struct source *source, record_fn to, void *ctx)
{
	struct live *live = (struct live *)source;
	int err;

	if (!to)
		return live_snapshot_deliver(live);
	err = live_snapshot_rows(live, now_ns(), to, ctx);
	if (!err)
		err = live_select_announce(live, to, ctx);
	/* What is counted by now, and has not moved since those rows, must agree with them. */
	return err ? err : live_signals_read(live);
}

static int live_exit_code(struct source *source)
{
	struct live *live = (struct live *)source;

	program_check(&live->program);
	return live->program.pid && live->program.exited ? program_exit_code(&live->program) : -1;
}

static void live_close(struct source *source)
{
	struct live *live = (struct live *)source;

	live_counts_close(live);
	live_sent_close(live);
	live_signals_close(live);
	live_shared_close(live);
	free(live->late);
	live_unseen_close(live);
	ring_close(live->ring);
	if (live->tracer)
		live_hooks_close(live);
	if (live->snapshot)
		live_snapshot_close(live);
	if (live->epoll >= 0)
		close(live->epoll);
	program_close(&live->program);
	free(live);
}

/* --- opening --------------------------------------------------------------------------------- */

static int watch_fd(struct live *live, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(live->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int events_open(struct live *live)
{
	int fd = bpf_map__fd(live->tracer->maps.events), err;

	live->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (live->epoll < 0)
		return -errno;
	err = ring_open(fd, live->options->ring_bytes, &live->ring);
	if (err)
		return err_r(err, "mapping the event ring: %s", strerror(-err));
	err = watch_fd(live, fd);
	if (!err && live->program.pidfd >= 0)
		err = watch_fd(live, live->program.pidfd);
	return err;
}

/* A reader that starves loses events, and it is asleep nearly always: it goes first. PROGRAM has
 * been forked by then and keeps what it was given. Where this is not allowed we go on without. */
static void reader_go_first(void)
{
	setpriority(PRIO_PROCESS, 0, -20);
}

/* Its process waits until all is ready. */
static int program_prepare(struct live *live)
{
	int err = 0;

	if (live->options->program)
		err = program_spawn(live->options->program,
				    live->options->user ? &live->options->identity : NULL,
				    &live->program);
	return err ? err_r(err, "starting %s: %s", live->options->program[0], strerror(-err)) : 0;
}

/* Loads and attaches all that is needed. */
static int programs_open(struct live *live, bool trace)
{
	int err = trace ? program_prepare(live) : 0;

	if (!err)
		err = live_unseen_begin(live);
	if (!trace)
		return err ? err : live_load(live, false);
	reader_go_first();
	if (!err)
		err = live_hooks_attach(live);
	return err ? err : events_open(live);
}

static int program_start(struct live *live)
{
	int err = program_release(&live->program);

	if (!err)
		return 0;
	return err_r(err == -ENOENT ? -ENOENT : -ENOEXEC, "%s: %s", live->options->program[0],
		     strerror(-err));
}

static int start(struct live *live)
{
	int err = live_addresses(live);

	if (!err)
		err = live_snapshot_deliver(live);
	if (!err)
		err = live_unseen_find(live);
	if (err && !live->err)
		return err_r(err, "reading the kernel's tables: %s", strerror(-err));
	if (!err && live->tracer)
		live_signals_notice(live);
	if (!err && !live->tracer)
		err = live_signals_pending(live);
	if (!err)
		err = live_select_announce(live, deliver_row, live);
	if (!err && live->tracer)
		err = live_drain(live);
	if (!err)
		err = live_select_apply(live);
	live->find_peers |= live->marked_late;
	if (!err && live->tracer)
		err = losses_check(live, true);
	if (!err)
		err = live_describe(live);
	if (!err && !live->tracer)
		err = live_blocked(live);
	if (!err && !live->tracer)
		err = live_left(live);
	if (!err && !live->tracer)
		err = live_heard(live);
	if (!err && live->tracer)
		err = live_counts_reset(live);
	if (!err && live->tracer)
		err = live_sent_reset(live);
	if (!err)
		err = live_signals_reset(live);
	if (!err)
		err = live_deliver_bare(live, RECORD_READY);
	if (!err && !live->tracer)
		err = live_deliver_bare(live, RECORD_STOP);
	if (!err && live->program.pid)
		err = program_start(live);
	return err;
}

static bool is_instant(const struct options *options)
{
	return (options->command == COMMAND_FDS || options->command == COMMAND_GRAPH ||
		options->command == COMMAND_CHECK || options->command == COMMAND_WHY) &&
	       !options->has_duration && !options->program;
}

static int no_debug(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, format, args);
}

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	return 0;
}

int source_open_live(const struct options *options, const struct model *model, record_fn fn,
		     void *ctx, struct source **source)
{
	struct live *live;
	int err = live_check_permission(options);

	if (!err)
		err = live_check_kernel();
	if (!err)
		err = live_targets_check(options);

	if (err)
		return err;
	live = calloc(1, sizeof(*live));
	if (!live)
		return -ENOMEM;
	libbpf_set_print(options->verbose ? no_debug : silent);
	live->source = (struct source){
		.poll = live_poll,
		.refresh = live_refresh,
		.snapshot = live_snapshot,
		.exit_code = live_exit_code,
		.close = live_close,
	};
	live->options = options;
	live->model = model;
	live->fn = fn;
	live->ctx = ctx;
	live->wants_waits = options->command == COMMAND_WHY;
	live->selective = options->pids_count || options->program;
	live->epoll = live->program.pidfd = live->program.release = live->program.failure = -1;
	live->may_thread = true;
	err = live_shared_open(live);
	if (!err)
		err = programs_open(live, !is_instant(options));
	if (!err)
		err = start(live);
	live->may_thread = false;
	if (err) {
		live_close(&live->source);
		return err;
	}
	*source = &live->source;
	return 0;
}
