// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors passed between processes: over a stream and a datagram socket, to a child and back,
 * several in one message, one that is only peeked at, one that stays in the queue, and one whose
 * sender has ended meanwhile.
 *
 *   → {"ready": true, "pid"}                     waits for a line
 *   → {"done": true, "pids": […], "passes": [{"sender", "fd", "receiver", "got": [fd…], "inode"}],
 *       "taken": {…}, "sockets": {"stream": [ours, the child's], …},
 *       "in_flight": [{"sender", "fd", "inode", "socket": the inode of the queue it lies in}]}
 *   waits for a line or end of file, then ends
 */
#include "workload.h"

int main(void)
{
	int stream[2], dgram[2], turn[2], back[2], ends[2], three[3], got[8], last[2], orphan[2];

	tell("{\"ready\": true, \"pid\": %d}", getpid());
	listen_for_test();
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, stream));
	must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, dgram));
	must(pipe(turn));
	must(pipe(back));
	unsigned long stream_far = fd_inode(stream[1]), dgram_far = fd_inode(dgram[1]);

	pid_t child = fork_child();
	if (child == 0) {
		must(close(stream[0]));
		must(close(dgram[0]));
		await_turn(turn[0]);

		/* Peeking installs a copy and leaves the message where it is. */
		ssize_t peeked = must(receive_fds(stream[1], got, 8, MSG_PEEK));
		ssize_t count = must(receive_fds(stream[1], got + peeked, 8 - peeked, 0));
		if (peeked != 1 || count != 1)
			_exit(93);
		int first = got[0], second = got[1];
		if (must(receive_fds(dgram[1], got, 8, MSG_CMSG_CLOEXEC)) != 3)
			_exit(93);
		must(pipe(ends));
		must(send_fds(stream[1], &ends[1], 1));
		must(close(ends[1]));
		char line[256];
		int len = snprintf(line, sizeof(line), "%d %d %d %d %d %d %d %lu", first, second,
				   got[0], got[1], got[2], ends[0], ends[1], fd_inode(ends[0]));
		line[len++] = 0;
		write_all(back[1], line, len);
		stay();
	}

	must(pipe(ends));
	must(send_fds(stream[0], &ends[1], 1));
	for (int i = 0; i < 3; i++)
		three[i] = must(dup(ends[0]));
	must(send_fds(dgram[0], three, 3));
	signal_turn(turn[1]);

	char line[256];
	size_t len = 0;
	do
		read_all(back[0], &line[len], 1);
	while (line[len++]);
	int theirs[7];
	unsigned long their_inode;
	sscanf(line, "%d %d %d %d %d %d %d %lu", &theirs[0], &theirs[1], &theirs[2], &theirs[3],
	       &theirs[4], &theirs[5], &theirs[6], &their_inode);
	if (must(receive_fds(stream[0], got, 8, 0)) != 1)
		return 93;

	/* In flight, and nowhere else: the write end. */
	must(pipe(last));
	must(send_fds(dgram[0], &last[1], 1));
	must(close(last[1]));

	/* In flight from a process that is gone. */
	must(pipe(orphan));
	pid_t gone = fork_child();
	if (gone == 0) {
		must(send_fds(stream[0], &orphan[1], 1));
		_exit(0);
	}
	must(waitpid(gone, NULL, 0));
	must(close(orphan[1]));

	/* Taken without being asked: the child's end of the turn pipe. */
	int pidfd = must(sys_pidfd_open(child));
	int taken = must(sys_pidfd_getfd(pidfd, turn[0]));
	must(close(pidfd));

	tell("{\"done\": true, \"taken\": {\"owner\": %d, \"from_fd\": %d, \"fd\": %d, "
	     "\"inode\": %lu}, \"sockets\": {\"stream\": [%lu, %lu], \"dgram\": [%lu, %lu]}, "
	     "\"pids\": [%d, %d], \"passes\": ["
	     "{\"sender\": %d, \"fd\": %d, \"receiver\": %d, \"got\": [%d, %d], \"inode\": %lu}, "
	     "{\"sender\": %d, \"fd\": %d, \"receiver\": %d, \"got\": [%d], \"inode\": %lu}, "
	     "{\"sender\": %d, \"fd\": %d, \"receiver\": %d, \"got\": [%d], \"inode\": %lu}, "
	     "{\"sender\": %d, \"fd\": %d, \"receiver\": %d, \"got\": [%d], \"inode\": %lu}, "
	     "{\"sender\": %d, \"fd\": %d, \"receiver\": %d, \"got\": [%d], \"inode\": %lu}], "
	     "\"in_flight\": [{\"sender\": %d, \"fd\": %d, \"inode\": %lu, \"socket\": %lu}, "
	     "{\"sender\": %d, \"fd\": %d, \"inode\": %lu, \"socket\": %lu}]}",
	     child, turn[0], taken, fd_inode(taken), fd_inode(stream[0]), stream_far,
	     fd_inode(dgram[0]), dgram_far, getpid(), child, getpid(), ends[1], child, theirs[0], theirs[1], fd_inode(ends[0]),
	     getpid(), three[0], child, theirs[2], fd_inode(ends[0]), getpid(), three[1], child,
	     theirs[3], fd_inode(ends[0]), getpid(), three[2], child, theirs[4], fd_inode(ends[0]),
	     child, theirs[6], getpid(), got[0], their_inode, getpid(), last[1], fd_inode(last[0]),
	     dgram_far, gone, orphan[1], fd_inode(orphan[0]), stream_far);
	listen_for_test();
	end_child(child);
	return 0;
}
