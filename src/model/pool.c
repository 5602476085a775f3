// SPDX-License-Identifier: GPL-2.0-only
#include "model/pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK_MIN (64u << 10) /* of whole pages, whatever their size */
#define CHUNK_MAX (512u << 10)

size_t pool_size(const struct pool *pool)
{
	return pool->used;
}

/* What looks for the use of what was freed must see it freed. */
#ifdef __SANITIZE_ADDRESS__

#include <utlist.h>

struct pool_chunk {
	struct pool_chunk *next, *prev;
	max_align_t element[];
};

void *pool_get(struct pool *pool, size_t size)
{
	struct pool_chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	DL_APPEND(pool->chunks, chunk);
	pool->used += size;
	return chunk->element;
}

void pool_put(struct pool *pool, void *element, size_t size)
{
	struct pool_chunk *chunk = (void *)((char *)element - offsetof(struct pool_chunk, element));

	DL_DELETE(pool->chunks, chunk);
	pool->used -= size;
	free(chunk);
}

void pool_end(struct pool *pool)
{
	struct pool_chunk *chunk, *next;

	DL_FOREACH_SAFE(pool->chunks, chunk, next)
		free(chunk);
	*pool = (struct pool){ 0 };
}

#else

struct pool_chunk {
	struct pool_chunk *older;
	size_t size;
};

struct pool_freed {
	struct pool_freed *next;
};

/*
 * Each as large as all before it, up to a limit. Its pages are asked for at once, which spares a fault for each, where
 * the kernel can (5.14). Large pages gain little here, and cost much in a guest that gives its free ones back.
 */
static int chunk_add(struct pool *pool)
{
	size_t size = pool->chunks ? 2 * pool->chunks->size : CHUNK_MIN;
	struct pool_chunk *chunk;

	size = size < CHUNK_MAX ? size : CHUNK_MAX;
	chunk = aligned_alloc(CHUNK_MIN, size);
	if (!chunk)
		return -1;
	madvise(chunk, size, MADV_POPULATE_WRITE);
	*chunk = (struct pool_chunk){ .older = pool->chunks, .size = size };
	pool->chunks = chunk;
	pool->next = (char *)(chunk + 1);
	pool->end = (char *)chunk + size;
	return 0;
}

static size_t step_of(size_t size)
{
	return (size + POOL_STEP - 1) / POOL_STEP;
}

static void *room_get(struct pool *pool, size_t size)
{
	struct pool_freed **freed = &pool->freed[step_of(size)], *room = *freed;

	if (room) {
		*freed = room->next;
		return room;
	}
	size = step_of(size) * POOL_STEP;
	if ((size_t)(pool->end - pool->next) < size && chunk_add(pool))
		return NULL;
	pool->next += size;
	return pool->next - size;
}

void *pool_get(struct pool *pool, size_t size)
{
	void *room = room_get(pool, size);

	if (!room)
		return NULL;
	pool->used += size;
	return memset(room, 0, size);
}

void pool_put(struct pool *pool, void *element, size_t size)
{
	struct pool_freed **freed = &pool->freed[step_of(size)], *room = element;

	room->next = *freed;
	*freed = room;
	pool->used -= size;
}

void pool_end(struct pool *pool)
{
	struct pool_chunk *chunk, *older;

	for (chunk = pool->chunks; chunk; chunk = older) {
		older = chunk->older;
		free(chunk);
	}
	*pool = (struct pool){ 0 };
}

#endif
