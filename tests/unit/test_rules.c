// SPDX-License-Identifier: GPL-2.0-only
/* The rules of check on models made by hand: what they find, what they leave, and of whom they speak. */
#include "records.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "rules_fixture.h"

#define T  0x1000
#define T2 0x2000
#define T3 0x3000
#define F  0xf000
#define P  200 /* inode of the pipe */

#define SECOND 1000000000ull

/* The findings are this one alone. */
static void assert_found(struct script *s, const char *rule, uint32_t pid)
{
	check(s);
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.items[0].rule->id, rule);
	assert_non_null(findings.items[0].process);
	assert_int_equal(findings.items[0].process->key.pid, pid);
	findings_free(&findings);
}

static void wait_long(struct script *s)
{
	s->ts += 2 * SECOND;
	plain(s, RECORD_READY);
}

static void begin(struct script *s)
{
	s->ts = SECOND;
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	snapshot_done(s);
	selected(s, 0, true);
	by(s, 10);
}

/* 10 makes a pipe; its child 20 writes, after closing the read end, and ends. */
static void child_writes(struct script *s)
{
	begin(s);
	pipe_made(s, T, 3, 4, F, P);
	forked_whole(s, 20, T2);
	by(s, 20);
	closed(s, T2, 3);
	counted(s, 20, P, 0, 100);
	by(s, 20);
	exited(s, 0, true);
	counted(s, 10, P, 100, 0);
	by(s, 10);
}

static void reader_keeps_writer(void **state)
{
	struct script *s = *state;

	child_writes(s);
	assert_none(s); /* it may be about to */
	wait_long(s);
	assert_found(s, "reader-holds-writer", 10);
	/* and after its end as well */
	exited(s, 0, true);
	assert_found(s, "reader-holds-writer", 10);
}

static void reader_closes_writer(void **state)
{
	struct script *s = *state;

	child_writes(s);
	closed(s, T, 4);
	wait_long(s);
	assert_none(s);
}

static void reader_writes_too(void **state)
{
	struct script *s = *state;

	child_writes(s);
	counted(s, 10, P, 100, 1);
	wait_long(s);
	assert_none(s);
}

/* 10 makes a pipe for 20, which writes and ends, and 30, which reads; and keeps the write end, as
 * descriptor 4 or as its standard output. */
static void for_two(struct script *s, bool is_stdout)
{
	begin(s);
	pipe_made(s, T, 3, 4, F, P);
	forked_whole(s, 20, T2);
	forked_whole(s, 30, T3);
	closed(s, T, 3);
	if (is_stdout) {
		slot(s, T, 1, pipe_write_end(F + 1, P), SYS_dup3, 1, 4, 1, 0);
		closed(s, T, 4);
	}
	by(s, 20);
	closed(s, T2, 3);
	by(s, 30);
	closed(s, T3, 4);
	counted(s, 20, P, 0, 100);
	counted(s, 30, P, 100, 0);
	by(s, 20);
	exited(s, 0, true);
	by(s, 10);
	wait_long(s);
}

static void parent_keeps_writer(void **state)
{
	for_two(*state, false);
	assert_found(*state, "unused-pipe-end", 10);
}

static void stdout_may_be_written_yet(void **state)
{
	for_two(*state, true);
	assert_none(*state);
}

static void death_watch(void **state)
{
	struct script *s = *state;

	begin(s);
	pipe_made(s, T, 3, 4, F, P);
	forked_whole(s, 20, T2);
	by(s, 20);
	closed(s, T2, 4);
	counted(s, 20, 999, 1, 1); /* counts are known */
	wait_long(s);
	assert_none(s);
}

/* Without counts nobody knows what was used. */
static void nothing_was_watched(void **state)
{
	struct script *s = *state;

	begin(s);
	pipe_made(s, T, 3, 4, F, P);
	forked_whole(s, 20, T2);
	by(s, 20);
	closed(s, T2, 3);
	wait_long(s);
	assert_none(s);
}

