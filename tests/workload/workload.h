/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the workloads share. A workload makes IPC calls and tells on its standard output, a JSON
 * object a line, what it did with its own live pids and descriptors: the truth that ipctrace must
 * show. It waits for its test by reading lines from standard input, never by sleeping, and leaves
 * nothing behind: its children die with it, whatever becomes of it.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A failed call ends the workload, saying where: its test can't mean anything then. */
#define must(call)                                                                            \
	({                                                                                    \
		__auto_type must_result = (call);                                             \
		if (must_result == (__typeof__(must_result))-1) {                             \
			fprintf(stderr, "%s:%d: [%d] %s: %s\n", __FILE__, __LINE__, getpid(), \
				#call, strerror(errno));                                      \
			_exit(99);                                                            \
		}                                                                             \
		must_result;                                                                  \
	})

/* One line of truth, in one write. */
__attribute__((format(printf, 1, 2), unused)) static void tell(const char *format, ...)
{
	char line[1 << 16];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (len < 0 || len >= (int)sizeof(line) - 1)
		_exit(98);
	line[len++] = '\n';
	for (int done = 0; done < len;)
		done += must(write(STDOUT_FILENO, line + done, len - done));
}

/* Waits for a line from the test. Returns false at end of file: the test is through. */
__attribute__((unused)) static bool listen_for_test(void)
{
	char c;

	for (;;) {
		ssize_t n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		if (c == '\n')
			return true;
	}
}

/* A child that can't outlive its parent. */
__attribute__((unused)) static pid_t fork_child(void)
{
	pid_t parent = getpid();
	pid_t pid = must(fork());

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(97);
	}
	return pid;
}

/* A child with the same table of descriptors, but memory of its own: it has a copy of the stack. */
__attribute__((unused)) static pid_t clone_with_table(int (*child)(void *), void *arg)
{
	static char stack[64 << 10] __attribute__((aligned(16)));

	return must(clone(child, stack + sizeof(stack), CLONE_FILES | SIGCHLD, arg));
}

/* Stays as it is until its parent ends it. */
__attribute__((noreturn, unused)) static void stay(void)
{
	for (;;)
		pause();
}

__attribute__((unused)) static void end_child(pid_t pid)
{
	if (pid <= 0) /* that would be a group, or everybody */
		_exit(91);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

__attribute__((unused)) static void write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t n = write(fd, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		must(n);
		at += n;
		size -= n;
	}
}

__attribute__((unused)) static void read_all(int fd, void *data, size_t size)
{
	char *at = data;

	while (size) {
		ssize_t n = read(fd, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (must(n) == 0)
			_exit(96);
		at += n;
		size -= n;
	}
}

/* Between processes of one workload: a byte through a pipe says "your turn". */
__attribute__((unused)) static void signal_turn(int fd)
{
	write_all(fd, "x", 1);
}

__attribute__((unused)) static void await_turn(int fd)
{
	char c;

	read_all(fd, &c, 1);
}

/* Waits until that process is asleep inside the call. The kernel tells nobody when that comes: /proc is asked
 * until it says so ("running" while it isn't asleep). What has no end shows as the limit of the test. */
__attribute__((unused)) static void await_asleep(pid_t pid, long nr)
{
	char path[64], text[256];
	long found;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	for (;;) {
		int fd = must(open(path, O_RDONLY | O_CLOEXEC));
		ssize_t n = read(fd, text, sizeof(text) - 1);

		must(close(fd));
		text[n > 0 ? n : 0] = 0;
		if (sscanf(text, "%ld", &found) == 1 && found == nr)
			return;
		sched_yield();
	}
}

/* Sends `count` descriptors in one message; returns sendmsg's result. */
__attribute__((unused)) static ssize_t send_fds(int sock, const int *fds, size_t count)
{
	char data = 'f';
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int) * 253)];
	} control;
	struct iovec iov = { .iov_base = &data, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = CMSG_SPACE(sizeof(int) * count) };

	memset(&control, 0, sizeof(control));
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(head), fds, sizeof(int) * count);
	return sendmsg(sock, &msg, MSG_NOSIGNAL);
}

/* Takes the descriptors out of one message's control part; returns how many. */
__attribute__((unused)) static size_t take_fds(struct msghdr *msg, int *fds, size_t max)
{
	size_t count = 0;

	for (struct cmsghdr *head = CMSG_FIRSTHDR(msg); head; head = CMSG_NXTHDR(msg, head)) {
		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
			continue;
		size_t here = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < here && count < max; i++)
			memcpy(&fds[count++], CMSG_DATA(head) + i * sizeof(int), sizeof(int));
	}
	return count;
}

/* Receives one message with descriptors; returns how many came, or -1. */
__attribute__((unused)) static ssize_t receive_fds(int sock, int *fds, size_t max, int flags)
{
	char data;
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int) * 253)];
	} control;
	struct iovec iov = { .iov_base = &data, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	if (recvmsg(sock, &msg, flags) < 0)
		return -1;
	return take_fds(&msg, fds, max);
}

__attribute__((unused)) static int sys_close_range(unsigned int first, unsigned int last,
						   unsigned int flags)
{
	return syscall(SYS_close_range, first, last, flags);
}

__attribute__((unused)) static int sys_pidfd_open(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

__attribute__((unused)) static int sys_pidfd_getfd(int pidfd, int fd)
{
	return syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

/* The inode that names a pipe or a socket. */
__attribute__((unused)) static unsigned long fd_inode(int fd)
{
	struct stat st;

	must(fstat(fd, &st));
	return st.st_ino;
}

#endif /* WORKLOAD_H */
