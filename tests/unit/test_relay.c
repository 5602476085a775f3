// SPDX-License-Identifier: GPL-2.0-only
/* Records through a relay: all of them, in order, however fast the two sides are, and errors both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <string.h>

#include "source/relay.h"

#define MANY 20000

struct sender {
	struct relay *relay;
	uint64_t count;		/* records to put */
	uint32_t size;		/* of the largest */
	int end;		/* the error it ends with */
	int err;		/* what putting gave */
	sem_t *go;		/* it waits for that first; NULL = for nothing */
};

/* Number i: ts says so, and so does each byte behind the head. */
static void *send_all(void *ctx)
{
	static char room[RECORD_SIZE_MAX] __attribute__((aligned(8)));
	struct record *record = (void *)room;
	struct sender *sender = ctx;
	uint32_t spare = sender->size - sizeof(*record);

	if (sender->go)
		sem_wait(sender->go);
	for (uint64_t i = 0; i < sender->count && !sender->err; i++) {
		record->ts = i;
		record->size = sizeof(*record) + (uint32_t)(i * 40 % (spare + 8)) / 8 * 8;
		memset(record + 1, (int)(i & 0xff), record->size - sizeof(*record));
		sender->err = relay_put(sender->relay, record);
	}
	relay_end(sender->relay, sender->end);
	return NULL;
}

struct receiver {
	uint64_t count;
	uint64_t fails_at;	/* that record is refused; ~0 = none */
	uint64_t pieces;	/* of what there is to do meanwhile */
	uint64_t done;
	bool idle_fails;	/* after the last of them */
	sem_t *go;		/* posted with the last of them; NULL = nobody waits */
};

static int receive(void *ctx, const struct record *record)
{
	const unsigned char *bytes = (const void *)(record + 1);
	struct receiver *receiver = ctx;
	uint32_t len = record->size - sizeof(*record);

	assert_int_equal(record->ts, receiver->count);
	for (uint32_t i = 0; i < len; i += len > 64 ? 61 : 1)
		assert_int_equal(bytes[i], record->ts & 0xff);
	if (receiver->count == receiver->fails_at)
		return -EIO;
	receiver->count++;
	return 0;
}

static int work(void *ctx)
{
	struct receiver *receiver = ctx;

	if (receiver->done == receiver->pieces)
		return receiver->idle_fails ? -EIO : 0;
	receiver->done++;
	if (receiver->go && receiver->done == receiver->pieces)
		sem_post(receiver->go);
	return 1;
}

static int run(struct sender *sender, struct receiver *receiver)
{
	pthread_t thread;
	int err;

	sender->relay = relay_new();
	assert_non_null(sender->relay);
	assert_int_equal(pthread_create(&thread, NULL, send_all, sender), 0);
	err = relay_take(sender->relay, receive, work, receiver);
	pthread_join(thread, NULL);
	relay_free(sender->relay);
	return err;
}

static void test_all_in_order(void **state)
{
	static const uint32_t sizes[] = { sizeof(struct record), 512, RECORD_SIZE_MAX };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct sender sender = { .count = MANY, .size = sizes[i] };
		struct receiver receiver = { .fails_at = ~0ull };

		assert_int_equal(run(&sender, &receiver), 0);
		assert_int_equal(receiver.count, MANY);
		assert_int_equal(sender.err, 0);
	}
}

static void test_none(void **state)
{
	struct sender sender = { .size = sizeof(struct record) };
	struct receiver receiver = { .fails_at = ~0ull };

	assert_int_equal(run(&sender, &receiver), 0);
	assert_int_equal(receiver.count, 0);
}

/* What was read before is handed on all the same. */
static void test_reading_fails(void **state)
{
	struct sender sender = { .count = 5, .size = 512, .end = -EPERM };
	struct receiver receiver = { .fails_at = ~0ull };

	assert_int_equal(run(&sender, &receiver), -EPERM);
	assert_int_equal(receiver.count, 5);
}

/* Whoever reads must not wait for ever for somebody who takes no more. */
static void test_taking_fails(void **state)
{
	struct sender sender = { .count = MANY, .size = 512 };
	struct receiver receiver = { .fails_at = 100 };

	assert_int_equal(run(&sender, &receiver), -EIO);
	assert_int_equal(receiver.count, 100);
	assert_int_equal(sender.err, -ECANCELED);
}

/* While no record is there, what else there is gets done, and what comes then is taken all the same. */
static void test_works_meanwhile(void **state)
{
	struct sender sender = { .count = MANY, .size = 512 };
	struct receiver receiver = { .fails_at = ~0ull, .pieces = 50 };
	sem_t go;

	assert_int_equal(sem_init(&go, 0, 0), 0);
	sender.go = receiver.go = &go;
	assert_int_equal(run(&sender, &receiver), 0);
	assert_int_equal(receiver.done, 50);
	assert_int_equal(receiver.count, MANY);
	sem_destroy(&go);
}

static void test_work_fails(void **state)
{
	struct sender sender = { .count = MANY, .size = 512 };
	struct receiver receiver = { .fails_at = ~0ull, .pieces = 3, .idle_fails = true };
	sem_t go;

	assert_int_equal(sem_init(&go, 0, 0), 0);
	sender.go = &go;
	receiver.go = &go;
	assert_int_equal(run(&sender, &receiver), -EIO);
	assert_int_equal(receiver.done, 3);
	assert_int_equal(sender.err, -ECANCELED);
	sem_destroy(&go);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_in_order),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_reading_fails),
		cmocka_unit_test(test_taking_fails),
		cmocka_unit_test(test_works_meanwhile),
		cmocka_unit_test(test_work_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
