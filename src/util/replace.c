// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replacing files whole. ipctrace mostly runs as root, so the care is about directories that
 * others can write to: a symbolic link found there is never followed, nor a file of theirs used.
 */
#include "util/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"

#define ATTEMPTS 100

/* The number N of "/dev/fd/N" and its other spellings; -1 for any other path. */
static int path_descriptor(const char *path)
{
	static const char *const prefixes[] = { "/dev/fd/", "/proc/self/fd/" };
	size_t i;

	if (!strcmp(path, "/dev/stdout"))
		return STDOUT_FILENO;
	if (!strcmp(path, "/dev/stderr"))
		return STDERR_FILENO;
	for (i = 0; i < 2; i++) {
		const char *number = path + strlen(prefixes[i]);
		char *end;
		long fd;

		if (strncmp(path, prefixes[i], strlen(prefixes[i])))
			continue;
		fd = strtol(number, &end, 10);
		return end != number && !*end && fd >= 0 && fd < 1 << 20 ? (int)fd : -1;
	}
	return -1;
}

static int copy_descriptor(const char *path, int number)
{
	int fd = fcntl(number, F_DUPFD_CLOEXEC, 3);

	return fd >= 0 ? fd : err_r(-errno, "%s: %s", path, strerror(errno));
}

/* What others put where anyone may put things is not to get what we write: they could read it. */
static bool is_planted(const struct place *place)
{
	struct stat folder;

	if (!place->exists || !place->is_shared || S_ISDIR(place->st.st_mode))
		return false;
	return S_ISLNK(place->st.st_mode) ||
	       (place->st.st_uid != geteuid() &&
		(fstat(place->folder, &folder) || place->st.st_uid != folder.st_uid));
}

static int open_direct(const char *path, const struct place *place, int flags)
{
	int fd;

	if (is_planted(place))
		return err_r(-ELOOP, "%s: %s in a directory anyone can write to", path,
			     S_ISLNK(place->st.st_mode) ? "symbolic link" : "another user's file");
	if (place->is_shared)
		flags |= O_NOFOLLOW;
	fd = openat(place->folder, place->leaf, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0666);
	return fd >= 0 ? fd : err_r(-errno, "%s: %s", path, strerror(errno));
}

int stream_open(const char *path)
{
	int number = path_descriptor(path), fd;
	struct place place;

	if (number >= 0)
		return copy_descriptor(path, number);
	fd = place_find(path, &place);
	if (fd)
		return fd;
	fd = open_direct(path, &place, O_CREAT | O_TRUNC);
	place_free(&place);
	return fd;
}

/* "b.dot" becomes ".b.dot.f00dcafe" */
static char *temporary_name(const char *leaf)
{
	unsigned int number = 0;
	char *name;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		number = (unsigned int)getpid();
	/* Cut, for the whole name has to fit in NAME_MAX. */
	return asprintf(&name, ".%.200s.%08x", leaf, number) < 0 ? NULL : name;
}

static int open_temporary(struct replace *replace)
{
	int attempt;

	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		replace->temporary = temporary_name(replace->place.leaf);
		if (!replace->temporary)
			return -ENOMEM;
		replace->fd = openat(replace->place.folder, replace->temporary,
				     O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (replace->fd >= 0)
			return 0;
		free(replace->temporary);
		replace->temporary = NULL;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static bool is_special(const struct place *place)
{
	return place->exists && !S_ISREG(place->st.st_mode) && !S_ISLNK(place->st.st_mode);
}

/* The place is known. */
static int open_in_place(const char *path, struct replace *replace)
{
	int err;

	if (replace->place.exists && S_ISDIR(replace->place.st.st_mode))
		return err_r(-EISDIR, "%s: %s", path, strerror(EISDIR));
	if (is_special(&replace->place)) {
		replace->fd = open_direct(path, &replace->place, 0);
		return replace->fd < 0 ? replace->fd : 0;
	}
	replace->path = strdup(path);
	err = replace->path ? open_temporary(replace) : -ENOMEM;
	return err ? err_r(err, "%s: %s", path, strerror(-err)) : 0;
}

int replace_open(const char *path, struct replace *replace)
{
	int number = path_descriptor(path), err;

	*replace = (struct replace){ .fd = -1, .place.folder = -1 };
	if (number >= 0) {
		replace->fd = copy_descriptor(path, number);
		return replace->fd < 0 ? replace->fd : 0;
	}
	err = place_find(path, &replace->place);
	if (!err)
		err = open_in_place(path, replace);
	if (err)
		replace_abandon(replace);
	return err;
}

static void replace_free(struct replace *replace)
{
	place_free(&replace->place);
	free(replace->path);
	free(replace->temporary);
	replace->path = replace->temporary = NULL;
}

int replace_commit(struct replace *replace)
{
	int folder = replace->place.folder, err = 0;

	if (replace->path && renameat(folder, replace->temporary, folder, replace->place.leaf)) {
		err = err_r(-errno, "%s: %s", replace->path, strerror(errno));
		unlinkat(folder, replace->temporary, 0);
	}
	replace_free(replace);
	return err;
}

void replace_abandon(struct replace *replace)
{
	if (replace->temporary)
		unlinkat(replace->place.folder, replace->temporary, 0);
	replace_free(replace);
}
