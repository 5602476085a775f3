// SPDX-License-Identifier: GPL-2.0-only
/*
 * One look at what every task waits for: the iterator's rows, completed by what only /proc and the
 * file system tell: which FIFO an open waits for, and who traces whom.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "source/live.h"
#include "source/proc.h"
#include "snapshot.skel.h"

struct look {
	struct live *live;
	record_fn to;
	void *ctx;
	uint64_t boot_realtime;	/* ns between the epoch and boot */
	bool has_lock;		/* someone waits for a lock */
	bool has_sender;	/* someone connects, or sends to somewhere */
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/*
 * What a time on the wall is to be less by to be one since boot. Rather too little than too much,
 * however long we were held up between the two clocks: a pipe written to later than it was only makes
 * it unknown who wrote.
 */
static uint64_t boot_realtime(void)
{
	uint64_t most = 0, realtime;

	for (int i = 0; i < 4; i++) {
		realtime = clock_ns(CLOCK_REALTIME);
		realtime -= clock_ns(CLOCK_BOOTTIME);
		if (realtime > most)
			most = realtime;
	}
	return most;
}

void live_pipe_times_begin(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		ends[0] = ends[1] = -1;
}

/* On some kernels (6.18 is one) those of an anonymous pipe stay as they were when it was made. */
bool live_pipe_times_end(int ends[2])
{
	struct stat before, after;
	bool moved = ends[0] >= 0 && !fstat(ends[0], &before) && write(ends[1], "", 1) == 1 &&
		     !fstat(ends[0], &after) &&
		     (after.st_mtim.tv_sec != before.st_mtim.tv_sec ||
		      after.st_mtim.tv_nsec != before.st_mtim.tv_nsec);

	for (int i = 0; i < 2 && ends[i] >= 0; i++)
		close(ends[i]);
	return moved;
}

/* A FIFO that is being opened has no descriptor yet: its path says which it is. */
static int opening_found(void *ctx, const struct record *record)
{
	const struct record_opening *opening = (const void *)record;
	struct look *look = ctx;
	struct record_wait_on on = {
		.head = opening->head,
		.fd = -1,
		.flags = WAIT_ON_KERNEL,
		.facts = { .ino = opening->ino, .dev = opening->dev, .fmode = opening->fmode,
			   .mode = 0010000, .kind = FILE_FIFO },
	};

	on.facts.pipe.names = 1;
	on.facts.pipe.queued = ~0ULL;
	on.head.type = RECORD_WAIT_ON;
	on.head.size = sizeof(on);
	/* The kernel side has not seen which it is, so it can't look for its holders alone. */
	look->live->snapshot->bss->wanting.overflows = 1;
	return look->to(look->ctx, &on.head);
}

static int opening_complete(struct look *look, const struct record_wait *wait)
{
	struct record_opening opening = { .head = wait->head, .nr = wait->nr };

	opening.head.type = RECORD_OPENING;
	opening.head.size = sizeof(opening);
	for (int i = 0; i < 3; i++)
		opening.arg[i] = wait->arg[i];
	return live_opening_complete(look->live, &opening.head, opening_found, look);
}

/* Whoever traces it by a thread of its own is told of by its process. */
static uint32_t tracer_of(uint32_t tid)
{
	struct proc_status status;

	if (!proc_status_read(tid, &status) || !status.tracer || !proc_status_read(status.tracer, &status))
		return 0;
	return status.tgid;
}

static int stopped_row(struct look *look, const struct record_wait *wait)
{
	struct record_wait row = *wait;

	row.last_pid = tracer_of(row.head.tid);
	return look->to(look->ctx, &row.head);
}

static int wait_row(struct look *look, const struct record_wait *wait)
{
	int err = wait->what == WAIT_STOPPED ? stopped_row(look, wait) : look->to(look->ctx, &wait->head);

	look->has_sender |= wait->what == WAIT_CONNECT || wait->what == WAIT_WRITE;
	look->has_lock |= wait->what == WAIT_FLOCK || wait->what == WAIT_FCNTL;
	if (!err && wait->what == WAIT_OPEN)
		err = opening_complete(look, wait);
	return err;
}

/* Times of files are the clock on the wall; those of processes count from boot. */
static int wait_on_row(struct look *look, const struct record_wait_on *row)
{
	struct record_wait_on on = *row;

	if (!look->live->pipe_times)
		on.written = 0;
	on.written = on.written > look->boot_realtime ? on.written - look->boot_realtime : 0;
	return look->to(look->ctx, &on.head);
}

static int look_row(void *ctx, const struct record *record)
{
	struct look *look = ctx;

	switch (record->type) {
	case RECORD_WAIT: return wait_row(look, (const void *)record);
	case RECORD_WAIT_ON: return wait_on_row(look, (const void *)record);
	}
	return look->to(look->ctx, record);
}

static int locks_read(struct look *look, char *buf)
{
	struct snapshot_bpf *snapshot = look->live->snapshot;

	snapshot->bss->locking.look++;
	return live_parts_read(look->live, snapshot->progs.rows_lock, buf, look_row, look);
}

int live_waits_rows(struct live *live, char *buf, record_fn to, void *ctx)
{
	struct look look = {
		.live = live, .to = to, .ctx = ctx,
		.boot_realtime = boot_realtime(),
	};
	int err = live_bare(RECORD_WAITS_BEGIN, to, ctx);

	if (!err)
		err = live_rows_read(live->snapshot->progs.rows_wait, buf, look_row, &look);
	if (!err && look.has_sender)
		err = live_parts_read(live, live->snapshot->progs.rows_peer, buf, look_row, &look);
	if (!err && look.has_lock)
		err = locks_read(&look, buf);
	return err;
}