static void used(struct script *s, uint64_t table, int fd, struct file_facts facts)
{
	struct record_slot record = { .head = { .type = RECORD_USE,
						.size = sizeof(record),
						.ts = s->ts++,
						.pid = s->pid,
						.tid = s->tid,
						.start = start_of(s, s->pid) },
				      .table = table,
				      .fd = fd,
				      .nr = SYS_write,
				      .facts = facts };

	apply(s, &record);
}

/* 10 makes a pipe, and reads; its child 20, which writes, kept the read end. */
static void child_keeps_reader(struct script *s)
{
	begin(s);
	pipe_made(s, T, 3, 4, F, P);
	forked_whole(s, 20, T2);
	closed(s, T, 4);
	counted(s, 20, P, 0, 5);
	counted(s, 10, P, 5, 0);
	by(s, 20);
	used(s, T2, 4, pipe_write_end(F + 1, P));
}

static void writer_keeps_reader(void **state)
{
	struct script *s = *state;

	child_keeps_reader(s);
	assert_none(s);
	wait_long(s);
	assert_found(s, "unused-pipe-end", 20);
	exited(s, 0, true);
	assert_found(s, "unused-pipe-end", 20);
}

/* Its own write end was the last: from then on nobody can be without a reader. */
static void nobody_can_write_any_more(void **state)
{
	struct script *s = *state;

	child_keeps_reader(s);
	closed(s, T2, 4);
	wait_long(s);
	by(s, 10);
	closed(s, T, 3);
	wait_long(s);
	assert_none(s);
	by(s, 20);
	exited(s, 0, true);
	assert_none(s);
}

static void somebody_can_write_yet(void **state)
{
	struct script *s = *state;

	child_keeps_reader(s);
	forked_whole(s, 30, T3);
	by(s, 30);
	closed(s, T3, 3);
	counted(s, 30, P, 0, 1);
	by(s, 20);
	closed(s, T2, 4);
	wait_long(s);
	assert_found(s, "unused-pipe-end", 20);
	by(s, 30);
	exited(s, 0, true);
	wait_long(s);
	assert_none(s); /* and none will again */
}

static void what_can_be_written_to_is_in_flight(void **state)
{
	struct script *s = *state;

	child_keeps_reader(s);
	passed(s, 4, 301, pipe_write_end(F + 1, P));
	closed(s, T2, 4);
	wait_long(s);
	assert_found(s, "unused-pipe-end", 20);
}

static void broken(struct script *s, uint32_t pid, uint64_t times)
{
	struct record_count record = {
		.head = { .type = RECORD_COUNT, .size = sizeof(record), .ts = s->ts++ },
		.key = { .ino = P, .dev = 7, .pid = pid, .start = start_of(s, pid) },
		.total = { .ops_out = 1, .bytes_out = 10, .broken = times },
	};

	apply(s, &record);
}

/* 10's child 20 writes on, whose reader 10 is gone; it writes by descriptor fd. */
static void write_on(struct script *s, int fd, uint64_t times, int status, bool reader_killed)
{
	begin(s);
	pipe_made(s, T, 3, 4, F, P);
	forked_whole(s, 20, T2);
	closed(s, T, 4);
	by(s, 20);
	closed(s, T2, 3);
	if (fd != 4) {
		slot(s, T2, fd, pipe_write_end(F + 1, P), SYS_dup3, fd, 4, fd, 0);
		closed(s, T2, 4);
	}
	counted(s, 10, P, 5, 0);
	by(s, 10);
	exited(s, reader_killed ? SIGSEGV : 1 << 8, true);
	broken(s, 20, times);
	by(s, 20);
	if (status >= 0)
		exited(s, status, true);
}

