// SPDX-License-Identifier: GPL-2.0-only
/* One process writes a byte into a pipe and reads it. usage: selfpipe [ROUNDS] → ns a round */
#include "bench.h"

int main(int argc, char **argv)
{
	long rounds = bench_count(argc, argv, 300000);
	int ends[2];

	bench_pin();
	must(pipe(ends));
	for (long i = 0; i < 1000; i++) {
		signal_turn(ends[1]);
		await_turn(ends[0]);
	}
	uint64_t start = bench_now();
	for (long i = 0; i < rounds; i++) {
		signal_turn(ends[1]);
		await_turn(ends[0]);
	}
	bench_tell(start, rounds);
	return 0;
}
