// SPDX-License-Identifier: GPL-2.0-only
/* The tree that why prints, and its summary: two that are stuck, and one that waits for a sleeper. */
#include "records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/sink.h"
#include "sink/why_words.h"

#define T 0x1000
#define F 0xf000

static void wait_row_of(struct script *s, uint32_t pid, uint16_t what, uint16_t flags, int nr, int fd,
			const struct file_facts *facts)
{
	struct record_wait row = {
		.head = { .type = RECORD_WAIT, .size = sizeof(row), .flags = RECORD_ROW,
			  .ts = 5000000000, .pid = pid, .tid = pid, .start = start_of(s, pid) },
		.what = what, .flags = flags, .nr = nr, .since = 2900000000, .switches = 1,
	};
	struct record_wait_on on = {
		.head = { .type = RECORD_WAIT_ON, .size = sizeof(on), .flags = RECORD_ROW,
			  .ts = 5000000000, .pid = pid, .tid = pid },
		.fd = fd,
	};

	apply(s, &row);
	if (!facts)
		return;
	on.facts = *facts;
	apply(s, &on);
}

static void wait_row(struct script *s, uint32_t pid, uint16_t what, int nr, int fd,
		     const struct file_facts *facts)
{
	wait_row_of(s, pid, what, 0, nr, fd, facts);
}

static void pipe_slot(struct script *s, uint32_t pid, int fd, uint64_t ino, bool writes)
{
	by(s, pid);
	slot_row(s, T + pid, fd,
		 writes ? pipe_write_end(F + ino * 2, ino) : pipe_read_end(F + ino * 2 + 1, ino));
}

static struct file_facts read_end(uint64_t ino)
{
	struct file_facts facts = pipe_read_end(F + ino * 2 + 1, ino);

	facts.pipe.readers = facts.pipe.writers = 1;
	return facts;
}

static void reads(struct script *s, uint32_t pid, int fd, uint64_t ino)
{
	struct file_facts facts = read_end(ino);

	wait_row(s, pid, WAIT_READ, SYS_read, fd, &facts);
}

/* 10 and 20 read from each other; 30 reads from 40, which holds three descriptors and sleeps. */
static void tell(struct script *s)
{
	snapshot_start(s);
	for (uint32_t pid = 10; pid <= 40; pid += 10)
		task_row(s, pid, pid, T + pid, 1);
	pipe_slot(s, 10, 3, 100, false);
	pipe_slot(s, 10, 4, 101, true);
	pipe_slot(s, 20, 5, 101, false);
	pipe_slot(s, 20, 6, 100, true);
	pipe_slot(s, 30, 0, 102, false);
	for (int fd = 1; fd <= 3; fd++)
		pipe_slot(s, 40, fd, 102, true);
	snapshot_done(s);
	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		reads(s, 10, 3, 100);
		reads(s, 20, 5, 101);
		reads(s, 30, 0, 102);
		wait_row(s, 40, WAIT_SLEEP, SYS_clock_nanosleep, -1, NULL);
	}
}

static void assert_text(struct script *s, const char *expected)
{
	struct why why;
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(why_build(s->model, 0, &why), 0);
	assert_int_equal(why_print_text(out, s->model, &why), 0);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	why_free(&why);
}

static void assert_summary(struct script *s, const char *expected)
{
	char summary[WHY_SUMMARY_MAX];
	struct why why;

	assert_int_equal(why_build(s->model, 0, &why), 0);
	assert_string_equal(why_summary(s->model, &why, summary), expected);
	why_free(&why);
}

static void ring(void **state)
{
	struct script *s = *state;

	tell(s);
	selected(s, 10, false);
	assert_text(s, "deadlock: p10[10] waits for p20[20], p20[20] waits for p10[10]: none of them "
		       "can ever go on.\n\n"
		       "p10[10] waits in read on fd 3, pipe:[100], for 2.1 s\n"
		       "    can be ended by p20[20], fd 6, which waits in read on fd 5, pipe:[101], for "
		       "2.1 s\n"
		       "        can be ended by p10[10], fd 4, as above\n");
}

