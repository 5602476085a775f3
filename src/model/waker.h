/* SPDX-License-Identifier: GPL-2.0-only */
/* Who could wake a task; for why.c. */
#ifndef IPCTRACE_WAKER_H
#define IPCTRACE_WAKER_H

#include "model/internal.h"
#include "model/why.h"

/* Fills the wait's wakers, object and relief. Returns 0 or -ENOMEM. */
int wakers_find(const struct model *model, struct wait *wait);

#endif /* IPCTRACE_WAKER_H */
