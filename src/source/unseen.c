// SPDX-License-Identifier: GPL-2.0-only
#include "source/unseen.h"

#include <errno.h>
#include <stdlib.h>

#include "util/array.h"

int pids_add(struct pids *pids, uint32_t pid)
{
	/* The threads of a process mostly come one after another. */
	if (pids->count && pids->all[pids->count - 1] == pid)
		return 0;
	uint32_t *added = array_add(&pids->all, &pids->count, sizeof(*added));

	if (!added)
		return -ENOMEM;
	*added = pid;
	return 0;
}

void pids_free(struct pids *pids)
{
	free(pids->all);
	*pids = (struct pids){ 0 };
}

static int pid_order(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

	return one < other ? -1 : one > other;
}

void pids_without(struct pids *pids, struct pids *shown)
{
	size_t left = 0;

	if (shown->count)
		qsort(shown->all, shown->count, sizeof(*shown->all), pid_order);
	for (size_t i = 0; i < pids->count; i++)
		if (!shown->count || !bsearch(&pids->all[i], shown->all, shown->count, sizeof(*shown->all), pid_order))
			pids->all[left++] = pids->all[i];
	pids->count = left;
}

uint32_t pid_of_name(const char *name)
{
	char *end;
	unsigned long pid;

	if (name[0] < '1' || name[0] > '9')
		return 0;
	pid = strtoul(name, &end, 10);
	return *end || pid > UINT32_MAX ? 0 : (uint32_t)pid;
}

bool proc_is_unseen(const struct proc_stat *stat, uint64_t begun)
{
	return !stat->is_kernel_thread && !stat->is_ending && stat->state != 'Z' && stat->state != 'X' &&
	       stat->start_ticks < begun;
}
