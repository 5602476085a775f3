// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process busy in system calls, which a timer interrupts all the time. Argument: how many times. Tells
 * {"handled": N}.
 */
#include "workload.h"

#include <sys/time.h>

static volatile sig_atomic_t handled;

static void on_alarm(int sig)
{
	(void)sig;
	handled++;
}

static void timer_every(int us)
{
	const struct itimerval often = { { 0, us }, { 0, us } };

	must(setitimer(ITIMER_REAL, &often, NULL));
}

int main(int argc, char **argv)
{
	int wanted = argc > 1 ? atoi(argv[1]) : 1, ends[2];
	char c = 0;

	must(pipe(ends));
	must(signal(SIGALRM, on_alarm));
	tell("{\"ready\": true}");
	listen_for_test();
	timer_every(300);
	while (handled < wanted) {
		must(write(ends[1], &c, 1));
		must(read(ends[0], &c, 1));
	}
	timer_every(0);
	tell("{\"handled\": %d}", (int)handled);
	while (listen_for_test())
		;
	return 0;
}
