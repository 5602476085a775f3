/* SPDX-License-Identifier: GPL-2.0-only */
/* What the benchmark programs share: they do a fixed number of operations and print ns for each. */
#ifndef BENCH_H
#define BENCH_H

#include "../workload/workload.h"
#include <time.h>

static inline uint64_t bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/*
 * Both processes of a conversation on one processor, the last: a round then costs two switches, not
 * two interrupts between processors, which take ten times as long and would drown what we measure.
 */
static inline void bench_pin(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &cpus);
	must(sched_setaffinity(0, sizeof(cpus), &cpus));
}

static inline long bench_count(int argc, char **argv, long otherwise)
{
	return argc > 1 ? strtol(argv[1], NULL, 0) : otherwise;
}

static inline void bench_tell(uint64_t start, long count)
{
	printf("%.1f\n", (double)(bench_now() - start) / count);
}

#endif /* BENCH_H */
