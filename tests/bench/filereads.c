// SPDX-License-Identifier: GPL-2.0-only
/* Reads of a plain file, which is no IPC: what being asked costs. usage: filereads [CALLS] → ns a call */
#include "bench.h"

int main(int argc, char **argv)
{
	long calls = bench_count(argc, argv, 500000);
	int fd = must(open("/proc/self/exe", O_RDONLY));
	char c;

	bench_pin();
	uint64_t start = bench_now();
	for (long i = 0; i < calls; i++) {
		must(read(fd, &c, 1));
		if (i % 4096 == 0)
			must(lseek(fd, 0, SEEK_SET));
	}
	bench_tell(start, calls);
	return 0;
}
