// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shared memory that outlives its users, for check. System V segments are in the model, attached or not,
 * and here get their age. What shm_open() and sem_open() make are files in /dev/shm: who has one open or
 * mapped, the rows of the last look tell.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "source/live.h"

#define FOLDER      "/dev/shm"
#define MINOR_BITS  20
#define ENTRIES_MAX 20000
#define NS          1000000000ull

/* One file there. */
struct shared_file {
	uint64_t ino;
	struct process_key mapper; /* the first in the window; pid 0 = none */
	bool is_held; /* by the newest look */
	UT_hash_handle hh;
};

struct shared_seen {
	struct shared_file *files;
	dev_t dev;
	__u32 kernel_dev; /* the same, as records have it */
	uint64_t since; /* ns since 1970: when we began to look */
};

static uint64_t wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * NS + (uint64_t)ts.tv_nsec;
}

static uint64_t age_since(uint64_t then)
{
	uint64_t now = wall_ns();

	return now > then ? now - then : 0;
}

int live_shared_open(struct live *live)
{
	enum command command = live->options->command;
	struct shared_seen *seen;
	struct statfs fs;
	struct stat st;

	if (command != COMMAND_CHECK && command != COMMAND_RECORD)
		return 0;
	/* Elsewhere an inode need not be the same for stat as for the kernel. */
	if (statfs(FOLDER, &fs) || fs.f_type != TMPFS_MAGIC || stat(FOLDER, &st))
		return 0;
	seen = calloc(1, sizeof(*seen));
	if (!seen)
		return -ENOMEM;
	seen->dev = st.st_dev;
	seen->kernel_dev = major(st.st_dev) << MINOR_BITS | minor(st.st_dev);
	seen->since = wall_ns();
	live->shared = seen;
	return 0;
}

void live_shared_close(struct live *live)
{
	struct shared_file *file, *next;

	if (!live->shared)
		return;
	HASH_ITER(hh, live->shared->files, file, next) {
		HASH_DEL(live->shared->files, file);
		free(file);
	}
	free(live->shared);
	live->shared = NULL;
}

/* --- what records tell ------------------------------------------------------------------------- */

static struct shared_file *file_find(const struct shared_seen *seen, uint64_t ino)
{
	struct shared_file *file;

	HASH_FIND(hh, seen->files, &ino, sizeof(ino), file);
	return file;
}

/* NULL: no memory; then it is not told of. */
static struct shared_file *file_get(struct shared_seen *seen, uint64_t ino)
{
	struct shared_file *file = file_find(seen, ino);

	if (file)
		return file;
	file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	file->ino = ino;
	HASH_ADD(hh, seen->files, ino, sizeof(file->ino), file);
	return file;
}

static void file_note(struct shared_seen *seen, const struct record *record,
		      const struct file_facts *facts)
{
	struct shared_file *file;

	if (facts->kind != FILE_REGULAR || facts->dev != seen->kernel_dev)
		return;
	file = file_get(seen, facts->ino);
	if (!file)
		return;
	if (record->flags & RECORD_ROW)
		file->is_held = true;
	else if (!file->mapper.pid)
		file->mapper =
			(struct process_key){ .pid = record->pid, .start_ns = record->start };
}

static void look_begin(struct shared_seen *seen)
{
	struct shared_file *file;

	for (file = seen->files; file; file = file->hh.next)
		file->is_held = false;
}

void live_shared_note(struct live *live, const struct record *record)
{
	struct shared_seen *seen = live->shared;
	const void *whole = record;

	if (!seen)
		return;
	switch (record->type) {
	case RECORD_SNAPSHOT_BEGIN: look_begin(seen); break;
	case RECORD_MAPPING:
	case RECORD_MAPPING_PRIVATE:
		file_note(seen, record, &((const struct record_mapping *)whole)->facts);
		break;
	case RECORD_SLOT:
		if (record->flags & RECORD_ROW)
			file_note(seen, record, &((const struct record_slot *)whole)->facts);
		break;
	case RECORD_IN_FLIGHT:
		file_note(seen, record, &((const struct record_in_flight *)whole)->facts);
		break;
	}
}

