// SPDX-License-Identifier: GPL-2.0-only
/* Sets of pointers as sorted arrays. */
#include "util/set.h"

#include <errno.h>
#include <stdlib.h>

#include "util/array.h"

int set_add(struct set *set, const void *item)
{
	const void **added;

	if (set->count && set->items[set->count - 1] == item)
		return 0;
	added = array_add(&set->items, &set->count, sizeof(*added));
	if (!added)
		return -ENOMEM;
	*added = item;
	set->is_sorted = false;
	return 0;
}

static int compare_items(const void *a, const void *b, void *order)
{
	return ((set_order_fn)order)(*(const void *const *)a, *(const void *const *)b);
}

/* Most are filled from something that is in order already. */
static bool is_in_order(const struct set *set)
{
	size_t i;

	for (i = 1; i < set->count; i++)
		if (set->order(set->items[i - 1], set->items[i]) > 0)
			return false;
	return true;
}

void set_sort(struct set *set)
{
	size_t i, kept = 0;

	if (set->is_sorted)
		return;
	if (!is_in_order(set))
		qsort_r(set->items, set->count, sizeof(*set->items), compare_items,
			(void *)set->order);
	for (i = 0; i < set->count; i++)
		if (!kept || set->items[kept - 1] != set->items[i])
			set->items[kept++] = set->items[i];
	set->count = kept;
	set->is_sorted = true;
}

bool set_has(const struct set *set, const void *item)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = set->order(item, set->items[middle]);

		if (!order)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

void set_free(struct set *set)
{
	free(set->items);
	*set = (struct set){ .order = set->order };
}
