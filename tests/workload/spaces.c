// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address spaces whose addresses are used again before it is told that they were let go of: processes of
 * low priority fork and execute all the time, and let go of a space each time, with a page in it that all children of
 * one share; and on the same processor, in the middle of that, others execute a program that maps a page of its own,
 * and stay. Argument: how many of these.
 *
 *   → {"ready": true, "pid"}                     waits for a line
 *   → {"done": true, "pids": [who stays]}        waits for a line or end of file, then ends
 */
#include "workload.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#define MAPPERS_MAX 1000
#define CHURNERS    4
#define DESCRIPTORS 4000

static char self[4096];

static void map_page(void)
{
	char *page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		_exit(95);
}

static void stay_on_one_processor(void)
{
	cpu_set_t all, one;
	int cpu = 0;

	must(sched_getaffinity(0, sizeof(all), &all));
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	must(sched_setaffinity(0, sizeof(one), &one));
}

/* The child borrows the caller's space until it executes, so that only exec takes a new one. */
static pid_t execute_mapper(int fd)
{
	char number[16], parent[16];
	pid_t pid;

	snprintf(number, sizeof(number), "%d", fd);
	snprintf(parent, sizeof(parent), "%d", getpid());
	pid = must(vfork());
	if (pid == 0) {
		execl(self, self, "map", number, parent, NULL);
		_exit(94);
	}
	return pid;
}

static void *rest(void *nothing)
{
	(void)nothing;
	stay();
}

static void begin_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, rest, NULL))
		_exit(93);
}

static void churn(bool threaded)
{
	const struct rlimit limit = { DESCRIPTORS + 100, DESCRIPTORS + 100 };

	/* Exec closes them after it let go of the space, and others may run between any two. */
	must(setrlimit(RLIMIT_NOFILE, &limit));
	for (int i = 0; i < DESCRIPTORS; i++)
		must(open("/dev/null", O_RDONLY | O_CLOEXEC));
	must(setpriority(PRIO_PROCESS, 0, 19));
	map_page();
	if (threaded)
		begin_thread();
	for (;;) {
		pid_t pid = fork_child();

		if (pid == 0) {
			execl(self, self, "end", NULL);
			_exit(94);
		}
		must(waitpid(pid, NULL, 0));
	}
}

/* Until whoever has the other end of the pipe is gone. */
static int be_mapper(int turns, pid_t parent)
{
	map_page();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return 97;
	signal_turn(turns);
	stay();
}

int main(int argc, char **argv)
{
	static pid_t mappers[MAPPERS_MAX];
	int turns[2], count;
	char list[1 << 14];
	pid_t churners[CHURNERS];
	size_t at = 0;

	if (argc > 1 && !strcmp(argv[1], "end"))
		return 0;
	if (argc > 3 && !strcmp(argv[1], "map"))
		return be_mapper(atoi(argv[2]), atoi(argv[3]));
	count = argc > 1 ? atoi(argv[1]) : 1;
	if (count < 1 || count > MAPPERS_MAX)
		return 2;
	must(readlink("/proc/self/exe", self, sizeof(self) - 1));
	stay_on_one_processor();
	must(pipe(turns));
	tell("{\"ready\": true, \"pid\": %d}", getpid());
	listen_for_test();
	for (int i = 0; i < CHURNERS; i++) {
		churners[i] = fork_child();
		if (churners[i] == 0)
			churn(i & 1);
	}
	for (int i = 0; i < count; i++) {
		/* Every moment of the other's turn is met. */
		const struct timespec moment = { .tv_nsec = 300000 + i % 100 * 37000 };

		nanosleep(&moment, NULL);
		mappers[i] = execute_mapper(turns[1]);
		await_turn(turns[0]);
	}
	for (int i = 0; i < CHURNERS; i++)
		end_child(churners[i]);
	for (int i = 0; i < count; i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%d", i ? ", " : "", mappers[i]);
	tell("{\"done\": true, \"pids\": [%s]}", list);
	listen_for_test();
	for (int i = 0; i < count; i++)
		end_child(mappers[i]);
	return 0;
}
