/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Room for the many small things that a model is made of. It comes in chunks, large ones where there are many: a
 * large page spares thousands of faults and most misses of the address cache, what was made together lies
 * together, and all of it is given back at once.
 */
#ifndef IPCTRACE_MODEL_POOL_H
#define IPCTRACE_MODEL_POOL_H

#include <stddef.h>

#define POOL_SIZE_MAX 512
#define POOL_STEP     8 /* sizes are rounded up to it */

/* Zero = empty. */
struct pool {
	struct pool_chunk *chunks;
	size_t used;
	char *next, *end;		/* room in the newest chunk */
	struct pool_freed *freed[POOL_SIZE_MAX / POOL_STEP + 1]; /* what was put back, by size */
};

/* A zeroed element of at most POOL_SIZE_MAX bytes; NULL = no memory. */
void *pool_get(struct pool *pool, size_t size);
/* The element of that size is used no more. */
void pool_put(struct pool *pool, void *element, size_t size);
/* Bytes of all elements that are in use. */
size_t pool_size(const struct pool *pool);
/* Gives all back. */
void pool_end(struct pool *pool);

#endif /* IPCTRACE_MODEL_POOL_H */
