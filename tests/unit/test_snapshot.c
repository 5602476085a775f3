// SPDX-License-Identifier: GPL-2.0-only
/* Snapshots: over nothing, over what is known already, and as the cure for what was lost. */
#include "records.h"

#include <fcntl.h>
#include <sched.h>

#define T  0x1000
#define T2 0x2000
#define T3 0x3000
#define F  0xf000
#define G  0xf100

static void start(struct script *s)
{
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	slot_row(s, T, 4, pipe_write_end(F + 1, 200));
	snapshot_done(s);
	by(s, 10);
}

static void first_is_before_we_looked(void **state)
{
	struct script *s = *state;

	start(s);
	assert_int_equal(slot_at(s, T, 3)->came, CAME_UNKNOWN);
	assert_int_equal(slot_at(s, T, 3)->since_ts, 0);
	assert_string_equal(process_at(s, 10)->comm, "p10");
	assert_int_equal(process_at(s, 10)->ppid, 1);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->read_slots, 1);
}

static void again(struct script *s)
{
	snapshot_start(s);
	s->ts += 10; /* what is done now the rows show, and records tell later */
	task_row(s, 10, 10, T, 1);
}

static void late(struct script *s, uint64_t ts, int fd, struct file_facts facts, int nr)
{
	const uint64_t now = s->ts;

	s->ts = ts;
	slot(s, T, fd, facts, nr, 0, fd, 0, 0);
	s->ts = now;
}

/* A close between the beginning of a look and the rows of that table. */
static void what_a_look_found_closed_is_told(void **state)
{
	struct script *s = *state;
	uint64_t begun;

	start(s);
	begun = s->ts + 1;
	again(s);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	snapshot_done(s);
	assert_null(slot_at(s, T, 4));
	by(s, 10);
	late(s, begun, 4, empty, SYS_close);
	assert_true(s->change.changed);
	assert_int_equal(s->change.old_description->fmode, 2);
	assert_int_equal(s->change.old_object->key.ino, 200);
	late(s, begun + 1, 4, empty, SYS_close);
	assert_false(s->change.changed);
	assert_null(s->change.old_object);
}

/* And something else opened since: each is told as what it was. */
static void what_a_look_found_replaced_is_told(void **state)
{
	struct script *s = *state;
	uint64_t begun;

	start(s);
	begun = s->ts + 1;
	again(s);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	slot_row(s, T, 4, pipe_read_end(F + 2, 300));
	snapshot_done(s);
	by(s, 10);
	late(s, begun, 4, empty, SYS_close);
	assert_int_equal(s->change.old_object->key.ino, 200);
	late(s, begun + 1, 4, pipe_read_end(F + 2, 300), SYS_openat);
	assert_int_equal(s->change.object->key.ino, 300);
	assert_null(s->change.old_object);
	closed(s, T, 4);
	assert_int_equal(s->change.old_object->key.ino, 300);
	assert_null(slot_at(s, T, 4));
}

/* The record was made before the call that closed it: then that tells. */
static void what_a_look_found_closed_may_be_spoken_of_before(void **state)
{
	struct script *s = *state;
	uint64_t begun;

	start(s);
	begun = s->ts + 1;
	again(s);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	snapshot_done(s);
	by(s, 10);
	late(s, begun, 4, pipe_write_end(F + 1, 200), SYS_fcntl);
	assert_null(s->change.old_object);
	late(s, begun + 1, 4, empty, SYS_close);
	assert_int_equal(s->change.old_object->key.ino, 200);
	assert_null(slot_at(s, T, 4));
}

/* close_range() tells how many. */
static void what_a_look_found_closed_is_counted(void **state)
{
	struct script *s = *state;
	const uint64_t left[8] = { 0 };
	uint64_t begun, now;

	start(s);
	begun = s->ts + 1;
	again(s);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	snapshot_done(s);
	by(s, 10);
	now = s->ts;
	s->ts = begun;
	table_is(s, T, TABLE_PRUNE, SYS_close_range, 0, left, 8, true);
	s->ts = now;
	assert_int_equal(s->change.closed, 2);
}