static void chain(void **state)
{
	struct script *s = *state;

	tell(s);
	selected(s, 30, false);
	assert_text(s, "waiting: p30[30] waits in read on pipe:[102] for p40[40], which waits in "
		       "clock_nanosleep; ends by itself: it has a timeout or a timer.\n\n"
		       "p30[30] waits in read on fd 0, pipe:[102], for 2.1 s\n"
		       "    can be ended by p40[40], fds 1, 2, 3, which waits in clock_nanosleep, for "
		       "2.1 s\n"
		       "        ends by itself: it has a timeout or a timer\n");
}

/* For whom it waits is what is asked for; that its own timeout ends it is no answer. */
static void gives_up(void **state)
{
	struct file_facts facts = read_end(102);
	struct script *s = *state;

	tell(s);
	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		wait_row_of(s, 30, WAIT_POLL, WAIT_BOUNDED, SYS_poll, 0, &facts);
		wait_row(s, 40, WAIT_SLEEP, SYS_clock_nanosleep, -1, NULL);
	}
	selected(s, 30, false);
	assert_text(s, "waiting: p30[30] waits in poll (with a timeout or a timer) on pipe:[102] for p40[40], which waits in "
		       "clock_nanosleep; ends by itself: it has a timeout or a timer.\n\n"
		       "p30[30] waits in poll on fd 0, pipe:[102], for 2.1 s\n"
		       "    ends by itself: it has a timeout or a timer\n"
		       "    can be ended by p40[40], fds 1, 2, 3, which waits in clock_nanosleep, for 2.1 s\n"
		       "        ends by itself: it has a timeout or a timer\n");
}

/* A set that a signal may end as well is for none of the pipe's writers. */
static void gives_up_or_outside(void **state)
{
	struct file_facts facts = read_end(102);
	struct file_facts signals = { .file = F + 7, .ino = 7, .dev = 5, .kind = FILE_SIGNALFD, .fmode = 3 };
	struct record_wait_on on = {
		.head = { .type = RECORD_WAIT_ON, .size = sizeof(on), .flags = RECORD_ROW,
			  .ts = 5000000000, .pid = 30, .tid = 30 },
		.fd = 9,
		.facts = signals,
	};
	struct script *s = *state;

	tell(s);
	by(s, 30);
	slot_row(s, T + 30, 9, signals);
	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		wait_row_of(s, 30, WAIT_EPOLL, WAIT_BOUNDED, SYS_epoll_pwait, 0, &facts);
		apply(s, &on);
		wait_row(s, 40, WAIT_SLEEP, SYS_clock_nanosleep, -1, NULL);
	}
	selected(s, 30, false);
	assert_text(s, "waiting: p30[30] waits in epoll_pwait (with a timeout or a timer); a signal can end it.\n\n"
		       "p30[30] waits in epoll_pwait on any of fd 0 pipe, 9 signalfd, for 2.1 s\n"
		       "    ends by itself: it has a timeout or a timer\n"
		       "    a signal can end it\n"
		       "    can be ended by p40[40], fds 1, 2, 3, which waits in clock_nanosleep, for 2.1 s\n"
		       "        ends by itself: it has a timeout or a timer\n");
}

/* Polls for so long, all of them descriptors from 50 on. */
static void polls(struct script *s, uint32_t pid, const struct file_facts *set, int count)
{
	struct record_wait_on on = {
		.head = { .type = RECORD_WAIT_ON, .size = sizeof(on), .flags = RECORD_ROW,
			  .ts = 5000000000, .pid = pid, .tid = pid },
	};

	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		wait_row(s, pid, WAIT_POLL, SYS_poll, -1, NULL);
		for (int i = 0; i < count; i++) {
			on.fd = 50 + i;
			on.facts = set[i];
			apply(s, &on);
		}
	}
}

