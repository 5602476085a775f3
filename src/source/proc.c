// SPDX-License-Identifier: GPL-2.0-only
#include "source/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* include/linux/sched.h */
#define PF_EXITING 0x00000004
#define PF_KTHREAD 0x00200000

/* include/linux/proc_ns.h: PROC_PID_INIT_INO, and in uapi/linux/nsfs.h of newer kernels */
#define FIRST_PID_NAMESPACE 0xeffffffcu

int pid_namespace_is_first(void)
{
	struct stat info;

	if (stat("/proc/self/ns/pid", &info))
		return -errno;
	return info.st_ino == FIRST_PID_NAMESPACE;
}

static bool text_read(uint32_t pid, const char *file, char *text, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	return true;
}

static uint32_t status_number(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? (uint32_t)strtoul(at + strlen(key), NULL, 10) : 0;
}

/* A name stands before all of it, but the kernel escapes line ends in that. */
bool proc_status_read(uint32_t pid, struct proc_status *status)
{
	char text[2048], *state;

	if (!text_read(pid, "status", text, sizeof(text)))
		return false;
	state = strstr(text, "\nState:\t");
	if (!state)
		return false;
	status->state = state[8];
	status->tgid = status_number(text, "\nTgid:\t");
	status->ppid = status_number(text, "\nPPid:\t");
	status->threads = status_number(text, "\nThreads:\t");
	status->tracer = status_number(text, "\nTracerPid:\t");
	return true;
}

/* 812 (a name) b) S 1 812 812 0 -1 4194304 … : the name ends at the last bracket. */
bool proc_stat_parse(const char *text, struct proc_stat *stat)
{
	const char *begin = strchr(text, '('), *end = strrchr(text, ')');
	uint32_t flags;
	size_t len;

	if (!begin || !end || end < begin)
		return false;
	/* state ppid pgrp session tty tpgid flags, 4 of faults, 4 of times, priority nice threads itreal, start */
	if (sscanf(end + 1,
		   " %c %*d %*d %*d %*d %*d %" SCNu32
		   " %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64,
		   &stat->state, &flags, &stat->start_ticks) != 3)
		return false;
	len = (size_t)(end - begin - 1);
	if (len >= sizeof(stat->comm))
		len = sizeof(stat->comm) - 1;
	memset(stat->comm, 0, sizeof(stat->comm));
	memcpy(stat->comm, begin + 1, len);
	stat->is_kernel_thread = flags & PF_KTHREAD;
	stat->is_ending = flags & PF_EXITING;
	return true;
}

bool proc_stat_read(uint32_t pid, struct proc_stat *stat)
{
	char text[1024];

	return text_read(pid, "stat", text, sizeof(text)) && proc_stat_parse(text, stat);
}

bool proc_started_at(const struct proc_stat *stat, uint64_t start_ns)
{
	return stat->start_ticks == start_ns / (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}
