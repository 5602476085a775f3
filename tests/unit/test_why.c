// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is stuck, as the model alone concludes it: process N * 10 holds table T + N, and what it waits
 * for is told twice, as the two looks tell it. Pipe N is read by R(N) and written by W(N).
 */
#include "records.h"

#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "model/why.h"

#define T	     0x1000
#define F	     0xf000
#define SLEEPERS_MAX 16
#define ONS_MAX	     4

/* Descriptors of all: the read end of pipe N is 10 + N, its write end 20 + N. */
static int R(int n)
{
	return 10 + n;
}

static int W(int n)
{
	return 20 + n;
}


static struct file_facts facts_of_fd(int fd)
{
	uint64_t ino = 100 + fd % 10;
	struct file_facts facts = fd < W(0) ? pipe_read_end(F + fd, ino) :
					      pipe_write_end(F + fd, ino);

	facts.pipe.readers = facts.pipe.writers = 1;
	return facts;
}

/* --- what sleeps ------------------------------------------------------------------------------ */

struct sleeper {
	struct record_wait row;
	struct record_wait_on ons[ONS_MAX];
	size_t ons_count;
};

static struct sleeper sleepers[SLEEPERS_MAX];
static size_t sleepers_count;

static struct sleeper *sleeps(struct script *s, uint32_t pid, uint16_t what)
{
	struct sleeper *sleeper = &sleepers[sleepers_count++];

	assert_true(sleepers_count <= SLEEPERS_MAX);
	*sleeper = (struct sleeper){ .row = {
		.head = { .type = RECORD_WAIT, .size = sizeof(sleeper->row), .flags = RECORD_ROW,
			  .pid = pid, .tid = pid, .start = start_of(s, pid) },
		.what = what, .switches = 7, .since = 1,
	} };
	return sleeper;
}

static struct record_wait_on *on_facts(struct sleeper *sleeper, int fd, struct file_facts facts)
{
	struct record_wait_on *on = &sleeper->ons[sleeper->ons_count++];

	assert_true(sleeper->ons_count <= ONS_MAX);
	*on = (struct record_wait_on){
		.head = { .type = RECORD_WAIT_ON, .size = sizeof(*on), .flags = RECORD_ROW,
			  .pid = sleeper->row.head.pid, .tid = sleeper->row.head.tid },
		.fd = fd, .facts = facts,
	};
	return on;
}

static struct sleeper *on(struct sleeper *sleeper, int fd)
{
	on_facts(sleeper, fd, facts_of_fd(fd));
	return sleeper;
}

static struct sleeper *reads(struct script *s, uint32_t pid, int fd)
{
	return on(sleeps(s, pid, WAIT_READ), fd);
}

static void look(struct script *s)
{
	plain(s, RECORD_WAITS_BEGIN);
	for (size_t i = 0; i < sleepers_count; i++) {
		sleepers[i].row.head.ts = s->ts++;
		apply(s, &sleepers[i].row);
		for (size_t j = 0; j < sleepers[i].ons_count; j++) {
			sleepers[i].ons[j].head.ts = s->ts++;
			apply(s, &sleepers[i].ons[j]);
		}
	}
}

/* --- who is there ----------------------------------------------------------------------------- */

/* Processes 10, 20, … count * 10, children of 1. */
static void begin(struct script *s, uint32_t count)
{
	sleepers_count = 0;
	snapshot_start(s);
	for (uint32_t i = 1; i <= count; i++)
		task_row(s, i * 10, i * 10, T + i, 1);
}

static void holds(struct script *s, uint32_t pid, int fd)
{
	by(s, pid);
	slot_row(s, T + pid / 10, fd, facts_of_fd(fd));
}

static void end(struct script *s)
{
	snapshot_done(s);
	selected(s, 0, true);
	look(s);
	look(s);
}

static enum verdict verdict(struct script *s, size_t ring)
{
	struct why why;
	enum verdict is;

	assert_int_equal(why_build(s->model, 0, &why), 0);
	is = why.verdict;
	assert_int_equal(why.ring_count, ring);
	for (size_t i = 0; i < ring; i++)
		for (size_t j = 0; j < i; j++)
			assert_ptr_not_equal(why.ring[i], why.ring[j]);
	why_free(&why);
	return is;
}