static void ended_by_sigpipe(void **state)
{
	write_on(*state, 4, 1, SIGPIPE, false);
	check(*state);
	assert_int_equal(findings.count, 1);
	assert_non_null(strstr(findings.items[0].message, "SIGPIPE"));
	assert_non_null(strstr(findings.items[0].message, "[10]")); /* the last to close */
	findings_free(&findings);
}

static void filter_in_a_pipeline(void **state)
{
	write_on(*state, 1, 1, SIGPIPE, false);
	assert_none(*state);
}

static void filter_whose_reader_crashed(void **state)
{
	write_on(*state, 1, 1, SIGPIPE, true);
	assert_found(*state, "no-reader", 20);
}

static void filter_that_never_notices(void **state)
{
	write_on(*state, 1, 100, 0, false);
	assert_found(*state, "no-reader", 20);
}

static void one_epipe_is_minded(void **state)
{
	write_on(*state, 4, 1, 0, false);
	assert_none(*state);
}

/* 10 starts a program (20) that gets descriptor 4 too; argv is the program's. */
static void start_program(struct script *s, const char *argv, uint32_t argv_len, bool is_cloexec)
{
	begin(s);
	pipe_made(s, T, 3, 4, F, P);
	if (is_cloexec)
		cloexec(s, T, 4, pipe_write_end(F + 1, P), true);
	forked_whole(s, 20, T2);
	closed(s, T, 3);
	counted(s, 10, P, 0, 100);
	by(s, 20);
	closed(s, T2, 3);
	executed(s, T2, 0, "/usr/bin/daemon", argv, argv_len);
	if (is_cloexec)
		closed(s, T2, 4);
	wait_long(s);
}

static void leaked(void **state)
{
	static const char argv[] = "daemon\0--verbose=40";

	start_program(*state, argv, sizeof(argv), false);
	check(*state);
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.items[0].rule->id, "leaked-by-exec");
	assert_int_equal(findings.items[0].process->key.pid, 20);
	assert_non_null(strstr(findings.items[0].message, "descriptor 4"));
	findings_free(&findings);
}

static void handed_over_by_number(void **state)
{
	static const char argv[] = "daemon\0--fd=4";

	start_program(*state, argv, sizeof(argv), false);
	assert_none(*state);
}

/* What /proc said at the end. */
static void argv_again(struct script *s, uint32_t pid, const char *argv, uint32_t len)
{
	union {
		struct record_text text;
		char room[128];
	} record = { .text = { .head = { .type = RECORD_ARGV, .pid = pid, .tid = pid, .start = start_of(s, pid) },
			       .text_len = len } };

	record.text.head.size = (__u32)((sizeof(record.text) + len + 7) & ~7u);
	record.text.head.ts = s->ts;
	memcpy(record.text.text, argv, len);
	apply(s, &record);
}

static void handed_over_and_titled(void **state)
{
	static const char argv[] = "daemon\0--fd=4", title[] = "daemon: idle";

	start_program(*state, argv, sizeof(argv), false);
	argv_again(*state, 20, title, sizeof(title));
	assert_string_equal(process_at(*state, 20)->argv, title);
	assert_none(*state);
}

static void leaked_by_long_arguments(void **state)
{
	static const char begin[] = "daemon\0--verb", argv[] = "daemon\0--verbose=40", other[] = "daemon\0--ver";
	struct script *s = *state;

	start_program(s, begin, sizeof(begin) - 1, false);
	process_at(s, 20)->argv_cut = true;
	check(s);
	assert_int_equal(findings.count, 0);
	argv_again(s, 20, argv, sizeof(argv));
	check(s);
	assert_int_equal(findings.count, 1);
	findings_free(&findings);
	argv_again(s, 20, argv, sizeof(argv));
	check(s);
	assert_int_equal(findings.count, 1);
	findings_free(&findings);
	argv_again(s, 20, other, sizeof(other));
	assert_none(s);
}

static void closed_on_exec(void **state)
{
	static const char argv[] = "daemon";

	start_program(*state, argv, sizeof(argv), true);
	assert_none(*state);
}