static void has_open(struct script *s, uint32_t pid, const struct file_facts *set, int count)
{
	by(s, pid);
	for (int i = 0; i < count; i++)
		slot_row(s, T + pid, 50 + i, set[i]);
}

static struct file_facts thing(uint64_t ino, uint32_t kind)
{
	return (struct file_facts){ .file = F + ino, .ino = ino, .dev = 5, .kind = kind, .fmode = 3 };
}

/* Each of them is told, the same words once. */
static void several_outside(void **state)
{
	const struct file_facts set[] = { thing(7, FILE_TIMERFD), thing(8, FILE_TIMERFD), thing(9, FILE_SIGNALFD),
					  thing(10, FILE_INOTIFY) };
	struct script *s = *state;

	tell(s);
	has_open(s, 40, set, 4);
	polls(s, 40, set, 4);
	selected(s, 40, false);
	assert_text(s, "waiting: p40[40] waits in poll; a timer can end it.\n\n"
		       "p40[40] waits in poll on any of fd 50 timerfd, 51 timerfd, 52 signalfd, 53 inotify, for 2.1 s\n"
		       "    a timer can end it\n"
		       "    a signal can end it\n"
		       "    a change in the file system can end it\n");
}

static void very_many_outside(void **state)
{
	struct file_facts set[WAIT_OUTSIDES_MAX + 1];
	struct script *s = *state;

	for (int i = 0; i <= WAIT_OUTSIDES_MAX; i++)
		set[i] = thing(7 + i, i < WAIT_OUTSIDES_MAX ? FILE_TIMERFD : FILE_INOTIFY);
	tell(s);
	has_open(s, 40, set, WAIT_OUTSIDES_MAX + 1);
	polls(s, 40, set, WAIT_OUTSIDES_MAX + 1);
	selected(s, 40, false);
	assert_text(s, "waiting: p40[40] waits in poll; a timer can end it.\n\n"
		       "p40[40] waits in poll on any of fd 50 timerfd, 51 timerfd, 52 timerfd, 53 timerfd, 54 timerfd, "
		       "55 timerfd, 56 timerfd, 57 timerfd, 58 inotify, for 2.1 s\n"
		       "    a timer can end it\n"
		       "    … and others outside\n");
}

/* Nor is a signal that it would handle, and that it holds an end itself. */
static void handles_a_signal(void **state)
{
	struct file_facts facts = read_end(102);
	struct script *s = *state;

	tell(s);
	pipe_slot(s, 30, 1, 102, true);
	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		wait_row_of(s, 30, WAIT_READ, WAIT_CATCHES, SYS_read, 0, &facts);
		wait_row(s, 40, WAIT_SLEEP, SYS_clock_nanosleep, -1, NULL);
	}
	selected(s, 30, false);
	assert_summary(s, "p30[30] waits in read on pipe:[102] for p40[40], which waits in clock_nanosleep; ends by "
			  "itself: it has a timeout or a timer.");
}

/* But for itself alone it waits for a signal, as far as anyone can tell. */
static void handles_a_signal_alone(void **state)
{
	struct file_facts facts = read_end(103);
	struct script *s = *state;

	tell(s);
	pipe_slot(s, 30, 2, 103, false);
	pipe_slot(s, 30, 1, 103, true);
	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		wait_row_of(s, 30, WAIT_READ, WAIT_CATCHES, SYS_read, 2, &facts);
		wait_row(s, 40, WAIT_SLEEP, SYS_clock_nanosleep, -1, NULL);
	}
	selected(s, 30, false);
	assert_summary(s, "p30[30] waits in read on pipe:[103]; a signal can end it.");
}

static void stopped_row(struct script *s, uint32_t pid, uint16_t flags, uint32_t tracer)
{
	struct record_wait row = {
		.head = { .type = RECORD_WAIT, .size = sizeof(row), .flags = RECORD_ROW,
			  .ts = 5000000000, .pid = pid, .tid = pid, .start = start_of(s, pid) },
		.what = WAIT_STOPPED, .flags = flags, .nr = -1, .since = 2900000000, .switches = 1,
		.last_pid = tracer,
	};

	apply(s, &row);
}

