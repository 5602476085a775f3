/* SPDX-License-Identifier: GPL-2.0-only */
/* The orders in which sinks print things, for sets and sorting. All tell any two apart. */
#ifndef IPCTRACE_ORDER_H
#define IPCTRACE_ORDER_H

#include "model/model.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

/* By pid, then start. */
static inline int process_order(const void *a, const void *b)
{
	const struct process *first = a, *second = b;
	int order = COMPARE(first->key.pid, second->key.pid);

	return order ? order : COMPARE(first->key.start_ns, second->key.start_ns);
}

/* By order of appearance. */
static inline int object_order(const void *a, const void *b)
{
	const struct object *first = a, *second = b;

	return COMPARE(first->serial, second->serial);
}

static inline int description_order(const void *a, const void *b)
{
	const struct description *first = a, *second = b;

	return COMPARE(first->serial, second->serial);
}

#endif /* IPCTRACE_ORDER_H */
