// SPDX-License-Identifier: GPL-2.0-only
/* Users from the system's database, wherever it keeps them (NSS). */
#include "util/identity.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

static const struct passwd *entry_of(const char *user)
{
	const struct passwd *entry = getpwnam(user);
	unsigned long number;
	char *end;

	if (entry || !isdigit((unsigned char)*user))
		return entry;
	errno = 0;
	number = strtoul(user, &end, 10);
	return *end || errno || number >= UINT_MAX ? NULL : getpwuid((uid_t)number);
}

static int groups_get(const char *name, struct identity *identity)
{
	int room = 0;

	/* Told how many there are; twice, should it become one more meanwhile. */
	for (int attempt = 0; attempt < 3; attempt++) {
		gid_t *groups = calloc((size_t)room + 1, sizeof(*groups));
		int count = room;

		if (!groups)
			return -ENOMEM;
		if (getgrouplist(name, identity->gid, groups, &count) >= 0) {
			identity->groups = groups;
			identity->groups_count = count;
			return 0;
		}
		free(groups);
		room = count;
	}
	return -EAGAIN;
}

int identity_get(const char *user, struct identity *identity)
{
	const struct passwd *entry = entry_of(user);

	*identity = (struct identity){ 0 };
	if (!entry)
		return -ENOENT;
	identity->uid = entry->pw_uid;
	identity->gid = entry->pw_gid;
	return groups_get(entry->pw_name, identity);
}

int identity_assume(const struct identity *identity)
{
	/* Groups first: without the old user's rights they cannot be set. */
	if (setgroups((size_t)identity->groups_count, identity->groups) ||
	    setresgid(identity->gid, identity->gid, identity->gid) ||
	    setresuid(identity->uid, identity->uid, identity->uid))
		return -errno;
	return 0;
}

void identity_free(struct identity *identity)
{
	free(identity->groups);
	*identity = (struct identity){ 0 };
}
