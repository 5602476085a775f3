// SPDX-License-Identifier: GPL-2.0-only
/* Two-stage pipelines as a shell makes them: pipe, fork twice, exec twice. usage: spawnstorm [ROUNDS] → ns a pipeline */
#include "bench.h"

static void stage(int *ends, int end)
{
	must(dup2(ends[end], end));
	must(close(ends[0]));
	must(close(ends[1]));
	execl("/proc/self/exe", "spawnstorm", end ? "--write" : "--read", NULL);
	_exit(94);
}

int main(int argc, char **argv)
{
	int ends[2];

	if (argc > 1 && !strcmp(argv[1], "--write")) {
		signal_turn(1);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--read")) {
		await_turn(0);
		return 0;
	}
	long rounds = bench_count(argc, argv, 300);
	bench_pin();
	uint64_t start = bench_now();
	for (long i = 0; i < rounds; i++) {
		must(pipe(ends));
		if (fork_child() == 0)
			stage(ends, 1);
		if (fork_child() == 0)
			stage(ends, 0);
		must(close(ends[0]));
		must(close(ends[1]));
		must(wait(NULL));
		must(wait(NULL));
	}
	bench_tell(start, rounds);
	return 0;
}