/* Rows of a table may come before the row of the task that uses it. */
static void slots_before_tasks(void **state)
{
	struct script *s = *state;

	snapshot_start(s);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	task_row(s, 10, 10, T, 1);
	snapshot_done(s);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->read_slots, 1);
}

static void has_file(struct script *s, uint32_t pid, unsigned int fd, uint64_t file)
{
	by(s, pid);
	slot_row(s, T + pid, fd, regular_file(file, 200));
}

/* 20 has 10's open file, 30 opened the same for itself, 50 has 10's table. */
static void sharers(struct script *s)
{
	snapshot_start(s);
	for (uint32_t pid = 10; pid <= 40; pid += 10)
		task_row(s, pid, pid, T + pid, 1);
	task_row(s, 50, 50, T + 10, 1);
	has_file(s, 10, 3, F);
	has_file(s, 20, 7, F);
	has_file(s, 30, 3, F + 1);
	has_file(s, 40, 3, F + 2);
	snapshot_done(s);
	selected(s, 10, false);
}

static void who_shares_an_open_file_stays_for_an_instant(void **state)
{
	struct record prune = { .type = RECORD_PRUNE, .size = sizeof(prune), .flags = RECORD_INSTANT, .ts = 2000 };
	struct script *s = *state;

	sharers(s);
	apply(s, &prune);
	assert_non_null(slot_at(s, T + 20, 7));
	assert_int_equal(table_at(s, T + 10)->used, 1);
	assert_non_null(process_at(s, 20)->tasks);
	assert_non_null(process_at(s, 50)->tasks);
	assert_null(model_process_by_pid(s->model, 30));
	assert_null(model_process_by_pid(s->model, 40));
}

static void who_shares_a_table_is_traced(void **state)
{
	struct script *s = *state;

	sharers(s);
	plain(s, RECORD_PRUNE);
	assert_null(model_process_by_pid(s->model, 20));
	assert_null(model_process_by_pid(s->model, 30));
	assert_non_null(process_at(s, 10)->tasks);
	assert_non_null(process_at(s, 50)->tasks);
}

static void confirmation_keeps_provenance(void **state)
{
	struct script *s = *state;

	start(s);
	slot(s, T, 5, pipe_read_end(F, 200), SYS_dup, 5, 3, 0, 0);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	slot_row(s, T, 5, pipe_read_end(F, 200));
	slot_row(s, T, 6, pipe_read_end(F, 200));
	snapshot_done(s);
	assert_int_equal(slot_at(s, T, 5)->came, CAME_DUP);
	assert_int_equal(slot_at(s, T, 5)->from_fd, 3);
	assert_null(slot_at(s, T, 4)); /* its close was lost */
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->write_slots, 0);
	assert_int_equal(slot_at(s, T, 6)->came, CAME_UNKNOWN);
	assert_true(slot_at(s, T, 6)->since_ts > 0);
}

/* A child whose fork was lost, but not all it did since: it follows its parent once its row comes, and
 * its own child, whose row came first, too. */
static void places_whose_fork_was_lost(void **state)
{
	struct script *s = *state;

	start(s);
	selected(s, 10, true);
	by(s, 20);
	opened(s, T2, 3, regular_file(G, 1));
	assert_false(process_at(s, 20)->selected);
	snapshot_start(s);
	task_row(s, 30, 30, T3, 20);
	task_row(s, 20, 20, T2, 10);
	task_row(s, 10, 10, T, 1);
	snapshot_done(s);
	assert_true(process_at(s, 20)->selected);
	assert_true(process_at(s, 30)->selected);
}

/* Whoever is adopted is no descendant. */
static void keeps_whom_it_placed(void **state)
{
	struct script *s = *state;

	start(s);
	selected(s, 10, true);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T2, 1);
	snapshot_done(s);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T2, 10);
	snapshot_done(s);
	assert_int_equal(process_at(s, 20)->ppid, 10);
	assert_false(process_at(s, 20)->selected);
}

