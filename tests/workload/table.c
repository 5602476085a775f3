// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two processes with one table of descriptors, in which there is nothing that a link could go through.
 *
 * usage: table owner|sharer        who opens a file
 *   → {"ready": true, "owner": PID, "sharer": PID}   the latter is the former's child
 *   waits for a line
 *   → {"opened": FD}
 *   waits for a line or end of file, then ends
 */
#include "workload.h"

static void no_end(int signal)
{
}

/* Asked by a signal: a pipe would be what links them. */
static void open_when_asked(void)
{
	sigset_t none;

	sigemptyset(&none);
	for (;;) {
		sigsuspend(&none);
		must(open("/dev/zero", O_RDONLY));
	}
}

static int sharer_main(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	open_when_asked();
	return 0;
}

static void owner_main(void)
{
	must(sys_close_range(0, ~0u, 0));
	must(open("/dev/null", O_RDWR));
	clone_with_table(sharer_main, NULL);
	open_when_asked();
}

/* The only child of that process, once there is one. */
static pid_t child_of(pid_t pid)
{
	char path[64];
	int child = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	while (!child) {
		FILE *file = fopen(path, "re");

		if (!file || fscanf(file, "%d", &child) != 1)
			sched_yield();
		if (file)
			fclose(file);
	}
	return child;
}

int main(int argc, char **argv)
{
	pid_t owner, sharer, opener;
	sigset_t turn;

	sigemptyset(&turn);
	sigaddset(&turn, SIGUSR1);
	signal(SIGUSR1, no_end);
	must(sigprocmask(SIG_BLOCK, &turn, NULL));
	owner = fork_child();
	if (!owner)
		owner_main();
	sharer = child_of(owner);
	opener = argc > 1 && !strcmp(argv[1], "owner") ? owner : sharer;
	await_asleep(opener, SYS_rt_sigsuspend);
	tell("{\"ready\": true, \"owner\": %d, \"sharer\": %d}", owner, sharer);
	listen_for_test();
	must(kill(opener, SIGUSR1));
	await_asleep(opener, SYS_rt_sigsuspend);
	tell("{\"opened\": 1}");
	listen_for_test();
	end_child(owner);
	return 0;
}
