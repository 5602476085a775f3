// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads out what the kernel counted per (process, object), in tallies and in a table, and hands on totals.
 * What is of a process that has ended, or no longer holds the object, is read a last time and given back;
 * should the pair meet again, the kernel starts anew, so totals here are base + newest values. Two threads
 * whose first transfers meet may have the pair counted in both places; what then stays in the table after
 * the tally was given back is met there by the next reading.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/live.h"
#include "tracer.skel.h"

#define DRAIN_EVERY_NS 20000000

/* For so long, and till the reading after, a tally that was left is not given to another. */
#define REST_NS 1000000000

static struct counted_process *counted_process_find(const struct live *live, uint32_t pid,
						    uint64_t start)
{
	struct counted_process *process;
	struct process_key key;

	memset(&key, 0, sizeof(key));
	key.start_ns = start;
	key.pid = pid;
	HASH_FIND(hh, live->counted_processes, &key, sizeof(key), process);
	return process;
}

/* One without any goes with its last. NULL = no memory. */
static struct counted_process *counted_process_get(struct live *live, uint32_t pid, uint64_t start)
{
	struct counted_process *process = counted_process_find(live, pid, start);

	if (process)
		return process;
	process = calloc(1, sizeof(*process));
	if (!process)
		return NULL;
	process->key.start_ns = start;
	process->key.pid = pid;
	HASH_ADD(hh, live->counted_processes, key, sizeof(process->key), process);
	return process;
}

static void counted_drop(struct live *live, struct counted *counted)
{
	struct counted_process *process = counted->process;

	DL_DELETE(process->all, counted);
	if (!process->all) {
		HASH_DEL(live->counted_processes, process);
		free(process);
	}
	HASH_DEL(live->counted, counted);
	free(counted);
}

static struct counted *counted_get(struct live *live, const struct transfer_key *key)
{
	const struct endpoint *endpoint;
	struct counted_process *process;
	struct counted *counted;

	HASH_FIND(hh, live->counted, key, sizeof(*key), counted);
	if (counted)
		return counted;
	process = counted_process_get(live, key->pid, key->start);
	counted = process ? calloc(1, sizeof(*counted)) : NULL;
	if (!counted)
		return NULL;
	counted->key = *key;
	counted->process = process;
	DL_APPEND(process->all, counted);
	endpoint = model_endpoint_by_transfer(live->model, key);
	if (endpoint)	/* they met before, and their entry was deleted since */
		counted->base = endpoint->transfer;
	HASH_ADD(hh, live->counted, key, sizeof(counted->key), counted);
	return counted;
}

static void transfer_sum(struct transfer *sum, const struct transfer *more)
{
	sum->bytes_in += more->bytes_in;
	sum->bytes_out += more->bytes_out;
	sum->ops_in += more->ops_in;
	sum->ops_out += more->ops_out;
	sum->blocked_in += more->blocked_in;
	sum->blocked_out += more->blocked_out;
	sum->ended += more->ended;
	sum->broken += more->broken;
}

static int counted_report(struct live *live, struct counted *counted)
{
	struct record_count record = {
		.head = {.type = RECORD_COUNT,
			 .size = sizeof(record),
			 .ts = now_ns(),
			 .pid = counted->key.pid,
			 .start = counted->key.start},
		.key = counted->key,
		.total = counted->base,
	};

	transfer_sum(&record.total, &counted->tally);
	transfer_sum(&record.total, &counted->entry);
	return live_deliver(live, &record.head);
}

/*
 * *seen: of *counted, what was read of the same place before. What is too new for the model to know of is
 * told by a record that lies in the ring still, and read the next time.
 */
static int counted_update(struct live *live, struct counted *counted, struct transfer *seen,
			  const struct transfer *value)
{
	if (!memcmp(seen, value, sizeof(*value)) || !model_endpoint_by_transfer(live->model, &counted->key))
		return 0;
	*seen = *value;
	return counted_report(live, counted);
}

int live_counts_remember(struct live *live, const struct record_slot *use)
{
	struct transfer_key key = {
		.ino = kind_is_per_file(use->facts.kind) ? use->facts.file : use->facts.ino,
		.start = use->head.start,
		.dev = use->facts.dev,
		.pid = use->head.pid,
	};

	return counted_get(live, &key) ? 0 : -ENOMEM;
}

/* The tally that is the key's; NULL if it has none. */
static struct tally *tally_find(const struct live *live, const struct transfer_key *key)
{
	struct tally *tally = &live->tracer->bss->tallies[tally_index(key)];

	if (__atomic_load_n(&tally->state, __ATOMIC_ACQUIRE) != TALLY_HELD || memcmp(&tally->key, key, sizeof(*key)))
		return NULL;
	return tally;
}

/* Reads a last time what was counted, and gives the places back. A call for each pair to ask the table is
 * saved where the tally has it. */
