// SPDX-License-Identifier: GPL-2.0-only
/* The rules of check about shared memory: what is left behind, and what nobody guards. */
#include "records.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "rules_fixture.h"

#define T        0x1000
#define T2       0x2000
#define T3       0x3000
#define F        0xf000
#define ID       5 /* of the segment */
#define IPC_NS   0xeffffff /* its namespace */
#define FILE_INO 77

#define SECOND 1000000000ull
#define MINUTE (60 * SECOND)
#define RW     (MAPPING_READ | MAPPING_WRITE | MAPPING_MAY_WRITE)

/* The findings are this one alone, of that process (0 = of none), and say this. */
static void assert_found(struct script *s, const char *rule, uint32_t pid, const char *words)
{
	check(s);
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.items[0].rule->id, rule);
	assert_int_equal(findings.items[0].process ? findings.items[0].process->key.pid : 0, pid);
	assert_non_null(findings.items[0].object);
	if (!strstr(findings.items[0].message, words))
		fail_msg("\"%s\" doesn't say \"%s\"", findings.items[0].message, words);
	findings_free(&findings);
}

/* 10 is there, and 5, which started it; those selected are 10 and its children, or all. */
static void begin(struct script *s, bool all)
{
	s->ts = SECOND;
	snapshot_start(s);
	task_row(s, 5, 5, T3, 1);
	task_row(s, 10, 10, T, 5);
	snapshot_done(s);
	selected(s, all ? 0 : 10, true);
	by(s, 10);
}

static struct record head_of(const struct script *s, enum record_type type, size_t size)
{
	return (struct record){ .type = (uint16_t)type,
				.flags = s->flags,
				.size = (uint32_t)size,
				.ts = s->ts,
				.pid = s->pid,
				.tid = s->tid,
				.start = s->pid ? start_of(s, s->pid) : 0 };
}

/* --- System V segments ------------------------------------------------------------------------- */

/* What the segment is after a call of the script's process, or at the end. */
static void segment(struct script *s, int nr, uint64_t attached, uint32_t mode)
{
	struct record_segment record = { .head = head_of(s, RECORD_SEGMENT, sizeof(record)),
					 .id = ID,
					 .ipc_ns = IPC_NS,
					 .exists = 1,
					 .size = 8192,
					 .attached = attached,
					 .changed = 1000,
					 .creator_pid = 10,
					 .mode = mode,
					 .nr = nr,
					 .result = ID };

	if (nr < 0)
		record.head.flags |= RECORD_ROW;
	if (nr == SYS_shmdt)
		record.detached = 2000;
	s->ts++;
	apply(s, &record);
}

static void segment_gone(struct script *s)
{
	struct record_segment record = { .head = head_of(s, RECORD_SEGMENT, sizeof(record)),
					 .id = ID,
					 .ipc_ns = IPC_NS,
					 .nr = SYS_shmctl };

	s->ts++;
	apply(s, &record);
}

static void segment_left(struct script *s, uint64_t age)
{
	struct record_left record = {
		.head = { .type = RECORD_LEFT, .size = sizeof(record), .ts = s->ts++ },
		.ino = ID,
		.dev = IPC_NS,
		.kind = FILE_SHM,
		.age = age
	};

	apply(s, &record);
}

static void segment_of_a_program(void **state)
{
	struct script *s = *state;

	begin(s, false);
	segment(s, SYS_shmget, 0, 0);
	segment_left(s, SECOND);
	assert_none(s); /* 10 may attach it yet */
	segment(s, SYS_shmat, 1, 0);
	segment(s, SYS_shmdt, 0, 0);
	exited(s, 0, true);
	segment_left(s, SECOND);
	assert_found(s, "stale-shm", 10, "attached for 1 s");
	segment(s, -1, 1, 0); /* somebody else attached it */
	segment_left(s, SECOND);
	assert_none(s);
	segment_gone(s);
	segment_left(s, SECOND);
	assert_none(s);
}

static void segment_never_attached(void **state)
{
	struct script *s = *state;

	begin(s, false);
	segment(s, SYS_shmget, 0, 0);
	exited(s, 0, true);
	segment_left(s, 3 * MINUTE);
	assert_found(s, "stale-shm", 10, "ever attached");
}

/* The whole machine, now: it counts for how long nobody had it, and whether its maker lives. */
static void segment_lies_about(void **state)
{
	struct script *s = *state;

	begin(s, true);
	segment(s, -1, 0, 0);
	segment_left(s, 2 * MINUTE);
	assert_none(s); /* 10 lives, and may come back for it */
	segment_left(s, 11 * MINUTE);
	assert_found(s, "stale-shm", 0, "process 10");
	exited(s, 0, true);
	segment_left(s, 50 * SECOND);
	assert_none(s);
	segment_left(s, 61 * SECOND);
	assert_found(s, "stale-shm", 0, "process 10, which is gone");
}

