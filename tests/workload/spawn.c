// SPDX-License-Identifier: GPL-2.0-only
/*
 * A chain of fork and exec: each link forks, and its child executes this program anew, LINKS times.
 * One pipe is inherited all the way, one is close-on-exec and reaches nobody.
 *
 * usage: spawn [LINKS]
 *   → {"ready": true, "pid"}                     waits for a line
 *   → {"link": N, "pid", "ppid", "kept": fd}     one from each, in order
 *   → {"done": true, "pid", "pids": […], "kept": {"inode", "fd"}, "dropped": {"inode", "fds"}}
 *   waits for a line or end of file, then ends
 */
#include <poll.h>
#include "workload.h"

#define LINKS_MAX 64

int main(int argc, char **argv)
{
	int kept[2], dropped[2], links, number;

	/* A link of the chain: spawn --link N OF FD */
	if (argc == 5 && !strcmp(argv[1], "--link")) {
		char next[16];

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		number = atoi(argv[2]);
		links = atoi(argv[3]);
		int fd = atoi(argv[4]);
		snprintf(next, sizeof(next), "%d", number + 1);
		tell("{\"link\": %d, \"pid\": %d, \"ppid\": %d, \"kept\": %d}", number, getpid(),
		     getppid(), fd);
		pid_t pid = getpid();
		write_all(fd, &pid, sizeof(pid));
		if (number < links && fork_child() == 0) {
			execl("/proc/self/exe", "spawn", "--link", next, argv[3], argv[4], NULL);
			_exit(94);
		}
		stay();
	}

	links = argc > 1 ? atoi(argv[1]) : 5;
	if (links < 1 || links > LINKS_MAX)
		return 2;
	tell("{\"ready\": true, \"pid\": %d}", getpid());
	listen_for_test();
	must(pipe(kept));
	must(pipe2(dropped, O_CLOEXEC));
	must(fcntl(kept[0], F_SETFD, FD_CLOEXEC));
	pid_t first = fork_child();
	if (first == 0) {
		char of[16], fd[16];

		snprintf(of, sizeof(of), "%d", links);
		snprintf(fd, sizeof(fd), "%d", kept[1]);
		execl("/proc/self/exe", "spawn", "--link", "1", of, fd, NULL);
		_exit(94);
	}
	char list[1024];
	int at = snprintf(list, sizeof(list), "%d", getpid());
	pid_t pids[LINKS_MAX];
	for (int i = 0; i < links; i++) {
		read_all(kept[0], &pids[i], sizeof(pids[i]));
		at += snprintf(list + at, sizeof(list) - at, ", %d", pids[i]);
	}
	tell("{\"done\": true, \"pid\": %d, \"pids\": [%s], \"kept\": {\"inode\": %lu, \"fd\": %d, \"bytes\": %zu}, "
	     "\"dropped\": {\"inode\": %lu, \"fds\": [%d, %d]}}",
	     getpid(), list, fd_inode(kept[0]), kept[1], sizeof(pid_t) * links,
	     fd_inode(dropped[0]), dropped[0], dropped[1]);
	listen_for_test();

	/* Every link holds the write end: end of file says that the last of them has ended. */
	char c;
	must(close(kept[1]));
	end_child(first);
	while (must(read(kept[0], &c, 1)) > 0)
		;
	return 0;
}
