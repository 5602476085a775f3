// SPDX-License-Identifier: GPL-2.0-only
/* The reader of the ring, against a file that is laid out as the kernel lays out a ring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/ring.h"

#define SIZE (1u << 20) /* several windows */
#define HEAD BPF_RINGBUF_HDR_SZ

struct fixture {
	int fd;
	size_t page;
	unsigned long *reader, *writer;
	char *data; /* SIZE bytes; what is written goes to both copies */
	struct ring *ring;
	uint64_t expected, taken; /* number of the next record; how many came */
	int answer;
	bool write_more;
};

static int setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){ .page = (size_t)sysconf(_SC_PAGESIZE) };
	f.fd = memfd_create("ring", 0);
	assert_true(f.fd >= 0);
	assert_int_equal(ftruncate(f.fd, (off_t)(2 * f.page + 2 * SIZE)), 0);
	f.reader = mmap(NULL, 2 * f.page + 2 * SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f.fd, 0);
	assert_true(f.reader != MAP_FAILED);
	f.writer = (void *)((char *)f.reader + f.page);
	f.data = (char *)f.writer + f.page;
	assert_int_equal(ring_open(f.fd, SIZE, &f.ring), 0);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ring_close(f->ring);
	munmap(f->reader, 2 * f->page + 2 * SIZE);
	close(f->fd);
	return 0;
}

static void put(struct fixture *f, size_t at, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		f->data[(at + i) % SIZE] = ((const char *)bytes)[i];
		f->data[(at + i) % SIZE + SIZE] = ((const char *)bytes)[i];
	}
}

/* A record of that many bytes that begins and ends with its number. Returns where it lies. */
static size_t write_record(struct fixture *f, uint64_t number, uint32_t size, uint32_t bits)
{
	size_t at = *f->writer % SIZE;
	uint32_t head[2] = { size | bits, 0 };

	put(f, at, head, sizeof(head));
	put(f, at + HEAD, &number, sizeof(number));
	put(f, at + HEAD + size - sizeof(number), &number, sizeof(number));
	*f->writer += (HEAD + size + 7) & ~7ul;
	return at;
}

static int take(void *ctx, const void *data, size_t size)
{
	struct fixture *f = ctx;
	uint64_t first, last;

	memcpy(&first, data, sizeof(first));
	memcpy(&last, (const char *)data + size - sizeof(last), sizeof(last));
	assert_int_equal(first, f->expected);
	assert_int_equal(last, f->expected);
	f->expected++;
	f->taken++;
	if (f->write_more)
		write_record(f, f->expected + 1000, 64, 0);
	return f->answer;
}

/* Sizes that put a record across every edge: of a page, a window, the ring. */
static void reads_what_wraps(void **state)
{
	struct fixture *f = *state;
	uint64_t number = 0;

	for (int lap = 0; lap < 40; lap++) {
		size_t room = SIZE;

		for (uint32_t size = 16 + (uint32_t)lap * 72; room > size + 2 * HEAD; number++) {
			write_record(f, number, size, 0);
			room = SIZE - (*f->writer - *f->reader);
			size = 16 + (size * 7 + 1) % 65000;
		}
		assert_int_equal(ring_drain(f->ring, take, f), 0);
		assert_int_equal(f->taken, number);
		assert_int_equal(*f->reader, *f->writer);
	}
	assert_true(*f->writer > 20 * (unsigned long)SIZE);
}

static void skips_what_was_discarded(void **state)
{
	struct fixture *f = *state;

	write_record(f, 0, 48, 0);
	write_record(f, 77, 4000, BPF_RINGBUF_DISCARD_BIT);
	write_record(f, 1, 48, 0);
	assert_int_equal(ring_drain(f->ring, take, f), 0);
	assert_int_equal(f->taken, 2);
	assert_int_equal(*f->reader, *f->writer);
}

static void waits_for_what_is_being_written(void **state)
{
	struct fixture *f = *state;
	uint32_t done = 48;
	size_t at;

	write_record(f, 0, 48, 0);
	at = write_record(f, 1, 48, BPF_RINGBUF_BUSY_BIT);
	write_record(f, 2, 48, 0);
	assert_int_equal(ring_drain(f->ring, take, f), 1);
	assert_int_equal(f->taken, 1);
	put(f, at, &done, sizeof(done));
	assert_int_equal(ring_drain(f->ring, take, f), 0);
	assert_int_equal(f->taken, 3);
}

struct late {
	struct fixture *f;
	size_t at;	       /* of a record that is being written */
	unsigned long reached; /* where the reader stands when it comes to that */
};

/* Finishes it once the reader waits there, and writes another. */
static void *finish_late(void *arg)
{
	const struct late *late = arg;
	uint32_t done = 48;

	while (__atomic_load_n(late->f->reader, __ATOMIC_ACQUIRE) != late->reached)
		sched_yield();
	write_record(late->f, 3, 48, 0);
	put(late->f, late->at, &done, sizeof(done));
	return NULL;
}

static void takes_the_whole_of_it(void **state)
{
	struct fixture *f = *state;
	struct late late = { .f = f };
	pthread_t thread;

	write_record(f, 0, 48, 0);
	late.reached = *f->writer;
	late.at = write_record(f, 1, 48, BPF_RINGBUF_BUSY_BIT);
	write_record(f, 2, 48, 0);
	assert_int_equal(pthread_create(&thread, NULL, finish_late, &late), 0);
	assert_int_equal(ring_drain_whole(f->ring, take, f), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(f->taken, 3);
	assert_int_equal(ring_drain(f->ring, take, f), 0);
	assert_int_equal(f->taken, 4);
}

static void gives_up_what_is_never_written(void **state)
{
	struct fixture *f = *state;

	write_record(f, 0, 48, BPF_RINGBUF_BUSY_BIT);
	assert_int_equal(ring_drain_whole(f->ring, take, f), 1);
	assert_int_equal(f->taken, 0);
}

static void leaves_what_comes_meanwhile(void **state)
{
	struct fixture *f = *state;

	write_record(f, 0, 48, 0);
	f->write_more = true;
	assert_int_equal(ring_drain(f->ring, take, f), 0);
	assert_int_equal(f->taken, 1);
	assert_int_equal(*f->writer - *f->reader, HEAD + 64);
}

static void goes_on_behind_what_failed(void **state)
{
	struct fixture *f = *state;

	write_record(f, 0, 48, 0);
	write_record(f, 1, 48, 0);
	f->answer = -EPIPE;
	assert_int_equal(ring_drain(f->ring, take, f), -EPIPE);
	assert_int_equal(f->taken, 1);
	f->answer = 0;
	assert_int_equal(ring_drain(f->ring, take, f), 0);
	assert_int_equal(f->taken, 2);
}

static void says_what_cannot_be_mapped(void **state)
{
	struct ring *ring = NULL;

	assert_int_equal(ring_open(-1, SIZE, &ring), -EBADF);
	assert_null(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_what_wraps, setup, teardown),
		cmocka_unit_test_setup_teardown(skips_what_was_discarded, setup, teardown),
		cmocka_unit_test_setup_teardown(waits_for_what_is_being_written, setup, teardown),
		cmocka_unit_test_setup_teardown(takes_the_whole_of_it, setup, teardown),
		cmocka_unit_test_setup_teardown(gives_up_what_is_never_written, setup, teardown),
		cmocka_unit_test_setup_teardown(leaves_what_comes_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(goes_on_behind_what_failed, setup, teardown),
		cmocka_unit_test_setup_teardown(says_what_cannot_be_mapped, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
