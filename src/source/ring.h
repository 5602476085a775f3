/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads a BPF ring buffer. What is mapped of it at a time is a window, moved along as records are read:
 * each page that is mapped counts as resident, and libbpf's reader maps the whole ring, twice.
 */
#ifndef IPCTRACE_RING_H
#define IPCTRACE_RING_H

#include <stddef.h>

#define RING_WINDOW (256u << 10) /* bytes; and a page more */

struct ring;

/* Takes one record, valid until it returns. Returns 0, or -errno to leave the rest for later. */
typedef int (*ring_fn)(void *ctx, const void *data, size_t size);

/* map_fd: of a BPF_MAP_TYPE_RINGBUF of `size` bytes; stays the caller's. Returns 0 or -errno. */
int ring_open(int map_fd, size_t size, struct ring **ring);

/*
 * Hands on what lay in the ring when it was called, and not what comes meanwhile, so that it ends. It
 * stops before a record that is still being written, and after one that fn failed on. Returns 0, 1 where
 * something is being written, fn's error, or -errno.
 */
int ring_drain(struct ring *ring, ring_fn fn, void *ctx);

/* The same, but waits up to a second for what is being written: a processor that others, or its host, keep busy
 * may take its time, and all that came behind is not seen before. */
int ring_drain_whole(struct ring *ring, ring_fn fn, void *ctx);

/* NULL is allowed. */
void ring_close(struct ring *ring);

#endif /* IPCTRACE_RING_H */