/* Its parent forked it and ended while the rows were read, and it was given another. */
static void an_orphan_is_a_descendant(void **state)
{
	struct script *s = *state;

	start(s);
	selected(s, 10, true);
	forked_whole(s, 20, T2);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 30, 30, T3, 1);
	snapshot_done(s);
	assert_false(process_at(s, 30)->selected);
	by(s, 20);
	forked(s, 30, T3);
	assert_true(process_at(s, 30)->selected);
}

/* Without being followed nobody is. */
static void places_nobody_unless_followed(void **state)
{
	struct script *s = *state;

	start(s);
	selected(s, 10, false);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T2, 10);
	snapshot_done(s);
	assert_false(process_at(s, 20)->selected);
}

/* The record behind its row says so; without one it is its pid. A later row changes nothing. */
static void inner_pid(void **state)
{
	struct script *s = *state;
	struct record_ns_pid record = { .head = { .type = RECORD_NS_PID, .size = sizeof(record) },
					.pid = 1 };

	start(s);
	assert_int_equal(process_at(s, 10)->ns_pid, 10);
	record.head.pid = record.head.tid = 10;
	record.head.start = process_at(s, 10)->key.start_ns;
	apply(s, &record);
	start(s);
	assert_int_equal(process_at(s, 10)->ns_pid, 1);
}

static void sweeps_the_dead(void **state)
{
	struct script *s = *state;

	start(s);
	forked_whole(s, 20, T2);
	cloned(s, 10, 11, T, CLONE_FILES | CLONE_THREAD);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	snapshot_done(s);
	assert_true(process_at(s, 20)->exited);
	assert_false(process_at(s, 20)->exit_known);
	assert_null(table_at(s, T2));
	assert_int_equal(HASH_COUNT(s->model->tasks), 1);
	/* the exit was only late, not lost */
	by(s, 20);
	s->ts -= 10;
	exited(s, 512, true);
	s->ts += 10;
	assert_true(process_at(s, 20)->exit_known);
	assert_int_equal(process_at(s, 20)->exit_code, 512);
}

/* The address of a table is in use by another process: rows come in any order. */
static void table_changes_hands(void **state)
{
	struct script *s = *state;

	start(s);
	snapshot_start(s);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	task_row(s, 10, 10, T2, 1);
	task_row(s, 20, 20, T, 1);
	snapshot_done(s);
	assert_non_null(slot_at(s, T, 3));
	assert_null(slot_at(s, T, 4));
	assert_int_equal(endpoint_at(s, 20, FILE_PIPE, 200)->read_slots, 1);
	assert_false(endpoint_at(s, 20, FILE_PIPE, 200)->ever_write);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->read_slots, 0);
}

/* Whoever had the table's address before, and ended unseen, never held what its next owner does. */
static void table_of_the_dead_is_anothers(void **state)
{
	struct script *s = *state;

	start(s);
	forked_whole(s, 20, T2);
	snapshot_start(s);
	task_row(s, 30, 30, T2, 1);
	slot_row(s, T2, 3, pipe_read_end(G, 300));
	task_row(s, 10, 10, T, 1);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	snapshot_done(s);
	assert_true(process_at(s, 20)->exited);
	assert_true(endpoint_at(s, 20, FILE_PIPE, 200)->left_read);
	assert_null(endpoint_at(s, 20, FILE_PIPE, 300));
	assert_int_equal(endpoint_at(s, 30, FILE_PIPE, 300)->read_slots, 1);
	assert_null(endpoint_at(s, 30, FILE_PIPE, 200));
}