static int counted_take(struct live *live, struct counted *counted)
{
	struct tally *tally = tally_find(live, &counted->key);
	struct transfer value;
	bool taken = tally;

	if (tally) {
		__atomic_store_n(&tally->state, TALLY_LEFT, __ATOMIC_SEQ_CST);
		transfer_sum(&counted->base, &tally->sum);
		counted->tally = (struct transfer){};
	}
	if ((!tally || counted->in_table) &&
	    !live_take(live, ASK_TRANSFERS, &counted->key, &value)) {
		transfer_sum(&counted->base, &value);
		counted->entry = (struct transfer){};
		taken = true;
	}
	return taken ? counted_report(live, counted) : 0;
}

int live_counts_process_exit(struct live *live, uint32_t pid, uint64_t start)
{
	const struct counted_process *process = counted_process_find(live, pid, start);
	struct counted *counted = process ? process->all : NULL, *next;
	int err = 0;

	for (; counted; counted = next) {
		next = counted->next; /* the process goes with its last */
		if (!err)
			err = counted_take(live, counted);
		counted_drop(live, counted);
	}
	return err;
}

/* The process has ended, or let go of the object. Whoever is unknown still at the reading after the first
 * has come and gone while records were lost, unless they wait behind one that is being written. */
static bool is_finished(const struct live *live, struct counted *counted)
{
	const struct endpoint *endpoint = model_endpoint_by_transfer(live->model, &counted->key);
	const struct process *process = model_process(live->model, counted->key.pid, counted->key.start);
	bool was_unknown = counted->unknown;

	counted->unknown = !process;
	if (!process)
		return was_unknown && !live->is_behind;
	if (process->exited)
		return true;
	return endpoint && !endpoint->read_slots && !endpoint->write_slots && !endpoint->maps &&
	       !endpoint->other_slots;
}

/* What the process still holds stays; so does what is too new for the model to know of. */
static int sweep(struct live *live)
{
	struct counted *counted, *next;
	int err = 0;

	HASH_ITER(hh, live->counted, counted, next) {
		if (!is_finished(live, counted))
			continue;
		if (!err)
			err = counted_take(live, counted);
		counted_drop(live, counted);
	}
	return err;
}

struct reading {
	struct live *live;
	uint64_t drained, pause;
};

static int transfers_row(void *ctx, const void *key, const void *value)
{
	struct reading *reading = ctx;
	struct counted *counted = counted_get(reading->live, key);

	if (!counted)
		return -ENOMEM;
	counted->in_table = true;
	return counted_update(reading->live, counted, &counted->entry, value);
}

/*
 * Reading many takes its time, and the ring fills meanwhile. In a storm emptying it takes longer
 * still, and new ones to read come up: half of the time for each.
 */
static int drain_meanwhile(void *ctx)
{
	struct reading *reading = ctx;
	uint64_t begun = now_ns();
	int err;

	if (begun - reading->drained <= reading->pause)
		return 0;
	err = live_drain(reading->live);
	reading->drained = now_ns();
	if (reading->drained - begun > reading->pause)
		reading->pause = reading->drained - begun;
	return err;
}

static int table_read(struct live *live)
{
	struct reading reading = { .live = live, .drained = now_ns(), .pause = DRAIN_EVERY_NS };

	if (!live->tracer->bss->control.spilled)
		return 0;
	return live_list(live, ASK_TRANSFERS, transfers_row, drain_meanwhile, &reading);
}

static int tally_read(struct live *live, const struct tally *tally)
{
	struct counted *counted = counted_get(live, &tally->key);

	if (!counted)
		return -ENOMEM;
	return counted_update(live, counted, &counted->tally, &tally->sum);
}

static int tallies_read(struct live *live)
{
	struct tally *tally = live->tracer->bss->tallies, *end = tally + TALLIES_MAX;
	bool rested = now_ns() - live->tallies_rested_ns >= REST_NS;
	__u64 state;
	int err = 0;

	for (; tally < end && !err; tally++) {
		state = __atomic_load_n(&tally->state, __ATOMIC_ACQUIRE);
		if (state == TALLY_HELD)
			err = tally_read(live, tally);
		else if (state > TALLY_HELD && rested)
			__atomic_store_n(&tally->state, (state + 1) % TALLY_STATES, __ATOMIC_RELEASE);
	}
	if (rested)
		live->tallies_rested_ns = now_ns();
	return err;
}

int live_counts_read(struct live *live)
{
	int err;

	if (!live->tracer->bss->control.count_transfers)
		return 0;
	err = tallies_read(live);
	if (!err)
		err = table_read(live);
	return err ? err : sweep(live);
}

/* What was counted before anybody was selected, or before the window, is not of the window. */
int live_counts_reset(struct live *live)
{
	struct tally *tally = live->tracer->bss->tallies, *end = tally + TALLIES_MAX;
	__u64 held = TALLY_HELD;
	int err;

	live->tracer->bss->control.spilled = 0; /* first: whoever comes meanwhile says so again */
	err = live_empty(live, ASK_TRANSFERS, TRANSFERS_MAX);
	if (err)
		return err;
	for (; tally < end; tally++, held = TALLY_HELD)
		__atomic_compare_exchange_n(&tally->state, &held, TALLY_LEFT, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED);
	live_counts_close(live);
	return 0;
}

void live_counts_close(struct live *live)
{
	struct counted *counted, *next;

	HASH_ITER(hh, live->counted, counted, next) {
		counted_drop(live, counted);
	}
}
