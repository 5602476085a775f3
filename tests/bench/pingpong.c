// SPDX-License-Identifier: GPL-2.0-only
/* Two processes, two pipes: a byte there and a byte back. usage: pingpong [ROUNDS] → ns a round */
#include "bench.h"

int main(int argc, char **argv)
{
	long rounds = bench_count(argc, argv, 50000);
	int there[2], back[2];

	bench_pin();
	must(pipe(there));
	must(pipe(back));
	pid_t child = fork_child();
	if (child == 0) {
		for (long i = 0; i < rounds + 1000; i++) {
			await_turn(there[0]);
			signal_turn(back[1]);
		}
		_exit(0);
	}
	for (long i = 0; i < 1000; i++) { /* warm */
		signal_turn(there[1]);
		await_turn(back[0]);
	}
	uint64_t start = bench_now();
	for (long i = 0; i < rounds; i++) {
		signal_turn(there[1]);
		await_turn(back[0]);
	}
	bench_tell(start, rounds);
	must(waitpid(child, NULL, 0));
	return 0;
}
