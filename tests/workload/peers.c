// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that has nothing to do with another until it connects to it, and is not alone then: it has a
 * thread that sleeps, one that forks all the time, and another process that shares its descriptor table.
 *
 * usage: peers
 *   → {"ready": true, "pid", "server": PID}     waits for a line, then connects
 *   → {"quiet": [PID…], "forks": N}             nothing changes any more
 *   waits for a line or end of file, then ends
 */
#include <pthread.h>
#include <sys/un.h>
#include "workload.h"

#define MANY	  600 /* descriptors that have to be told of when it becomes a peer */
#define FORKS_MAX 400
#define STAY_MAX  24

static struct sockaddr_un address = { .sun_family = AF_UNIX };
static socklen_t address_len = sizeof(sa_family_t);
static int start[2], begun[2], done[2], over[2], last;
static volatile bool is_over;
static pid_t children[STAY_MAX];
static unsigned int forks, staying;

/* Holds its listener and what it accepts, and nothing of ours. */
static pid_t server_start(int listener)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	must(dup2(listener, 0));
	must(syscall(SYS_close_range, 1, ~0u, 0));
	for (;;)
		must(accept(0, NULL, NULL));
}

static void *sleeper_main(void *arg)
{
	stay();
}

/* A child that stays has the table as it was at that moment, and one more. They would die with the thread that
 * made them, so it stays too. */
static void *forker_main(void *arg)
{
	signal_turn(begun[1]);
	do {
		pid_t pid = must(fork());

		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (forks % 16)
				_exit(0);
			must(dup(begun[0]));
			stay();
		}
		if (forks++ % 16)
			while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
				;
		else if (staying < STAY_MAX)
			children[staying++] = pid;
		else
			end_child(pid);
	} while (!is_over && forks < FORKS_MAX);
	signal_turn(over[1]);
	stay();
}

/* Not of this process, and yet its changes are changes here. */
static int sharer_main(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	await_turn(start[0]);
	must(close(last));
	must(dup2(begun[0], last - 1));
	must(open("/dev/null", O_RDONLY | O_CLOEXEC));
	signal_turn(done[1]);
	stay();
}

static void tell_quiet(pid_t sharer)
{
	char list[1024];
	int at = snprintf(list, sizeof(list), "%d, %d", getpid(), sharer);

	for (unsigned int i = 0; i < staying; i++)
		at += snprintf(list + at, sizeof(list) - at, ", %d", children[i]);
	tell("{\"quiet\": [%s], \"forks\": %u}", list, forks);
}

int main(void)
{
	int listener = must(socket(AF_UNIX, SOCK_STREAM, 0)), mine;
	pthread_t sleeper, forker;
	pid_t server, sharer;

	must(bind(listener, (struct sockaddr *)&address, address_len)); /* a name of the kernel's choice */
	address_len = sizeof(address);
	must(getsockname(listener, (struct sockaddr *)&address, &address_len));
	must(listen(listener, 8));
	server = server_start(listener);
	must(close(listener));
	must(pipe(start));
	must(pipe(begun));
	must(pipe(done));
	must(pipe(over));
	mine = must(socket(AF_UNIX, SOCK_STREAM, 0));
	for (int i = 0; i < MANY; i++)
		last = must(open("/dev/null", O_RDONLY));
	sharer = clone_with_table(sharer_main, NULL);
	must(pthread_create(&sleeper, NULL, sleeper_main, NULL) ? -1 : 0);
	tell("{\"ready\": true, \"pid\": %d, \"server\": %d}", getpid(), server);
	listen_for_test();

	must(pthread_create(&forker, NULL, forker_main, NULL) ? -1 : 0);
	await_turn(begun[0]);
	must(connect(mine, (struct sockaddr *)&address, address_len));
	signal_turn(start[1]);
	await_turn(done[0]);
	is_over = true;
	await_turn(over[0]);
	tell_quiet(sharer);
	listen_for_test();
	for (unsigned int i = 0; i < staying; i++)
		end_child(children[i]);
	end_child(sharer);
	end_child(server);
	return 0;
}
