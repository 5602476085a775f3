// SPDX-License-Identifier: GPL-2.0-only
/* Calls that change descriptor tables, each as the records that the kernel sends for it. */
#include "records.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define T  0x1000 /* the table of process 10 */
#define T2 0x2000
#define T3 0x3000
#define F  0xf000 /* files */
#define G  0xf100

static void start(struct script *s)
{
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	snapshot_done(s);
	by(s, 10);
}

/* --- open, close, dup ------------------------------------------------------------------------ */

static void opens_and_closes(void **state)
{
	struct script *s = *state;

	start(s);
	opened(s, T, 3, regular_file(F, 100));
	assert_int_equal(slot_at(s, T, 3)->came, CAME_OPENED);
	assert_true(s->change.changed);
	assert_null(s->change.old_object);
	closed(s, T, 3);
	assert_null(slot_at(s, T, 3));
	assert_non_null(s->change.old_object);
	assert_null(s->change.object);
	/* a plain file nobody holds leaves nothing behind, beyond this change */
	assert_null(s->model->objects);
	assert_null(s->model->descriptions);
}

static void keeps_history_of_ipc(void **state)
{
	struct script *s = *state;
	struct endpoint *endpoint;

	start(s);
	pipe_made(s, T, 3, 4, F, 200);
	closed(s, T, 3);
	closed(s, T, 4);
	endpoint = endpoint_at(s, 10, FILE_PIPE, 200);
	assert_non_null(endpoint);
	assert_true(endpoint->ever_read && endpoint->ever_write);
	assert_int_equal(endpoint->read_slots + endpoint->write_slots, 0);
	assert_int_equal(endpoint->key.object->slots, 0);
}

static void assert_dup(struct script *s, int fd, int from)
{
	assert_int_equal(slot_at(s, T, (unsigned int)fd)->came, CAME_DUP);
	assert_int_equal(slot_at(s, T, (unsigned int)fd)->from_fd, from);
	assert_ptr_equal(slot_at(s, T, (unsigned int)fd)->description,
			 slot_at(s, T, (unsigned int)from)->description);
}

static void duplicates(void **state)
{
	struct script *s = *state;

	start(s);
	pipe_made(s, T, 3, 4, F, 200);
	slot(s, T, 5, pipe_write_end(F + 1, 200), SYS_dup, 5, 4, 0, 0);
	assert_dup(s, 5, 4);
	slot(s, T, 1, pipe_write_end(F + 1, 200), SYS_dup3, 1, 4, 1, 0);
	assert_dup(s, 1, 4);
	slot(s, T, 20, pipe_write_end(F + 1, 200), SYS_fcntl, 20, 4, F_DUPFD, 20);
	assert_dup(s, 20, 4);
	slot(s, T, 21, pipe_write_end(F + 1, 200), SYS_fcntl, 21, 4, F_DUPFD_CLOEXEC, 20);
	assert_dup(s, 21, 4);
#ifdef SYS_dup2
	slot(s, T, 3, pipe_write_end(F + 1, 200), SYS_dup2, 3, 4, 3, 0);
	assert_dup(s, 3, 4);
	/* the read end that lay there is gone */
	assert_int_equal(s->change.old_description->fmode, 1);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->read_slots, 0);
#endif
	assert_true(endpoint_at(s, 10, FILE_PIPE, 200)->write_slots >= 5);
}

static void flags_keep_provenance(void **state)
{
	struct script *s = *state;
	struct file_facts facts = pipe_write_end(F + 1, 200);

	start(s);
	pipe_made(s, T, 3, 4, F, 200);
	slot(s, T, 5, facts, SYS_dup, 5, 4, 0, 0);
	cloexec(s, T, 5, facts, true);
	assert_true(slot_at(s, T, 5)->cloexec);
	assert_true(s->change.changed);
	assert_int_equal(slot_at(s, T, 5)->came, CAME_DUP);
	facts.fflags = O_NONBLOCK;
	slot(s, T, 4, facts, SYS_fcntl, 0, 4, F_SETFL, O_NONBLOCK);
	assert_int_equal(slot_at(s, T, 5)->description->fflags, O_NONBLOCK);
	assert_int_equal(slot_at(s, T, 4)->came, CAME_OPENED);
}