static void stopped_tell(struct script *s, uint32_t tracer)
{
	tell(s);
	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		reads(s, 30, 0, 102);
		stopped_row(s, 40, WAIT_BOUNDED, tracer);
		wait_row(s, 20, WAIT_SLEEP, SYS_clock_nanosleep, -1, NULL);
	}
}

/* No timer of its ends that. */
static void stopped(void **state)
{
	struct script *s = *state;

	stopped_tell(s, 0);
	selected(s, 40, false);
	assert_text(s, "waiting: p40[40] is stopped; SIGCONT lets it go on.\n\n"
		       "p40[40] is stopped, for 2.1 s\n"
		       "    SIGCONT lets it go on\n");
}

static void waits_for_stopped(void **state)
{
	struct script *s = *state;

	stopped_tell(s, 0);
	selected(s, 30, false);
	assert_text(s, "waiting: p30[30] waits in read on pipe:[102] for p40[40], which is stopped; SIGCONT lets it "
		       "go on.\n\n"
		       "p30[30] waits in read on fd 0, pipe:[102], for 2.1 s\n"
		       "    can be ended by p40[40], fds 1, 2, 3, which is stopped, for 2.1 s\n"
		       "        SIGCONT lets it go on\n");
}

static void stopped_by_debugger(void **state)
{
	struct script *s = *state;

	stopped_tell(s, 20);
	selected(s, 40, false);
	assert_text(s, "waiting: p40[40] is stopped by its debugger p20[20], which waits in clock_nanosleep; ends by "
		       "itself: it has a timeout or a timer.\n\n"
		       "p40[40] is stopped, for 2.1 s\n"
		       "    its debugger can let it go on\n"
		       "    can be ended by p20[20], which waits in clock_nanosleep, for 2.1 s\n"
		       "        ends by itself: it has a timeout or a timer\n");
}

static void name_it(struct script *s, const struct file_facts *facts, const char *name)
{
	union {
		struct record_name name;
		char bytes[sizeof(struct record_name) + 64];
	} record = { .name = { .head = { .type = RECORD_NAME, .size = sizeof(record),
					 .ts = s->ts++ },
			       .ino = facts->ino, .dev = facts->dev, .kind = facts->kind,
			       .text_len = (uint32_t)strlen(name) + 1 } };

	strcpy(record.name.text, name);
	apply(s, &record);
}

/* The word of 10 lies in a file whose name is up to something: 20 has it mapped, 30 has it open. */
static void memory_tell(struct script *s)
{
	struct file_facts facts = { .file = F, .ino = 7, .dev = 5, .kind = FILE_REGULAR, .fmode = 3 };
	struct record_mapping row = { .head = { .type = RECORD_MAPPING, .size = sizeof(row),
						.flags = RECORD_ROW },
				      .start = 0x1000, .end = 0x2000, .nr = -1 };

	facts.regular.links = 1;
	row.facts = facts;
	snapshot_start(s);
	for (uint32_t pid = 10; pid <= 30; pid += 10)
		task_row(s, pid, pid, T + pid, 1);
	by(s, 30);
	slot_row(s, T + 30, 5, facts);
	for (uint32_t pid = 10; pid <= 20; pid += 10) {
		row.head.ts = s->ts++;
		row.head.pid = row.head.tid = pid;
		row.head.start = start_of(s, pid);
		snprintf(row.head.comm, sizeof(row.head.comm), "p%u", pid);
		row.space = 0x5000 + pid;
		apply(s, &row);
	}
	snapshot_done(s);
	name_it(s, &facts, "/tmp/\x1b[31m\nx");
	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		wait_row(s, 10, WAIT_FUTEX, SYS_futex, -1, &facts);
		wait_row(s, 20, WAIT_SLEEP, SYS_clock_nanosleep, -1, NULL);
		wait_row(s, 30, WAIT_SLEEP, SYS_clock_nanosleep, -1, NULL);
	}
}

