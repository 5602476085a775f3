// SPDX-License-Identifier: GPL-2.0-only
/*
 * One process's pipes through all that can be done to them, then a child that sleeps on an empty
 * pipe and one that sleeps on a full one, each for a time known from both sides.
 *
 *   → {"ready": true, "pid"}                     waits for a line
 *   → {"step": …} a line for each call that made, changed or moved something
 *   → {"done": true, "pid", "pipes": [{"name", "inode", "fds", "capacity", "queued", "readers",
 *       "writers", "written", "read", …}], "blocked": [{"on", "pid", "inode", "min_ns", "max_ns"}]}
 *   waits for a line or end of file, then ends
 */
#include <time.h>
#include "workload.h"

#define SLEEP_NS 80000000L /* how long a child is kept asleep at least: it is what we measure */

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void hold(void)
{
	struct timespec ts = { .tv_nsec = SLEEP_NS };

	while (nanosleep(&ts, &ts))
		;
}

struct blocked {
	pid_t pid;
	unsigned long inode;
	uint64_t min_ns, max_ns;
};

/* A child that reads one byte from a pipe nobody has written to yet. */
static struct blocked block_on_empty(void)
{
	struct blocked it;
	int ends[2], done[2];

	must(pipe(ends));
	must(pipe(done));
	it.inode = fd_inode(ends[0]);
	uint64_t before = now();
	it.pid = fork_child();
	if (it.pid == 0) {
		must(close(ends[1]));
		await_turn(ends[0]);
		signal_turn(done[1]);
		stay();
	}
	await_asleep(it.pid, SYS_read);
	uint64_t asleep = now();
	hold();
	it.min_ns = now() - asleep;
	signal_turn(ends[1]);
	await_turn(done[0]);
	it.max_ns = now() - before;
	must(close(done[0]));
	must(close(done[1]));
	must(close(ends[0]));
	must(close(ends[1]));
	return it;
}

/* A child that writes into a pipe that is full. */
static struct blocked block_on_full(void)
{
	struct blocked it;
	int ends[2], done[2];
	static char page[4096];

	must(pipe(ends));
	must(pipe(done));
	it.inode = fd_inode(ends[0]);
	must(fcntl(ends[1], F_SETPIPE_SZ, sizeof(page)));
	write_all(ends[1], page, sizeof(page));
	uint64_t before = now();
	it.pid = fork_child();
	if (it.pid == 0) {
		must(close(ends[0]));
		write_all(ends[1], page, sizeof(page));
		signal_turn(done[1]);
		stay();
	}
	await_asleep(it.pid, SYS_write);
	uint64_t asleep = now();
	hold();
	it.min_ns = now() - asleep;
	read_all(ends[0], page, sizeof(page));
	await_turn(done[0]);
	it.max_ns = now() - before;
	must(close(done[0]));
	must(close(done[1]));
	must(close(ends[0]));
	must(close(ends[1]));
	return it;
}

int main(void)
{
	int plain[2], flagged[2], sized[2];
	static char data[8192];

	tell("{\"ready\": true, \"pid\": %d}", getpid());
	listen_for_test();

	must(pipe(plain));
	tell("{\"step\": \"pipe.create\", \"fds\": [%d, %d], \"inode\": %lu, \"result\": 0}",
	     plain[0], plain[1], fd_inode(plain[0]));
	must(pipe2(flagged, O_CLOEXEC | O_NONBLOCK));
	tell("{\"step\": \"pipe.create\", \"fds\": [%d, %d], \"inode\": %lu, \"result\": 0}",
	     flagged[0], flagged[1], fd_inode(flagged[0]));
	must(pipe(sized));
	tell("{\"step\": \"pipe.create\", \"fds\": [%d, %d], \"inode\": %lu, \"result\": 0}",
	     sized[0], sized[1], fd_inode(sized[0]));
	int capacity = must(fcntl(sized[1], F_SETPIPE_SZ, 200000));

	/* 8,192 in, 5,000 out: 3,192 lie in it. */
	write_all(plain[1], data, 8192);
	read_all(plain[0], data, 5000);
	/* A failed read moves nothing. */
	if (read(flagged[0], data, 1) != -1 || errno != EAGAIN)
		return 95;

	int copy = must(dup(sized[1]));
	tell("{\"step\": \"fd.dup\", \"fds\": [%d], \"inode\": %lu, \"result\": %d}", sized[1],
	     fd_inode(copy), copy);
	must(close(sized[1]));
	tell("{\"step\": \"fd.close\", \"fds\": [%d], \"inode\": %lu, \"result\": 0}", sized[1],
	     fd_inode(copy));
	write_all(copy, data, 100);
	must(close(flagged[1]));
	tell("{\"step\": \"fd.close\", \"fds\": [%d], \"inode\": %lu, \"result\": 0}", flagged[1],
	     fd_inode(flagged[0]));

	struct blocked empty = block_on_empty();
	struct blocked full = block_on_full();

	tell("{\"done\": true, \"pid\": %d, \"pipes\": ["
	     "{\"name\": \"plain\", \"inode\": %lu, \"fds\": [%d, %d], \"capacity\": %d, \"queued\": 3192, "
	     "\"readers\": 1, \"writers\": 1, \"written\": 8192, \"read\": 5000, \"writes\": 1, \"reads\": 1}, "
	     "{\"name\": \"flagged\", \"inode\": %lu, \"fds\": [%d], \"capacity\": %d, \"queued\": 0, "
	     "\"readers\": 1, \"writers\": 0, \"written\": 0, \"read\": 0, \"writes\": 0, \"reads\": 0}, "
	     "{\"name\": \"sized\", \"inode\": %lu, \"fds\": [%d, %d], \"capacity\": %d, \"queued\": 100, "
	     "\"readers\": 1, \"writers\": 1, \"written\": 100, \"read\": 0, \"writes\": 1, \"reads\": 0}], "
	     "\"blocked\": [{\"on\": \"empty\", \"pid\": %d, \"inode\": %lu, \"min_ns\": %lu, \"max_ns\": %lu}, "
	     "{\"on\": \"full\", \"pid\": %d, \"inode\": %lu, \"min_ns\": %lu, \"max_ns\": %lu}]}",
	     getpid(), fd_inode(plain[0]), plain[0], plain[1], must(fcntl(plain[0], F_GETPIPE_SZ)),
	     fd_inode(flagged[0]), flagged[0], must(fcntl(flagged[0], F_GETPIPE_SZ)),
	     fd_inode(sized[0]), sized[0], copy, capacity, empty.pid, empty.inode, empty.min_ns,
	     empty.max_ns, full.pid, full.inode, full.min_ns, full.max_ns);
	listen_for_test();
	end_child(empty.pid);
	end_child(full.pid);
	return 0;
}