/* N processes, each reading what the next would write. */
static void ring_of(struct script *s, int n)
{
	begin(s, n + 1);
	for (int i = 0; i < n; i++) {
		holds(s, (i + 1) * 10, R(i));
		holds(s, (i + 1) * 10, W((i + n - 1) % n));
		reads(s, (i + 1) * 10, R(i));
	}
}

/* --- tests ------------------------------------------------------------------------------------ */

static void rings(void **state)
{
	for (int n = 2; n <= 5; n++) {
		struct script *s = *state;

		ring_of(s, n);
		sleeps(s, (n + 1) * 10, WAIT_SLEEP);
		end(s);
		assert_int_equal(verdict(s, n), VERDICT_DEADLOCK);
		script_teardown(state);
		script_setup(state);
	}
}

/* Each of the ring's members in turn is the one that is freed, so the order of tasks does not matter. */
static void saved_at(void **state, void (*save)(struct script *s, int at))
{
	for (int at = 0; at < 4; at++) {
		struct script *s = *state;

		ring_of(s, 4);
		save(s, at);
		end(s);
		assert_int_equal(verdict(s, 0), VERDICT_WAITING);
		script_teardown(state);
		script_setup(state);
	}
}

static void third_holder(struct script *s, int at)
{
	holds(s, 50, W(at));
	sleeps(s, 50, WAIT_SLEEP);
}

static void third_runs(struct script *s, int at)
{
	holds(s, 50, W(at));
}

static void timeout(struct script *s, int at)
{
	sleepers[at].row.flags |= WAIT_BOUNDED;
}

static void handler(struct script *s, int at)
{
	sleepers[at].row.flags |= WAIT_CATCHES;
}

static void another_thread(struct script *s, int at)
{
	task_row(s, (at + 1) * 10, (at + 1) * 10 + 1, T + at + 1, 1);
}

static void uncounted_end(struct script *s, int at)
{
	sleepers[at].ons[0].facts.pipe.writers = 2;
}

static void cut(struct script *s, int at)
{
	sleepers[at].row.flags |= WAIT_CUT;
}

static void in_flight(struct script *s, int at)
{
	by(s, 50);
	slot_row(s, T + 5, 40, unix_socket(F + 40, 400));
	in_flight_row(s, 400, facts_of_fd(W(at)));
	sleeps(s, 50, WAIT_SLEEP);
}

/* In the queue of a socket that nobody is known to hold. */
static void in_flight_to_nobody(struct script *s, int at)
{
	in_flight_row(s, 401, facts_of_fd(W(at)));
}

static void saved_by_third_holder(void **state)
{
	saved_at(state, third_holder);
}

static void saved_by_runner(void **state)
{
	saved_at(state, third_runs);
}

static void saved_by_timeout(void **state)
{
	saved_at(state, timeout);
}

static void saved_by_handler(void **state)
{
	saved_at(state, handler);
}

static void saved_by_thread(void **state)
{
	saved_at(state, another_thread);
}

static void saved_by_doubt(void **state)
{
	saved_at(state, uncounted_end);
	saved_at(state, cut);
	saved_at(state, in_flight_to_nobody);
}

static void saved_by_receiver(void **state)
{
	saved_at(state, in_flight);
}

/* The receiver is stuck too, in the ring's own way. */
static void receiver_is_stuck(void **state)
{
	struct script *s = *state;

	ring_of(s, 4);
	in_flight(s, 2);
	sleepers_count--;
	holds(s, 50, R(0));
	reads(s, 50, R(0));
	end(s);
	assert_int_equal(verdict(s, 4), VERDICT_DEADLOCK);
}

static void one_ran_between_the_looks(void **state)
{
	struct script *s = *state;

	ring_of(s, 3);
	end(s);
	assert_int_equal(verdict(s, 3), VERDICT_DEADLOCK);
	sleepers[1].row.switches++;
	look(s);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
	look(s);
	assert_int_equal(verdict(s, 3), VERDICT_DEADLOCK);
}

/* The later model is another: there one has gone on. */
static void not_confirmed(void **state)
{
	struct script *s = *state, later = { .ts = 1000 };

	ring_of(s, 3);
	end(s);
	later.model = model_new();
	ring_of(&later, 3);
	end(&later);
	assert_int_equal(why_confirm(s->model, later.model), 0);
	assert_int_equal(verdict(s, 3), VERDICT_DEADLOCK);
	sleepers[2].row.switches++;
	look(&later);
	look(&later);
	assert_int_equal(why_confirm(s->model, later.model), 0);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
	model_free(later.model);
}

