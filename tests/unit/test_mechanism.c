// SPDX-License-Identifier: GPL-2.0-only
/* Mechanisms: names, words and facts of events, ids of objects, and who owns what. */
#include "records.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "mechanism/mechanism.h"

#define T   0x1000
#define T2  0x2000
#define F   0xf000
#define G   0xf100
#define ALL (~0ull)

static struct event event;

static bool happened(struct script *s, uint64_t enabled)
{
	return mechanism_event(s->model, &s->last.head, &s->change, enabled, &event);
}

static void assert_event(struct script *s, const char *name, const char *words)
{
	assert_true(happened(s, ALL));
	assert_string_equal(event.name, name);
	assert_string_equal(event.words, words);
}

static const struct fact *fact_at(const char *key)
{
	for (size_t i = 0; i < event.facts_count; i++)
		if (!strcmp(event.facts[i].key, key))
			return &event.facts[i];
	return NULL;
}

static void assert_text(const char *key, const char *text)
{
	const struct fact *fact = fact_at(key);

	assert_non_null(fact);
	assert_int_equal(fact->type, FACT_TEXT);
	assert_int_equal(fact->text.len, strlen(text));
	assert_memory_equal(fact->text.bytes, text, fact->text.len);
}

static uint64_t bits(const char *name)
{
	for (size_t i = 0; mechanisms[i]; i++)
		if (!strcmp(mechanisms[i]->name, name))
			return 1ull << i;
	fail();
	return 0;
}

static uint64_t default_bits(void)
{
	uint64_t set = 0;

	for (size_t i = 0; mechanisms[i]; i++)
		set |= (uint64_t)mechanisms[i]->is_default << i;
	return set;
}

static void start(struct script *s)
{
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	slot_row(s, T, 0, regular_file(G, 50));
	assert_false(happened(s, ALL)); /* rows are no events */
	snapshot_done(s);
	by(s, 10);
}

/* --- the table ------------------------------------------------------------------------------- */

static void table_is_sound(void **state)
{
	uint64_t kinds = 0;

	for (size_t i = 0; mechanisms[i]; i++) {
		assert_ptr_equal(mechanism_find(mechanisms[i]->name), mechanisms[i]);
		assert_non_null(mechanisms[i]->help);
		assert_non_null(mechanisms[i]->event);
		assert_int_equal(kinds & mechanisms[i]->kinds, 0); /* one owner a kind */
		kinds |= mechanisms[i]->kinds;
	}
	assert_null(mechanism_find("nonsense"));
	assert_string_equal(mechanism_of_kind(FILE_PIPE)->name, "pipe");
	assert_null(mechanism_of_kind(FILE_KIND_MAX));
}

static void enabled_by_kind(void **state)
{
	struct script *s = *state;

	start(s);
	opened(s, T, 3, regular_file(F, 1));
	assert_false(happened(s, default_bits()));
	assert_true(happened(s, bits("file")));
	pipe_made(s, T, 4, 5, F + 1, 200);
	assert_true(happened(s, default_bits()));
	assert_true(happened(s, bits("pipe")));
	assert_false(happened(s, bits("fd") | bits("process")));
	opened(s, T, 6, event_fd(F + 8, 3));
	assert_true(happened(s, bits("eventfd")));
	assert_false(happened(s, bits("pipe") | bits("fd")));
	/* a plain file pushes a pipe out: that concerns the pipe */
	slot(s, T, 4, regular_file(F, 1), SYS_dup3, 4, 3, 4, 0);
	assert_true(happened(s, bits("pipe")));
	forked(s, 20, T2);
	assert_true(happened(s, bits("process")));
	assert_false(happened(s, bits("pipe")));
}

/* --- descriptors ----------------------------------------------------------------------------- */

static void words_of_pipes(void **state)
{
	struct script *s = *state;
	struct file_facts facts = pipe_write_end(F + 1, 200);

	start(s);
	slot(s, T, 3, pipe_read_end(F, 200), SYS_pipe2, 0, 3, 4, 0);
	assert_false(happened(s, ALL)); /* one event for both */
	slot(s, T, 4, facts, SYS_pipe2, 0, 3, 4, 0);
	assert_event(s, "pipe.create", "pipe → 3 read, 4 write");
	assert_int_equal(event.fds_count, 2);
	assert_int_equal(event.fds[0], 3);
	assert_int_equal(event.fds[1], 4);
	assert_int_equal(event.result, 0);
	assert_int_equal(event.object->key.ino, 200);
	assert_null(event.end);
	facts.pipe.capacity = 1048576;
	slot(s, T, 4, facts, SYS_fcntl, 1048576, 4, F_SETPIPE_SZ, 1048576);
	assert_event(s, "pipe.resize", "resize 4 to 1048576 bytes");
	assert_string_equal(event.end, "write end");
}