static void close_range_prunes(void **state)
{
	struct script *s = *state;
	const uint64_t files[] = { 0, 0, 0, F, 0, 0xdead };

	start(s);
	for (int fd = 3; fd < 10; fd++)
		opened(s, T, fd, regular_file(F + (uint64_t)fd, 100));
	table_is(s, T, TABLE_PRUNE, SYS_close_range, 0, files, 6, false);
	assert_non_null(slot_at(s, T, 3)); /* not spoken for, whatever the pointer */
	assert_null(slot_at(s, T, 4));
	assert_non_null(slot_at(s, T, 5));
	assert_non_null(slot_at(s, T, 9));
	assert_int_equal(s->change.closed, 1);
	table_is(s, T, TABLE_PRUNE, SYS_close_range, 0, files, 6, true);
	assert_null(slot_at(s, T, 6));
	assert_int_equal(s->change.closed, 4);
	assert_int_equal(s->change.kept, 2);
}

static void large_numbers(void **state)
{
	struct script *s = *state;

	start(s);
	opened(s, T, (1 << 20) - 1, regular_file(F, 100));
	assert_non_null(slot_at(s, T, (1 << 20) - 1));
	closed(s, T, 70000);
	closed(s, T, (1 << 20) - 1);
	assert_int_equal(table_at(s, T)->used, 0);
}

/* --- fork and clone -------------------------------------------------------------------------- */

static void fork_inherits(void **state)
{
	struct script *s = *state;
	struct slot *inherited;

	start(s);
	pipe_made(s, T, 3, 4, F, 200);
	cloexec(s, T, 4, pipe_write_end(F + 1, 200), true);
	forked_whole(s, 20, T2);
	inherited = slot_at(s, T2, 4);
	assert_int_equal(inherited->came, CAME_FORK);
	assert_ptr_equal(inherited->from, process_at(s, 10));
	assert_int_equal(inherited->from_fd, 4);
	assert_true(inherited->cloexec);
	assert_ptr_equal(inherited->description, slot_at(s, T, 4)->description);
	assert_int_equal(process_at(s, 20)->ppid, 10);
	assert_int_equal(endpoint_at(s, 20, FILE_PIPE, 200)->write_slots, 1);
	assert_int_equal(s->model->unresolved, 0);
	/* both close what is not theirs */
	closed(s, T, 3);
	by(s, 20);
	closed(s, T2, 4);
	assert_int_equal(endpoint_at(s, 20, FILE_PIPE, 200)->write_slots, 0);
	assert_int_equal(endpoint_at(s, 20, FILE_PIPE, 200)->read_slots, 1);
}

static void fork_by_slots(void **state)
{
	struct script *s = *state;

	start(s);
	pipe_made(s, T, 3, 4, F, 200);
	forked(s, 20, T2);
	by(s, 20);
	slot(s, T2, 3, pipe_read_end(F, 200), -1, 0, 0, 0, 0);
	assert_int_equal(slot_at(s, T2, 3)->came, CAME_FORK);
	assert_ptr_equal(slot_at(s, T2, 3)->from, process_at(s, 10));
	opened(s, T2, 5, regular_file(G, 1));
	slot(s, T2, 6, regular_file(G + 1, 1), -1, 0, 0, 0, 0);
	assert_int_equal(slot_at(s, T2, 6)->came, CAME_UNKNOWN);
}

/* A large table comes in chunks; the last ends it. */
static void fork_in_chunks(void **state)
{
	struct script *s = *state;
	uint64_t files[RECORD_CHUNK] = { 0 };

	start(s);
	opened(s, T, 5, regular_file(F, 1));
	opened(s, T, 600, regular_file(F + 1, 2));
	forked(s, 20, T2);
	by(s, 20);
	files[5] = F;
	table_is(s, T2, TABLE_COPY, -1, 0, files, RECORD_CHUNK, false);
	files[5] = 0;
	files[600 - RECORD_CHUNK] = F + 1;
	table_is(s, T2, TABLE_COPY, -1, RECORD_CHUNK, files, RECORD_CHUNK, true);
	assert_int_equal(slot_at(s, T2, 5)->came, CAME_FORK);
	assert_ptr_equal(slot_at(s, T2, 600)->description, slot_at(s, T, 600)->description);
	assert_int_equal(table_at(s, T2)->used, 2);
}

