/* SPDX-License-Identifier: GPL-2.0-only */
/* Who a program runs as. */
#ifndef IPCTRACE_IDENTITY_H
#define IPCTRACE_IDENTITY_H

#include <sys/types.h>

struct identity {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* supplementary ones; owned */
	int groups_count;
};

/* Looks up a user by name, or by number where no name is like it. Returns 0, or -errno: -ENOENT =
 * there is none. Free with identity_free(). */
int identity_get(const char *user, struct identity *identity);
/* Makes this process that user's, for good. 0 or -errno. */
int identity_assume(const struct identity *identity);
void identity_free(struct identity *identity);

#endif /* IPCTRACE_IDENTITY_H */
