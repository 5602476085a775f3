/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a path leads, found step by step, so that nobody leads us elsewhere: in a directory that
 * anyone can write to, such as /tmp, a symbolic link is not followed, wherever in the path it stands.
 */
#ifndef IPCTRACE_PLACE_H
#define IPCTRACE_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>

struct place {
	int folder; /* O_PATH; all is done relative to it, so it stays that directory */
	char *leaf; /* NULL = nothing is held; else the name in it, never "", "." or ".." */
	bool exists;
	bool is_shared; /* anyone can write to the folder */
	struct stat st; /* of the leaf itself, where it exists */
};

/* Returns 0 or -errno after one line on standard error. place_free() in any case but failure. */
int place_find(const char *path, struct place *place);
void place_free(struct place *place);

#endif /* IPCTRACE_PLACE_H */
