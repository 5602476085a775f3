// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads out what the kernel side counted per (sender, target, signal, cause). What it has at the
 * start of the window is subtracted, but for what was pending then.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "mechanism/mechanism.h"
#include "source/live.h"
#include "tracer.skel.h"

struct signal_base {
	struct signal_key key;
	struct signal_counts counts;
	UT_hash_handle hh;
};

bool live_wants_signals(const struct live *live)
{
	if (live->options->command == COMMAND_FDS || live->wants_waits)
		return false;
	for (size_t i = 0; mechanisms[i]; i++) {
		if ((live->options->mechanisms >> i & 1) && !strcmp(mechanisms[i]->name, "signal"))
			return true;
	}
	return false;
}

static int signals_fd(const struct live *live)
{
	return bpf_map__fd(live->tracer->maps.signals);
}

static bool is_followed(const struct live *live)
{
	return live->tracer && live->tracer->bss->control.follow_signals;
}

/* Calls fn for each entry; an entry that is deleted meanwhile is met once at most. */
static int signals_walk(struct live *live,
			int (*fn)(struct live *live, const struct signal_key *key,
				  const struct signal_counts *counts))
{
	struct signal_key key, next;
	struct signal_kept value;
	bool more = !bpf_map_get_next_key(signals_fd(live), NULL, &next);
	int err = 0;

	while (more && !err) {
		key = next;
		more = !bpf_map_get_next_key(signals_fd(live), &key, &next);
		if (!live_read(live, ASK_SIGNALS, &key, &value))
			err = fn(live, &key, &value.counts);
	}
	return err;
}

static struct signal_base *base_of(const struct live *live, const struct signal_key *key)
{
	struct signal_base *base;

	HASH_FIND(hh, live->signal_bases, key, sizeof(*key), base);
	return base;
}

static void base_drop(struct live *live, struct signal_base *base)
{
	HASH_DEL(live->signal_bases, base);
	free(base);
}

static int base_note(struct live *live, const struct signal_key *key,
		     const struct signal_counts *counts)
{
	struct signal_base *base = base_of(live, key);

	if (!base) {
		base = calloc(1, sizeof(*base));
		if (!base)
			return -ENOMEM;
		base->key = *key;
		HASH_ADD(hh, live->signal_bases, key, sizeof(base->key), base);
	}
	base->counts = *counts;
	base->counts.sent -= signal_pending(counts);
	return 0;
}

static void counts_subtract(struct signal_counts *counts, const struct signal_counts *base)
{
	counts->sent -= base->sent;
	counts->delivered -= base->delivered;
	counts->ignored -= base->ignored;
	counts->merged -= base->merged;
	counts->overflow -= base->overflow;
	counts->discarded -= base->discarded;
	counts->unseen -= base->unseen;
	counts->taken -= base->taken;
	counts->delay_ns -= base->delay_ns;
	counts->unshown -= base->unshown;
}

/* Ended, as far as we know; of one we do not trace the kernel is asked. */
static bool is_gone(const struct live *live, uint32_t pid, uint64_t start)
{
	const struct process *process = pid ? model_process(live->model, pid, start) : NULL;

	if (!process)
		return false;
	return process->exited || (!process->tasks && kill((pid_t)pid, 0) && errno == ESRCH);
}

static bool is_selected(const struct live *live, uint32_t pid, uint64_t start)
{
	const struct process *process = pid ? model_process(live->model, pid, start) : NULL;

	return process && process->selected;
}

/* Before the selection was known everything was counted. */
static bool is_wanted(const struct live *live, const struct signal_key *key)
{
	return !live->selective || is_selected(live, key->target_pid, key->target_start) ||
	       is_selected(live, key->sender_pid, key->sender_start);
}

static int count_report(struct live *live, const struct signal_key *key,
			const struct signal_counts *counts)
{
	const struct signal_tally *known = model_signal(live->model, key);
	struct signal_base *base = base_of(live, key);
	struct record_signal_count record = {
		.head = { .type = RECORD_SIGNAL_COUNT,
			  .size = sizeof(record),
			  .ts = now_ns(),
			  .pid = key->target_pid,
			  .start = key->target_start },
		.key = *key,
		.total = *counts,
	};
	int err = 0;

	if (base)
		counts_subtract(&record.total, &base->counts);
	if (!record.total.sent || !is_wanted(live, key))
		return 0;
	if (!known || memcmp(&known->counts, &record.total, sizeof(record.total)))
		err = live_deliver(live, &record.head);
	/* Neither can send or get another. */
	if (is_gone(live, key->target_pid, key->target_start) ||
	    (is_gone(live, key->sender_pid, key->sender_start) && !signal_pending(counts))) {
		live_take(live, ASK_SIGNALS, key, NULL);
		if (base)
			base_drop(live, base);
	}
	return err;
}

int live_signals_read(struct live *live)
{
	return is_followed(live) ? signals_walk(live, count_report) : 0;
}

int live_signals_reset(struct live *live)
{
	return is_followed(live) ? signals_walk(live, base_note) : 0;
}

/* A signalfd from before the start is read as one made later is: such reads take signals. */
void live_signals_notice(struct live *live)
{
	struct control *control = (struct control *)&live->tracer->bss->control;
	const struct object *object;

	for (object = live->model->objects; object && !control->signalfds; object = object->hh.next)
		if (object->key.kind == FILE_SIGNALFD && control->follow_signals)
			control->signalfds = 1;
}

/* --- an instant ------------------------------------------------------------------------------ */

static struct signal_key pending_key(const struct pending *pending)
{
	return (struct signal_key){
		.target_start = pending->target.start_ns,
		.target_pid = pending->target.pid,
		.sender_pid = pending->sender_pid,
		.signal = pending->signal,
		.cause = pending->cause,
	};
}

/* Those with that key, from that one on: all there are, if it is the first. */
static uint64_t pending_count(const struct live *live, const struct pending *from,
			      const struct signal_key *key)
{
	const struct pending *pending;
	struct signal_key other;
	uint64_t count = 0;

	for (pending = live->model->pending; pending; pending = pending->next) {
		other = pending_key(pending);
		if (memcmp(&other, key, sizeof(other)))
			continue;
		if (!count && pending != from)
			return 0;
		count++;
	}
	return count;
}

int live_signals_pending(struct live *live)
{
	struct record_signal_count record = {
		.head = { .type = RECORD_SIGNAL_COUNT, .size = sizeof(record) },
	};
	const struct pending *pending;
	int err = 0;

	for (pending = live->model->pending; pending && !err; pending = pending->next) {
		record.key = pending_key(pending);
		record.total.sent = pending_count(live, pending, &record.key);
		record.head.ts = now_ns();
		record.head.pid = record.key.target_pid;
		record.head.start = record.key.target_start;
		if (record.total.sent)
			err = live_deliver(live, &record.head);
	}
	return err;
}

void live_signals_close(struct live *live)
{
	while (live->signal_bases)
		base_drop(live, live->signal_bases);
}