/* --- left behind --------------------------------------------------------------------------------- */

union left_memory_record {
	struct record head;
	struct record_left_memory left;
	char bytes[sizeof(struct record_left_memory) + sizeof(FOLDER) + 256 + 8];
};

static uint64_t ns_of(const struct statx_timestamp *ts)
{
	return ts->tv_sec < 0 ? 0 : (uint64_t)ts->tv_sec * NS + ts->tv_nsec;
}

static uint64_t newest(const struct statx *st)
{
	uint64_t changed = ns_of(&st->stx_ctime), written = ns_of(&st->stx_mtime);

	return changed > written ? changed : written;
}

/* tmpfs tells when a file was made since Linux 6.0; before, when it was last changed stands for it. */
static uint64_t made(const struct statx *st)
{
	return st->stx_mask & STATX_BTIME ? ns_of(&st->stx_btime) : ns_of(&st->stx_ctime);
}

static int memory_deliver(struct live *live, const char *name, const struct statx *st,
			  const struct process_key *maker)
{
	union left_memory_record record = { .head = { .type = RECORD_LEFT_MEMORY,
						      .ts = now_ns(),
						      .pid = maker->pid,
						      .tid = maker->pid,
						      .start = maker->start_ns } };
	struct record_left_memory *left = &record.left;

	left->ino = st->stx_ino;
	left->dev = live->shared->kernel_dev;
	left->age = age_since(newest(st));
	left->size = st->stx_size;
	left->held = st->stx_blocks * 512;
	left->text_len = 1 + (__u32)snprintf(left->text, sizeof(FOLDER) + 256, FOLDER "/%s", name);
	record.head.size = (sizeof(*left) + left->text_len + 7) & ~7u;
	return live_deliver(live, &record.head);
}

/* One that was there before and was mapped since is in use, now and then. */
static int entry_take(struct live *live, const char *name)
{
	const struct shared_file *file;
	struct process_key maker = { 0 };
	struct statx st;

	if (statx(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &st) ||
	    !S_ISREG(st.stx_mode) ||
	    makedev(st.stx_dev_major, st.stx_dev_minor) != live->shared->dev)
		return 0;
	file = file_find(live->shared, st.stx_ino);
	if (file && file->mapper.pid) {
		if (made(&st) < live->shared->since)
			return 0;
		maker = file->mapper;
	} else if (live->selective) {
		return 0;
	}
	if (file && file->is_held)
		return 0;
	return memory_deliver(live, strrchr(name, '/') + 1, &st, &maker);
}

static int folder_walk(struct live *live)
{
	char path[sizeof(FOLDER) + 256];
	unsigned int entries = 0;
	DIR *folder = opendir(FOLDER);
	struct dirent *entry;
	int err = 0;

	if (!folder)
		return 0;
	while (!err && entries++ < ENTRIES_MAX && (entry = readdir(folder))) {
		if (entry->d_type != DT_REG)
			continue;
		snprintf(path, sizeof(path), FOLDER "/%s", entry->d_name);
		err = entry_take(live, path);
	}
	closedir(folder);
	return err;
}

static int segment_deliver(struct live *live, const struct object *object)
{
	const struct segment *segment = object->segment;
	int64_t seconds = segment->changed > segment->detached ? segment->changed :
								 segment->detached;
	struct record_left record = {
		.head = { .type = RECORD_LEFT, .size = sizeof(record), .ts = now_ns() },
		.ino = object->key.ino,
		.dev = object->key.dev,
		.kind = FILE_SHM,
		.age = age_since(seconds > 0 ? (uint64_t)seconds * NS : 0),
	};

	return live_deliver(live, &record.head);
}

int live_shared_left(struct live *live)
{
	const struct object *object;
	int err = 0;

	for (object = live->model->objects; object && !err; object = object->hh.next)
		if (object->key.kind == FILE_SHM && object->segment && object->segment->exists &&
		    !object->segment->attached)
			err = segment_deliver(live, object);
	return err || !live->shared ? err : folder_walk(live);
}
