/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that are in /proc and that no iterator over tasks shows: a host may keep some from BPF. Here is what
 * it takes to tell them from those that came or went meanwhile; who asks the kernel is live_unseen.c.
 */
#ifndef IPCTRACE_UNSEEN_H
#define IPCTRACE_UNSEEN_H

#include "source/proc.h"

/* Process ids, in any order, some of them more than once. */
struct pids {
	uint32_t *all;
	size_t count;
};

/* 0 or -ENOMEM. */
int pids_add(struct pids *pids, uint32_t pid);
void pids_free(struct pids *pids);
/* Leaves in *pids those that are not in *shown, which it sorts. */
void pids_without(struct pids *pids, struct pids *shown);
/* What the number of an entry of /proc is; 0 = it is no process's. */
uint32_t pid_of_name(const char *name);
/* Of a process that has no row: it should have had one, for it was there before the rows were read, at `begun`
 * ticks since boot, and still is. */
bool proc_is_unseen(const struct proc_stat *stat, uint64_t begun);

#endif /* IPCTRACE_UNSEEN_H */