static void clone_shares_table(void **state)
{
	struct script *s = *state;

	start(s);
	pipe_made(s, T, 3, 4, F, 200);
	cloned(s, 20, 20, T, CLONE_FILES);
	assert_ptr_equal(process_at(s, 20)->table, table_at(s, T));
	assert_int_equal(endpoint_at(s, 20, FILE_PIPE, 200)->read_slots, 1);
	by(s, 20);
	closed(s, T, 3);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->read_slots, 0);
	assert_int_equal(endpoint_at(s, 20, FILE_PIPE, 200)->read_slots, 0);
	exited(s, 0, true);
	assert_non_null(slot_at(s, T, 4));
	assert_int_equal(endpoint_at(s, 20, FILE_PIPE, 200)->write_slots, 0);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->write_slots, 1);
}

static void vfork_then_exec(void **state)
{
	struct script *s = *state;
	const uint64_t files[] = { 0, 0, 0, F, 0 };

	start(s);
	pipe_made(s, T, 3, 4, F, 200);
	cloexec(s, T, 4, pipe_write_end(F + 1, 200), true);
	cloned(s, 20, 20, T, CLONE_VM | CLONE_VFORK | CLONE_FILES);
	by(s, 20);
	executed(s, T2, 20, "/bin/cat", "cat\0-n", 7);
	assert_int_equal(s->change.closed, 1);
	assert_int_equal(s->change.kept, 1);
	table_is(s, T2, TABLE_COPY, -1, 0, files, 5, true);
	assert_null(slot_at(s, T2, 4));
	assert_true(slot_at(s, T2, 3)->through_exec);
	assert_int_equal(slot_at(s, T2, 3)->came, CAME_OPENED);
	assert_non_null(slot_at(s, T, 4)); /* the parent keeps its own */
	assert_false(slot_at(s, T, 3)->through_exec);
}

static void unshare_copies(void **state)
{
	struct script *s = *state;

	start(s);
	pipe_made(s, T, 3, 4, F, 200);
	slot(s, T, 5, pipe_read_end(F, 200), SYS_dup, 5, 3, 0, 0);
	cloned(s, 10, 11, T, CLONE_FILES | CLONE_THREAD);
	by_thread(s, 10, 11);
	retabled(s, T2);
	assert_int_equal(slot_at(s, T2, 5)->came, CAME_DUP);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->read_slots, 4);
	closed(s, T2, 5);
	assert_non_null(slot_at(s, T, 5));
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->read_slots, 3);
	assert_ptr_equal(process_at(s, 10)->table, table_at(s, T));
	retabled(s, T2); /* again: nothing happens */
	assert_null(slot_at(s, T2, 5));
	/* the leader goes; the other thread's table stands for the process */
	by(s, 10);
	exited(s, 0, false);
	assert_null(table_at(s, T));
	assert_ptr_equal(process_at(s, 10)->table, table_at(s, T2));
	assert_false(process_at(s, 10)->exited);
}

/* --- exec and exit --------------------------------------------------------------------------- */

static void exec_closes(void **state)
{
	struct script *s = *state;
	const uint64_t files[] = { 0, 0, 0, F };
	struct process *process;

	start(s);
	opened(s, T, 3, regular_file(F, 1));
	opened(s, T, 4, regular_file(F + 1, 2));
	cloexec(s, T, 4, regular_file(F + 1, 2), true);
	executed(s, T, 10, "/usr/bin/grep", "grep\0foo", 9);
	assert_int_equal(s->change.closed, 1);
	assert_int_equal(s->change.kept, 1);
	table_is(s, T, TABLE_COPY, -1, 0, files, 4, true);
	assert_null(slot_at(s, T, 4));
	assert_true(slot_at(s, T, 3)->through_exec);
	assert_int_equal(slot_at(s, T, 3)->came, CAME_OPENED);
	process = process_at(s, 10);
	assert_string_equal(process->exe, "/usr/bin/grep");
	assert_int_equal(process->argv_len, 9);
	assert_string_equal(process->argv + 5, "foo");
}

static void exec_by_thread(void **state)
{
	struct script *s = *state;

	start(s);
	opened(s, T, 3, regular_file(F, 1));
	cloned(s, 10, 11, T, CLONE_FILES | CLONE_THREAD);
	by_thread(s, 10, 11);
	retabled(s, T2);
	opened(s, T2, 4, regular_file(F + 1, 1));
	by(s, 10);
	exited(s, 0, false);
	assert_null(table_at(s, T));
	executed(s, T2, 11, "/bin/true", "true", 5);
	assert_ptr_equal(process_at(s, 10)->table, table_at(s, T2));
	assert_non_null(slot_at(s, T2, 4));
	assert_int_equal(HASH_COUNT(s->model->tasks), 1);
	assert_int_equal(s->model->tasks->tid, 10);
}

