// SPDX-License-Identifier: GPL-2.0-only
/* The walk along a path. The kernel's fs.protected_symlinks does the like, where it is set. */
#include "util/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "util/error.h"

#define LINKS_MAX 40 /* as the kernel: MAXSYMLINKS, include/linux/namei.h */

struct walk {
	const char *path; /* as it was given, for messages */
	char rest[PATH_MAX]; /* what is still to be gone */
	int folder;
	unsigned int links;
};

static bool is_shared(int folder)
{
	struct stat st;

	/* When it cannot be told, the answer is the careful one. */
	return fstat(folder, &st) || (st.st_mode & S_IWOTH);
}

/* Links there lead to what they say only if the kernel follows them: /proc/1/cwd */
static bool is_proc(int folder)
{
	struct statfs fs;

	return !fstatfs(folder, &fs) && fs.f_type == PROC_SUPER_MAGIC;
}

static int walk_into(struct walk *walk, const char *name, int flags)
{
	int folder = openat(walk->folder, name, O_PATH | O_DIRECTORY | O_CLOEXEC | flags);

	if (folder < 0)
		return -errno;
	if (walk->folder != AT_FDCWD)
		close(walk->folder);
	walk->folder = folder;
	return 0;
}

/* Puts in front of the rest what the link says. */
static int walk_link(struct walk *walk, const char *name)
{
	char target[PATH_MAX], whole[2 * PATH_MAX + 2];
	ssize_t n = readlinkat(walk->folder, name, target, sizeof(target) - 1);

	if (n <= 0 || ++walk->links > LINKS_MAX)
		return n < 0 ? -errno : -ELOOP;
	target[n] = 0;
	snprintf(whole, sizeof(whole), "%s%s%s", target, *walk->rest ? "/" : "", walk->rest);
	if (strlen(whole) >= sizeof(walk->rest))
		return -ENAMETOOLONG;
	strcpy(walk->rest, whole);
	return *target == '/' ? walk_into(walk, "/", 0) : 0;
}

/* Takes the next name off the rest. */
static int walk_name(struct walk *walk, char name[NAME_MAX + 1])
{
	char *start = walk->rest + strspn(walk->rest, "/");
	size_t len = strcspn(start, "/");

	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, start, len);
	name[len] = 0;
	start += len;
	memmove(walk->rest, start, strlen(start) + 1);
	return 0;
}

static bool is_plain_name(const char *name)
{
	return *name && strcmp(name, ".") && strcmp(name, "..");
}

static int walk_refuse(const struct walk *walk, int err)
{
	return err_r(err, "%s: %s", walk->path, strerror(-err));
}

/* Into the next folder, over a link if need be. */
static int step(struct walk *walk, const char *name)
{
	struct stat st;
	int err;

	if (fstatat(walk->folder, name, &st, AT_SYMLINK_NOFOLLOW))
		return walk_refuse(walk, -errno);
	if (S_ISLNK(st.st_mode) && is_shared(walk->folder))
		return err_r(-ELOOP,
			     "%s: leads over %s, a symbolic link in a directory anyone can "
			     "write to",
			     walk->path, name);
	if (!S_ISLNK(st.st_mode))
		err = walk_into(walk, name, O_NOFOLLOW);
	else if (is_proc(walk->folder))
		err = walk_into(walk, name, 0);
	else
		err = walk_link(walk, name);
	return err ? walk_refuse(walk, err) : 0;
}

/* A link to a file stays a link, and the file is what is meant. */
static bool is_to_follow(const struct walk *walk, const char *name)
{
	struct stat st;

	return !fstatat(walk->folder, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISLNK(st.st_mode) &&
	       !is_shared(walk->folder) && !is_proc(walk->folder);
}

/* Along the folders, up to a last name that is not to be followed. */
static int walk_along(struct walk *walk, char name[NAME_MAX + 1])
{
	int err = 0;

	while (!err) {
		err = walk_name(walk, name);
		if (err)
			return walk_refuse(walk, err);
		if (walk->rest[strspn(walk->rest, "/")]) {
			err = step(walk, name);
			continue;
		}
		/* A slash at the end means a directory. */
		if (*walk->rest || !is_plain_name(name))
			return walk_refuse(walk, -EISDIR);
		if (!is_to_follow(walk, name))
			return 0;
		err = walk_link(walk, name);
		if (err)
			return walk_refuse(walk, err);
	}
	return err;
}

int place_find(const char *path, struct place *place)
{
	struct walk walk = { .path = path, .folder = AT_FDCWD };
	char name[NAME_MAX + 1];
	int err = 0;

	*place = (struct place){ .folder = -1 };
	if (strlen(path) >= sizeof(walk.rest))
		return walk_refuse(&walk, -ENAMETOOLONG);
	strcpy(walk.rest, path);
	err = walk_into(&walk, *path == '/' ? "/" : ".", 0);
	err = err ? walk_refuse(&walk, err) : walk_along(&walk, name);
	if (!err && !(place->leaf = strdup(name)))
		err = walk_refuse(&walk, -ENOMEM);
	if (err) {
		if (walk.folder >= 0)
			close(walk.folder);
		return err;
	}
	place->folder = walk.folder;
	place->is_shared = is_shared(walk.folder);
	place->exists = !fstatat(walk.folder, name, &place->st, AT_SYMLINK_NOFOLLOW);
	return 0;
}

void place_free(struct place *place)
{
	if (place->leaf)
		close(place->folder);
	free(place->leaf);
	*place = (struct place){ .folder = -1 };
}
