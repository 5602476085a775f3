// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way to make, copy and destroy a descriptor, once, and the processes that came of it left
 * standing, so that their tables can be held against /proc and kcmp.
 *
 *   → {"ready": true, "pid"}                     waits for a line
 *   → {"step": EVENT, "fd": the descriptor it is about, "result": of the call} a line each
 *   → {"done": true, "pid", "pids": [all that live], "shared": [[pid, pid]…] with one table,
 *       "in_flight": [{"sender", "fd", "socket", "peer"}], "came": [{"pid", "fd", "how", "from"}]}
 *   waits for a line or end of file, then ends
 */
#include <arpa/inet.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include "workload.h"

static pid_t children[32];
static size_t children_count;
static int done_pipe[2]; /* children say here that they are as they shall be */

static int step(const char *event, int fd, long result)
{
	tell("{\"step\": \"%s\", \"fd\": %d, \"result\": %ld}", event, fd, result);
	return result;
}

static int opened(int fd)
{
	return step("fd.open", fd, fd);
}

static pid_t keep(pid_t pid)
{
	children[children_count++] = pid;
	return pid;
}

static void closes(int fd)
{
	step("fd.close", fd, must(close(fd)));
}

static void make_all(void)
{
	struct open_how how = { .flags = O_RDWR | O_CLOEXEC };
	sigset_t set;

	opened(must(open("/dev/null", O_RDWR)));
	opened(must(openat(AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC)));
	int fd = syscall(SYS_openat2, AT_FDCWD, "/dev/zero", &how, sizeof(how));
	opened(must(fd));
	opened(must(open("/etc", O_PATH | O_DIRECTORY)));
	opened(must(open("/tmp", O_TMPFILE | O_RDWR, 0600)));
	must(memfd_create("ipctrace-test \"quoted\"\n", MFD_CLOEXEC));
	must(eventfd(7, EFD_NONBLOCK));
	must(eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC));
	must(epoll_create1(0));
	must(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	must(signalfd(-1, &set, SFD_NONBLOCK));
	must(inotify_init1(IN_NONBLOCK));
	must(sys_pidfd_open(getpid()));
}

static void copy_all(void)
{
	int ends[2];

	must(pipe(ends));
	step("pipe.create", ends[0], 0);
	step("fd.dup", ends[0], must(dup(ends[0])));
	step("fd.dup", ends[1], must(dup2(ends[1], 100)));
	step("fd.dup", ends[1], must(dup3(ends[1], 101, O_CLOEXEC)));
	step("fd.dup", ends[0], must(fcntl(ends[0], F_DUPFD, 110)));
	step("fd.dup", ends[0], must(fcntl(ends[0], F_DUPFD_CLOEXEC, 110)));
	/* A dup2 onto an open descriptor closes what was there. */
	step("fd.dup", ends[0], must(dup2(ends[0], 100)));
	/* Onto itself: nothing happens. dup3 refuses. */
	must(dup2(ends[0], ends[0]));
	must(fcntl(101, F_SETFD, 0));
	must(fcntl(100, F_SETFD, FD_CLOEXEC));
	for (int i = 0; i < 10; i++)
		must(fcntl(ends[1], F_DUPFD, 200));
	must(sys_close_range(203, 205, 0));
	must(sys_close_range(206, 207, CLOSE_RANGE_CLOEXEC));
	closes(110);
}