static void exit_empties(void **state)
{
	struct script *s = *state;
	struct process *process;

	start(s);
	pipe_made(s, T, 3, 4, F, 200);
	opened(s, T, 5, regular_file(G, 1));
	exited(s, 15, true);
	process = process_at(s, 10);
	assert_true(process->exited && process->exit_known);
	assert_int_equal(process->exit_code, 15);
	assert_null(process->table);
	assert_null(s->model->tables);
	assert_null(s->model->descriptions);
	assert_true(endpoint_at(s, 10, FILE_PIPE, 200)->left_read);
	/* late records of the dead change nothing */
	opened(s, T, 3, regular_file(G, 1));
	assert_null(s->model->tables);
	assert_ptr_equal(model_process_by_pid(s->model, 10), process);
}

static void zombie_leader(void **state)
{
	struct script *s = *state;

	start(s);
	opened(s, T, 3, regular_file(F, 1));
	cloned(s, 10, 11, T, CLONE_FILES | CLONE_THREAD);
	exited(s, 0, false);
	assert_false(process_at(s, 10)->exited);
	assert_non_null(slot_at(s, T, 3));
	assert_ptr_equal(model_process_by_pid(s->model, 10), process_at(s, 10));
	by_thread(s, 10, 11);
	closed(s, T, 3);
	assert_null(slot_at(s, T, 3));
	exited(s, 256, true);
	assert_true(process_at(s, 10)->exited);
	assert_int_equal(process_at(s, 10)->exit_code, 256);
}

static void pid_reuse(void **state)
{
	struct script *s = *state;
	struct process *first, *second;

	start(s);
	opened(s, T, 3, regular_file(F, 1));
	first = process_at(s, 10);
	s->epoch = 500; /* its exit was lost */
	snapshot_start(s);
	task_row(s, 10, 10, T2, 1);
	slot_row(s, T2, 0, regular_file(G, 2));
	snapshot_done(s);
	second = process_at(s, 10);
	assert_ptr_not_equal(first, second);
	assert_true(first->exited);
	assert_false(first->exit_known);
	assert_false(second->exited);
	assert_null(table_at(s, T));
	assert_ptr_equal(model_process_by_pid(s->model, 10), second);
}

/* --- passing --------------------------------------------------------------------------------- */

static void passes(void **state)
{
	struct script *s = *state;

	start(s);
	forked_whole(s, 20, T2);
	pipe_made(s, T, 3, 4, F, 200);
	passed(s, 4, 77, pipe_write_end(F + 1, 200));
	assert_int_equal(s->change.object->in_flight, 1);
	closed(s, T, 4);
	/* in flight, and nowhere else */
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->key.object->in_flight, 1);
	by(s, 20);
	slot(s, T2, 7, pipe_write_end(F + 1, 200), SYS_recvmsg, 1, 6, 0, 0);
	assert_int_equal(slot_at(s, T2, 7)->came, CAME_PASSED);
	assert_ptr_equal(slot_at(s, T2, 7)->from, process_at(s, 10));
	assert_int_equal(slot_at(s, T2, 7)->from_fd, 4);
	assert_ptr_equal(s->change.other, process_at(s, 10));
	assert_int_equal(s->change.object->in_flight, 0);
}

/* The receiver was faster out of its call than the sender. */
static void receives_before_sent(void **state)
{
	struct script *s = *state;

	start(s);
	forked_whole(s, 20, T2);
	pipe_made(s, T, 3, 4, F, 200);
	by(s, 20);
	slot(s, T2, 7, pipe_write_end(F + 1, 200), SYS_recvmsg, 1, 6, 0, 0);
	assert_null(slot_at(s, T2, 7)->from);
	by(s, 10);
	passed(s, 4, 77, pipe_write_end(F + 1, 200));
	assert_ptr_equal(slot_at(s, T2, 7)->from, process_at(s, 10));
	assert_int_equal(slot_at(s, T2, 7)->from_fd, 4);
	assert_int_equal(s->change.object->in_flight, 0);
	/* the next is a sending of its own */
	passed(s, 4, 77, pipe_write_end(F + 1, 200));
	assert_int_equal(s->change.object->in_flight, 1);
}