/* 10 polls two pipes: one writer is stuck with it, the other is not. */
static void any_of_a_set(void **state)
{
	for (int saved = 0; saved < 2; saved++) {
		struct script *s = *state;

		begin(s, 3);
		for (int i = 0; i < 2; i++)
			holds(s, 10, R(i));
		holds(s, 10, W(2));
		holds(s, 20, W(0));
		holds(s, 20, R(2));
		holds(s, saved ? 30 : 20, W(1));
		on(on(sleeps(s, 10, WAIT_POLL), R(0)), R(1));
		reads(s, 20, R(2));
		sleeps(s, 30, WAIT_SLEEP);
		end(s);
		assert_int_equal(verdict(s, saved ? 0 : 2),
				 saved ? VERDICT_WAITING : VERDICT_DEADLOCK);
		script_teardown(state);
		script_setup(state);
	}
}

static void locked(struct script *s, enum lock_kind kind, uint32_t pid, uint64_t file, enum lock_mode mode,
		   uint64_t start, uint64_t end)
{
	struct record_lock lock = { .head = { .type = RECORD_LOCK, .size = sizeof(lock),
					      .flags = RECORD_ROW, .ts = s->ts++, .pid = pid },
				    .lock = s->ts, .file = file, .owner = T + pid / 10, .start = start, .end = end,
				    .ino = 900, .dev = 7, .kind = kind, .mode = mode };

	apply(s, &lock);
	lock.mode = 9;
	apply(s, &lock); /* again, at another descriptor */
}

/* 10 waits for bytes 0 to 9, and 20 waits for 10. */
static void asks_for_bytes(struct script *s, enum lock_mode mode)
{
	struct sleeper *sleeper;

	begin(s, 3);
	by(s, 10);
	slot_row(s, T + 1, 3, regular_file(F, 900));
	holds(s, 10, W(0));
	holds(s, 20, R(0));
	sleeper = sleeps(s, 10, WAIT_FCNTL);
	sleeper->row.lock_mode = mode;
	sleeper->row.lock_end = 9;
	on_facts(sleeper, 3, regular_file(F, 900));
	reads(s, 20, R(0));
	sleeps(s, 30, WAIT_SLEEP);
	end(s);
}

/* Both must let go, and one never will. */
static void all_of_a_lock(void **state)
{
	struct script *s = *state;
	struct why why;

	asks_for_bytes(s, LOCK_EXCLUSIVE);
	locked(s, LOCK_POSIX, 20, 0, LOCK_SHARED, 0, 4);
	assert_int_equal(verdict(s, 2), VERDICT_DEADLOCK);
	locked(s, LOCK_POSIX, 30, 0, LOCK_SHARED, 5, 100);
	assert_int_equal(why_build(s->model, 0, &why), 0);
	assert_int_equal(why.verdict, VERDICT_DEADLOCK);
	assert_true(why_wait_of(s->model, process_at(s, 10))->all);
	assert_int_equal(why_wait_of(s->model, process_at(s, 10))->wakers_count, 2);
	assert_false(why_wait_of(s->model, process_at(s, 20))->all);
	why_free(&why);
}

/* Other bytes, its own, two that share, another kind of lock. */
static void locks_not_in_the_way(void **state)
{
	struct script *s = *state;
	struct wait *wait;
	struct why why;

	asks_for_bytes(s, LOCK_SHARED);
	locked(s, LOCK_POSIX, 30, 0, LOCK_EXCLUSIVE, 10, 20);
	locked(s, LOCK_POSIX, 30, 0, LOCK_SHARED, 0, 20);
	locked(s, LOCK_POSIX, 10, 0, LOCK_EXCLUSIVE, 0, 20);
	locked(s, LOCK_FLOCK, 30, F + 9, LOCK_EXCLUSIVE, 0, INT64_MAX);
	assert_int_equal(why_build(s->model, 0, &why), 0);
	wait = why_wait_of(s->model, process_at(s, 10));
	assert_int_equal(wait->wakers_count, 0);
	assert_int_equal(wait->relief, RELIEF_AWAKE);
	why_free(&why);
	locked(s, LOCK_POSIX, 20, 0, LOCK_EXCLUSIVE, 9, 9);
	assert_int_equal(verdict(s, 2), VERDICT_DEADLOCK);
}

