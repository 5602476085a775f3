// SPDX-License-Identifier: GPL-2.0-only
/*
 * A few chunks of records that go round between two threads: one fills them, the other empties them.
 * Chunk number i is chunks[i % CHUNKS]; those in [emptied, filled) are full, and the one at `filled` belongs
 * to whoever reads. The lock is held to hand a chunk over, not to fill or to empty it.
 */
#include "source/relay.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CHUNKS	   4
#define CHUNK_SIZE RECORD_SIZE_MAX

struct chunk {
	size_t len;
	_Alignas(8) char records[CHUNK_SIZE];
};

struct relay {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned int filled, emptied;
	bool has_ended;		/* no further chunk will be filled */
	bool is_cut;		/* none will be emptied */
	int err;		/* with has_ended */
	struct chunk chunks[CHUNKS];
};

struct relay *relay_new(void)
{
	struct relay *relay = malloc(sizeof(*relay));

	if (!relay)
		return NULL;
	/* What chunks will hold is not touched before: it may never be needed. */
	pthread_mutex_init(&relay->lock, NULL);
	pthread_cond_init(&relay->moved, NULL);
	relay->filled = relay->emptied = 0;
	relay->has_ended = relay->is_cut = false;
	relay->err = 0;
	relay->chunks[0].len = 0;
	return relay;
}

void relay_free(struct relay *relay)
{
	if (!relay)
		return;
	pthread_cond_destroy(&relay->moved);
	pthread_mutex_destroy(&relay->lock);
	free(relay);
}

/* --- who reads --------------------------------------------------------------------------------- */

/* The chunk at hand is full: goes on to the next, once that is empty. 0 or -ECANCELED. */
static int chunk_pass(struct relay *relay)
{
	bool is_cut;

	pthread_mutex_lock(&relay->lock);
	relay->filled++;
	pthread_cond_signal(&relay->moved);
	while (relay->filled - relay->emptied == CHUNKS && !relay->is_cut)
		pthread_cond_wait(&relay->moved, &relay->lock);
	is_cut = relay->is_cut;
	pthread_mutex_unlock(&relay->lock);
	relay->chunks[relay->filled % CHUNKS].len = 0;
	return is_cut ? -ECANCELED : 0;
}

int relay_put(void *ctx, const struct record *record)
{
	struct relay *relay = ctx;
	struct chunk *chunk = &relay->chunks[relay->filled % CHUNKS];

	if (record->size > CHUNK_SIZE)
		return -EBADMSG;
	if (record->size > CHUNK_SIZE - chunk->len) {
		int err = chunk_pass(relay);

		if (err)
			return err;
		chunk = &relay->chunks[relay->filled % CHUNKS];
	}
	memcpy(chunk->records + chunk->len, record, record->size);
	chunk->len += record->size;
	return 0;
}

void relay_end(struct relay *relay, int err)
{
	pthread_mutex_lock(&relay->lock);
	relay->filled++;
	relay->has_ended = true;
	relay->err = err;
	pthread_cond_signal(&relay->moved);
	pthread_mutex_unlock(&relay->lock);
}

/* --- who takes --------------------------------------------------------------------------------- */

/* The next full one, once there is one; NULL = that was all. */
static const struct chunk *chunk_await(struct relay *relay)
{
	bool has_one;

	pthread_mutex_lock(&relay->lock);
	while (relay->filled == relay->emptied && !relay->has_ended)
		pthread_cond_wait(&relay->moved, &relay->lock);
	has_one = relay->filled != relay->emptied;
	pthread_mutex_unlock(&relay->lock);
	return has_one ? &relay->chunks[relay->emptied % CHUNKS] : NULL;
}

static void chunk_return(struct relay *relay)
{
	pthread_mutex_lock(&relay->lock);
	relay->emptied++;
	pthread_cond_signal(&relay->moved);
	pthread_mutex_unlock(&relay->lock);
}

static int chunk_empty(const struct chunk *chunk, record_fn to, void *ctx)
{
	const struct record *record;
	int err = 0;

	for (size_t at = 0; at < chunk->len && !err; at += record->size) {
		record = (const void *)(chunk->records + at);
		err = to(ctx, record);
	}
	return err;
}

/* Nothing is filled yet, and something will be. */
static bool must_wait(struct relay *relay)
{
	bool must;

	pthread_mutex_lock(&relay->lock);
	must = relay->filled == relay->emptied && !relay->has_ended;
	pthread_mutex_unlock(&relay->lock);
	return must;
}

static void cut(struct relay *relay)
{
	pthread_mutex_lock(&relay->lock);
	relay->is_cut = true;
	pthread_cond_signal(&relay->moved);
	pthread_mutex_unlock(&relay->lock);
}

/* 0 or -errno. */
static int spend_waiting(struct relay *relay, relay_idle_fn idle, void *ctx)
{
	int did = 1;

	while (did > 0 && must_wait(relay))
		did = idle(ctx);
	return did < 0 ? did : 0;
}

int relay_take(struct relay *relay, record_fn to, relay_idle_fn idle, void *ctx)
{
	const struct chunk *chunk;
	int err = 0;

	while (!err) {
		err = spend_waiting(relay, idle, ctx);
		chunk = err ? NULL : chunk_await(relay);
		if (!chunk)
			break;
		err = chunk_empty(chunk, to, ctx);
		chunk_return(relay);
	}
	if (err)
		cut(relay);
	return err ? err : relay->err;
}
