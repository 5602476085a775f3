// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many sleeping processes with many descriptors, for measuring snapshots.
 * usage: crowd PROCESSES DESCRIPTORS [THREADS] → "ready" once all stand; ends, with all of them, at end
 * of file
 *
 * Of each process's descriptors half are pipes of its own, the others files and sockets. THREADS - 1 of
 * its threads read from one of the pipes.
 */
#include <pthread.h>
#include <sys/resource.h>
#include "bench.h"

static void *reader(void *pipe)
{
	char c;

	while (read(*(int *)pipe, &c, 1) < 0)
		;
	return NULL;
}

static void threads_start(int threads, int *pipe)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 32768);
	while (--threads > 0)
		if (pthread_create(&thread, &attr, reader, pipe))
			_exit(99);
}

static void member(int descriptors, int threads, int turn)
{
	static int pair[2];
	int have = 0, other[2];

	sys_close_range(3, turn - 1, 0);
	sys_close_range(turn + 1, ~0u, 0);
	/* Its standard streams, and the one that says so, are descriptors too. */
	for (have = 3; have + 2 <= descriptors / 2; have += 2)
		must(pipe(pair));
	for (; have + 2 <= descriptors * 3 / 4; have += 2)
		must(socketpair(AF_UNIX, SOCK_STREAM, 0, other));
	for (; have < descriptors; have++)
		must(open("/dev/null", O_RDONLY));
	threads_start(threads, pair);
	signal_turn(turn);
	must(close(turn));
	stay();
}

int main(int argc, char **argv)
{
	int turn[2];

	if (argc != 3 && argc != 4)
		return 2;
	int processes = atoi(argv[1]), descriptors = atoi(argv[2]);
	int threads = argc == 4 ? atoi(argv[3]) : 1;
	pid_t *pids = calloc(processes, sizeof(*pids));
	if (!pids)
		return 99;
	must(pipe(turn));
	for (int i = 0; i < processes; i++) {
		pids[i] = fork_child();
		if (pids[i] == 0)
			member(descriptors, threads, turn[1]);
	}
	for (int i = 0; i < processes; i++)
		await_turn(turn[0]);
	tell("ready");
	listen_for_test();
	for (int i = 0; i < processes; i++)
		kill(pids[i], SIGKILL);
	for (int i = 0; i < processes; i++)
		must(waitpid(pids[i], NULL, 0));
	return 0;
}
