// SPDX-License-Identifier: GPL-2.0-only
/*
 * A 32-bit program: the same calls have other numbers, and sockets go through socketcall.
 *
 *   → {"ready": true, "pid", "bits": 32}         waits for a line
 *   → {"done": true, "pid", "pids", "pipes": [{"inode", "fds", "written", "read"}], "passed": {…}}
 *   waits for a line or end of file, then ends
 */
#include <linux/net.h>
#include "workload.h"

#ifdef __i386__
static long socketcall(int call, unsigned long *args)
{
	return syscall(SYS_socketcall, call, args);
}

static int pair_by_socketcall(int *pair)
{
	unsigned long args[] = { AF_UNIX, SOCK_STREAM, 0, (unsigned long)pair };

	return socketcall(SYS_SOCKETPAIR, args);
}

static int receive_by_socketcall(int sock)
{
	char data;
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = &data, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	unsigned long args[] = { sock, (unsigned long)&msg, 0 };
	int fd = -1;

	must(socketcall(SYS_RECVMSG, args));
	take_fds(&msg, &fd, 1);
	return fd;
}
#else
#define pair_by_socketcall(pair) socketpair(AF_UNIX, SOCK_STREAM, 0, pair)
static int receive_by_socketcall(int sock)
{
	int fd = -1;

	must(receive_fds(sock, &fd, 1, 0));
	return fd;
}
#endif

int main(void)
{
	int ends[2], pair[2], turn[2];
	char data[1000] = "";

	tell("{\"ready\": true, \"pid\": %d, \"bits\": %d}", getpid(), (int)sizeof(long) * 8);
	listen_for_test();
	must(pipe(ends));
	must(pipe2(turn, O_CLOEXEC));
	write_all(ends[1], data, 1000);
	read_all(ends[0], data, 600);
	int copy = must(dup2(ends[1], 50));
	int high = must(fcntl(ends[0], F_DUPFD_CLOEXEC, 60));
	must(dup3(high, 61, O_CLOEXEC));
	must(close(61));
	must(close(ends[1]));
	must(open("/dev/null", O_RDWR));
	must(pair_by_socketcall(pair));
	must(send_fds(pair[0], &copy, 1));
	int got = must(receive_by_socketcall(pair[1]));
	pid_t child = fork_child();
	if (child == 0) {
		must(close(ends[0]));
		write_all(50, data, 10);
		signal_turn(turn[1]);
		stay();
	}
	await_turn(turn[0]);
	tell("{\"done\": true, \"pid\": %d, \"pids\": [%d, %d], \"pipes\": [{\"inode\": %lu, \"written\": 1000, "
	     "\"read\": 600, \"child_written\": 10}], \"passed\": {\"fd\": %d, \"from\": %d}}",
	     getpid(), getpid(), child, fd_inode(ends[0]), got, copy);
	listen_for_test();
	end_child(child);
	return 0;
}
