// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits of control groups: of version 2 in memory.max, "max" or bytes (Documentation/admin-guide/cgroup-v2.rst), of
 * version 1 in memory.limit_in_bytes, where none is a very large number (cgroup-v1/memory.rst).
 */
#include "util/memory.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct hierarchy {
	const char *mount, *limit;
};

static const struct hierarchy unified = { "/sys/fs/cgroup", "memory.max" };
static const struct hierarchy legacy = { "/sys/fs/cgroup/memory", "memory.limit_in_bytes" };

static uint64_t least(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/* UINT64_MAX where there is no such file, or no number in it. */
static uint64_t limit_read(const char *path)
{
	FILE *file = fopen(path, "re");
	uint64_t bytes;

	if (!file)
		return UINT64_MAX;
	if (fscanf(file, "%" SCNu64, &bytes) != 1)
		bytes = UINT64_MAX;
	fclose(file);
	return bytes;
}

/* Of the group and of all above it. */
static uint64_t group_limit(const char *root, const struct hierarchy *hierarchy, char *group)
{
	uint64_t bytes = UINT64_MAX;
	char path[PATH_MAX], *end = group + strlen(group);

	while (end > group && end[-1] == '/')
		*--end = 0;
	for (; end; end = strrchr(group, '/')) {
		*end = 0;
		if (snprintf(path, sizeof(path), "%s%s%s/%s", root, hierarchy->mount, group, hierarchy->limit) <
		    (int)sizeof(path))
			bytes = least(bytes, limit_read(path));
	}
	return bytes;
}

/* A line of /proc/self/cgroup: "0::/system.slice/x.service", "4:memory:/x". */
static uint64_t line_limit(const char *root, char *line)
{
	char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!group)
		return UINT64_MAX;
	*group++ = 0;
	group[strcspn(group, "\n")] = 0;
	if (!controllers[1])
		return group_limit(root, &unified, group);
	return strcmp(controllers + 1, "memory") ? UINT64_MAX : group_limit(root, &legacy, group);
}

uint64_t memory_allowed(const char *root)
{
	const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	uint64_t bytes = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : UINT64_MAX;
	char line[PATH_MAX];
	FILE *groups;

	if (snprintf(line, sizeof(line), "%s/proc/self/cgroup", root) >= (int)sizeof(line))
		return bytes;
	groups = fopen(line, "re");
	while (groups && fgets(line, sizeof(line), groups))
		bytes = least(bytes, line_limit(root, line));
	if (groups)
		fclose(groups);
	return bytes;
}