static void peeks(void **state)
{
	struct script *s = *state;

	start(s);
	pipe_made(s, T, 3, 4, F, 200);
	passed(s, 4, 77, pipe_write_end(F + 1, 200));
	slot(s, T, 7, pipe_write_end(F + 1, 200), SYS_recvmsg, 1, 6, 0, MSG_PEEK);
	assert_int_equal(s->change.object->in_flight, 1);
	assert_ptr_equal(slot_at(s, T, 7)->from, process_at(s, 10));
}

static void takes(void **state)
{
	struct script *s = *state;
	struct record_slot record = { .table = T2,
				      .fd = 5,
				      .nr = SYS_pidfd_getfd,
				      .result = 5,
				      .arg = { 3, 4, 0 },
				      .source_pid = 10 };

	start(s);
	forked_whole(s, 20, T2);
	pipe_made(s, T, 3, 4, F, 200);
	record.facts = pipe_write_end(F + 1, 200);
	record.head = (struct record){ .type = RECORD_SLOT,
				       .size = sizeof(record),
				       .ts = s->ts++,
				       .pid = 20,
				       .tid = 20,
				       .start = start_of(s, 20) };
	apply(s, &record);
	assert_int_equal(slot_at(s, T2, 5)->came, CAME_TAKEN);
	assert_ptr_equal(slot_at(s, T2, 5)->from, process_at(s, 10));
	assert_int_equal(slot_at(s, T2, 5)->from_fd, 4);
}

/* --- identity -------------------------------------------------------------------------------- */

static void pointer_is_reused(void **state)
{
	struct script *s = *state;
	struct description *old;

	start(s);
	opened(s, T, 3, pipe_write_end(F, 200));
	slot(s, T, 4, pipe_write_end(F, 200), SYS_dup, 4, 3, 0, 0);
	old = slot_at(s, T, 3)->description;
	/* both were closed unseen, and the address has a new tenant */
	opened(s, T, 3, pipe_write_end(F, 300));
	assert_ptr_not_equal(slot_at(s, T, 3)->description, old);
	assert_ptr_equal(slot_at(s, T, 4)->description, old);
	assert_int_equal(slot_at(s, T, 3)->description->object->key.ino, 300);
	closed(s, T, 4);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->write_slots, 0);
	/* the same object, opened the other way: another description too */
	opened(s, T, 3, pipe_read_end(F, 300));
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 300)->write_slots, 0);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 300)->read_slots, 1);
}

static void per_file_objects(void **state)
{
	struct script *s = *state;

	start(s);
	opened(s, T, 3, event_fd(F, 1));
	opened(s, T, 4, event_fd(F + 1, 2));
	assert_ptr_not_equal(slot_at(s, T, 3)->description->object,
			     slot_at(s, T, 4)->description->object);
	counted(s, 10, F, 8, 0);
	assert_true(endpoint_at(s, 10, FILE_EVENTFD, F)->used_in);
	assert_false(endpoint_at(s, 10, FILE_EVENTFD, F + 1)->used_in);
}

static void unknown_is_resolved(void **state)
{
	struct script *s = *state;
	const uint64_t files[] = { 0, 0, 0, F, F, G };
	struct description *description;

	start(s);
	cloned(s, 20, 20, T, CLONE_FILES);
	by(s, 10);
	table_is(s, T, TABLE_COPY, -1, 0, files, 6, true);
	assert_int_equal(s->model->unresolved, 3);
	description = slot_at(s, T, 3)->description;
	opened(s, T, 7, pipe_write_end(F, 200));
	assert_ptr_equal(slot_at(s, T, 3)->description, description);
	assert_ptr_equal(slot_at(s, T, 7)->description, description);
	assert_int_equal(s->model->unresolved, 1);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->write_slots, 3);
	assert_int_equal(endpoint_at(s, 20, FILE_PIPE, 200)->write_slots, 3);
	closed(s, T, 5);
	assert_int_equal(s->model->unresolved, 0);
	opened(s, T, 5, regular_file(G, 9));
	closed(s, T, 3);
	assert_non_null(slot_at(s, T, 4));
}

