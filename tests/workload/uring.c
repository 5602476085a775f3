// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets that io_uring makes, so that no call tells of them. The process forks; the child closes its copies, one
 * for each line from the test, then ends. After that the parent marks its own, which tells of them. Tells
 *
 *	{"child": PID, "sockets": [INODE, …]}
 *	{"closed": FD}				by the child
 *	{"marked": true}
 */
#include <linux/io_uring.h>
#include <sys/mman.h>

#include "workload.h"

#define SOCKETS 16

struct ring {
	int fd;
	struct io_uring_sqe *entries;
	uint32_t *tail, *array, *done_head, *done_tail, mask, done_mask;
	struct io_uring_cqe *done;
};

/* Both queues lie in one mapping since 5.4. */
static void ring_open(struct ring *ring)
{
	struct io_uring_params params = { 0 };
	char *queues;

	ring->fd = must((int)syscall(SYS_io_uring_setup, SOCKETS, &params));
	queues = mmap(NULL, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
		      PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->entries = mmap(NULL, params.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
			     MAP_SHARED, ring->fd, IORING_OFF_SQES);
	if (queues == MAP_FAILED || (void *)ring->entries == MAP_FAILED)
		_exit(97);
	ring->tail = (void *)(queues + params.sq_off.tail);
	ring->array = (void *)(queues + params.sq_off.array);
	ring->mask = *(uint32_t *)(void *)(queues + params.sq_off.ring_mask);
	ring->done_head = (void *)(queues + params.cq_off.head);
	ring->done_tail = (void *)(queues + params.cq_off.tail);
	ring->done_mask = *(uint32_t *)(void *)(queues + params.cq_off.ring_mask);
	ring->done = (void *)(queues + params.cq_off.cqes);
}

/* Returns the descriptor. */
static int socket_make(struct ring *ring)
{
	uint32_t at = *ring->tail & ring->mask, head = *ring->done_head;

	/* fd, off, len, flags: what socket(2) calls domain, type, protocol, and none. */
	ring->entries[at] = (struct io_uring_sqe){ .opcode = IORING_OP_SOCKET, .fd = AF_UNIX, .off = SOCK_DGRAM };
	ring->array[at] = at;
	__atomic_store_n(ring->tail, *ring->tail + 1, __ATOMIC_RELEASE);
	must(syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	if (__atomic_load_n(ring->done_tail, __ATOMIC_ACQUIRE) == head)
		_exit(96);
	errno = -ring->done[head & ring->done_mask].res;
	__atomic_store_n(ring->done_head, head + 1, __ATOMIC_RELEASE);
	return must(errno > 0 ? -1 : -errno);
}

static pid_t fork_closer(const int *fds)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	for (int i = 0; i < SOCKETS && listen_for_test(); i++) {
		must(close(fds[i]));
		/* This is told whatever the other was. */
		must(close(must(dup(STDOUT_FILENO))));
		tell("{\"closed\": %d}", fds[i]);
	}
	_exit(0);
}

int main(void)
{
	char inodes[SOCKETS * 24] = "";
	int fds[SOCKETS], len = 0;
	struct stat status;
	struct ring ring;
	pid_t child;

	ring_open(&ring);
	tell("{\"ready\": true}");
	listen_for_test();
	for (int i = 0; i < SOCKETS; i++) {
		fds[i] = socket_make(&ring);
		must(fstat(fds[i], &status));
		len += snprintf(inodes + len, sizeof(inodes) - (size_t)len, "%s%lu", i ? ", " : "",
				(unsigned long)status.st_ino);
	}
	child = fork_closer(fds);
	tell("{\"child\": %d, \"sockets\": [%s]}", child, inodes);
	must(waitpid(child, NULL, 0));
	for (int i = 0; i < SOCKETS; i++)
		must(fcntl(fds[i], F_SETFD, FD_CLOEXEC));
	tell("{\"marked\": true}");
	while (listen_for_test())
		;
	return 0;
}