static void memory(void **state)
{
	struct script *s = *state;

	memory_tell(s);
	selected(s, 10, false);
	assert_text(s, "waiting: p10[10] waits in futex on file:/tmp/\\x1b[31m\\x0ax; whoever maps "
		       "file:/tmp/\\x1b[31m\\x0ax can end it.\n\n"
		       "p10[10] waits in futex on file:/tmp/\\x1b[31m\\x0ax, for 2.1 s\n"
		       "    whoever maps file:/tmp/\\x1b[31m\\x0ax can end it\n"
		       "    can be ended by p20[20], which waits in clock_nanosleep, for 2.1 s\n"
		       "        ends by itself: it has a timeout or a timer\n"
		       "    can be ended by p30[30], fd 5, which could map it, which waits in "
		       "clock_nanosleep, for 2.1 s\n"
		       "        ends by itself: it has a timeout or a timer\n");
}

/* --- threads ---------------------------------------------------------------------------------- */

static void thread_row(struct script *s, uint32_t pid, uint32_t tid, uint16_t what, uint16_t flags, int nr, int fd,
		       const struct file_facts *facts)
{
	struct record_wait row = {
		.head = { .type = RECORD_WAIT, .size = sizeof(row), .flags = RECORD_ROW,
			  .ts = 5000000000, .pid = pid, .tid = tid, .start = start_of(s, pid) },
		.what = what, .flags = flags, .nr = nr, .since = 2900000000 - tid * 100000000ull, .switches = 1,
	};
	struct record_wait_on on = {
		.head = { .type = RECORD_WAIT_ON, .size = sizeof(on), .flags = RECORD_ROW,
			  .ts = 5000000000, .pid = pid, .tid = tid },
		.fd = fd,
	};

	apply(s, &row);
	if (!facts)
		return;
	on.facts = *facts;
	apply(s, &on);
}

static void sleeping_thread(struct script *s, uint32_t pid, uint32_t tid)
{
	thread_row(s, pid, tid, WAIT_FUTEX, WAIT_FUTEX_PRIVATE, SYS_futex, -1, NULL);
}

/* 20 reads what 10 would write by descriptor 4; 10 has threads 11 and on. */
static void threads_tell(struct script *s, uint32_t last)
{
	snapshot_start(s);
	for (uint32_t tid = 10; tid <= last; tid++)
		task_row(s, 10, tid, T + 10, 1);
	task_row(s, 20, 20, T + 20, 1);
	pipe_slot(s, 10, 3, 101, false);
	pipe_slot(s, 10, 4, 100, true);
	pipe_slot(s, 10, 5, 100, true);
	pipe_slot(s, 20, 0, 100, false);
	snapshot_done(s);
}

/* By another number of the same end. */
static void chain_through_a_thread(void **state)
{
	struct file_facts facts = pipe_write_end(F + 200, 100), other = read_end(101);
	struct script *s = *state;

	threads_tell(s, 12);
	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		reads(s, 20, 0, 100);
		sleeping_thread(s, 10, 10);
		thread_row(s, 10, 11, WAIT_READ, 0, SYS_read, 3, &other);
		thread_row(s, 10, 12, WAIT_POLL, WAIT_BOUNDED, SYS_poll, 5, &facts);
	}
	selected(s, 20, false);
	assert_text(s, "waiting: p20[20] waits in read on pipe:[100] for p10[10], which waits in poll; ends by itself: it "
		       "has a timeout or a timer.\n\n"
		       "p20[20] waits in read on fd 0, pipe:[100], for 2.1 s\n"
		       "    can be ended by p10[10], fds 4, 5, whose thread 12 waits in poll on fd 5, pipe:[100], for "
		       "3.3 s\n"
		       "        ends by itself: it has a timeout or a timer\n"
		       "        can be ended by p20[20], fd 0, as above\n");
}

