// SPDX-License-Identifier: GPL-2.0-only
/*
 * One process with thousands of pipes, more than ipctrace counts in the fast way. Two threads write to
 * each for the first time at the same moment; then all is read, closed, and done again.
 *
 *   usage: crowded [PIPES [ROUNDS]]
 *   → {"ready": true, "pid"}                waits for a line
 *   → {"pipes": [[inode, bytes, ops], …]}   … written, and as much read; several lines a round
 *   → {"done": true}                        waits for a line or end of file, then ends
 */
#include <pthread.h>
#include <sys/resource.h>
#include "workload.h"

#define LINE_PIPES 500

static int (*pipes)[2];
static int pipe_count = 3000, rounds = 2;
static pthread_barrier_t barrier;

/* How much the thread writes into that pipe, in one call. */
static size_t share(int i, long thread)
{
	return i % 50 + 1 + thread * 64;
}

static void *write_each(void *which)
{
	static const char data[256];

	for (int i = 0; i < pipe_count; i++) {
		pthread_barrier_wait(&barrier);
		write_all(pipes[i][1], data, share(i, (long)which));
	}
	return NULL;
}

static void tell_pipes(int first)
{
	static char line[1 << 15];
	int len = 0;

	for (int i = first; i < pipe_count && i < first + LINE_PIPES; i++)
		len += snprintf(line + len, sizeof(line) - len, "%s[%lu, %zu, 2]", i > first ? ", " : "",
				fd_inode(pipes[i][0]), share(i, 0) + share(i, 1));
	tell("{\"pipes\": [%s]}", line);
}

static void one_round(void)
{
	char data[512];
	pthread_t other;

	for (int i = 0; i < pipe_count; i++)
		must(pipe(pipes[i]));
	if (pthread_create(&other, NULL, write_each, (void *)1))
		_exit(96);
	write_each((void *)0);
	pthread_join(other, NULL);
	for (int i = 0; i < pipe_count; i++) {
		size_t half = (share(i, 0) + share(i, 1)) / 2;

		read_all(pipes[i][0], data, half);
		read_all(pipes[i][0], data, share(i, 0) + share(i, 1) - half);
	}
	for (int i = 0; i < pipe_count; i += LINE_PIPES)
		tell_pipes(i);
	for (int i = 0; i < pipe_count; i++) {
		must(close(pipes[i][0]));
		must(close(pipes[i][1]));
	}
}

int main(int argc, char **argv)
{
	struct rlimit room;

	if (argc > 1)
		pipe_count = atoi(argv[1]);
	if (argc > 2)
		rounds = atoi(argv[2]);
	pipes = calloc(pipe_count, sizeof(*pipes));
	room.rlim_cur = room.rlim_max = pipe_count * 2 + 64;
	must(setrlimit(RLIMIT_NOFILE, &room));
	pthread_barrier_init(&barrier, NULL, 2);
	tell("{\"ready\": true, \"pid\": %d}", getpid());
	listen_for_test();
	for (int i = 0; i < rounds; i++)
		one_round();
	tell("{\"done\": true}");
	listen_for_test();
	return 0;
}