/* It ended between its own row and those of the slots: its end is told after. */
static void table_changes_hands_amid_rows(void **state)
{
	struct script *s = *state;

	start(s);
	forked_whole(s, 20, T2);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T2, 10);
	by(s, 10);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	by(s, 30);
	slot_row(s, T2, 3, pipe_read_end(G, 300));
	slot_row(s, T2, 5, pipe_write_end(G + 1, 300));
	snapshot_done(s);
	assert_null(endpoint_at(s, 20, FILE_PIPE, 300));
	assert_int_equal(endpoint_at(s, 20, FILE_PIPE, 200)->read_slots, 1);
	assert_null(slot_at(s, T2, 5));
	by(s, 20);
	exited(s, 0, true);
	assert_null(table_at(s, T2));
}

/* It ended between its own row and the next owner's. */
static void table_changes_hands_between_tasks(void **state)
{
	struct script *s = *state;

	start(s);
	forked_whole(s, 20, T2);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T2, 10);
	task_row(s, 30, 30, T2, 1);
	task_row(s, 30, 31, T2, 1);
	slot_row(s, T2, 3, pipe_read_end(G, 300));
	slot_row(s, T2, 5, pipe_write_end(G + 1, 300));
	snapshot_done(s);
	assert_null(endpoint_at(s, 20, FILE_PIPE, 300));
	assert_null(endpoint_at(s, 30, FILE_PIPE, 200));
	assert_int_equal(endpoint_at(s, 20, FILE_PIPE, 200)->read_slots, 0);
	assert_int_equal(endpoint_at(s, 30, FILE_PIPE, 300)->read_slots, 1);
	assert_int_equal(table_at(s, T2)->used, 2);
	assert_ptr_equal(process_at(s, 30)->table, table_at(s, T2));
	by(s, 20);
	exited(s, 0, true);
	by_thread(s, 30, 31);
	closed(s, T2, 3);
	assert_int_equal(endpoint_at(s, 30, FILE_PIPE, 300)->read_slots, 0);
	by(s, 30);
	exited(s, 0, true);
	assert_null(table_at(s, T2));
}

/* Its owner has gone over to another, of its own: what lay there is nobody's. */
static void table_left_is_the_next_ones(void **state)
{
	struct script *s = *state;

	start(s);
	snapshot_start(s);
	task_row(s, 10, 10, T2, 1);
	task_row(s, 20, 20, T, 1);
	by(s, 10);
	slot_row(s, T2, 3, pipe_read_end(F, 200));
	by(s, 20);
	slot_row(s, T, 3, regular_file(G, 1));
	snapshot_done(s);
	assert_null(endpoint_at(s, 20, FILE_PIPE, 200));
	assert_int_equal(table_at(s, T)->used, 1);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->read_slots, 1);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->write_slots, 0);
}

/* Who shares a table tells of it too; a thread that ended unseen takes nothing along. */
static void shared_table_is_told_by_each(void **state)
{
	struct script *s = *state;

	start(s);
	cloned(s, 10, 11, T, CLONE_FILES | CLONE_THREAD);
	cloned(s, 20, 20, T, CLONE_FILES);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T, 10);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	by(s, 10);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	slot_row(s, T, 4, pipe_write_end(F + 1, 200));
	snapshot_done(s);
	assert_int_equal(table_at(s, T)->used, 2);
	assert_int_equal(HASH_COUNT(s->model->tasks), 2);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->write_slots, 1);
	assert_int_equal(endpoint_at(s, 20, FILE_PIPE, 200)->write_slots, 1);
}