/* Not even the one that reads from the same pipe waits for room to write. */
static void thread_not_known(void **state)
{
	struct file_facts facts = read_end(101);
	struct script *s = *state;

	threads_tell(s, 18);
	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		reads(s, 20, 0, 100);
		for (uint32_t tid = 10; tid <= 16; tid++)
			if (tid != 12)
				sleeping_thread(s, 10, tid);
		thread_row(s, 10, 12, WAIT_READ, 0, SYS_read, 3, &facts);
		thread_row(s, 10, 17, WAIT_SLEEP, 0, SYS_clock_nanosleep, -1, NULL);
	}
	selected(s, 20, false);
	assert_text(s, "waiting: p20[20] waits in read on pipe:[100] for p10[10], but which of its threads serves that is "
		       "not known.\n\n"
		       "p20[20] waits in read on fd 0, pipe:[100], for 2.1 s\n"
		       "    can be ended by p10[10], fds 4, 5, but which of its threads serves that is not known:\n"
		       "        threads 16, 15, 14 and 3 more wait in futex, for up to 3.7 s\n"
		       "        thread 12 waits in read on fd 3, pipe:[101], for 3.3 s\n"
		       "        thread 17 waits in clock_nanosleep, for 3.8 s\n"
		       "        thread 18 is running\n");
}

static void threads_of_many_kinds(void **state)
{
	struct script *s = *state;

	threads_tell(s, 17);
	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		reads(s, 20, 0, 100);
		for (uint32_t tid = 10; tid <= 17; tid++) {
			struct file_facts facts = read_end(101);

			thread_row(s, 10, tid, WAIT_READ, 0, SYS_read, tid, &facts);
		}
	}
	selected(s, 20, false);
	assert_text(s, "waiting: p20[20] waits in read on pipe:[100] for p10[10], but which of its threads serves that is "
		       "not known.\n\n"
		       "p20[20] waits in read on fd 0, pipe:[100], for 2.1 s\n"
		       "    can be ended by p10[10], fds 4, 5, but which of its threads serves that is not known:\n"
		       "        thread 10 waits in read on fd 10, pipe:[101], for 3.1 s\n"
		       "        thread 11 waits in read on fd 11, pipe:[101], for 3.2 s\n"
		       "        thread 12 waits in read on fd 12, pipe:[101], for 3.3 s\n"
		       "        thread 13 waits in read on fd 13, pipe:[101], for 3.4 s\n"
		       "        thread 14 waits in read on fd 14, pipe:[101], for 3.5 s\n"
		       "        … and 3 more\n");
}

/* One line for those that wait for each other, the longest first; the main thread is one of them. */
static void pool_of_threads(void **state)
{
	struct file_facts facts = read_end(101);
	struct script *s = *state;

	threads_tell(s, 18);
	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		for (uint32_t tid = 10; tid <= 14; tid++)
			sleeping_thread(s, 10, tid);
		thread_row(s, 10, 15, WAIT_READ, 0, SYS_read, 3, &facts);
		thread_row(s, 10, 16, WAIT_FUTEX, WAIT_FUTEX_PRIVATE | WAIT_BOUNDED, SYS_futex, -1, NULL);
		thread_row(s, 10, 17, WAIT_FUTEX, WAIT_FUTEX_PRIVATE | WAIT_BOUNDED, SYS_futex, -1, NULL);
		thread_row(s, 10, 18, WAIT_FUTEX, WAIT_FUTEX_PRIVATE | WAIT_MEMORY_SHARED, SYS_futex, -1, NULL);
	}
	selected(s, 10, false);
	assert_text(s, "waiting: p10[10] waits in futex for another of its threads.\n\n"
		       "p10[10] threads 14, 13, 12 and 2 more wait in futex, each to be woken by another of its threads\n"
		       "p10[10] thread 15 waits in read on fd 3, pipe:[101], for 3.6 s\n"
		       "    the other end is held where nothing shows by whom\n"
		       "p10[10] threads 17, 16 wait in futex, each to be woken by another of its threads, or by a "
		       "timeout or a timer\n"
		       "p10[10] thread 18 waits in futex, for 3.9 s\n"
		       "    the other end is also held where nothing shows by whom\n"
		       "    can be ended by p10[10] (another of its threads)\n");
}

