// SPDX-License-Identifier: GPL-2.0-only
/* Rooms of a pool: apart, zeroed, used again, and of any size it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "model/pool.h"

#define MANY 50000 /* several of the largest chunks */

static size_t size_of(size_t i)
{
	static const size_t sizes[] = { 8, 344, 120, 13, POOL_SIZE_MAX, 1, 272 };

	return sizes[i % (sizeof(sizes) / sizeof(sizes[0]))];
}

static int is_zero(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return 0;
	return 1;
}

/* Each is filled with a number of its own, which is still there at the end. */
static void test_apart(void **state)
{
	unsigned char **rooms = calloc(MANY, sizeof(*rooms));
	struct pool pool = { 0 };

	assert_non_null(rooms);
	for (size_t i = 0; i < MANY; i++) {
		rooms[i] = pool_get(&pool, size_of(i));
		assert_non_null(rooms[i]);
		assert_int_equal((uintptr_t)rooms[i] % POOL_STEP, 0);
		assert_true(is_zero(rooms[i], size_of(i)));
		memset(rooms[i], (int)(i % 255) + 1, size_of(i));
		/* Every third goes, and its place is taken by another. */
		if (i % 3)
			continue;
		pool_put(&pool, rooms[i], size_of(i));
		rooms[i] = pool_get(&pool, size_of(i));
		assert_true(is_zero(rooms[i], size_of(i)));
		memset(rooms[i], (int)(i % 255) + 1, size_of(i));
	}
	for (size_t i = 0; i < MANY; i++)
		for (size_t at = 0; at < size_of(i); at++)
			assert_int_equal(rooms[i][at], i % 255 + 1);
	pool_end(&pool);
	assert_null(pool.chunks);
	free(rooms);
}

/* What comes and goes takes no more room. */
static void test_used_again(void **state)
{
	struct pool pool = { 0 };
	void *rooms[8];

	for (size_t round = 0; round < MANY; round++) {
		for (size_t i = 0; i < 8; i++)
			rooms[i] = pool_get(&pool, 64 + 8 * (i % 4));
		for (size_t i = 0; i < 8; i++)
			pool_put(&pool, rooms[i], 64 + 8 * (i % 4));
#ifndef __SANITIZE_ADDRESS__
		assert_true((size_t)(pool.end - pool.next) > (32 << 10));
#endif
	}
	pool_end(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