static void make_sockets(void)
{
	int pair[2];
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(in);

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	int listener = must(socket(AF_INET, SOCK_STREAM, 0));
	must(bind(listener, (struct sockaddr *)&in, sizeof(in)));
	must(listen(listener, 3));
	must(getsockname(listener, (struct sockaddr *)&in, &len));
	int client = must(socket(AF_INET, SOCK_STREAM, 0));
	must(connect(client, (struct sockaddr *)&in, sizeof(in)));
	must(accept(listener, NULL, NULL));

	listener = must(socket(AF_UNIX, SOCK_STREAM, 0));
	len = offsetof(struct sockaddr_un, sun_path) +
	      snprintf(un.sun_path + 1, sizeof(un.sun_path) - 1, "ipctrace-test-%d", getpid()) + 1;
	must(bind(listener, (struct sockaddr *)&un, len));
	must(listen(listener, 5));
	client = must(socket(AF_UNIX, SOCK_STREAM, 0));
	must(connect(client, (struct sockaddr *)&un, len));
	must(accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
	must(socket(AF_INET6, SOCK_DGRAM, 0) | 0);
}

static int shares_table(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Seen by the other process too: one table. */
	must(open("/dev/full", O_WRONLY));
	signal_turn(done_pipe[1]);
	stay();
}

static int leaves_table(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(unshare(CLONE_FILES));
	must(open("/dev/full", O_WRONLY));
	must(close(100));
	signal_turn(done_pipe[1]);
	stay();
}

static int leaves_table_by_closing(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int keep_from = done_pipe[1] + 1;
	must(sys_close_range(keep_from, ~0u, CLOSE_RANGE_UNSHARE));
	must(open("/dev/full", O_WRONLY));
	signal_turn(done_pipe[1]);
	stay();
}

static pid_t clone_files(int (*fn)(void *))
{
	pid_t pid = keep(clone_with_table(fn, NULL));

	await_turn(done_pipe[0]);
	return pid;
}

/* Ends as a process that exec'ed: what is marked close-on-exec is gone. */
static void exec_stayer(void)
{
	char fd[16];

	snprintf(fd, sizeof(fd), "%d", must(dup(done_pipe[1])));
	execl("/proc/self/exe", "descriptors", "--stay", fd, NULL);
	_exit(94);
}

int main(int argc, char **argv)
{
	int socks[2], got[4], ends[2];
	char list[1024];

	if (argc == 3 && !strcmp(argv[1], "--stay")) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal_turn(atoi(argv[2]));
		stay();
	}

	tell("{\"ready\": true, \"pid\": %d}", getpid());
	listen_for_test();
	must(pipe2(done_pipe, O_CLOEXEC));
	step("pipe.create", done_pipe[0], 0);

	make_all();
	copy_all();
	make_sockets();

	pid_t forked = keep(fork_child());
	if (forked == 0) {
		must(close(101));
		must(open("/dev/null", O_RDONLY));
		signal_turn(done_pipe[1]);
		stay();
	}
	await_turn(done_pipe[0]);

	pid_t execed = keep(fork_child());
	if (execed == 0)
		exec_stayer();
	await_turn(done_pipe[0]);

	pid_t vforked = vfork();
	if (vforked == 0)
		exec_stayer();
	keep(must(vforked));
	await_turn(done_pipe[0]);

	pid_t sharing = clone_files(shares_table);
	pid_t leaving = clone_files(leaves_table);
	pid_t closing = clone_files(leaves_table_by_closing);

	/* Passing: to a child and back, and one that stays in the queue. */
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, socks));
	pid_t receiver = keep(fork_child());
	if (receiver == 0) {
		must(close(socks[0]));
		must(pipe(ends));
		if (must(receive_fds(socks[1], got, 4, MSG_CMSG_CLOEXEC)) != 2)
			_exit(93);
		must(send_fds(socks[1], &ends[0], 1));
		tell("{\"step\": \"passed\", \"pid\": %d, \"got\": [%d, %d], \"sent\": %d}",
		     getpid(), got[0], got[1], ends[0]);
		signal_turn(done_pipe[1]);
		stay();
	}
	must(pipe(ends));
	must(send_fds(socks[0], ends, 2));
	await_turn(done_pipe[0]);
	if (must(receive_fds(socks[0], got, 4, 0)) != 1)
		return 93;
	int received = got[0];
	must(send_fds(socks[0], &ends[1], 1)); /* nobody reads this one */
	must(close(ends[1]));

	/* pidfd_getfd: the child's copy of the first descriptor it opened itself. */
	int pidfd = must(sys_pidfd_open(receiver));
	int taken = must(sys_pidfd_getfd(pidfd, socks[1]));
	step("fd.take", taken, taken);

	int at = snprintf(list, sizeof(list), "%d", getpid());
	for (size_t i = 0; i < children_count; i++)
		at += snprintf(list + at, sizeof(list) - at, ", %d", children[i]);
	tell("{\"done\": true, \"pid\": %d, \"pids\": [%s], \"shared\": [[%d, %d]], \"apart\": [%d, %d], "
	     "\"in_flight\": [{\"sender\": %d, \"fd\": %d, \"socket\": %lu, \"peer\": %lu, \"inode\": %lu}], "
	     "\"came\": [{\"pid\": %d, \"fd\": %d, \"how\": \"passed\", \"from\": %d}, "
	     "{\"pid\": %d, \"fd\": %d, \"how\": \"taken\", \"from\": %d}], "
	     "\"forked\": %d, \"execed\": [%d, %d]}",
	     getpid(), list, getpid(), sharing, leaving, closing, getpid(), ends[1],
	     fd_inode(socks[0]), fd_inode(taken), fd_inode(ends[0]), getpid(), received, receiver,
	     getpid(), taken, receiver, forked, execed, vforked);
	listen_for_test();
	for (size_t i = 0; i < children_count; i++)
		end_child(children[i]);
	return 0;
}
