/* SPDX-License-Identifier: GPL-2.0-only */
/* Arrays that grow. In a header, since the model links with nothing of ours. */
#ifndef IPCTRACE_ARRAY_H
#define IPCTRACE_ARRAY_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * Makes room for one more element of that size behind the *count that there are, and counts it. array: the
 * address of the pointer to the first, NULL while there is none; the caller frees it. Returns the new
 * element, zeroed; NULL = no memory, and nothing has changed.
 */
static inline void *array_add(void *array, size_t *count, size_t size)
{
	char **items = array, *grown = *items;

	/* Grows at each power of two; the array's room need not be remembered then. */
	if (!(*count & (*count - 1))) {
		grown = reallocarray(*items, *count ? *count * 2 : 1, size);
		if (!grown)
			return NULL;
		*items = grown;
	}
	memset(grown + *count * size, 0, size);
	return grown + (*count)++ * size;
}

#endif /* IPCTRACE_ARRAY_H */