/* Its maker's parent lives, and may be about to use it. */
static void segment_made_for_the_parent(void **state)
{
	struct script *s = *state;

	begin(s, true);
	segment(s, SYS_shmget, 0, 0);
	exited(s, 0, true);
	segment_left(s, SECOND);
	assert_none(s);
	by(s, 5);
	exited(s, 0, true);
	segment_left(s, SECOND);
	assert_found(s, "stale-shm", 10, "[10]");
}

/* --- POSIX shared memory ------------------------------------------------------------------------ */

static struct file_facts shared_file(void)
{
	struct file_facts facts = regular_file(F, FILE_INO);

	facts.regular.links = 1;
	facts.regular.size = 8192;
	return facts;
}

/* The script's process maps 8192 bytes of that in its address space. */
static void mapped_as(struct script *s, uint64_t space, uint64_t start, struct file_facts facts,
		      uint32_t access)
{
	struct record_mapping record = { .head = head_of(s, RECORD_MAPPING, sizeof(record)),
					 .space = space,
					 .start = start,
					 .end = start + 8192,
					 .nr = SYS_mmap,
					 .access = access,
					 .result = (int64_t)start,
					 .facts = facts };

	s->ts++;
	apply(s, &record);
}

static void unmapped(struct script *s, uint64_t space, uint64_t start)
{
	struct record_mapping record = { .head = head_of(s, RECORD_MAPPING, sizeof(record)),
					 .space = space,
					 .gone_start = start,
					 .gone_end = start + 8192,
					 .nr = SYS_munmap };

	s->ts++;
	apply(s, &record);
}

/* pid: who mapped it in the window, and it was made in it too; 0 = neither. */
static void file_left(struct script *s, const char *path, uint64_t age, uint32_t pid)
{
	struct {
		struct record_left_memory left;
		char path[24];
	} record = { .left = { .head = { .type = RECORD_LEFT_MEMORY,
					 .size = sizeof(record),
					 .ts = s->ts++,
					 .pid = pid,
					 .tid = pid,
					 .start = pid ? start_of(s, pid) : 0 },
			       .ino = FILE_INO,
			       .age = age,
			       .size = 8192,
			       .held = 4096,
			       .dev = 7,
			       .text_len = (uint32_t)strlen(path) + 1 } };

	memcpy(record.path, path, strlen(path) + 1);
	apply(s, &record);
}

static void file_of_a_program(void **state)
{
	struct script *s = *state;

	begin(s, false);
	mapped_as(s, 1, 0x10000, shared_file(), RW);
	file_left(s, "/dev/shm/x", SECOND, 10);
	assert_none(s);
	unmapped(s, 1, 0x10000);
	file_left(s, "/dev/shm/x", SECOND, 10);
	assert_none(s); /* 10 lives */
	exited(s, 0, true);
	file_left(s, "/dev/shm/x", SECOND, 10);
	assert_found(s, "stale-posix-shm", 10, "shared memory object of 4 KiB");
}

/* The whole machine, now. */
static void file_lies_about(void **state)
{
	struct script *s = *state;

	begin(s, true);
	file_left(s, "/dev/shm/sem.x", 59 * SECOND, 0);
	assert_none(s);
	file_left(s, "/dev/shm/sem.x", 3 * 60 * MINUTE, 0);
	assert_found(s, "stale-posix-shm", 0, "semaphore");
	check(s);
	assert_non_null(strstr(findings.items[0].message, "since when is not known"));
	assert_non_null(strstr(findings.items[0].message, "3 h ago"));
	assert_string_equal(findings.items[0].object->name, "/dev/shm/sem.x");
	/* A descriptor is enough to hold it. */
	opened(s, T, 3, shared_file());
	file_left(s, "/dev/shm/sem.x", 3 * 60 * MINUTE, 0);
	assert_none(s);
}

/* --- unsynchronised memory ----------------------------------------------------------------------- */

static struct file_facts counter_memory(void)
{
	struct file_facts facts = shared_file();

	facts.kind = FILE_MEMFD;
	return facts;
}

static void looked(struct script *s, uint32_t kind, uint32_t seen, uint32_t inside)
{
	struct record_sync record = { .head = { .type = RECORD_SYNC,
						.size = sizeof(record),
						.ts = s->ts++ },
				      .ino = FILE_INO,
				      .dev = 7,
				      .kind = kind,
				      .seen = seen,
				      .inside = inside };

	apply(s, &record);
}

/* 10's children 20 and 30 map the same memory, for that access; counts are known. */
static void two_share(struct script *s, struct file_facts facts, uint32_t access)
{
	begin(s, false);
	counted(s, 10, 999, 1, 1);
	forked_whole(s, 20, T2);
	forked_whole(s, 30, T2 + 1);
	by(s, 20);
	mapped_as(s, 2, 0x10000, facts, RW);
	by(s, 30);
	mapped_as(s, 3, 0x20000, facts, access);
}

