/* SPDX-License-Identifier: GPL-2.0-only */
/* Two processes, one stream socket between them: a byte there and a byte back. */
#ifndef SOCKPONG_H
#define SOCKPONG_H

#include "bench.h"

static inline void pong_turn(int fd, bool first)
{
	char c = 'x';

	if (first)
		must(write(fd, &c, 1));
	must(read(fd, &c, 1));
	if (!first)
		must(write(fd, &c, 1));
}

/* here, there: the two ends. Tells ns a round. */
static inline int sockpong(int here, int there, long rounds)
{
	pid_t child = fork_child();

	if (child == 0) {
		for (long i = 0; i < rounds + 1000; i++)
			pong_turn(there, false);
		_exit(0);
	}
	for (long i = 0; i < 1000; i++) /* warm */
		pong_turn(here, true);
	uint64_t start = bench_now();
	for (long i = 0; i < rounds; i++)
		pong_turn(here, true);
	bench_tell(start, rounds);
	must(waitpid(child, NULL, 0));
	return 0;
}

#endif /* SOCKPONG_H */