static void used_after_exec(void **state)
{
	static const char argv[] = "daemon";

	start_program(*state, argv, sizeof(argv), false);
	counted(*state, 20, P, 0, 1);
	assert_none(*state);
}

/* The program is a zygote: 30, which it forks after its exec, uses what it has been given. */
static void for_a_child(void **state)
{
	static const char argv[] = "daemon";
	struct script *s = *state;

	start_program(s, argv, sizeof(argv), false);
	check(s);
	assert_int_equal(findings.count, 1);
	forked_whole(s, 30, T3);
	counted(s, 30, P, 0, 1);
	wait_long(s);
	assert_none(s);
	by(s, 30);
	exited(s, 0, true);
	assert_none(s);
}

/* 30 is its parent's child by CLONE_PARENT, or was adopted; its table tells where that came from. */
static void for_a_child_that_is_anothers(void **state)
{
	static const char argv[] = "daemon";
	struct script *s = *state;

	start_program(s, argv, sizeof(argv), false);
	forked_whole(s, 30, T3);
	process_at(s, 30)->ppid = 10;
	counted(s, 30, P, 0, 1);
	wait_long(s);
	assert_none(s);
}

/* What was forked before the exec used it with the program of before. */
static void a_child_of_before_the_exec(void **state)
{
	static const char argv[] = "daemon";
	struct script *s = *state;

	begin(s);
	pipe_made(s, T, 3, 4, F, P);
	forked_whole(s, 20, T2);
	closed(s, T, 3);
	by(s, 20);
	closed(s, T2, 3);
	forked_whole(s, 30, T3);
	counted(s, 30, P, 0, 100);
	by(s, 20);
	executed(s, T2, 0, "/usr/bin/daemon", argv, sizeof(argv));
	wait_long(s);
	assert_found(s, "leaked-by-exec", 20);
}

/* The child executes another program, to which it leaks: of that one its parent, who needs it, doesn't speak. */
static void leaked_by_a_zygote(void **state)
{
	static const char argv[] = "daemon";
	struct script *s = *state;

	start_program(s, argv, sizeof(argv), false);
	forked_whole(s, 30, T3);
	counted(s, 30, P, 0, 1);
	forked_whole(s, 40, T3 + 1);
	by(s, 40);
	executed(s, T3 + 1, 0, "/usr/bin/other", argv, sizeof(argv));
	wait_long(s);
	assert_found(s, "leaked-by-exec", 40);
}

static void passed_on(void **state)
{
	static const char argv[] = "daemon";
	struct script *s = *state;

	start_program(s, argv, sizeof(argv), false);
	by(s, 20);
	opened(s, T2, 9, unix_socket(F + 8, 300));
	passed(s, 4, 301, pipe_write_end(F + 1, P));
	closed(s, T2, 9);
	by(s, 10);
	slot(s, T, 7, pipe_write_end(F + 1, P), SYS_recvmsg, 1, 6, 0, 0);
	wait_long(s);
	assert_none(s);
}

static void limit_is(struct script *s, uint32_t pid, uint64_t soft)
{
	struct record_limit record = {
		.head = { .type = RECORD_LIMIT,
			  .size = sizeof(record),
			  .ts = s->ts++,
			  .pid = pid,
			  .tid = pid,
			  .start = start_of(s, pid) },
		.soft = soft,
		.hard = soft,
	};

	apply(s, &record);
}

static void near_the_limit(void **state)
{
	struct script *s = *state;

	begin(s);
	for (int fd = 0; fd < 9; fd++)
		opened(s, T, fd, regular_file(F + (uint64_t)fd, 9));
	assert_none(s); /* unknown */
	limit_is(s, 10, ~0ull);
	assert_none(s);
	limit_is(s, 10, 11);
	assert_none(s);
	limit_is(s, 10, 10);
	assert_found(s, "fd-limit", 10);
}