static void two_write_unguarded(void **state)
{
	struct script *s = *state;

	two_share(s, counter_memory(), RW);
	assert_none(s);
	looked(s, FILE_MEMFD, 0, 0);
	assert_none(s); /* one look is too few */
	looked(s, FILE_MEMFD, 0, 0);
	assert_found(s, "unsynchronised-memory", 20, "[30]");
	exited(s, 0, true);
	by(s, 20);
	exited(s, 0, true);
	assert_found(s, "unsynchronised-memory", 20, "[30]");
}

/* A plain file is remembered when all have let go. */
static void two_wrote_a_file(void **state)
{
	struct script *s = *state;

	two_share(s, shared_file(), RW);
	looked(s, FILE_REGULAR, 0, 0);
	looked(s, FILE_REGULAR, 0, 0);
	unmapped(s, 3, 0x20000);
	by(s, 20);
	unmapped(s, 2, 0x10000);
	assert_found(s, "unsynchronised-memory", 20, "[30]");
}

static void one_only_reads(void **state)
{
	struct script *s = *state;

	two_share(s, counter_memory(), MAPPING_READ);
	looked(s, FILE_MEMFD, 0, 0);
	looked(s, FILE_MEMFD, 0, 0);
	assert_none(s);
}

/* As a fork does, between its making and its mprotect(). */
static void one_could_write_for_a_moment(void **state)
{
	struct script *s = *state;

	two_share(s, counter_memory(), RW);
	looked(s, FILE_MEMFD, 0, 0);
	unmapped(s, 3, 0x20000);
	mapped_as(s, 3, 0x20000, counter_memory(), MAPPING_READ);
	looked(s, FILE_MEMFD, 0, 0);
	looked(s, FILE_MEMFD, 0, 0);
	assert_none(s);
}

static void a_futex_was_seen(void **state)
{
	struct script *s = *state;

	two_share(s, counter_memory(), RW);
	looked(s, FILE_MEMFD, 0, 0);
	looked(s, FILE_MEMFD, 0, 0);
	looked(s, FILE_MEMFD, SYNC_FUTEX, 0);
	assert_none(s);
}

/* What looks like a lock is one if it stays; a counter moves on. */
static void a_lock_lies_in_it(void **state)
{
	struct script *s = *state;

	two_share(s, counter_memory(), RW);
	looked(s, FILE_MEMFD, 0, 0);
	looked(s, FILE_MEMFD, 0, 17);
	assert_none(s);
	looked(s, FILE_MEMFD, 0, 0);
	assert_found(s, "unsynchronised-memory", 20, "[30]");
	looked(s, FILE_MEMFD, 0, 17);
	looked(s, FILE_MEMFD, 0, 17);
	looked(s, FILE_MEMFD, 0, 0);
	assert_none(s);
}

static void they_have_a_pipe(void **state)
{
	struct script *s = *state;

	two_share(s, counter_memory(), RW);
	looked(s, FILE_MEMFD, 0, 0);
	looked(s, FILE_MEMFD, 0, 0);
	by(s, 20);
	opened(s, T2, 3, pipe_write_end(F + 1, 200));
	assert_found(s, "unsynchronised-memory", 20, "[30]");
	by(s, 30);
	opened(s, T2 + 1, 3, pipe_read_end(F + 2, 200));
	assert_none(s);
}

/* The parent has it too, and both children can write to it: through it they can agree. */
static void they_talk_to_a_third(void **state)
{
	struct script *s = *state;

	two_share(s, counter_memory(), RW);
	looked(s, FILE_MEMFD, 0, 0);
	looked(s, FILE_MEMFD, 0, 0);
	by(s, 10);
	mapped_as(s, 1, 0x30000, counter_memory(), RW);
	assert_found(s, "unsynchronised-memory", 20, "[30]"); /* to be a parent is not enough */
	opened(s, T, 3, pipe_read_end(F + 2, 200));
	by(s, 20);
	opened(s, T2, 3, pipe_write_end(F + 1, 200));
	assert_found(s, "unsynchronised-memory", 20, "[30]");
	by(s, 30);
	opened(s, T2 + 1, 3, pipe_write_end(F + 1, 200));
	assert_none(s);
}

static void parent_and_child(void **state)
{
	struct script *s = *state;

	begin(s, false);
	counted(s, 10, 999, 1, 1);
	forked_whole(s, 20, T2);
	mapped_as(s, 1, 0x10000, counter_memory(), RW);
	by(s, 20);
	mapped_as(s, 2, 0x10000, counter_memory(), RW);
	looked(s, FILE_MEMFD, 0, 0);
	looked(s, FILE_MEMFD, 0, 0);
	assert_none(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(segment_of_a_program), TEST(segment_never_attached),
		TEST(segment_lies_about),   TEST(segment_made_for_the_parent),
		TEST(file_of_a_program),    TEST(file_lies_about),
		TEST(two_write_unguarded),
		TEST(two_wrote_a_file),
		TEST(one_only_reads),
		TEST(one_could_write_for_a_moment),
		TEST(a_futex_was_seen),
		TEST(a_lock_lies_in_it),
		TEST(they_have_a_pipe),
		TEST(they_talk_to_a_third),
		TEST(parent_and_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