/* What it locked as a process, and by another call for that open file, are in each other's way. */
static void own_lock_of_the_other_kind(void **state)
{
	struct script *s = *state;

	asks_for_bytes(s, LOCK_EXCLUSIVE);
	locked(s, LOCK_OFD, 0, F, LOCK_EXCLUSIVE, 0, 20);
	assert_int_equal(verdict(s, 1), VERDICT_DEADLOCK);
	sleepers[0].row.arg[1] = 38; /* F_OFD_SETLKW */
	look(s);
	look(s);
	locked(s, LOCK_OFD, 0, F, LOCK_EXCLUSIVE, 0, 20);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
	locked(s, LOCK_POSIX, 10, 0, LOCK_EXCLUSIVE, 0, 20);
	assert_int_equal(verdict(s, 1), VERDICT_DEADLOCK);
}

/* Which bytes it waits for isn't known: one that can go on is enough. */
static void unknown_bytes_of_a_lock(void **state)
{
	struct script *s = *state;

	asks_for_bytes(s, LOCK_MODE_UNKNOWN);
	locked(s, LOCK_POSIX, 20, 0, LOCK_EXCLUSIVE, 0, 4);
	assert_int_equal(verdict(s, 2), VERDICT_DEADLOCK);
	locked(s, LOCK_POSIX, 30, 0, LOCK_EXCLUSIVE, 50, 100);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
}

/* Borne by an open file that 20 and 30 share, whoever took it, and not by the one that 40 opened. */
static void bearers_of_a_lock(void **state)
{
	struct script *s = *state;
	struct sleeper *sleeper;
	struct wait *wait;
	struct why why;

	begin(s, 4);
	by(s, 10);
	slot_row(s, T + 1, 3, regular_file(F, 900));
	for (uint32_t pid = 20; pid <= 40; pid += 10) {
		by(s, pid);
		slot_row(s, T + pid / 10, 5, regular_file(pid == 40 ? F + 9 : F + 8, 900));
	}
	sleeper = sleeps(s, 10, WAIT_FLOCK);
	sleeper->row.lock_mode = LOCK_EXCLUSIVE;
	on_facts(sleeper, 3, regular_file(F, 900));
	sleeps(s, 20, WAIT_SLEEP);
	sleeps(s, 30, WAIT_SLEEP);
	sleeps(s, 40, WAIT_SLEEP);
	end(s);
	locked(s, LOCK_FLOCK, 77, F + 8, LOCK_EXCLUSIVE, 0, INT64_MAX);
	assert_int_equal(why_build(s->model, 0, &why), 0);
	wait = why_wait_of(s->model, process_at(s, 10));
	assert_int_equal(wait->wakers_count, 2);
	assert_ptr_equal(wait->wakers[0].process, process_at(s, 20));
	assert_ptr_equal(wait->wakers[1].process, process_at(s, 30));
	assert_int_equal(wait->wakers[1].fd, 5);
	why_free(&why);
	/* A second one, of which nobody is known to have it. */
	locked(s, LOCK_OFD, 0, F + 7, LOCK_EXCLUSIVE, 0, 5);
	locked(s, LOCK_FLOCK, 0, F + 7, LOCK_EXCLUSIVE, 0, 5);
	assert_int_equal(why_build(s->model, 0, &why), 0);
	assert_int_equal(why_wait_of(s->model, process_at(s, 10))->relief, RELIEF_HIDDEN);
	why_free(&why);
}

static void child_and_parent(void **state)
{
	struct script *s = *state;

	begin(s, 1);
	task_row(s, 20, 20, T + 2, 10);
	holds(s, 10, W(0));
	holds(s, 20, R(0));
	sleeps(s, 10, WAIT_CHILD);
	reads(s, 20, R(0));
	end(s);
	assert_int_equal(verdict(s, 2), VERDICT_DEADLOCK);
	/* Another child that isn't stuck, whom a handler of SIGCHLD would wait for. */
	snapshot_start(s);
	task_row(s, 10, 10, T + 1, 1);
	task_row(s, 20, 20, T + 2, 10);
	task_row(s, 30, 30, T + 3, 10);
	holds(s, 10, W(0));
	holds(s, 20, R(0));
	snapshot_done(s);
	sleeps(s, 30, WAIT_SLEEP);
	look(s);
	look(s);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
}