/* Two that can never go on are told of one by one. */
static void pool_that_is_stuck(void **state)
{
	struct script *s = *state;

	threads_tell(s, 11);
	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		sleeping_thread(s, 10, 10);
		sleeping_thread(s, 10, 11);
	}
	selected(s, 10, false);
	assert_text(s, "deadlock: p10[10] waits for itself: it can never go on.\n\n"
		       "p10[10] waits in futex, for 3.1 s\n"
		       "    can be ended by p10[10] (another of its threads)\n"
		       "p10[10] thread 11 waits in futex, for 3.2 s\n"
		       "    can be ended by p10[10] (another of its threads)\n");
}

/* Of all processes: who waits for none but its own is counted, and not what begins, as 10's numbers would have it. */
static void whole_machine(void **state)
{
	struct script *s = *state;

	threads_tell(s, 12);
	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		sleeping_thread(s, 10, 10);
		sleeping_thread(s, 10, 11);
		thread_row(s, 10, 12, WAIT_SLEEP, 0, SYS_clock_nanosleep, -1, NULL);
		reads(s, 20, 0, 100);
	}
	selected(s, 0, false);
	assert_text(s, "waiting: p20[20] waits in read on pipe:[100] for p10[10], but which of its threads serves that is "
		       "not known.\n\n"
		       "p20[20] waits in read on fd 0, pipe:[100], for 2.1 s\n"
		       "    can be ended by p10[10], fds 4, 5, but which of its threads serves that is not known:\n"
		       "        threads 11, 10 wait in futex, for up to 3.2 s\n"
		       "        thread 12 waits in clock_nanosleep, for 3.3 s\n"
		       "-- 3 more wait for no other process: time, the network, a terminal, their own threads, …\n");
}

/* It would never go on, though it waits for no other. */
static void whole_machine_and_one_stuck(void **state)
{
	struct script *s = *state;

	threads_tell(s, 10);
	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		sleeping_thread(s, 10, 10);
		wait_row(s, 20, WAIT_SLEEP, SYS_clock_nanosleep, -1, NULL);
	}
	selected(s, 0, false);
	assert_text(s, "deadlock: p10[10] waits for itself: it can never go on.\n\n"
		       "p10[10] waits in futex, for 3.1 s\n"
		       "    can be ended by p10[10] (itself)\n"
		       "-- 1 more wait for no other process: time, the network, a terminal, their own threads, …\n");
}

static void suspended_tell(struct script *s, uint16_t flags)
{
	snapshot_start(s);
	task_row(s, 10, 10, T + 10, 1);
	task_row(s, 20, 20, T + 20, 10);
	snapshot_done(s);
	for (int looks = 0; looks < 2; looks++) {
		plain(s, RECORD_WAITS_BEGIN);
		wait_row_of(s, 10, WAIT_SIGNAL, flags, SYS_rt_sigsuspend, -1, NULL);
		wait_row(s, 20, WAIT_SLEEP, SYS_clock_nanosleep, -1, NULL);
	}
	selected(s, 10, false);
}

/* As timeout(1) waits: its child is what it waits for, its timer is not. */
static void suspended_for_a_child(void **state)
{
	suspended_tell(*state, WAIT_CATCHES | WAIT_CATCHES_CHILD | WAIT_BOUNDED);
	assert_text(*state, "waiting: p10[10] waits in rt_sigsuspend (with a timeout or a timer) for p20[20], which waits in "
			    "clock_nanosleep; ends by itself: it has a timeout or a timer.\n\n"
			    "p10[10] waits in rt_sigsuspend, for 2.1 s\n"
			    "    ends by itself: it has a timeout or a timer\n"
			    "    can be ended by p20[20], which waits in clock_nanosleep, for 2.1 s\n"
			    "        ends by itself: it has a timeout or a timer\n");
}

