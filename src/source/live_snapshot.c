// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's tables by iterators: what existed before us, and the truth to repair or audit by. */
#include <bpf/bpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/calls.h"
#include "source/live.h"
#include "source/relay.h"
#include "snapshot.skel.h"
#include "util/error.h"

/* What is loaded depends on what is asked. */
static void choose_rows(const struct live *live)
{
	struct snapshot_bpf *snapshot = live->snapshot;

	bpf_program__set_autoload(snapshot->progs.rows_mapping,
				  live_wants_spaces(live) || live->wants_waits);
	bpf_program__set_autoload(snapshot->progs.rows_segment, live_wants_spaces(live));
	bpf_program__set_autoload(snapshot->progs.rows_signal, live_wants_signals(live));
	/* Sleepable, and of no use to the others. */
	bpf_program__set_autoload(snapshot->progs.rows_wait, live->wants_waits);
	bpf_program__set_autoload(snapshot->progs.rows_peer, live->wants_waits);
	bpf_program__set_autoload(snapshot->progs.rows_lock, live->wants_waits);
}

int live_snapshot_open(struct live *live, const char *types)
{
	DECLARE_LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = types);
	struct settings *settings;

	live->snapshot = snapshot_bpf__open_opts(&opts);
	if (!live->snapshot)
		return live_load_error("opening the snapshot programs", -errno);
	settings = (struct settings *)&live->snapshot->rodata->settings;
	/* Not shown otherwise; but whoever runs us and waits for us has no other reason to. */
	settings->own_tgid = live->wants_waits ? 0 : getpid();
	calls_fill_settings(settings);
	wait_calls_fill_settings(settings);
	settings->page_shift = __builtin_ctzl(sysconf(_SC_PAGESIZE));
	choose_rows(live);
	return 0;
}

void live_snapshot_close(struct live *live)
{
	snapshot_bpf__destroy(live->snapshot);
	live->snapshot = NULL;
}

/* Hands on the whole records in buf[0..len) and moves the rest to the front; *len is what is left. */
static int rows_split(char *buf, size_t *len, record_fn to, void *ctx)
{
	size_t at = 0;
	int err = 0;

	while (!err && *len - at >= sizeof(struct record)) {
		const struct record *record = (const void *)(buf + at);

		if (record->size > *len - at)
			break;
		err = to(ctx, record);
		at += record->size;
	}
	memmove(buf, buf + at, *len - at);
	*len -= at;
	return err;
}

/* What is there already: 1 = there may be more, 0 = that was all, or -errno. */
static int rows_some(int fd, char *buf, size_t *len, record_fn to, void *ctx)
{
	ssize_t n = read(fd, buf + *len, LIVE_READ_SIZE - *len);
	int err;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 1 : -errno;
	*len += n;
	err = rows_split(buf, len, to, ctx);
	return err ? err : n > 0;
}

/* over: of what; NULL = of everything. */
static int rows_read(struct bpf_program *program, union bpf_iter_link_info *over, char *buf,
		     record_fn to, void *ctx)
{
	DECLARE_LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = over,
			    .link_info_len = sizeof(*over));
	struct bpf_link *link = bpf_program__attach_iter(program, over ? &opts : NULL);
	size_t len = 0;
	int fd, more;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	more = fd < 0 ? fd : 1;
	while (more > 0)
		more = rows_some(fd, buf, &len, to, ctx);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return more;
}

int live_rows_read(struct bpf_program *program, char *buf, record_fn to, void *ctx)
{
	return rows_read(program, NULL, buf, to, ctx);
}

int live_parts_read(struct live *live, struct bpf_program *program, char *buf, record_fn to, void *ctx)
{
	struct snapshot_bpf *snapshot = live->snapshot;
	struct rows_part *part = (struct rows_part *)&snapshot->bss->rows_part;
	int err = 0;

	part->first = 0;
	do {
		part->more = 0;
		memset(snapshot->bss->namespaces_seen, 0, sizeof(snapshot->bss->namespaces_seen));
		err = live_rows_read(program, buf, to, ctx);
		part->first += ROWS_AT_ONCE;
	} while (!err && part->more);
	return err;
}

/* Whoever takes a snapshot, and what is done to its rows before. */
struct taker {
	struct live *live;
	record_fn to;
	void *ctx;
	const struct process *described; /* the last one, while rows are awaited */
};

static int snapshot_row(void *ctx, const struct record *record)
{
	const struct taker *taker = ctx;

	switch (record->type) {
	case RECORD_TASK:
		if (taker->live->unseen && pids_add(&taker->live->shown, record->pid))
			return -ENOMEM;
		break;
	case RECORD_OPENING:
		return live_opening_complete(taker->live, record, taker->to, taker->ctx);
	case RECORD_MAPPING_PRIVATE: /* what is not shared is of interest to us alone */
		live_shared_note(taker->live, record);
		return 0;
	}
	return taker->to(taker->ctx, record);
}

/* A process that is gone has no rows. */
int live_rows_of_pid(struct live *live, struct bpf_program *program, uint32_t pid, record_fn to, void *ctx)
{
	struct taker taker = { .live = live, .to = to, .ctx = ctx };
	union bpf_iter_link_info over = { .task.pid = pid };
	char *buf = malloc(LIVE_READ_SIZE);
	int err;

	if (!buf)
		return -ENOMEM;
	err = rows_read(program, &over, buf, snapshot_row, &taker);
	free(buf);
	return err == -ESRCH || err == -ENOENT ? 0 : err;
}

