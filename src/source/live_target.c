// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whom -p names: a process that lives. The number of one of its threads, as top -H shows it, of one that has
 * ended and waits for its parent, or of a thread of the kernel's, would be watched for ever, and never do a
 * thing.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "source/live.h"
#include "source/proc.h"
#include "util/error.h"
#include "util/escape.h"

static int target_check(unsigned int pid)
{
	struct proc_status status;
	char name[RECORD_COMM_LEN * 4];
	struct proc_stat stat;

	if (kill((pid_t)pid, 0) && errno == ESRCH)
		return err_r(-ESRCH, "-p %u: no such process", pid);
	if (!proc_status_read(pid, &status))
		return 0; /* hidden from us; whether it is traced the kernel's tables say */
	if (status.tgid != pid)
		return err_r(-ESRCH, "-p %u: no such process: a thread of process %u", pid, status.tgid);
	if ((status.state == 'Z' && status.threads <= 1) || status.state == 'X')
		return err_r(-ESRCH, "-p %u: has ended: a zombie until its parent %u waits for it", pid, status.ppid);
	if (proc_stat_read(pid, &stat) && stat.is_kernel_thread) {
		escape_into(name, sizeof(name), ESCAPE_TERMINAL, stat.comm, strlen(stat.comm));
		return err_r(-ESRCH, "-p %u: no such process: %s is a thread of the kernel, which has no descriptors",
			     pid, name);
	}
	return 0;
}

int live_targets_check(const struct options *options)
{
	int err = 0;

	for (size_t i = 0; i < options->pids_count && !err; i++)
		err = target_check(options->pids[i]);
	return err;
}
