// SPDX-License-Identifier: GPL-2.0-only
/*
 * One pid, lived under by one process after another: each makes a pipe, and ends. Argument: how many. Tells
 * {"lives": N}.
 */
#include "workload.h"

#include <linux/sched.h>
#include <sys/syscall.h>

/* 0 in the child. pid 0: whichever is free. */
static int fork_as(int pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = pid ? (__u64)(uintptr_t)&pid : 0,
		.set_tid_size = pid ? 1 : 0,
	};

	return (int)syscall(SYS_clone3, &args, sizeof(args));
}

static void live(void)
{
	int ends[2];

	must(pipe(ends));
	_exit(0);
}

int main(int argc, char **argv)
{
	int pid = 0, lives = 0, all = argc > 1 ? atoi(argv[1]) : 1;

	tell("{\"ready\": true}");
	listen_for_test();
	while (lives < all) {
		int child = fork_as(pid);

		if (!child)
			live();
		/* Somebody else has got it in between. */
		if (child < 0 && errno == EEXIST) {
			pid = 0;
			continue;
		}
		must(child);
		must(waitpid(child, NULL, 0));
		pid = child;
		lives++;
	}
	tell("{\"lives\": %d}", lives);
	while (listen_for_test())
		;
	return 0;
}
