// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose table an event speaks of. The kernel gives the address of a table to the next at once, so where records
 * were lost it may be another's than is known; snapshots, which mend that, are in test_snapshot.c.
 */
#include "records.h"

#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define T  0x1000 /* the table of process 10 */
#define T2 0x2000 /* of process 20 */
#define T3 0x3000
#define F  0xf000
#define G  0xf100

static void start(struct script *s)
{
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T2, 1);
	by(s, 10);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	by(s, 20);
	slot_row(s, T2, 3, pipe_read_end(G, 300));
	slot_row(s, T2, 4, pipe_write_end(G + 1, 300));
	snapshot_done(s);
	by(s, 10);
}

static void assert_strangers(struct script *s, uint32_t pid, uint32_t other, uint64_t theirs)
{
	assert_null(endpoint_at(s, other, FILE_PIPE, 200));
	assert_null(endpoint_at(s, pid, FILE_PIPE, 300));
	assert_null(endpoint_at(s, other, FILE_PIPE, theirs));
	assert_int_equal(endpoint_at(s, other, FILE_PIPE, 300)->read_slots, 0);
}

/* An exec, or an unshare, gave it a table of its own, where that of one who had ended was. */
static void renewed_unseen(void **state)
{
	struct script *s = *state;

	start(s);
	slot(s, T2, 5, pipe_write_end(F + 2, 400), SYS_openat, 5, 0, 0, 0);
	assert_ptr_equal(process_at(s, 10)->table, table_at(s, T2));
	assert_null(table_at(s, T));
	assert_int_equal(table_at(s, T2)->used, 2);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->read_slots, 1);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 400)->write_slots, 1);
	assert_strangers(s, 10, 20, 400);
}

/* Its row shows it after an exec; then comes what it did before, in a table that another has still. */
static void used_before_a_row_shows_another(void **state)
{
	struct script *s = *state;
	uint64_t amid, after;

	start(s);
	cloned(s, 30, 30, T, CLONE_FILES);
	snapshot_start(s);
	amid = s->ts;
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T2, 1);
	task_row(s, 30, 30, T3, 10);
	by(s, 10);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	snapshot_done(s);
	after = s->ts;
	s->ts = amid;
	by(s, 30);
	slot(s, T, 5, pipe_write_end(F + 2, 400), SYS_openat, 5, 0, 0, 0);
	s->ts = after;
	assert_ptr_equal(process_at(s, 10)->table, table_at(s, T));
	assert_int_equal(table_at(s, T)->used, 2);
	assert_ptr_equal(process_at(s, 30)->table, table_at(s, T3));
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 400)->write_slots, 1);
}

/* The rows show process 10 where others were before, whose records of then come after. */
static void others_were_at_an_address_before(struct script *s)
{
	uint64_t amid;

	snapshot_start(s);
	amid = s->ts;
	s->ts += 10;
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T2, 1);
	by(s, 10);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	snapshot_done(s);
	s->ts = amid;
}

static void assert_is_kept(struct script *s, uint32_t other)
{
	const struct process *process = process_at(s, other);

	assert_ptr_equal(process_at(s, 10)->table, table_at(s, T));
	assert_int_equal(table_at(s, T)->used, 1);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->read_slots, 1);
	assert_true(!process || !process->table);
	assert_null(endpoint_at(s, other, FILE_PIPE, 200));
}

static void forked_before_a_row_shows_another(void **state)
{
	const uint64_t nothing = 0;
	struct script *s = *state;

	others_were_at_an_address_before(s);
	by(s, 20);
	forked(s, 30, T);
	assert_is_kept(s, 30);
	by(s, 30);
	table_is(s, T, TABLE_COPY, -1, 0, &nothing, 1, true);
	assert_is_kept(s, 30);
}

static void renewed_before_a_row_shows_another(void **state)
{
	struct script *s = *state;

	others_were_at_an_address_before(s);
	by(s, 30);
	retabled(s, T);
	assert_is_kept(s, 30);
	by(s, 40);
	slot(s, T, 3, pipe_write_end(F + 2, 400), SYS_openat, 3, 0, 0, 0);
	assert_is_kept(s, 40);
}