static void words_of_descriptors(void **state)
{
	struct script *s = *state;
	struct file_facts facts = pipe_write_end(F + 1, 200);

	start(s);
	pipe_made(s, T, 3, 4, F, 200);
	slot(s, T, 0, facts, SYS_dup3, 0, 4, 0, 0);
	assert_event(s, "fd.dup", "dup3 4 → 0");
	assert_int_equal(fact_at("from_fd")->integer, 4);
	assert_int_equal(fact_at("replaced")->object->key.kind, FILE_REGULAR);
	assert_string_equal(event.end, "write end");
	slot(s, T, 10, facts, SYS_fcntl, 10, 4, F_DUPFD, 10);
	assert_event(s, "fd.dup", "F_DUPFD 4 → 10");
	assert_null(fact_at("replaced"));
	closed(s, T, 4);
	assert_event(s, "fd.close", "close 4");
	assert_null(fact_at("last"));
	closed(s, T, 10);
	closed(s, T, 0);
	assert_event(s, "fd.close", "close 0");
	assert_true(fact_at("last")->truth);
	assert_string_equal(event.end, "write end");
	closed(s, T, 0);
	assert_false(happened(s, ALL));
	opened_path(s, T, 4, regular_file(G, 9), "/etc/passwd");
	assert_event(s, "fd.open", "open 4 /etc/passwd");
	assert_text("path", "/etc/passwd");
	slot(s, T, 5, unix_socket(G + 1, 300), SYS_accept4, 5, 3, 0, 0);
	assert_false(happened(s, ALL)); /* the record of the socket, right behind, says more */
	cloexec(s, T, 5, unix_socket(G + 1, 300), true);
	assert_event(s, "fd.flags", "close-on-exec 5 on");
	facts = unix_socket(G + 1, 300);
	facts.fflags = O_NONBLOCK;
	slot(s, T, 5, facts, SYS_fcntl, 0, 5, F_SETFL, O_NONBLOCK);
	assert_event(s, "fd.flags", "flags 5: nonblock");
	assert_true(fact_at("nonblock")->truth);
}

static void words_of_close_range(void **state)
{
	struct script *s = *state;
	const uint64_t none[1] = { 0 };

	start(s);
	pipe_made(s, T, 3, 4, F, 200);
	table_is(s, T, TABLE_PRUNE, SYS_close_range, 3, none, 1, true);
	assert_event(s, "fd.close", "close_range, 2 closed");
}

static void words_of_passing(void **state)
{
	struct script *s = *state;

	start(s);
	forked_whole(s, 20, T2);
	pipe_made(s, T, 3, 4, F, 200);
	passed(s, 4, 77, pipe_write_end(F + 1, 200));
	assert_event(s, "fd.pass", "pass 4 over socket 9");
	by(s, 20);
	slot(s, T2, 7, pipe_write_end(F + 1, 200), SYS_recvmsg, 1, 6, 0, 0);
	assert_event(s, "fd.receive", "receive 7 from p10[10]");
	assert_ptr_equal(fact_at("from")->process, process_at(s, 10));
	assert_int_equal(fact_at("from_fd")->integer, 4);
	assert_true(fact_at("in_flight_ns")->integer > 0);
	assert_int_equal(fact_at("socket")->type, FACT_NULL); /* 6 is not open */
	slot(s, T2, 8, pipe_read_end(F, 200), SYS_pidfd_getfd, 8, 5, 3, 0);
	assert_event(s, "fd.take", "take 8 from ?");
	assert_int_equal(fact_at("from")->type, FACT_NULL);
}

/* --- processes ------------------------------------------------------------------------------- */

static void words_of_processes(void **state)
{
	struct script *s = *state;

	start(s);
	forked(s, 20, T2);
	assert_event(s, "process.fork", "fork → 20");
	assert_int_equal(event.tid, 10);
	assert_int_equal(event.process->key.pid, 10);
	assert_ptr_equal(fact_at("child")->process, process_at(s, 20));
	cloned(s, 10, 11, T, CLONE_THREAD | CLONE_FILES);
	assert_false(happened(s, ALL));
	by(s, 20);
	executed(s, T2, 20, "/usr/bin/grep", "grep\0-n\0foo", 12);
	assert_event(s, "process.exec", "exec /usr/bin/grep grep -n foo");
	assert_text("filename", "/usr/bin/grep");
	assert_text("argv", "grep -n foo");
	exited(s, 3 << 8, true);
	assert_event(s, "process.exit", "exit status 3");
	assert_int_equal(fact_at("status")->integer, 3);
	by_thread(s, 10, 11);
	exited(s, 0, false);
	assert_false(happened(s, ALL));
	by(s, 10);
	exited(s, SIGTERM, true);
	assert_event(s, "process.exit", "killed by SIGTERM");
	assert_text("signal", "SIGTERM");
}

static void words_of_signals(void **state)
{
	struct script *s = *state;
	char words[64];

	start(s);
	exited(s, SIGSEGV | 0x80, true);
	assert_event(s, "process.exit", "killed by SIGSEGV, core dumped");
	assert_text("signal", "SIGSEGV");
	exited(s, SIGRTMIN + 3, true);
	snprintf(words, sizeof(words), "killed by SIGRTMIN+%d", 3);
	assert_event(s, "process.exit", words);
}

