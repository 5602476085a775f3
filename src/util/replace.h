/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that appear whole or not at all: written under a temporary name in the same directory and
 * renamed when done. What is no regular file (a terminal, a FIFO, /dev/fd/N) cannot be replaced and
 * is written to as it goes. All say on standard error why they failed.
 */
#ifndef IPCTRACE_REPLACE_H
#define IPCTRACE_REPLACE_H

#include <stdbool.h>

#include "util/place.h"

struct replace {
	int fd;
	char *path; /* as it was given, for messages; NULL = written to directly, nothing to rename */
	char *temporary; /* a name in the folder of the place */
	struct place place;
};

/* Opens what will become path. Returns 0 or -errno. The caller closes fd. */
int replace_open(const char *path, struct replace *replace);
/* Moves the file, already written and closed, to its name. Frees the names in every case. */
int replace_commit(struct replace *replace);
/* Throws the temporary file away, if there is one. Frees the names. */
void replace_abandon(struct replace *replace);

/* Opens path for writing as it goes, emptied first. Returns a descriptor or -errno. */
int stream_open(const char *path);

#endif /* IPCTRACE_REPLACE_H */