/* One waits for the other to end, whose first thread waits for its second, and that one for the first process. */
static void ring_through_a_thread(void **state)
{
	struct script *s = *state;

	begin(s, 1);
	task_row(s, 20, 20, T + 2, 10);
	task_row(s, 20, 21, T + 2, 10);
	task_row(s, 20, 22, T + 2, 10);
	holds(s, 10, W(0));
	holds(s, 20, R(0));
	sleeps(s, 10, WAIT_CHILD);
	sleeps(s, 20, WAIT_FUTEX)->row.flags = WAIT_FUTEX_PRIVATE;
	for (uint32_t tid = 21; tid <= 22; tid++) {
		struct sleeper *thread = tid == 22 ? reads(s, 20, R(0)) : sleeps(s, 20, WAIT_FUTEX);

		thread->row.head.tid = tid;
		thread->ons->head.tid = tid;
		thread->row.flags = tid == 22 ? 0 : WAIT_FUTEX_PRIVATE;
	}
	end(s);
	assert_int_equal(verdict(s, 2), VERDICT_DEADLOCK);
}

/* A priority-inheriting mutex: its word names the owner. */
static struct sleeper *locks(struct script *s, uint32_t pid, uint32_t owner)
{
	struct sleeper *sleeper = sleeps(s, pid, WAIT_FUTEX);

	sleeper->row.arg[1] = 6; /* FUTEX_LOCK_PI */
	sleeper->row.value = 0x80000000u | owner;
	sleeper->row.flags = WAIT_FUTEX_READ;
	return sleeper;
}

static void mutex_owner(void **state)
{
	struct script *s = *state;

	begin(s, 2);
	locks(s, 10, 20);
	locks(s, 20, 10);
	end(s);
	assert_int_equal(verdict(s, 2), VERDICT_DEADLOCK);
	/* In another PID namespace the number is somebody else's. */
	for (int i = 0; i < 2; i++)
		sleepers[i].row.flags |= WAIT_NAMESPACED;
	look(s);
	look(s);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
}

/* The owner is one task: that others of its process can go on does not help, but it saves those who
 * wait for the process. */
static void owner_is_one_task(void **state)
{
	struct script *s = *state;

	begin(s, 2);
	task_row(s, 20, 21, T + 2, 1);
	locks(s, 10, 20);
	locks(s, 20, 10);
	sleeps(s, 20, WAIT_SLEEP)->row.head.tid = 21;
	end(s);
	assert_int_equal(verdict(s, 2), VERDICT_DEADLOCK);
}

static void never_eof_itself(void **state)
{
	struct script *s = *state;

	begin(s, 1);
	holds(s, 10, R(0));
	holds(s, 10, W(0));
	reads(s, 10, R(0));
	end(s);
	assert_int_equal(verdict(s, 0), VERDICT_NEVER_EOF);
	/* Another thread of it might write. */
	snapshot_start(s);
	task_row(s, 10, 10, T + 1, 1);
	task_row(s, 10, 11, T + 1, 1);
	holds(s, 10, R(0));
	holds(s, 10, W(0));
	snapshot_done(s);
	sleeps(s, 10, WAIT_SLEEP)->row.head.tid = 11;
	look(s);
	look(s);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
}

#define LONG_AGO 1
#define BORN	 50000000u /* ns: more than a tick after what was written LONG_AGO */

/* 20 holds the end for writing and began after the last write. */
static void never_eof_leak(void **state)
{
	struct script *s = *state;
	struct record_wait_on *pipe;

	s->epoch = BORN;
	begin(s, 2);
	holds(s, 10, R(0));
	holds(s, 20, W(0));
	pipe = reads(s, 10, R(0))->ons;
	pipe->written = LONG_AGO;
	pipe->flags = WAIT_ON_WRITTEN;
	sleeps(s, 20, WAIT_SLEEP);
	end(s);
	assert_int_equal(verdict(s, 0), VERDICT_NEVER_EOF);
	/* Nobody ever wrote, and the two are of one family: the data may be still to come. */
	pipe->flags = 0;
	look(s);
	look(s);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
	/* It may have written. */
	pipe->flags = WAIT_ON_WRITTEN;
	pipe->written = start_of(s, 20) + 1;
	look(s);
	look(s);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
}

