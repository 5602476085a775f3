// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process with much company connects to a server, which accepts when it is told to: it takes a while to read
 * the tables of all of them, and the test has the connection accepted amid that.
 *
 * usage: accepting CHILDREN
 *   → {"ready": true, "pid", "server": PID, "many": N}   each has more than N descriptors
 *   waits for a line, then connects; waits for another, then has it accepted
 *   → {"accepted": true}
 *   waits for a line, then changes its table from another process, and ends a child
 *   → {"quiet": [PID…]}                                  those that have that table
 *   waits for a line or end of file, then ends
 */
#include <sys/un.h>
#include "workload.h"

#define MANY	     600
#define CHILDREN_MAX 200

static struct sockaddr_un address = { .sun_family = AF_UNIX };
static socklen_t address_len = sizeof(sa_family_t);
static int start[2], done[2], last;

static void no_end(int signal)
{
}

/* Holds its listener, what it accepts and a pipe, and nothing of ours. */
static pid_t server_start(int listener)
{
	sigset_t turn, none;
	int own[2];
	pid_t pid;

	sigemptyset(&none);
	sigemptyset(&turn);
	sigaddset(&turn, SIGUSR1);
	must(sigprocmask(SIG_BLOCK, &turn, NULL));
	pid = fork_child();
	if (pid)
		return pid;
	signal(SIGUSR1, no_end);
	must(dup2(listener, 0));
	must(sys_close_range(1, ~0u, 0));
	must(pipe(own));
	sigsuspend(&none);
	must(accept(0, NULL, NULL));
	await_turn(own[0]);
	_exit(94);
}

/* Not of this process, and yet its changes are changes here. */
static int sharer_main(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	await_turn(start[0]);
	must(close(last));
	must(dup2(start[0], last - 1));
	must(open("/dev/null", O_RDONLY | O_CLOEXEC));
	signal_turn(done[1]);
	stay();
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 0;
	pid_t server, sharer, children[CHILDREN_MAX];
	int listener, mine;

	if (count < 1 || count > CHILDREN_MAX)
		_exit(95);
	listener = must(socket(AF_UNIX, SOCK_STREAM, 0));
	must(bind(listener, (struct sockaddr *)&address, address_len)); /* a name of the kernel's choice */
	address_len = sizeof(address);
	must(getsockname(listener, (struct sockaddr *)&address, &address_len));
	must(listen(listener, 8));
	server = server_start(listener);
	must(close(listener));
	must(pipe(start));
	must(pipe(done));
	mine = must(socket(AF_UNIX, SOCK_STREAM, 0));
	for (int i = 0; i < MANY; i++)
		last = must(open("/dev/null", O_RDONLY));
	sharer = clone_with_table(sharer_main, NULL);
	for (int i = 0; i < count; i++) {
		children[i] = fork_child();
		if (!children[i])
			stay();
	}
	tell("{\"ready\": true, \"pid\": %d, \"server\": %d, \"many\": %d}", getpid(), server, MANY);
	listen_for_test();

	must(connect(mine, (struct sockaddr *)&address, address_len));
	listen_for_test();
	must(kill(server, SIGUSR1));
	await_asleep(server, SYS_read);
	tell("{\"accepted\": true}");
	listen_for_test();
	signal_turn(start[1]);
	await_turn(done[0]);
	end_child(children[0]);
	tell("{\"quiet\": [%d, %d]}", getpid(), sharer);
	listen_for_test();
	for (int i = 1; i < count; i++)
		end_child(children[i]);
	end_child(sharer);
	end_child(server);
	return 0;
}
