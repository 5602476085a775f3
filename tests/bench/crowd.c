// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many sleeping processes with many descriptors, for measuring snapshots.
 * usage: crowd PROCESSES DESCRIPTORS → "ready" once all stand; ends, with all of them, at end of file
 *
 * Of each process's descriptors half are pipes of its own, the others files and sockets.
 */
#include <sys/resource.h>
#include "bench.h"

static void member(int descriptors, int turn)
{
	int have = 0, pair[2];

	sys_close_range(3, turn - 1, 0);
	sys_close_range(turn + 1, ~0u, 0);
	/* Its standard streams, and the one that says so, are descriptors too. */
	for (have = 3; have + 2 <= descriptors / 2; have += 2)
		must(pipe(pair));
	for (; have + 2 <= descriptors * 3 / 4; have += 2)
		must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	for (; have < descriptors; have++)
		must(open("/dev/null", O_RDONLY));
	signal_turn(turn);
	must(close(turn));
	stay();
}

int main(int argc, char **argv)
{
	int turn[2];

	if (argc != 3)
		return 2;
	int processes = atoi(argv[1]), descriptors = atoi(argv[2]);
	pid_t *pids = calloc(processes, sizeof(*pids));
	if (!pids)
		return 99;
	must(pipe(turn));
	for (int i = 0; i < processes; i++) {
		pids[i] = fork_child();
		if (pids[i] == 0)
			member(descriptors, turn[1]);
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