/* Whoever shares it may be met first, and had it never told. */
static void sharer_is_met_first(void **state)
{
	struct script *s = *state;

	start(s);
	forked_whole(s, 20, T2);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	task_row(s, 15, 15, T2, 1);
	task_row(s, 20, 20, T2, 10);
	by(s, 15);
	slot_row(s, T2, 3, pipe_read_end(F, 200));
	slot_row(s, T2, 6, regular_file(G, 1));
	by(s, 20);
	slot_row(s, T2, 3, pipe_read_end(F, 200));
	slot_row(s, T2, 6, regular_file(G, 1));
	snapshot_done(s);
	assert_ptr_equal(process_at(s, 15)->table, process_at(s, 20)->table);
	assert_int_equal(table_at(s, T2)->used, 2);
	assert_int_equal(slot_at(s, T2, 3)->came, CAME_FORK);
	assert_int_equal(endpoint_at(s, 15, FILE_PIPE, 200)->read_slots, 1);
	assert_false(endpoint_at(s, 15, FILE_PIPE, 200)->ever_write);
	assert_false(process_at(s, 20)->exited || endpoint_at(s, 20, FILE_PIPE, 200)->left_read);
	by(s, 20);
	exited(s, 0, true);
	assert_int_equal(table_at(s, T2)->used, 2);
}

/* It forked one that shares its table, after the rows of tasks, and ended before those of slots. */
static void sharer_is_told_of_after(void **state)
{
	struct script *s = *state;

	start(s);
	forked_whole(s, 20, T2);
	snapshot_start(s);
	s->ts += 100;
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T2, 10);
	by(s, 10);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	by(s, 30);
	slot_row(s, T2, 3, pipe_read_end(F, 200));
	slot_row(s, T2, 4, pipe_write_end(F + 1, 200));
	snapshot_done(s);
	by(s, 20);
	cloned(s, 30, 30, T2, CLONE_FILES);
	exited(s, 0, true);
	assert_int_equal(table_at(s, T2)->used, 2);
	assert_int_equal(endpoint_at(s, 30, FILE_PIPE, 200)->write_slots, 1);
}

/* Nothing in it, so nobody tells. */
static void empty_table_is_shared(void **state)
{
	struct script *s = *state;

	start(s);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	task_row(s, 20, 20, T2, 1);
	task_row(s, 30, 30, T2, 1);
	snapshot_done(s);
	by(s, 30);
	opened(s, T2, 0, regular_file(G, 1));
	assert_int_equal(process_at(s, 20)->table->used, 1);
	assert_ptr_equal(process_at(s, 20)->table, process_at(s, 30)->table);
}

static void older_events_are_ignored(void **state)
{
	struct script *s = *state;
	uint64_t files[] = { 0, 0, 0, 0 };

	s->ts = 5000;
	start(s);
	s->ts = 4000;
	closed(s, T, 3);
	opened(s, T, 9, regular_file(G, 1));
	table_is(s, T, TABLE_COPY, -1, 0, files, 4, true);
	retabled(s, T3);
	passed(s, 3, 77, pipe_read_end(F, 200));
	assert_non_null(slot_at(s, T, 3));
	assert_null(slot_at(s, T, 9));
	assert_null(table_at(s, T3));
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->key.object->in_flight, 0);
	/* Whoever was forked then and is not in the snapshot has ended. */
	forked(s, 30, T3);
	assert_true(process_at(s, 30)->exited);
	assert_null(table_at(s, T3));
	by(s, 30);
	exited(s, 0, true);
	assert_true(process_at(s, 30)->exit_known);
	s->ts = 6000;
	by(s, 10);
	closed(s, T, 3);
	assert_null(slot_at(s, T, 3));
}

/* What happened while the snapshot was read is told twice. */
static void overlap_is_harmless(void **state)
{
	struct script *s = *state;
	uint64_t begin;

	start(s);
	snapshot_start(s);
	begin = s->ts;
	s->ts += 100;
	task_row(s, 10, 10, T, 1);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	slot_row(s, T, 5, regular_file(G, 1));
	task_row(s, 20, 20, T2, 10);
	slot_row(s, T2, 3, pipe_read_end(F, 200));
	slot_row(s, T2, 7, regular_file(G + 1, 2));
	snapshot_done(s);
	s->ts = begin;
	by(s, 10);
	closed(s, T, 4);
	opened(s, T, 5, regular_file(G, 1));
	assert_int_equal(slot_at(s, T, 5)->came, CAME_OPENED); /* the call explains it */
	forked(s, 20, T2);
	by(s, 20);
	table_is(s, T2, TABLE_COPY, -1, 0, (uint64_t[]){ 0, 0, 0, F }, 4, true);
	opened(s, T2, 7, regular_file(G + 1, 2));
	assert_non_null(slot_at(s, T2, 7));
	assert_non_null(slot_at(s, T2, 3));
	assert_int_equal(table_at(s, T2)->used, 2);
	assert_int_equal(process_at(s, 20)->ppid, 10);
}