int live_bare(enum record_type type, record_fn to, void *ctx)
{
	struct record record = {.type = type, .size = sizeof(record), .ts = now_ns()};

	return to(ctx, &record);
}

/* The first process's; ours where even root may not look at that. */
static uint32_t namespace_inode(const char *kind)
{
	char path[32];
	struct stat info;

	snprintf(path, sizeof(path), "/proc/1/ns/%s", kind);
	if (!stat(path, &info))
		return (uint32_t)info.st_ino;
	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	return stat(path, &info) ? 0 : (uint32_t)info.st_ino;
}

/* Names need not mention the namespaces that the machine started with. */
static int host_deliver(record_fn to, void *ctx)
{
	struct record_host host = {
		.head = {.type = RECORD_HOST, .size = sizeof(host), .ts = now_ns()},
		.netns = namespace_inode("net"),
		.ipcns = namespace_inode("ipc"),
	};

	return to(ctx, &host.head);
}

/* --- the tables, one after another ------------------------------------------------------------- */

static bool is_loaded(const struct bpf_program *program)
{
	return bpf_program__fd(program) >= 0;
}

static int memory_read(struct live *live, char *buf, record_fn to, void *ctx)
{
	struct snapshot_bpf *snapshot = live->snapshot;
	int err = 0;

	if (live->wants_waits && !snapshot->bss->wanting.memory)
		return 0;
	if (is_loaded(snapshot->progs.rows_mapping))
		err = live_rows_read(snapshot->progs.rows_mapping, buf, to, ctx);
	if (err || !is_loaded(snapshot->progs.rows_segment))
		return err;
	return live_parts_read(live, snapshot->progs.rows_segment, buf, to, ctx);
}

static int tables_read(struct live *live, char *buf, record_fn to, void *ctx)
{
	struct snapshot_bpf *snapshot = live->snapshot;
	int err = live_rows_read(snapshot->progs.rows_task, buf, to, ctx);

	if (!err)
		err = live_rows_read(snapshot->progs.rows_slot, buf, to, ctx);
	if (!err)
		err = live_parts_read(live, snapshot->progs.rows_in_flight, buf, to, ctx);
	if (!err)
		err = live_rows_read(snapshot->progs.rows_opening, buf, to, ctx);
	if (!err && is_loaded(snapshot->progs.rows_signal))
		err = live_parts_read(live, snapshot->progs.rows_signal, buf, to, ctx);
	return err ? err : memory_read(live, buf, to, ctx);
}

/* Reading goes ahead on another processor while the rows are taken in here. */
struct ahead {
	struct live *live;
	char *buf;
	struct relay *relay;
};

static void *read_ahead(void *ctx)
{
	struct ahead *ahead = ctx;

	relay_end(ahead->relay, tables_read(ahead->live, ahead->buf, relay_put, ahead->relay));
	return NULL;
}

/* Files in /proc are slow to read, and the one who takes the rows in is often done with all there are. */
static int describe_meanwhile(void *ctx)
{
	struct taker *taker = ctx;

	return live_describe_next(taker->live, &taker->described);
}

static int tables_read_ahead(struct live *live, char *buf, struct taker *taker)
{
	struct ahead ahead = { .live = live, .buf = buf, .relay = relay_new() };
	pthread_t thread;
	int err;

	if (!ahead.relay)
		return -ENOMEM;
	if (live_thread_start(&thread, read_ahead, &ahead)) {
		err = tables_read(live, buf, snapshot_row, taker); /* as in live_load.c */
	} else {
		err = relay_take(ahead.relay, snapshot_row, describe_meanwhile, taker);
		pthread_join(thread, NULL);
	}
	relay_free(ahead.relay);
	return err;
}

static int tables_take(struct live *live, char *buf, record_fn to, void *ctx)
{
	struct taker taker = { .live = live, .to = to, .ctx = ctx };

	if (!is_loaded(live->snapshot->progs.rows_mapping))
		live_shared_close(live); /* who has a file mapped is not known */
	return live->may_thread ? tables_read_ahead(live, buf, &taker) :
				  tables_read(live, buf, snapshot_row, &taker);
}

static int begin(uint64_t ts, record_fn to, void *ctx)
{
	struct record record = {.type = RECORD_SNAPSHOT_BEGIN, .size = sizeof(record), .ts = ts};

	return to(ctx, &record);
}

int live_snapshot_rows(struct live *live, uint64_t since, record_fn to, void *ctx)
{
	struct wanting *wanting = (struct wanting *)&live->snapshot->bss->wanting;
	char *buf = malloc(LIVE_READ_SIZE);
	int err = 0;

	if (!buf)
		return -ENOMEM;
	/* The tables are read between two looks at who sleeps: whoever slept at both, without a run
	 * between them, changed nothing meanwhile. Of descriptors only those are read that the
	 * first look found somebody to wait on. */
	if (live->wants_waits) {
		*wanting = (struct wanting){.look = wanting->look + 1, .collects = 1};
		err = live_waits_rows(live, buf, to, ctx);
		wanting->collects = 0;
	}
	if (!err)
		err = begin(since, to, ctx);
	if (!err)
		err = host_deliver(to, ctx);
	if (!err)
		err = tables_take(live, buf, to, ctx);
	if (!err)
		err = live_bare(RECORD_SNAPSHOT_END, to, ctx);
	if (!err && live->wants_waits)
		err = live_waits_rows(live, buf, to, ctx);
	free(buf);
	return err;
}
