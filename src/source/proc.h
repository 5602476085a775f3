/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc tells: proc_pid_status(5), proc_pid_stat(5), proc_pid_ns(5). */
#ifndef IPCTRACE_PROC_H
#define IPCTRACE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#include "ipctrace/record.h"

struct proc_status {
	char state;
	uint32_t tgid, ppid, threads;
	uint32_t tracer; /* the task that traces it, which may be any thread; 0 = none */
};

struct proc_stat {
	char comm[RECORD_COMM_LEN];
	char state;
	bool is_kernel_thread;
	bool is_ending;
	uint64_t start_ticks; /* since boot, by sysconf(_SC_CLK_TCK) */
};

/* 1 = we are in the initial pid namespace, by whose numbers the kernel's side goes; 0 = in another; -errno = /proc
 * does not tell. */
int pid_namespace_is_first(void);
/* False = there is none, or it is hidden from us. pid may be that of a thread. */
bool proc_status_read(uint32_t pid, struct proc_status *status);
bool proc_stat_read(uint32_t pid, struct proc_stat *stat);
/* Is that the process that started then, in nanoseconds since boot? A pid may be another's by now. */
bool proc_started_at(const struct proc_stat *stat, uint64_t start_ns);
/* The text of /proc/PID/stat, ended with NUL; false where it isn't one. */
bool proc_stat_parse(const char *text, struct proc_stat *stat);

#endif /* IPCTRACE_PROC_H */