static void in_flight_is_replaced(void **state)
{
	struct script *s = *state;
	struct object *object;

	start(s);
	passed(s, 4, 77, pipe_write_end(F + 1, 200));
	passed(s, 4, 78, pipe_write_end(F + 1, 200));
	object = s->change.object;
	assert_int_equal(object->in_flight, 2);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	in_flight_row(s, 77, pipe_write_end(F + 1, 200));
	in_flight_row(s, 79, regular_file(G, 5));
	snapshot_done(s);
	assert_int_equal(object->in_flight, 1);
	assert_int_equal(object->slots, 0);
	assert_ptr_equal(object->descriptions->in_flight->sender, process_at(s, 10));
	assert_int_equal(object->descriptions->in_flight->socket_ino, 77);
	/* its sending, told late, is not a second one */
	by(s, 10);
	s->model->snapshot_ts = 0;
	passed(s, 8, 79, regular_file(G, 5));
	assert_int_equal(s->change.object->in_flight, 1);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	snapshot_done(s);
	assert_int_equal(object->in_flight, 0);
	assert_null(s->model->descriptions);
}

/* A dying task seen once more, with or without its table, stays dead. */
static void dead_stay_dead(void **state)
{
	struct script *s = *state;

	start(s);
	forked_whole(s, 20, T2);
	by(s, 20);
	exited(s, 0, true);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, 0, 10);
	task_row(s, 30, 30, 0, 10);
	snapshot_done(s);
	assert_true(process_at(s, 20)->exited);
	assert_null(process_at(s, 30));
}

static void repairs_lost_forks_and_unshares(void **state)
{
	struct script *s = *state;

	start(s);
	selected(s, 10, true);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	task_row(s, 10, 11, T3, 1);
	slot_row(s, T3, 3, pipe_read_end(F, 200));
	task_row(s, 20, 20, T2, 10);
	slot_row(s, T2, 4, pipe_write_end(F + 1, 200));
	snapshot_done(s);
	assert_true(process_at(s, 20)->selected);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->read_slots, 2);
	assert_ptr_equal(process_at(s, 10)->table, table_at(s, T));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_is_before_we_looked),
		TEST(slots_before_tasks), TEST(who_shares_an_open_file_stays_for_an_instant), TEST(who_shares_a_table_is_traced),
		TEST(confirmation_keeps_provenance),
		TEST(an_orphan_is_a_descendant),
		TEST(sweeps_the_dead),
		TEST(table_changes_hands),
		TEST(table_of_the_dead_is_anothers),
		TEST(table_changes_hands_amid_rows),
		TEST(table_changes_hands_between_tasks),
		TEST(table_left_is_the_next_ones),
		TEST(sharer_is_met_first),
		TEST(sharer_is_told_of_after),
		TEST(empty_table_is_shared),
		TEST(shared_table_is_told_by_each),
		TEST(older_events_are_ignored),
		TEST(overlap_is_harmless),
		TEST(in_flight_is_replaced),
		TEST(dead_stay_dead),
		TEST(repairs_lost_forks_and_unshares),
		TEST(places_whose_fork_was_lost),
		TEST(keeps_whom_it_placed),
		TEST(places_nobody_unless_followed),
		TEST(what_a_look_found_closed_is_told),
		TEST(what_a_look_found_replaced_is_told),
		TEST(what_a_look_found_closed_may_be_spoken_of_before),
		TEST(what_a_look_found_closed_is_counted),
		TEST(inner_pid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
