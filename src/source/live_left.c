// SPDX-License-Identifier: GPL-2.0-only
/*
 * What lies in file systems and nobody has open, for check: FIFOs that we know of, and where the whole
 * machine is looked at, those in directories for temporary files. That a file is the one we know can
 * only be told where its inode is the same for stat as for the kernel: not on overlayfs, nor on btrfs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

#define MINOR_BITS  20
#define XFS_MAGIC   0x58465342 /* fs/xfs, not in linux/magic.h of old */
#define DEPTH_MAX   4
#define ENTRIES_MAX 20000 /* of one tree: a few milliseconds */

struct walk {
	struct live *live;
	unsigned int entries;
};

union left_record {
	struct record head;
	struct record_left left;
	char bytes[sizeof(struct record_left) + PATH_MAX + 8];
};

static bool tells_true_inodes(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs))
		return false;
	return fs.f_type == TMPFS_MAGIC || fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_MAGIC;
}

/* Since it was last changed, its mode and links included. */
static uint64_t age_of(const struct stat *st)
{
	struct timespec now;
	int64_t age;

	clock_gettime(CLOCK_REALTIME, &now);
	age = (now.tv_sec - st->st_ctim.tv_sec) * 1000000000ll + now.tv_nsec - st->st_ctim.tv_nsec;
	return age > 0 ? (uint64_t)age : 0;
}

static int left_deliver(struct live *live, const char *path, const struct stat *st,
			enum file_kind kind)
{
	union left_record record = {.head = {.type = RECORD_LEFT, .ts = now_ns()}};
	size_t len = strlen(path);

	if (len >= PATH_MAX)
		return 0;
	record.left.ino = st->st_ino;
	record.left.dev = major(st->st_dev) << MINOR_BITS | minor(st->st_dev);
	record.left.kind = kind;
	record.left.age = age_of(st);
	record.left.text_len = len + 1;
	memcpy(record.left.text, path, len + 1);
	record.head.size = (sizeof(record.left) + len + 1 + 7) & ~7u;
	return live_deliver(live, &record.head);
}

/* --- those we know ----------------------------------------------------------------------------- */

static int known_fifo(struct live *live, const struct object *object)
{
	struct stat st;

	if (object->slots || !object->name || object->name[0] != '/' || object_is_unlinked(object))
		return 0;
	if (lstat(object->name, &st) || !S_ISFIFO(st.st_mode) || !tells_true_inodes(object->name))
		return 0;
	/* The name of another by now. */
	if (!fifo_is_stand_in(object) && st.st_ino != object->key.ino)
		return 0;
	return left_deliver(live, object->name, &st, FILE_FIFO);
}

/* Applying a record never removes a FIFO, so the walk over them stays whole. */
static int known_fifos(struct live *live)
{
	const struct object *object;
	int err = 0;

	for (object = live->model->objects; object && !err; object = object->hh.next)
		if (object->key.kind == FILE_FIFO)
			err = known_fifo(live, object);
	return err;
}

/* --- those that lie about ------------------------------------------------------------------------ */

static int tree_walk(struct walk *walk, const char *folder, unsigned int depth);

static int entry_take(struct walk *walk, const char *folder, const struct dirent *entry,
		      unsigned int depth)
{
	char path[PATH_MAX];
	struct stat st;

	if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
		return 0;
	if (entry->d_type != DT_FIFO && entry->d_type != DT_DIR)
		return 0;
	if (snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >= (int)sizeof(path))
		return 0;
	if (entry->d_type == DT_DIR)
		return depth < DEPTH_MAX ? tree_walk(walk, path, depth + 1) : 0;
	if (lstat(path, &st) || !S_ISFIFO(st.st_mode))
		return 0;
	return left_deliver(walk->live, path, &st, FILE_FIFO);
}

static int tree_walk(struct walk *walk, const char *folder, unsigned int depth)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), err = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return 0;	/* gone, or not ours to read */
	}
	while (!err && walk->entries < ENTRIES_MAX && (entry = readdir(dir))) {
		walk->entries++;
		err = entry_take(walk, folder, entry, depth);
	}
	closedir(dir);
	return err;
}

int live_left(struct live *live)
{
	static const char *const folders[] = {"/tmp", "/var/tmp", "/dev/shm"};
	enum command command = live->options->command;
	int err;

	if (command != COMMAND_CHECK && command != COMMAND_RECORD)
		return 0;
	err = live_shared_left(live);
	if (!err)
		err = known_fifos(live);
	/* Of those whom nobody selected we do not know what they hold. */
	if (command == COMMAND_RECORD || live->selective)
		return err;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && !err; i++) {
		struct walk walk = {.live = live};

		if (tells_true_inodes(folders[i]))
			err = tree_walk(&walk, folders[i], 0);
	}
	return err;
}