/* As a shell does, which handles no other. */
static void suspended_for_a_child_alone(void **state)
{
	suspended_tell(*state, WAIT_CATCHES_CHILD);
	assert_summary(*state, "p10[10] waits in rt_sigsuspend for p20[20], which waits in clock_nanosleep; ends by itself: "
			       "it has a timeout or a timer.");
}

static void suspended_for_others_too(void **state)
{
	suspended_tell(*state, WAIT_CATCHES | WAIT_CATCHES_CHILD);
	assert_summary(*state, "p10[10] waits in rt_sigsuspend; a signal can end it.");
}

static void suspended_for_no_child(void **state)
{
	suspended_tell(*state, 0);
	assert_text(*state, "waiting: p10[10] waits in rt_sigsuspend; a signal can end it.\n\n"
			    "p10[10] waits in rt_sigsuspend, for 2.1 s\n"
			    "    a signal can end it\n");
}

/* The same descriptor twice, and another of the same end, that was opened anew. */
static void set_with_one_thing_often(void **state)
{
	struct file_facts facts = read_end(102);
	struct file_facts again = pipe_read_end(F + 900, 102);
	const int fds[] = { 0, 0, 7 };
	struct script *s = *state;

	for (int count = 2; count <= 3; count++) {
		tell(s);
		by(s, 30);
		slot_row(s, T + 30, 7, again);
		for (int looks = 0; looks < 2; looks++) {
			struct record_wait_on on = {
				.head = { .type = RECORD_WAIT_ON, .size = sizeof(on), .flags = RECORD_ROW,
					  .ts = 5000000000, .pid = 30, .tid = 30 },
				.facts = facts,
			};

			plain(s, RECORD_WAITS_BEGIN);
			wait_row(s, 30, WAIT_POLL, SYS_poll, -1, NULL);
			for (int i = 0; i < count; i++) {
				on.fd = fds[i];
				on.facts.file = fds[i] ? again.file : facts.file;
				apply(s, &on);
			}
			wait_row(s, 40, WAIT_SLEEP, SYS_clock_nanosleep, -1, NULL);
		}
		selected(s, 30, false);
		assert_text(s, count == 2 ?
			    "waiting: p30[30] waits in poll on pipe:[102] for p40[40], which waits in clock_nanosleep; ends "
			    "by itself: it has a timeout or a timer.\n\n"
			    "p30[30] waits in poll on fd 0, pipe:[102], for 2.1 s\n"
			    "    can be ended by p40[40], fds 1, 2, 3, which waits in clock_nanosleep, for 2.1 s\n"
			    "        ends by itself: it has a timeout or a timer\n" :
			    "waiting: p30[30] waits in poll for p40[40], which waits in clock_nanosleep; ends by itself: it "
			    "has a timeout or a timer.\n\n"
			    "p30[30] waits in poll on any of fd 0 pipe, 7 pipe, for 2.1 s\n"
			    "    can be ended by p40[40], fds 1, 2, 3, which waits in clock_nanosleep, for 2.1 s\n"
			    "        ends by itself: it has a timeout or a timer\n");
		script_teardown(state);
		script_setup(state);
		s = *state;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)
		TEST(ring), TEST(chain), TEST(gives_up), TEST(gives_up_or_outside), TEST(several_outside),
		TEST(very_many_outside), TEST(handles_a_signal), TEST(handles_a_signal_alone), TEST(stopped),
		TEST(waits_for_stopped), TEST(stopped_by_debugger), TEST(memory),
		TEST(chain_through_a_thread), TEST(thread_not_known), TEST(threads_of_many_kinds),
		TEST(pool_of_threads), TEST(pool_that_is_stuck), TEST(whole_machine),
		TEST(whole_machine_and_one_stuck), TEST(suspended_for_a_child),
		TEST(suspended_for_a_child_alone), TEST(suspended_for_others_too), TEST(suspended_for_no_child),
		TEST(set_with_one_thing_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