/* When the pipe was written to isn't known, but that 20 never wrote anything is. */
static void never_eof_who_wrote_nothing(void **state)
{
	struct script *s = *state;
	struct sleeper *reader, *holder, *thread;

	s->epoch = BORN;
	begin(s, 2);
	task_row(s, 20, 21, T + 2, 1);
	holds(s, 10, R(0));
	holds(s, 20, W(0));
	reader = reads(s, 10, R(0));
	reader->ons->flags = WAIT_ON_WRITTEN;
	holder = sleeps(s, 20, WAIT_SLEEP);
	thread = sleeps(s, 20, WAIT_SLEEP);
	thread->row.head.tid = 21;
	holder->row.flags = thread->row.flags = WAIT_WROTE_NOTHING;
	end(s);
	assert_int_equal(verdict(s, 0), VERDICT_NEVER_EOF);
	/* One of its threads wrote something, somewhere. */
	thread->row.flags = 0;
	look(s);
	look(s);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
	/* None did, but what one does isn't counted. */
	thread->row.flags = WAIT_WROTE_NOTHING;
	thread->row.what = WAIT_SPLICE;
	on_facts(thread, W(0), facts_of_fd(W(0)));
	look(s);
	look(s);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
}

/* --- TCP --------------------------------------------------------------------------------------- */

static struct file_facts tcp_file(uint64_t ino)
{
	struct file_facts facts = unix_socket(F + ino, ino);

	facts.kind = FILE_TCP;
	facts.socket.type = SOCK_STREAM;
	facts.socket.state = TCP_ESTABLISHED;
	return facts;
}

/* From port to port, on the loopback or to another machine. */
static void tcp(struct script *s, uint32_t pid, int fd, uint64_t ino, uint16_t local, uint16_t remote,
		bool is_far, uint32_t unsent)
{
	struct record_socket record = {
		.head = { .type = RECORD_SOCKET, .size = sizeof(record), .flags = RECORD_ROW,
			  .ts = s->ts++, .pid = pid, .tid = pid, .start = start_of(s, pid) },
		.fd = -1, .nr = -1,
		.facts = { .ino = ino, .dev = 7, .kind = FILE_TCP, .family = AF_INET,
			   .type = SOCK_STREAM, .state = TCP_ESTABLISHED, .netns = 1,
			   .local_port = local, .remote_port = remote, .send_queued = unsent },
	};

	record.facts.local[10] = record.facts.local[11] = 0xff;
	record.facts.local[12] = is_far ? 10 : 127;
	memcpy(record.facts.remote, record.facts.local, 16);
	record.facts.local[15] = record.facts.remote[15] = 1;
	if (is_far)
		record.facts.remote[15] = 9;
	by(s, pid);
	slot_row(s, T + pid / 10, fd, tcp_file(ino));
	apply(s, &record);
	by(s, pid);
}

/* Each reads what the other would send. */
static void tcp_pair(struct script *s, bool is_far, uint32_t unsent)
{
	begin(s, 2);
	tcp(s, 10, 3, 500, 4000, 80, is_far, 0);
	tcp(s, 20, 4, 501, 80, is_far ? 5000 : 4000, is_far, unsent);
	on_facts(sleeps(s, 10, WAIT_READ), 3, tcp_file(500));
	on_facts(sleeps(s, 20, WAIT_READ), 4, tcp_file(501));
	end(s);
}

static void tcp_within_the_machine(void **state)
{
	tcp_pair(*state, false, 0);
	assert_int_equal(verdict(*state, 2), VERDICT_DEADLOCK);
}

static void tcp_with_data_on_its_way(void **state)
{
	tcp_pair(*state, false, 512);
	assert_int_equal(verdict(*state, 0), VERDICT_WAITING);
}

static void tcp_to_another_machine(void **state)
{
	struct script *s = *state;
	struct wait *wait;

	tcp_pair(s, true, 0);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
	wait = why_wait_of(s->model, process_at(s, 10));
	assert_int_equal(wait->relief, RELIEF_OUTSIDE);
	assert_int_equal(wait->wakers_count, 0);
}

