/* SPDX-License-Identifier: GPL-2.0-only */
/* Records on their way from the thread that reads them to the one that takes them in, in order. */
#ifndef IPCTRACE_RELAY_H
#define IPCTRACE_RELAY_H

#include "source/source.h"

struct relay;

/* NULL = no memory. */
struct relay *relay_new(void);
/* Once neither thread uses it any more. NULL: does nothing. */
void relay_free(struct relay *relay);

/* A record_fn, for the one who reads: copies the record, and waits where there is no room for it.
 * 0, or -ECANCELED: nobody takes records any more. */
int relay_put(void *relay, const struct record *record);
/* The last call of who reads: that was all, or it ended with that error (-errno). */
void relay_end(struct relay *relay, int err);

/* What the other one can do meanwhile, piece by piece: 1 = one piece is done, 0 = there is none for now, or
 * -errno, which ends the taking. */
typedef int (*relay_idle_fn)(void *ctx);
/* For the other: hands on all records, as they come, and has `idle` do something while it would have to wait for
 * one. 0 after the last, or the first error: of `to` or `idle`, or that which relay_end() was told. */
int relay_take(struct relay *relay, record_fn to, relay_idle_fn idle, void *ctx);

#endif /* IPCTRACE_RELAY_H */
