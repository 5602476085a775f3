// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whom -p names: a process that lives. The number of one of its threads, as top -H shows it, or of one that
 * has ended and waits for its parent, would be watched for ever, and never do a thing.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/live.h"
#include "util/error.h"

/* Of /proc/PID/status; see proc_pid_status(5). */
struct status {
	char state;
	unsigned int tgid, ppid, threads;
};

static unsigned int status_number(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? (unsigned int)strtoul(at + strlen(key), NULL, 10) : 0;
}

/* A name stands before all of it, but the kernel escapes line ends in that. False = there is none. */
static bool status_read(unsigned int pid, struct status *status)
{
	char path[64], text[2048], *state;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	state = strstr(text, "\nState:\t");
	if (!state)
		return false;
	status->state = state[8];
	status->tgid = status_number(text, "\nTgid:\t");
	status->ppid = status_number(text, "\nPPid:\t");
	status->threads = status_number(text, "\nThreads:\t");
	return true;
}

static int target_check(unsigned int pid)
{
	struct status status;

	if (kill((pid_t)pid, 0) && errno == ESRCH)
		return err_r(-ESRCH, "-p %u: no such process", pid);
	if (!status_read(pid, &status))
		return 0; /* hidden from us; whether it is traced the kernel's tables say */
	if (status.tgid != pid)
		return err_r(-ESRCH, "-p %u: no such process: a thread of process %u", pid, status.tgid);
	if ((status.state == 'Z' && status.threads <= 1) || status.state == 'X')
		return err_r(-ESRCH, "-p %u: has ended: a zombie until its parent %u waits for it", pid, status.ppid);
	return 0;
}

int live_targets_check(const struct options *options)
{
	int err = 0;

	for (size_t i = 0; i < options->pids_count && !err; i++)
		err = target_check(options->pids[i]);
	return err;
}