static void use_heals(void **state)
{
	struct script *s = *state;
	struct record_slot use = {
		.table = T, .fd = 6, .nr = SYS_read, .result = 6, .facts = pipe_read_end(F, 200)
	};

	start(s);
	use.head = (struct record){ .type = RECORD_USE,
				    .size = sizeof(use),
				    .ts = s->ts++,
				    .pid = 10,
				    .tid = 10,
				    .start = start_of(s, 10) };
	apply(s, &use);
	assert_int_equal(slot_at(s, T, 6)->came, CAME_UNKNOWN);
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 200)->read_slots, 1);
	/* a whole process unheard of */
	by(s, 50);
	opened(s, T3, 3, pipe_write_end(G, 200));
	assert_non_null(process_at(s, 50));
	assert_ptr_equal(process_at(s, 50)->table, table_at(s, T3));
}

static void names_objects(void **state)
{
	struct script *s = *state;
	struct {
		struct record_name name;
		char text[16];
	} record = { .name = { .ino = 400, .dev = 7, .kind = FILE_FIFO, .text_len = 7 },
		     .text = "" };

	start(s);
	opened_path(s, T, 3, fifo_end(F, 400, 1), "relative");
	assert_null(s->change.object->name);
	opened_path(s, T, 4, fifo_end(F + 1, 400, 2), "/tmp/x");
	assert_string_equal(s->change.object->name, "/tmp/x");
	memcpy((char *)&record + sizeof(record.name), "/tmp/y", 7);
	record.name.head = (struct record){ .type = RECORD_NAME, .size = sizeof(record) };
	apply(s, &record);
	assert_string_equal(s->change.object->name, "/tmp/y");
}

static void name_as(struct script *s, const struct file_facts *facts, const char *name, const char *kept)
{
	union {
		struct record_name name;
		char room[sizeof(struct record_name) + 64];
	} record = { .name = { .head = { .type = RECORD_NAME, .size = sizeof(record) },
			       .ino = facts->ino, .dev = facts->dev, .kind = facts->kind,
			       .text_len = (__u32)strlen(name) + 1 } };

	memcpy(record.name.text, name, strlen(name) + 1);
	apply(s, &record);
	assert_string_equal(s->change.object->name, kept);
}

/* Whether /proc tells of it by a descriptor or by a mapping. */
static void memfd_is_never_deleted(void **state)
{
	const struct file_facts memfd = { .file = F, .ino = 400, .dev = 1, .kind = FILE_MEMFD, .fmode = 3 };
	const struct file_facts file = { .file = G, .ino = 401, .dev = 1, .kind = FILE_REGULAR, .fmode = 3 };
	struct script *s = *state;

	start(s);
	opened(s, T, 3, memfd);
	opened(s, T, 4, file);
	name_as(s, &memfd, "/memfd:x (deleted)", "/memfd:x");
	name_as(s, &memfd, "/memfd:x", "/memfd:x");
	name_as(s, &memfd, "/memfd:x (deleted) (deleted)", "/memfd:x (deleted)");
	name_as(s, &memfd, "/memfd: (deleted)", "/memfd:");
	name_as(s, &file, "/tmp/x (deleted)", "/tmp/x (deleted)");
}

#define CROWD 40

/* Who has to do with an object that many have is found, whether it came early or late, and who has not is not. */
static void finds_one_among_many(void **state)
{
	struct script *s = *state;
	const struct object *object;

	snapshot_start(s);
	for (uint32_t pid = 10; pid <= 12; pid++)
		task_row(s, pid, pid, 0x9000 + pid, 1);
	for (uint32_t pid = 100; pid < 100 + CROWD; pid++) {
		task_row(s, pid, pid, 0x9000 + pid, 1);
		by(s, pid);
		slot_row(s, 0x9000 + pid, 3, pipe_read_end(F, 100));
	}
	task_row(s, 300, 300, 0x9000 + 300, 1);
	/* Older than they are. */
	by(s, 10);
	slot_row(s, 0x9000 + 10, 3, pipe_read_end(F, 100));
	for (uint32_t pid = 200; pid < 200 + CROWD; pid++) {
		task_row(s, pid, pid, 0x9000 + pid, 1);
		by(s, pid);
		slot_row(s, 0x9000 + pid, 3, pipe_read_end(F, 100));
	}
	by(s, 11);
	slot_row(s, 0x9000 + 11, 3, pipe_read_end(F, 100));
	snapshot_done(s);
	object = process_at(s, 10)->endpoints->key.object;
	assert_int_equal(object->slots, 2 * CROWD + 2);
	for (uint32_t pid = 10; pid <= 11; pid++)
		assert_int_equal(model_endpoint(s->model, process_at(s, pid), object)->read_slots, 1);
	for (uint32_t pid = 100; pid < 100 + CROWD; pid++) {
		assert_ptr_equal(model_endpoint(s->model, process_at(s, pid), object)->key.process,
				 process_at(s, pid));
		assert_non_null(model_endpoint(s->model, process_at(s, pid + 100), object));
	}
	assert_null(model_endpoint(s->model, process_at(s, 12), object));
	assert_null(model_endpoint(s->model, process_at(s, 300), object));
}

