// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replacing files whole. ipctrace mostly runs as root, so the care is about directories that
 * others can write to: a symbolic link found there is never followed.
 */
#include "util/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
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

/* True when the directory that holds path may be written by anyone, like /tmp. */
static bool is_in_shared_directory(const char *path)
{
	char *copy = strdup(path);
	struct stat st;
	bool shared;

	/* When it cannot be told, the answer is the careful one. */
	shared = !copy || stat(dirname(copy), &st) || (st.st_mode & S_IWOTH);
	free(copy);
	return shared;
}

static int open_direct(const char *path, int flags)
{
	int number = path_descriptor(path), fd;

	if (number >= 0) {
		fd = fcntl(number, F_DUPFD_CLOEXEC, 3);
		return fd >= 0 ? fd : err_r(-errno, "%s: %s", path, strerror(errno));
	}
	if (is_in_shared_directory(path))
		flags |= O_NOFOLLOW;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0666);
	if (fd >= 0)
		return fd;
	if (errno == ELOOP)
		return err_r(-ELOOP, "%s: symbolic link in a directory anyone can write to", path);
	return err_r(-errno, "%s: %s", path, strerror(errno));
}

int stream_open(const char *path)
{
	return open_direct(path, O_CREAT | O_TRUNC);
}

/* The file that path leads to, so that a link stays a link; path itself where that is unsafe. */
static char *path_target(const char *path)
{
	char *target = NULL;

	if (!is_in_shared_directory(path))
		target = realpath(path, NULL);
	return target ? target : strdup(path);
}

/* "/a/b.dot" becomes "/a/.b.dot.f00dcafe" */
static char *temporary_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	unsigned int number = 0;
	char *name;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		number = (unsigned int)getpid();
	/* Cut, for the whole name has to fit in NAME_MAX. */
	if (asprintf(&name, "%.*s.%.200s.%08x", (int)(base - path), path, base, number) < 0)
		return NULL;
	return name;
}

static int open_temporary(struct replace *replace)
{
	int attempt;

	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		replace->temporary = temporary_name(replace->path);
		if (!replace->temporary)
			return -ENOMEM;
		replace->fd = open(replace->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (replace->fd >= 0)
			return 0;
		free(replace->temporary);
		replace->temporary = NULL;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static bool is_special(const char *path)
{
	struct stat st;

	return path_descriptor(path) >= 0 ||
	       (!stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode));
}

int replace_open(const char *path, struct replace *replace)
{
	struct stat st;
	int err;

	*replace = (struct replace){ .fd = -1 };
	if (is_special(path)) {
		replace->fd = open_direct(path, 0);
		return replace->fd < 0 ? replace->fd : 0;
	}
	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return err_r(-EISDIR, "%s: %s", path, strerror(EISDIR));
	replace->path = path_target(path);
	if (!replace->path)
		return err_r(-ENOMEM, "%s: %s", path, strerror(ENOMEM));
	err = open_temporary(replace);
	if (err) {
		replace_abandon(replace);
		return err_r(err, "%s: %s", path, strerror(-err));
	}
	return 0;
}

int replace_commit(struct replace *replace)
{
	int err = 0;

	if (replace->path && rename(replace->temporary, replace->path)) {
		err = err_r(-errno, "%s: %s", replace->path, strerror(errno));
		replace_abandon(replace);
		return err;
	}
	free(replace->path);
	free(replace->temporary);
	replace->path = replace->temporary = NULL;
	return 0;
}

void replace_abandon(struct replace *replace)
{
	if (replace->temporary)
		unlink(replace->temporary);
	free(replace->path);
	free(replace->temporary);
	replace->path = replace->temporary = NULL;
}
