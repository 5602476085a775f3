// SPDX-License-Identifier: GPL-2.0-only
/* Two processes signal each other, a handler each. usage: sigstorm [ROUNDS] → ns a round trip */
#include <signal.h>
#include "bench.h"

static volatile sig_atomic_t got;

static void handler(int signal)
{
	got = 1;
}

static void await_signal(const sigset_t *open)
{
	while (!got)
		sigsuspend(open);
	got = 0;
}

int main(int argc, char **argv)
{
	long rounds = bench_count(argc, argv, 50000);
	struct sigaction action = { .sa_handler = handler };
	sigset_t blocked, open;

	bench_pin();
	must(sigaction(SIGUSR1, &action, NULL));
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	must(sigprocmask(SIG_BLOCK, &blocked, &open));
	pid_t parent = getpid(), child = fork_child();
	if (child == 0) {
		for (long i = 0; i < rounds + 1000; i++) {
			await_signal(&open);
			must(kill(parent, SIGUSR1));
		}
		_exit(0);
	}
	uint64_t start = 0;
	for (long i = 0; i < rounds + 1000; i++) {
		if (i == 1000)
			start = bench_now();
		must(kill(child, SIGUSR1));
		await_signal(&open);
	}
	bench_tell(start, rounds);
	must(waitpid(child, NULL, 0));
	return 0;
}