/* --- words in shared memory ---------------------------------------------------------------------- */

static struct file_facts memory(uint32_t kind, uint64_t ino, uint32_t links)
{
	struct file_facts facts = { .file = F + ino, .ino = ino, .dev = 5, .kind = kind, .fmode = 3 };

	facts.regular.links = links;
	return facts;
}

/* In the snapshot: the process has that memory mapped. */
static void maps(struct script *s, uint32_t pid, struct file_facts facts)
{
	struct record_mapping row = {
		.head = { .type = RECORD_MAPPING, .size = sizeof(row), .flags = RECORD_ROW,
			  .ts = s->ts++, .pid = pid, .tid = pid, .start = start_of(s, pid) },
		.space = 0x5000 + pid, .start = facts.ino << 12, .end = (facts.ino + 1) << 12,
		.access = MAPPING_READ | MAPPING_WRITE, .nr = -1, .facts = facts,
	};

	apply(s, &row);
}

static struct sleeper *waits_in(struct script *s, uint32_t pid, struct file_facts facts)
{
	struct sleeper *sleeper = sleeps(s, pid, WAIT_FUTEX);

	on_facts(sleeper, -1, facts);
	return sleeper;
}

/* 10 and 20 wait for words in memory that both have mapped. */
static void word_pair(struct script *s, struct file_facts facts)
{
	begin(s, 3);
	for (uint32_t pid = 10; pid <= 20; pid += 10) {
		maps(s, pid, facts);
		waits_in(s, pid, facts);
	}
	sleeps(s, 30, WAIT_SLEEP);
}

static void assert_waits_for(struct script *s, uint32_t pid, uint32_t waker, int fd, enum relief relief)
{
	struct wait *wait = why_wait_of(s->model, process_at(s, pid));

	assert_int_equal(wait->relief, relief);
	assert_non_null(wait->object);
	assert_true(wait->wakers_count > 0);
	for (size_t i = 0; i < wait->wakers_count; i++)
		if (wait->wakers[i].process->key.pid == waker) {
			assert_int_equal(wait->wakers[i].fd, fd);
			return;
		}
	fail();
}

static void word_in_anonymous_memory(void **state)
{
	struct script *s = *state;

	word_pair(s, memory(FILE_ANON_MEMORY, 300, 0));
	end(s);
	assert_int_equal(verdict(s, 2), VERDICT_DEADLOCK);
	assert_waits_for(s, 10, 20, -1, RELIEF_NONE);
}

static void word_saved_by_mapper(void **state)
{
	struct script *s = *state;

	word_pair(s, memory(FILE_ANON_MEMORY, 300, 0));
	maps(s, 30, memory(FILE_ANON_MEMORY, 300, 0));
	end(s);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
	assert_waits_for(s, 10, 30, -1, RELIEF_WAKER);
}

/* It has the file open, and could map it. */
static void word_saved_by_opener(void **state)
{
	struct script *s = *state;

	word_pair(s, memory(FILE_MEMFD, 300, 0));
	by(s, 30);
	slot_row(s, T + 3, 5, memory(FILE_MEMFD, 300, 0));
	end(s);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
	assert_waits_for(s, 10, 30, 5, RELIEF_WAKER);
}

/* One who has it both mapped and open is told of once. */
static void word_mapped_and_open(void **state)
{
	struct script *s = *state;

	word_pair(s, memory(FILE_MEMFD, 300, 0));
	by(s, 20);
	slot_row(s, T + 2, 5, memory(FILE_MEMFD, 300, 0));
	end(s);
	assert_int_equal(verdict(s, 2), VERDICT_DEADLOCK);
	assert_int_equal(why_wait_of(s->model, process_at(s, 10))->wakers_count, 1);
}

static void word_in_a_file(void **state)
{
	struct script *s = *state;

	word_pair(s, memory(FILE_REGULAR, 300, 1));
	end(s);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
	assert_waits_for(s, 10, 20, -1, RELIEF_OUTSIDE);
}

static void word_in_a_deleted_file(void **state)
{
	struct script *s = *state;

	word_pair(s, memory(FILE_REGULAR, 300, 0));
	end(s);
	assert_int_equal(verdict(s, 2), VERDICT_DEADLOCK);
}

