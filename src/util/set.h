/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A set of pointers in an order of its own: filled, sorted once, then asked. The order has to
 * tell any two members apart.
 */
#ifndef IPCTRACE_SET_H
#define IPCTRACE_SET_H

#include <stdbool.h>
#include <stddef.h>

typedef int (*set_order_fn)(const void *a, const void *b);

struct set {
	const void **items;
	size_t count;
	set_order_fn order;
	bool is_sorted;
};

/* 0 or -ENOMEM. A member may be added more than once. */
int set_add(struct set *set, const void *item);
/* Brings members in order and drops the repeated ones. */
void set_sort(struct set *set);
/* After set_sort(). */
bool set_has(const struct set *set, const void *item);
void set_free(struct set *set);

#endif /* IPCTRACE_SET_H */