/* --- selection, memory ----------------------------------------------------------------------- */

static void selects_descendants(void **state)
{
	struct script *s = *state;

	start(s);
	forked_whole(s, 20, T2);
	by(s, 20);
	forked_whole(s, 30, T3);
	selected(s, 10, true);
	assert_true(process_at(s, 30)->selected);
	by(s, 30);
	forked_whole(s, 40, 0x4000);
	assert_true(process_at(s, 40)->selected);
	assert_false(s->model->select_all);
}

static void forgets(void **state)
{
	struct script *s = *state;
	struct object_key key = { .ino = 200, .dev = 7, .kind = FILE_PIPE };

	start(s);
	pipe_made(s, T, 3, 4, F, 200);
	forked_whole(s, 20, T2);
	by(s, 20);
	closed(s, T2, 4);
	forked_whole(s, 30, T3);
	exited(s, 0, true);
	by(s, 10);
	closed(s, T, 3);
	closed(s, T, 4);
	model_forget(s->model, s->ts);
	/* 30 still holds the pipe, and got it from 20 */
	assert_non_null(model_object(s->model, &key));
	assert_non_null(process_at(s, 20));
	assert_null(endpoint_at(s, 20, FILE_PIPE, 200));
	by(s, 30);
	exited(s, 0, true);
	model_forget(s->model, s->ts + 1);
	assert_null(model_object(s->model, &key));
	assert_null(process_at(s, 20));
	assert_null(process_at(s, 30));
	assert_non_null(process_at(s, 10));
}

static void forgets_nothing_selected(void **state)
{
	struct script *s = *state;

	start(s);
	selected(s, 10, true);
	pipe_made(s, T, 3, 4, F, 200);
	forked_whole(s, 20, T2);
	by(s, 20);
	exited(s, 0, true);
	by(s, 10);
	exited(s, 0, true);
	model_forget(s->model, s->ts + 1);
	assert_non_null(endpoint_at(s, 10, FILE_PIPE, 200));
	assert_non_null(endpoint_at(s, 20, FILE_PIPE, 200));
}

static void counts_losses(void **state)
{
	struct script *s = *state;
	struct record_loss record = { .head = { .type = RECORD_LOSS, .size = sizeof(record) },
				      .resyncs = 2 };

	record.total[LOSS_RING_FULL] = 5;
	record.total[LOSS_TEXT_CUT] = 7;
	record.total[LOSS_RECURSION] = 1;
	apply(s, &record);
	assert_int_equal(model_lost(s->model), 6);
	assert_int_equal(s->model->resyncs, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(opens_and_closes),
		TEST(keeps_history_of_ipc),
		TEST(duplicates),
		TEST(flags_keep_provenance),
		TEST(close_range_prunes),
		TEST(large_numbers),
		TEST(fork_inherits),
		TEST(fork_by_slots),
		TEST(fork_in_chunks),
		TEST(clone_shares_table),
		TEST(vfork_then_exec),
		TEST(unshare_copies),
		TEST(exec_closes),
		TEST(exec_by_thread),
		TEST(exit_empties),
		TEST(zombie_leader),
		TEST(pid_reuse),
		TEST(passes),
		TEST(receives_before_sent),
		TEST(peeks),
		TEST(takes),
		TEST(pointer_is_reused),
		TEST(per_file_objects),
		TEST(unknown_is_resolved),
		TEST(use_heals),
		TEST(names_objects),
		TEST(memfd_is_never_deleted),
		TEST(finds_one_among_many), TEST(selects_descendants),
		TEST(forgets),
		TEST(forgets_nothing_selected),
		TEST(counts_losses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