/* Who has it mapped was not told. */
static void word_without_mappings(void **state)
{
	struct script *s = *state;

	begin(s, 2);
	waits_in(s, 10, memory(FILE_ANON_MEMORY, 300, 0));
	end(s);
	assert_int_equal(verdict(s, 0), VERDICT_WAITING);
	assert_int_equal(why_wait_of(s->model, process_at(s, 10))->relief, RELIEF_OUTSIDE);
}

/* The word says who: nobody else can. */
static void word_with_an_owner(void **state)
{
	struct script *s = *state;

	word_pair(s, memory(FILE_ANON_MEMORY, 300, 0));
	for (int i = 0; i < 2; i++) {
		sleepers[i].row.arg[1] = 0;
		sleepers[i].row.arg[2] = sleepers[i].row.value = 0x80000000u | (i ? 10 : 20);
		sleepers[i].row.flags = WAIT_FUTEX_READ;
	}
	maps(s, 30, memory(FILE_ANON_MEMORY, 300, 0));
	end(s);
	assert_int_equal(verdict(s, 2), VERDICT_DEADLOCK);
	assert_waits_for(s, 10, 20, -1, RELIEF_NONE);
}

/* --- the order -------------------------------------------------------------------------------- */

static void assert_order(struct script *s, const uint32_t *tids, size_t count)
{
	struct why why;

	assert_int_equal(why_build(s->model, 0, &why), 0);
	assert_int_equal(why.waits_count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(why.waits[i]->tid, tids[i]);
	assert_ptr_equal(why.culprit, why.waits[0]);
	why_free(&why);
}

static void looked_at(struct script *s)
{
	snapshot_done(s);
	look(s);
	look(s);
}

/* 30 and then 20 were asked for; their children and a thread have lower numbers. */
static void named_first(void **state)
{
	struct script *s = *state;

	begin(s, 4);
	task_row(s, 30, 25, T + 3, 1);
	task_row(s, 5, 5, T + 5, 30);
	task_row(s, 6, 6, T + 6, 20);
	sleeps(s, 5, WAIT_SLEEP);
	sleeps(s, 6, WAIT_STOPPED);
	sleeps(s, 20, WAIT_SLEEP);
	sleeps(s, 30, WAIT_SLEEP)->row.head.tid = 25;
	sleeps(s, 30, WAIT_SLEEP);
	looked_at(s);
	selected(s, 30, true);
	selected(s, 20, true);
	selected(s, 30, true);
	assert_order(s, (const uint32_t[]){ 30, 25, 20, 6, 5 }, 5);
}

/* Whatever else was asked for. */
static void deadlock_before_named(void **state)
{
	struct script *s = *state;

	ring_of(s, 2);
	task_row(s, 30, 30, T + 3, 1);
	task_row(s, 10, 10, T + 1, 30);
	sleeps(s, 30, WAIT_SLEEP);
	looked_at(s);
	selected(s, 30, true);
	assert_order(s, (const uint32_t[]){ 10, 30 }, 2);
	assert_int_equal(verdict(s, 2), VERDICT_DEADLOCK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)
		TEST(rings), TEST(saved_by_third_holder), TEST(saved_by_runner),
		TEST(saved_by_timeout), TEST(saved_by_handler), TEST(saved_by_thread),
		TEST(saved_by_doubt), TEST(saved_by_receiver), TEST(receiver_is_stuck),
		TEST(one_ran_between_the_looks), TEST(not_confirmed), TEST(any_of_a_set),
		TEST(all_of_a_lock), TEST(locks_not_in_the_way), TEST(own_lock_of_the_other_kind), TEST(unknown_bytes_of_a_lock), TEST(bearers_of_a_lock), TEST(child_and_parent), TEST(ring_through_a_thread), TEST(mutex_owner),
		TEST(owner_is_one_task), TEST(never_eof_itself), TEST(never_eof_leak),
		TEST(never_eof_who_wrote_nothing),
		TEST(tcp_within_the_machine), TEST(tcp_with_data_on_its_way),
		TEST(tcp_to_another_machine), TEST(word_in_anonymous_memory),
		TEST(word_saved_by_mapper), TEST(word_saved_by_opener),
		TEST(word_mapped_and_open), TEST(word_in_a_file), TEST(word_in_a_deleted_file),
		TEST(word_without_mappings), TEST(word_with_an_owner), TEST(named_first), TEST(deadlock_before_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
