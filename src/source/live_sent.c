// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads out how much each process sent to each address, and hands on what is new. The kernel's table must not
 * fill up with addresses that nobody sends to any more: once it is half full, those go.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/live.h"
#include "tracer.skel.h"
#include "util/array.h"

/* What was handed on of one. */
struct sent_known {
	struct destination_key key;
	struct sent sent;
	UT_hash_handle hh;
};

static uint64_t id_of(const struct sent *sent)
{
	return sent->id[0] | (uint64_t)sent->id[1] << 32;
}

static struct sent_known *known_get(struct live *live, const struct destination_key *key)
{
	struct sent_known *known;

	HASH_FIND(hh, live->sent, key, sizeof(*key), known);
	if (known)
		return known;
	known = calloc(1, sizeof(*known));
	if (!known)
		return NULL;
	known->key = *key;
	HASH_ADD(hh, live->sent, key, sizeof(known->key), known);
	if (known->hh.tbl)
		return known;
	free(known);
	return NULL;
}

static void known_drop(struct live *live, struct sent_known *known)
{
	HASH_DEL(live->sent, known);
	free(known);
}

static int report(struct live *live, struct sent_known *known, const struct sent *now, bool last)
{
	struct record_sent record = {
		.head = {.type = RECORD_SENT,
			 .size = sizeof(record),
			 .ts = now_ns(),
			 .pid = known->key.from.pid,
			 .start = known->key.from.start},
		.id = {now->id[0], now->id[1]},
		.bytes = now->bytes - known->sent.bytes,
		.ops = now->ops - known->sent.ops,
		.last = last,
	};

	known->sent = *now;
	return live_deliver(live, &record.head);
}

/* A last look, and it is gone from the kernel's table: in one call, lest something is added between two. */
static int retire(struct live *live, struct sent_known *known)
{
	struct sent now;
	int err = 0;

	if (!live_take(live, ASK_DESTINATIONS, &known->key, &now))
		err = report(live, known, &now, true);
	known_drop(live, known);
	return err;
}

/* The socket is gone; or, where there was room, the record that tells of it lies in the ring still. */
static void forget(struct live *live, const struct destination_key *key)
{
	struct sent_known *known;

	live_take(live, ASK_DESTINATIONS, key, NULL);
	HASH_FIND(hh, live->sent, key, sizeof(*key), known);
	if (known)
		known_drop(live, known);
}

/* A reading of the whole table. */
struct reading {
	struct live *live;
	bool full;
	struct destination_key *over; /* to be taken out after it */
	size_t over_count;
};

static int over_add(struct reading *reading, const struct destination_key *key)
{
	struct destination_key *over = array_add(&reading->over, &reading->over_count, sizeof(*over));

	if (!over)
		return -ENOMEM;
	*over = *key;
	return 0;
}

static int destination_row(void *ctx, const void *of, const void *value)
{
	const struct destination_key *key = of;
	const struct sent *sent = value;
	struct reading *reading = ctx;
	struct sent_known *known;

	reading->live->sent_count++;
	if (!model_knows_sent(reading->live->model, id_of(sent)))
		return reading->full ? over_add(reading, key) : 0;
	known = known_get(reading->live, key);
	if (!known)
		return -ENOMEM;
	if (memcmp(&known->sent, sent, sizeof(*sent)))
		return report(reading->live, known, sent, false);
	return reading->full ? over_add(reading, key) : 0;
}

static int over_take(struct live *live, const struct destination_key *key)
{
	struct sent_known *known;

	HASH_FIND(hh, live->sent, key, sizeof(*key), known);
	if (known && model_knows_sent(live->model, id_of(&known->sent)))
		return retire(live, known);
	forget(live, key);
	return 0;
}

int live_sent_read(struct live *live)
{
	struct reading reading = { .live = live, .full = live->sent_count > DESTINATIONS_MAX / 2 };
	int err;

	live->sent_count = 0;
	err = live_list(live, ASK_DESTINATIONS, destination_row, NULL, &reading);
	for (size_t i = 0; i < reading.over_count && !err; i++)
		err = over_take(live, &reading.over[i]);
	free(reading.over);
	return err;
}

int live_sent_reset(struct live *live)
{
	int err = live_empty(live, ASK_DESTINATIONS, DESTINATIONS_MAX);

	if (!err)
		live_sent_close(live);
	return err;
}

void live_sent_close(struct live *live)
{
	struct sent_known *known, *next;

	HASH_ITER(hh, live->sent, known, next)
		known_drop(live, known);
}