/* What does not fit is cut; nothing is written beyond. */
static void long_words_are_cut(void **state)
{
	struct script *s = *state;
	struct {
		struct record_exec exec;
		char text[1024];
	} record = { .exec = { .head = { .type = RECORD_EXEC,
					 .size = sizeof(record),
					 .ts = 9000,
					 .pid = 10,
					 .tid = 10 },
			       .table = T,
			       .filename_len = 5,
			       .argv_len = 1000 },
		     .text = "name" };

	start(s);
	record.exec.head.start = start_of(s, 10);
	memset((char *)&record + sizeof(record.exec), 'n', 4);
	memset((char *)&record + sizeof(record.exec) + 4, 0, 1);
	memset((char *)&record + sizeof(record.exec) + 5, 'a', 1000);
	apply(s, &record);
	assert_true(happened(s, ALL));
	assert_int_equal(strlen(event.words), sizeof(event.words) - 1);
	assert_true(fact_at("argv")->text.len < sizeof(event.words));
}

/* --- ids ------------------------------------------------------------------------------------- */

static void assert_id(struct object *object, const char *id)
{
	char buf[64];

	assert_int_equal(object_id(object, buf, sizeof(buf)), strlen(id));
	assert_string_equal(buf, id);
}

static void ids(void **state)
{
	static const struct {
		uint32_t kind;
		const char *name, *id;
	} rows[] = {
		{ FILE_PIPE, NULL, "pipe:[12]" },
		{ FILE_FIFO, NULL, "fifo:[12]" },
		{ FILE_FIFO, "/tmp/f", "fifo:/tmp/f" },
		{ FILE_UNIX, "/run/x", "unix:[12]" },
		{ FILE_TCP, NULL, "tcp:[12]" },
		{ FILE_UDP, NULL, "udp:[12]" },
		{ FILE_SOCKET, NULL, "socket:[12]" },
		{ FILE_MEMFD, NULL, "memfd:[12]" },
		{ FILE_EVENTFD, NULL, "eventfd:[5]" },
		{ FILE_EPOLL, NULL, "epoll:[99]" },
		{ FILE_PIDFD, NULL, "pidfd:[99]" },
		{ FILE_ANON, NULL, "anon_inode:[99]" },
		{ FILE_PTY, "/dev/pts/4", "pty:/dev/pts/4" },
		{ FILE_PTY, NULL, "pty:[12]" },
		{ FILE_REGULAR, "/etc/x", "file:/etc/x" },
		{ FILE_REGULAR, NULL, "file:[8:1:12]" },
		{ FILE_DIRECTORY, NULL, "dir:[8:1:12]" },
		{ FILE_CHAR, NULL, "char:[8:1:12]" },
		{ FILE_UNKNOWN, NULL, "unknown:[99]" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct object object = {
			.key = { .ino = 12, .dev = 8 << 20 | 1, .kind = rows[i].kind },
			.name = (char *)rows[i].name,
			.serial = 99
		};

		object.facts.pipe.names = rows[i].kind == FILE_FIFO;
		if (rows[i].kind == FILE_EVENTFD)
			object.facts.eventfd.id = 5;
		assert_id(&object, rows[i].id);
	}
}

static void more_ids(void **state)
{
	struct object pty = { .key = { .kind = FILE_PTY }, .facts = { .rdev = 136 << 20 | 7 } };
	struct object mq = { .key = { .kind = FILE_MQ }, .facts = { .name = "queue" } };
	struct process process = { .key = { .pid = 812, .start_ns = 5123456789 } };
	char buf[64];

	assert_id(&pty, "pty:/dev/pts/7");
	assert_id(&mq, "mq:/queue");
	assert_int_equal(process_id(&process, buf, sizeof(buf)), 14);
	assert_string_equal(buf, "812@5123456789");
	assert_int_equal(process_id(&process, buf, 4), 3);
	assert_string_equal(buf, "812");
	for (uint32_t kind = 0; kind < FILE_KIND_MAX; kind++)
		assert_non_null(kind_name(kind));
}

static void facts_of_pipes(void **state)
{
	struct object object = {
		.key = { .kind = FILE_PIPE },
		.facts = { .pipe = { .readers = 1, .writers = 2, .capacity = 65536, .queued = 10 } }
	};
	struct fact facts[EVENT_FACTS_MAX];
	struct script *s = *state;

	assert_int_equal(object_facts(s->model, &object, facts, EVENT_FACTS_MAX), 4);
	assert_string_equal(facts[1].key, "queued");
	assert_int_equal(facts[1].number, 10);
	object.facts.pipe.queued = ~0ull;
	assert_int_equal(object_facts(s->model, &object, facts, 2), 2);
	assert_int_equal(facts[1].type, FACT_NULL);
	object.key.kind = FILE_TIMERFD;
	assert_int_equal(object_facts(s->model, &object, facts, 2), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(table_is_sound),
		TEST(enabled_by_kind),
		TEST(words_of_pipes),
		TEST(words_of_descriptors),
		TEST(words_of_close_range),
		TEST(words_of_passing),
		TEST(words_of_processes),
		TEST(words_of_signals),
		TEST(long_words_are_cut),
		TEST(ids),
		TEST(more_ids),
		TEST(facts_of_pipes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