static void piled_up(void **state)
{
	struct script *s = *state;

	begin(s);
	opened(s, T, 3, unix_socket(F, 300));
	opened(s, T, 4, regular_file(F + 1, 9));
	for (int i = 0; i < 31; i++)
		passed(s, 4, 300, regular_file(F + 1, 9));
	assert_none(s);
	passed(s, 4, 300, regular_file(F + 1, 9));
	assert_found(s, "in-flight-pile", 10);
}

static void left(struct script *s, uint64_t age)
{
	struct {
		struct record_left left;
		char path[16];
	} record = { .left = {
			     .head = { .type = RECORD_LEFT, .size = sizeof(record), .ts = s->ts++ },
			     .ino = 77,
			     .dev = 7,
			     .kind = FILE_FIFO,
			     .age = age,
			     .text_len = sizeof("/tmp/f") } };

	memcpy(record.path, "/tmp/f", sizeof("/tmp/f"));
	apply(s, &record);
}

static void old_fifo(void **state)
{
	struct script *s = *state;

	begin(s);
	left(s, SECOND);
	assert_none(s);
	left(s, 600 * SECOND);
	check(s);
	assert_int_equal(findings.count, 1);
	assert_null(findings.items[0].process);
	assert_string_equal(findings.items[0].object->name, "/tmp/f");
	findings_free(&findings);
	opened(s, T, 3, fifo_end(F, 77, 1));
	left(s, 600 * SECOND);
	assert_none(s);
}

/* What concerns nobody who was asked for is left out. */
static void only_of_the_selected(void **state)
{
	struct script *s = *state;

	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T2, 1);
	for (int fd = 0; fd < 9; fd++)
		slot_row(s, T2, fd, regular_file(F + (uint64_t)fd, 9));
	snapshot_done(s);
	selected(s, 10, true);
	limit_is(s, 20, 9);
	assert_none(s);
	selected(s, 20, true);
	assert_found(s, "fd-limit", 20);
}

static void ignored(void **state)
{
	struct script *s = *state;
	const struct rule *rule = rule_find("reader-holds-writer", strlen("reader-holds-writer"));

	child_writes(s);
	wait_long(s);
	assert_non_null(rule);
	assert_int_equal(check_run(s->model, 1ull << (rule - rules), &findings), 0);
	assert_int_equal(findings.count, 0);
	findings_free(&findings);
}

static void table_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < rules_count; i++) {
		assert_true(rules[i].id && rules[i].why && rules[i].fix && rules[i].find);
		assert_ptr_equal(rule_find(rules[i].id, strlen(rules[i].id)), &rules[i]);
	}
	assert_null(rule_find("no", 2));
	assert_null(rule_find("", 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reader_keeps_writer),
		TEST(reader_closes_writer),
		TEST(reader_writes_too),
		TEST(parent_keeps_writer),
		TEST(stdout_may_be_written_yet),
		TEST(death_watch),
		TEST(nothing_was_watched),
		TEST(writer_keeps_reader),
		TEST(nobody_can_write_any_more),
		TEST(somebody_can_write_yet),
		TEST(what_can_be_written_to_is_in_flight),
		TEST(ended_by_sigpipe),
		TEST(filter_in_a_pipeline),
		TEST(filter_whose_reader_crashed),
		TEST(filter_that_never_notices),
		TEST(one_epipe_is_minded),
		TEST(leaked),
		TEST(handed_over_by_number),
		TEST(handed_over_and_titled),
		TEST(leaked_by_long_arguments),
		TEST(closed_on_exec),
		TEST(used_after_exec),
		TEST(for_a_child),
		TEST(for_a_child_that_is_anothers),
		TEST(a_child_of_before_the_exec),
		TEST(leaked_by_a_zygote),
		TEST(passed_on),
		TEST(near_the_limit),
		TEST(piled_up),
		TEST(old_fifo),
		TEST(only_of_the_selected),
		TEST(ignored),
		cmocka_unit_test(table_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
