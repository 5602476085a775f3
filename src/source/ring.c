// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user's side of a BPF ring buffer, as kernel/bpf/ringbuf.c lays it out: a page with our position,
 * which alone may be written, one with the kernel's, and the data twice in a row, so that a record that
 * wraps lies in one piece. Positions only grow; where they lie is their remainder by the size.
 */
#include "source/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define WAITS_MAX 1000 /* of a millisecond */

struct ring {
	int fd;
	size_t size, page_size;
	unsigned long *position;
	const unsigned long *kernel_position;
	char *window;		/* NULL = none yet */
	size_t window_size;
	size_t window_at;	/* of its start, in the data */
};

static size_t record_size(uint32_t length)
{
	length &= ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	return ((size_t)length + BPF_RINGBUF_HDR_SZ + 7) & ~(size_t)7;
}

/* Anywhere the first time; from then on in the place of what was mapped there. */
static int window_move(struct ring *ring, size_t at)
{
	const size_t start = at & ~(ring->page_size - 1);
	void *window = mmap(ring->window, ring->window_size, PROT_READ,
			    MAP_SHARED | (ring->window ? MAP_FIXED : 0), ring->fd,
			    (off_t)(2 * ring->page_size + start));

	if (window == MAP_FAILED)
		return -errno;
	ring->window = window;
	ring->window_at = start;
	return 0;
}

/* `size` bytes of the data from `at` on; NULL: they could not be mapped (errno). */
static const void *window_get(struct ring *ring, size_t at, size_t size)
{
	if (!ring->window || at < ring->window_at ||
	    at + size > ring->window_at + ring->window_size) {
		int err = window_move(ring, at);

		if (err) {
			errno = -err;
			return NULL;
		}
	}
	return ring->window + (at - ring->window_at);
}

/* Hands on the record at that position. Returns its size in the ring; 0 = it is still being
 * written; or -errno, of fn (*taken set) or our own. */
static long record_take(struct ring *ring, unsigned long position, ring_fn fn, void *ctx,
			size_t *taken)
{
	const size_t at = position & (ring->size - 1);
	const uint32_t *header = window_get(ring, at, BPF_RINGBUF_HDR_SZ);
	uint32_t length;
	int err = 0;

	*taken = 0;
	if (!header)
		return -errno;
	length = __atomic_load_n(header, __ATOMIC_ACQUIRE);
	if (length & BPF_RINGBUF_BUSY_BIT)
		return 0;
	if (!(length & BPF_RINGBUF_DISCARD_BIT)) {
		header = window_get(ring, at, record_size(length));
		if (!header)
			return -errno;
		err = fn(ctx, (const char *)header + BPF_RINGBUF_HDR_SZ, length);
	}
	*taken = record_size(length);
	return err ? err : 1;
}

static unsigned long end_now(const struct ring *ring)
{
	return __atomic_load_n(ring->kernel_position, __ATOMIC_ACQUIRE);
}

static int drain_to(struct ring *ring, unsigned long end, ring_fn fn, void *ctx)
{
	unsigned long position = *ring->position;
	size_t taken;
	long ret = 1;

	while (ret > 0 && position < end) {
		ret = record_take(ring, position, fn, ctx, &taken);
		if (!taken)
			break;
		position += taken;
		__atomic_store_n(ring->position, position, __ATOMIC_RELEASE);
	}
	return ret < 0 ? (int)ret : position < end;
}

int ring_drain(struct ring *ring, ring_fn fn, void *ctx)
{
	return drain_to(ring, end_now(ring), fn, ctx);
}

int ring_drain_whole(struct ring *ring, ring_fn fn, void *ctx)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	const unsigned long end = end_now(ring);
	int waits, ret = drain_to(ring, end, fn, ctx);

	for (waits = 0; ret > 0 && waits < WAITS_MAX; waits++) {
		nanosleep(&pause, NULL);
		ret = drain_to(ring, end, fn, ctx);
	}
	return ret;
}

static int positions_map(struct ring *ring)
{
	void *ours = mmap(NULL, ring->page_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	void *theirs;

	if (ours == MAP_FAILED)
		return -errno;
	ring->position = ours;
	theirs = mmap(NULL, ring->page_size, PROT_READ, MAP_SHARED, ring->fd,
		      (off_t)ring->page_size);
	if (theirs == MAP_FAILED)
		return -errno;
	ring->kernel_position = theirs;
	return 0;
}

int ring_open(int map_fd, size_t size, struct ring **ring)
{
	struct ring *new = calloc(1, sizeof(*new));
	int err;

	if (!new)
		return -ENOMEM;
	new->fd = map_fd;
	new->size = size;
	new->page_size = (size_t)sysconf(_SC_PAGESIZE);
	/* The page more is for a record that doesn't begin with one. */
	new->window_size = (size < RING_WINDOW ? size : RING_WINDOW) + new->page_size;
	err = positions_map(new);
	if (err) {
		ring_close(new);
		return err;
	}
	*ring = new;
	return 0;
}

void ring_close(struct ring *ring)
{
	if (!ring)
		return;
	if (ring->window)
		munmap(ring->window, ring->window_size);
	if (ring->kernel_position)
		munmap((void *)ring->kernel_position, ring->page_size);
	if (ring->position)
		munmap(ring->position, ring->page_size);
	free(ring);
}