/* It made the table, and then the thread that a row shows to have it. */
static void renewed_before_a_row_shows_its_thread(void **state)
{
	struct script *s = *state;
	uint64_t amid;

	snapshot_start(s);
	amid = s->ts;
	s->ts += 10;
	task_row(s, 30, 31, T3, 1);
	by(s, 30);
	slot_row(s, T3, 3, pipe_read_end(F, 200));
	snapshot_done(s);
	s->ts = amid;
	retabled(s, T3);
	assert_ptr_equal(process_at(s, 30)->table, table_at(s, T3));
	assert_int_equal(table_at(s, T3)->used, 1);
	assert_int_equal(table_at(s, T3)->users->tasks, 2);
}

/* What it did in a table of before its row touches nothing of whoever came to that address since. */
static void used_before_rows_show_others(void **state)
{
	struct script *s = *state;

	others_were_at_an_address_before(s);
	by(s, 20);
	closed(s, T, 3);
	assert_int_equal(table_at(s, T)->used, 1);
	assert_ptr_equal(process_at(s, 20)->table, table_at(s, T2));
}

/* By whichever record comes first. */
static void renewed_unseen_and_copied(void **state)
{
	struct script *s = *state;
	const uint64_t files[] = { 0, 0, 0, 0, 0, F + 2 };

	start(s);
	table_is(s, T2, TABLE_COPY, -1, 0, files, 6, true);
	assert_int_equal(table_at(s, T2)->used, 1);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->read_slots, 0);
	assert_int_equal(endpoint_at(s, 20, FILE_PIPE, 300)->write_slots, 0);
	closed(s, T2, 5);
	assert_int_equal(table_at(s, T2)->used, 0);
}

/* Both the end of one and the making of the next were lost. */
static void forked_unseen(void **state)
{
	struct script *s = *state;

	start(s);
	by(s, 30);
	slot(s, T2, 5, pipe_write_end(F + 2, 400), SYS_openat, 5, 0, 0, 0);
	assert_int_equal(table_at(s, T2)->used, 1);
	assert_int_equal(endpoint_at(s, 30, FILE_PIPE, 400)->write_slots, 1);
	assert_strangers(s, 30, 20, 400);
	by(s, 20);
	exited(s, 0, true); /* told after all */
	assert_int_equal(table_at(s, T2)->used, 1);
}

/* Whoever becomes a peer tells of all that it holds, be it with others or alone. */
static void peer_shares(void **state)
{
	struct script *s = *state;

	start(s);
	by(s, 30);
	slot(s, T2, 3, pipe_read_end(G, 300), -1, 0, 0, 0, 0);
	slot(s, T2, 4, pipe_write_end(G + 1, 300), -1, 0, 0, 0, 0);
	slot(s, T2, 5, unix_socket(F + 2, 400), SYS_accept4, 5, 0, 0, 0);
	assert_ptr_equal(process_at(s, 30)->table, process_at(s, 20)->table);
	assert_int_equal(table_at(s, T2)->used, 3);
	assert_int_equal(endpoint_at(s, 20, FILE_UNIX, 400)->read_slots, 1);
}

/* A thread made unseen, and one whose number had been another's. */
static void thread_shares(void **state)
{
	struct script *s = *state;

	start(s);
	by_thread(s, 10, 11);
	slot(s, T, 4, pipe_write_end(F + 1, 200), SYS_openat, 4, 0, 0, 0);
	assert_int_equal(table_at(s, T)->used, 2);
	retabled(s, T3);
	slot(s, T, 5, regular_file(F + 2, 1), SYS_openat, 5, 0, 0, 0);
	assert_ptr_equal(process_at(s, 10)->table, table_at(s, T));
	assert_int_equal(table_at(s, T)->used, 3);
	assert_null(table_at(s, T3));
}

/* What is told of one that has ended is told of no table any more. */
static void ended_has_none(void **state)
{
	struct script *s = *state;

	start(s);
	exited(s, 0, true);
	cloned(s, 30, 30, T, 0);
	closed(s, T2, 3);
	opened(s, T, 7, regular_file(F, 1));
	assert_int_equal(table_at(s, T2)->used, 2);
	assert_int_equal(table_at(s, T)->used, 0);
	assert_null(process_at(s, 10)->table);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(renewed_unseen),
		TEST(used_before_a_row_shows_another),
		TEST(forked_before_a_row_shows_another),
		TEST(renewed_before_a_row_shows_another),
		TEST(renewed_before_a_row_shows_its_thread),
		TEST(used_before_rows_show_others),
		TEST(renewed_unseen_and_copied),
		TEST(forked_unseen),
		TEST(peer_shares),
		TEST(thread_shares),
		TEST(ended_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
