// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which processes the kernel, or a host below it, keeps from BPF: those in /proc for which no iterator has a row.
 * Of such a one no hook tells either, so what it holds and does is unknown, and that is said.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "source/live.h"
#include "source/proc.h"
#include "source/unseen.h"
#include "util/error.h"
#include "util/escape.h"

#include "snapshot.skel.h"

/* On a machine of a thousand processes /proc takes some milliseconds, in which this end of ours waits for the
 * verifier anyway. */
struct unseen_look {
	struct live *live;
	uint64_t begun;		/* ticks since boot */
	struct pids present;	/* in /proc, then */
	int err;
	pthread_t thread;
	bool runs;
};

static uint64_t ticks_now(void)
{
	struct timespec now;
	long ticks = sysconf(_SC_CLK_TCK);

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * (uint64_t)ticks +
	       (uint64_t)now.tv_nsec / (1000000000u / (uint64_t)ticks);
}

static int present_read(struct pids *present)
{
	const uint32_t own = (uint32_t)getpid();
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	uint32_t pid;
	int err = 0;

	if (!folder)
		return -errno;
	while (!err && (entry = readdir(folder))) {
		pid = pid_of_name(entry->d_name);
		if (pid && pid != own)
			err = pids_add(present, pid);
	}
	closedir(folder);
	return err;
}

static void *present_thread(void *ctx)
{
	struct unseen_look *look = ctx;

	look->err = present_read(&look->present);
	return NULL;
}

int live_unseen_begin(struct live *live)
{
	struct unseen_look *look;

	/* Rows go by the numbers of the first; /proc must as well. */
	if (pid_namespace_is_first() != 1)
		return 0;
	look = calloc(1, sizeof(*look));
	if (!look)
		return -ENOMEM;
	look->live = live;
	look->begun = ticks_now();
	look->runs = !live_thread_start(&look->thread, present_thread, look);
	/* Where there are too many processes to start one more thread. */
	if (!look->runs)
		present_thread(look);
	live->unseen = look;
	return 0;
}

static int shown_row(void *ctx, const struct record *record)
{
	return record->type == RECORD_TASK ? pids_add(ctx, record->pid) : 0;
}

/* Threads of the kernel have no file that they execute, which is faster to ask than what they are. */
static bool may_be_process(uint32_t pid)
{
	char path[64], target[1];

	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	return readlink(path, target, sizeof(target)) >= 0 || errno != ENOENT;
}

/* Asks once more, of that one alone: it may have been executing by another thread just then. Returns 1 = not to be
 * seen, 0 = it is, or has ended, or -errno. */
static int is_unseen(struct unseen_look *look, uint32_t pid, struct proc_stat *stat)
{
	struct proc_stat after;
	struct pids shown = { 0 };
	int err;

	if (!may_be_process(pid) || !proc_stat_read(pid, stat) || !proc_is_unseen(stat, look->begun))
		return 0;
	err = live_rows_of_pid(look->live, look->live->snapshot->progs.rows_task, pid, shown_row, &shown);
	if (!err)
		err = !shown.count && proc_stat_read(pid, &after) && proc_is_unseen(&after, look->begun) &&
		      after.start_ticks == stat->start_ticks;
	pids_free(&shown);
	return err;
}

/* pid 0: all could be compared, and those that follow were not seen. */
static int unseen_deliver(struct live *live, uint32_t pid, const struct proc_stat *stat)
{
	struct record record = { .type = RECORD_UNSEEN, .size = sizeof(record), .ts = now_ns(), .pid = pid, .tid = pid };

	if (stat)
		memcpy(record.comm, stat->comm, sizeof(record.comm));
	return live_deliver(live, &record);
}

static bool is_asked_for(const struct options *options, uint32_t pid)
{
	for (size_t i = 0; i < options->pids_count; i++)
		if (options->pids[i] == pid)
			return true;
	return false;
}

/* An empty report would look like an answer. */
static void say_unseen(const struct options *options, uint32_t pid, const struct proc_stat *stat)
{
	char name[RECORD_COMM_LEN * 4];

	if (options->quiet || !is_asked_for(options, pid))
		return;
	escape_into(name, sizeof(name), ESCAPE_TERMINAL, stat->comm, strlen(stat->comm));
	say("-p %u: %s can't be seen by BPF on this host: %s", pid, name,
	    options->follow ? "only its descendants are shown" : "nothing of it is shown");
}

static int look_finish(struct unseen_look *look)
{
	const struct pids *present = &look->present;
	struct proc_stat stat;
	int err = unseen_deliver(look->live, 0, NULL), unseen;

	for (size_t i = 0; i < present->count && !err; i++) {
		unseen = is_unseen(look, present->all[i], &stat);
		err = unseen < 0 ? unseen : 0;
		if (unseen <= 0)
			continue;
		err = unseen_deliver(look->live, present->all[i], &stat);
		say_unseen(look->live->options, present->all[i], &stat);
	}
	return err;
}

static void look_join(struct unseen_look *look)
{
	if (look->runs)
		pthread_join(look->thread, NULL);
	look->runs = false;
}

int live_unseen_find(struct live *live)
{
	struct unseen_look *look = live->unseen;
	int err = 0;

	if (!look)
		return 0;
	look_join(look);
	/* Without /proc nobody knows. */
	if (!look->err) {
		pids_without(&look->present, &live->shown);
		err = look_finish(look);
	}
	live_unseen_close(live);
	return err;
}

void live_unseen_close(struct live *live)
{
	if (live->unseen) {
		look_join(live->unseen);
		pids_free(&live->unseen->present);
		free(live->unseen);
		live->unseen = NULL;
	}
	pids_free(&live->shown);
}
