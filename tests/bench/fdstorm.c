// SPDX-License-Identifier: GPL-2.0-only
/* open, dup, dup2, close, close, close. usage: fdstorm [ROUNDS] → ns a round */
#include "bench.h"

int main(int argc, char **argv)
{
	long rounds = bench_count(argc, argv, 60000);

	bench_pin();
	uint64_t start = bench_now();
	for (long i = 0; i < rounds; i++) {
		int fd = must(open("/dev/null", O_RDONLY));
		int copy = must(dup(fd));
		must(dup2(fd, 50));
		must(close(fd));
		must(close(copy));
		must(close(50));
	}
	bench_tell(start, rounds);
	return 0;
}
