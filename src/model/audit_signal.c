// SPDX-License-Identifier: GPL-2.0-only
/*
 * The audit of signals: how many of each are pending for a process, as the kernel side's counts have it,
 * held against the kernel's own queues. What moved since those were read is left out, and so are
 * processes that are ending or being traced: a debugger takes signals that are never delivered.
 */
#include "model/internal.h"

#include <signal.h>

/* Of one signal for one process. */
struct pair {
	struct {
		struct process_key target;
		uint64_t signal;
	} key;
	uint64_t kept, fresh;
	bool moved;
	UT_hash_handle hh;
};

static struct pair *pair_get(struct pair **pairs, const struct process_key *target, uint32_t signal)
{
	struct pair probe = { .key = { .target = *target, .signal = signal } }, *pair;

	HASH_FIND(hh, *pairs, &probe.key, sizeof(probe.key), pair);
	if (pair)
		return pair;
	pair = calloc(1, sizeof(*pair));
	if (!pair)
		return NULL;
	pair->key = probe.key;
	HASH_ADD(hh, *pairs, key, sizeof(pair->key), pair);
	if (!pair->hh.tbl) {
		free(pair);
		return NULL;
	}
	return pair;
}

static int collect_kept(const struct model *kept, const struct model *fresh, struct pair **pairs)
{
	const struct signal_tally *tally;
	struct pair *pair;

	for (tally = kept->signals; tally; tally = tally->hh.next) {
		pair = pair_get(pairs, &tally->target->key, tally->key.signal);
		if (!pair)
			return -ENOMEM;
		pair->kept += signal_pending(&tally->counts);
		pair->moved |= tally->counts.last_ts >= fresh->snapshot_ts;
	}
	return 0;
}

static int collect_fresh(const struct model *fresh, struct pair **pairs)
{
	const struct pending *pending;
	struct pair *pair;

	DL_FOREACH(fresh->pending, pending) {
		pair = pair_get(pairs, &pending->target, pending->signal);
		if (!pair)
			return -ENOMEM;
		pair->fresh++;
	}
	return 0;
}

/* Both know all that is sent to it. */
static bool is_comparable(const struct model *kept, const struct model *fresh,
			  const struct pair *pair)
{
	const struct process_key *key = &pair->key.target;
	const struct process *ours = model_process(kept, key->pid, key->start_ns);
	const struct process *theirs = model_process(fresh, key->pid, key->start_ns);

	return ours && theirs && process_is_selected(kept, ours) && !ours->exited &&
	       theirs->stance.known && !theirs->stance.moving && pair->key.signal != SIGKILL &&
	       !pair->moved;
}

/* bash[812] SIGUSR1: kept 2 pending, kernel has 1 */
static int pair_compare(const struct model *kept, const struct pair *pair, struct audit *audit)
{
	const struct process *target =
		model_process(kept, pair->key.target.pid, pair->key.target.start_ns);

	audit->checked++;
	if (pair->kept == pair->fresh)
		return 0;
	return audit_add(audit, "%s[%u] %s: kept %llu pending, kernel has %llu", target->comm,
			 target->key.pid, signal_name((uint32_t)pair->key.signal),
			 (unsigned long long)pair->kept, (unsigned long long)pair->fresh);
}

int audit_signals(const struct model *kept, const struct model *fresh, struct audit *audit)
{
	struct pair *pairs = NULL, *pair, *next;
	int err = collect_kept(kept, fresh, &pairs);

	if (!err)
		err = collect_fresh(fresh, &pairs);
	HASH_ITER(hh, pairs, pair, next) {
		if (!err && is_comparable(kept, fresh, pair))
			err = pair_compare(kept, pair, audit);
		HASH_DEL(pairs, pair);
		free(pair);
	}
	return err;
}
