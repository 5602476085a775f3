// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads out how much each process sent to each address, and hands on what is new. The kernel's table must not
 * fill up with addresses that nobody sends to any more: once it is half full, those go.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/live.h"
#include "tracer.skel.h"

#define BATCH 256

/* What was handed on of one. */
struct sent_known {
	struct destination_key key;
	struct sent sent;
	UT_hash_handle hh;
};

static int destinations_fd(const struct live *live)
{
	return bpf_map__fd(live->tracer->maps.destinations);
}

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

/* A last look, and it is gone from the kernel's table. */
static int retire(struct live *live, struct sent_known *known)
{
	struct sent now;
	int err = 0;

	if (!bpf_map_lookup_elem(destinations_fd(live), &known->key, &now)) {
		bpf_map_delete_elem(destinations_fd(live), &known->key);
		err = report(live, known, &now, true);
	}
	known_drop(live, known);
	return err;
}

/* The socket is gone; or, where there was room, the record that tells of it lies in the ring still. */
static void forget(struct live *live, const struct destination_key *key)
{
	struct sent_known *known;

	bpf_map_delete_elem(destinations_fd(live), key);
	HASH_FIND(hh, live->sent, key, sizeof(*key), known);
	if (known)
		known_drop(live, known);
}

static int take(struct live *live, const struct destination_key *key, const struct sent *now, bool full)
{
	struct sent_known *known;

	if (!model_knows_sent(live->model, id_of(now))) {
		if (full)
			forget(live, key);
		return 0;
	}
	known = known_get(live, key);
	if (!known)
		return -ENOMEM;
	if (memcmp(&known->sent, now, sizeof(*now)))
		return report(live, known, now, false);
	return full ? retire(live, known) : 0;
}

int live_sent_read(struct live *live)
{
	bool full = live->sent_count > DESTINATIONS_MAX / 2;
	struct destination_key *keys = calloc(BATCH, sizeof(*keys));
	struct sent *values = calloc(BATCH, sizeof(*values));
	__u32 batch = 0, count;
	bool first = true;
	int err = keys && values ? 0 : -ENOMEM, ret = 0;

	live->sent_count = 0;
	while (!err && !ret) {
		count = BATCH;
		ret = bpf_map_lookup_batch(destinations_fd(live), first ? NULL : &batch, &batch, keys, values,
					   &count, NULL);
		if (ret && ret != -ENOENT)
			break;
		live->sent_count += count;
		for (__u32 i = 0; i < count && !err; i++)
			err = take(live, &keys[i], &values[i], full);
		first = false;
	}
	free(keys);
	free(values);
	return err;
}

int live_sent_reset(struct live *live)
{
	struct destination_key key;
	int err = live_map_empty(destinations_fd(live), &key, DESTINATIONS_MAX);

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
