// SPDX-License-Identifier: GPL-2.0-only
/*
 * What paths of FIFOs lead to: a directory may be known by several, and a task that waits in open has
 * a path alone. What mkfifo made is never looked up: under that name there may be another by now.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "source/calls.h"
#include "source/live.h"
#include "tracer.skel.h"

#define MINOR_BITS 20

uint32_t mount_namespace(uint32_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u/ns/mnt", pid);
	return stat(path, &st) ? 0 : (uint32_t)st.st_ino;
}

static bool fifo_at(const char *path, __u64 *ino, __u32 *dev)
{
	struct stat st;

	if (stat(path, &st) || !S_ISFIFO(st.st_mode))
		return false;
	*ino = st.st_ino;
	*dev = major(st.st_dev) << MINOR_BITS | minor(st.st_dev);
	return true;
}

/* --- made and unlinked ----------------------------------------------------------------------- */

/* The names of a path, from the leaf up, each with its NUL. */
static void folders_from_path(struct record_fifo *fifo, const char *path)
{
	size_t end = strlen(path), used = 0, start;

	while (end) {
		for (start = end; start && path[start - 1] != '/'; start--)
			;
		if (used + (end - start) + 1 > sizeof(fifo->folders))
			return;
		memcpy(fifo->folders + used, path + start, end - start);
		used += end - start;
		fifo->folders[used++] = 0;
		end = start ? start - 1 : 0;
	}
	fifo->folders_len = used;
	fifo->whole = 1;
}

/* The directory may be known under several paths; the kernel's own is the one others are told by. */
static void resolve_folder(struct record_fifo *fifo, char path[PATH_MAX])
{
	char folder[PATH_MAX], whole[2 * PATH_MAX], *leaf = strrchr(path, '/');

	if (!leaf || !leaf[1])
		return;
	*leaf = 0;
	if (realpath(*path ? path : "/", folder)) {
		snprintf(whole, sizeof(whole), "%s/%s", strcmp(folder, "/") ? folder : "", leaf + 1);
		if (strlen(whole) < PATH_MAX)
			folders_from_path(fifo, whole);
	}
	*leaf = '/';
}

/* The ring is not cleared between records. */
static void texts_clear(struct record_fifo *fifo)
{
	size_t used = strnlen(fifo->path, sizeof(fifo->path) - 1);

	memset(fifo->path + used, 0, sizeof(fifo->path) - used);
	used = fifo->folders_len < sizeof(fifo->folders) ? fifo->folders_len : 0;
	memset(fifo->folders + used, 0, sizeof(fifo->folders) - used);
}

int live_fifo_deliver(struct live *live, const struct record_fifo *record)
{
	struct record_fifo fifo = *record;
	char path[PATH_MAX];

	texts_clear(&fifo);
	if (fifo.verb == FIFO_OPENED)
		return live_deliver(live, &fifo.head);
	fifo_path(&fifo, path, sizeof(path));
	if (*path && !fifo.mnt_ns)
		resolve_folder(&fifo, path);
	return live_deliver(live, &fifo.head);
}

/* --- names of FIFOs that were there before --------------------------------------------------- */

/* As name_hash() in bpf/trace/fifo.bpf.c. */
static uint32_t name_hash(const char *path)
{
	size_t left = strlen(path), steps = 0;
	uint32_t hash = 0;

	for (; left && path[left - 1] != '/' && steps < NAME_HASH_BYTES; left--, steps++)
		hash = NAME_HASH(hash, path[left - 1]);
	return hash;
}

void live_fifo_remember(struct live *live, const char *path)
{
	uint32_t hash = name_hash(path), one = 1;

	if (!live->tracer)
		return;
	/* The oldest give way. */
	live_put(live, ASK_FIFO_NAMES, &hash, &one);
	live_put_all(live);
	live->tracer->bss->control.fifos = 1;
}

/* --- waiting in open ------------------------------------------------------------------------- */

static ssize_t memory_read(uint32_t pid, uint64_t address, void *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = pread(fd, buf, size, (off_t)address);
	close(fd);
	return n;
}

/* What the call was given, wherever it has it. */
struct opening {
	int dirfd;
	uint64_t path, flags;
};

static bool opening_decode(const struct record_opening *row, struct opening *opening)
{
	static struct settings settings;
	uint64_t flags = 0;

	if (!settings.open_call[OPEN_CALL_AT])
		calls_fill_settings(&settings);
	*opening = (struct opening){ .dirfd = AT_FDCWD, .path = row->arg[0], .flags = row->arg[1] };
	if (row->nr == settings.open_call[OPEN_CALL_CREAT]) {
		opening->flags = O_WRONLY;
	} else if (row->nr == settings.open_call[OPEN_CALL_AT] ||
		   row->nr == settings.open_call[OPEN_CALL_AT2]) {
		opening->dirfd = (int)row->arg[0];
		opening->path = row->arg[1];
		opening->flags = row->arg[2];
	}
	if (row->nr == settings.open_call[OPEN_CALL_AT2]) {
		if (memory_read(row->head.pid, row->arg[2], &flags, sizeof(flags)) != sizeof(flags))
			return false;
		opening->flags = flags;
	}
	return (opening->flags & O_ACCMODE) != O_RDWR;
}

/* Where we find what the task calls by that path. */
static bool opening_path(const struct record_opening *row, const struct opening *opening,
			 char *buf, size_t size)
{
	char path[PATH_MAX] = "";
	ssize_t n = memory_read(row->head.pid, opening->path, path, sizeof(path));

	if (n <= 0 || !memchr(path, 0, n))
		return false;
	if (path[0] == '/')
		snprintf(buf, size, "/proc/%u/root%s", row->head.pid, path);
	else if (opening->dirfd == AT_FDCWD)
		snprintf(buf, size, "/proc/%u/task/%u/cwd/%s", row->head.pid, row->head.tid, path);
	else
		snprintf(buf, size, "/proc/%u/fd/%d/%s", row->head.pid, opening->dirfd, path);
	return true;
}

/* Since when it sleeps, as the scheduler's hook saw it; 0 = longer than that is attached. */
static uint64_t asleep_since(struct live *live, uint32_t tid)
{
	uint32_t slot = tid & (ASLEEP_MAX - 1);
	struct asleep asleep;

	if (!live->tracer || live_read(live, ASK_ASLEEP, &slot, &asleep) || asleep.tid != tid)
		return 0;
	return asleep.since;
}

int live_opening_complete(struct live *live, const struct record *record, record_fn to, void *ctx)
{
	union {
		struct record_opening row;
		char room[sizeof(struct record_opening) + PATH_MAX + 64];
	} whole = { .row = *(const struct record_opening *)record };
	struct record_opening *row = &whole.row;
	uint32_t ns, own = mount_namespace(getpid());
	struct opening opening;
	char path[PATH_MAX + 64], target[PATH_MAX];

	if (!opening_decode(row, &opening) || !opening_path(row, &opening, path, sizeof(path)) ||
	    !fifo_at(path, &row->ino, &row->dev))
		return 0;
	row->fmode = (opening.flags & O_ACCMODE) == O_WRONLY ? 2 : 1;
	row->since = asleep_since(live, row->head.tid);
	if (realpath(path, target)) {
		ns = mount_namespace(row->head.pid);
		row->path_len = 1 + (ns && ns != own ? snprintf(row->path, PATH_MAX + 64,
								"%s@mnt:[%u]", target, ns) :
						       snprintf(row->path, PATH_MAX + 64, "%s",
								target));
	}
	row->head.size = (sizeof(*row) + row->path_len + 7) & ~7u;
	return to(ctx, &row->head);
}
