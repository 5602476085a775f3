// SPDX-License-Identifier: GPL-2.0-only
/*
 * What check needs to know at the end of its window and no event tells: which threads sleep in a read
 * of a pipe or FIFO, and how many descriptors a process may have.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "source/live.h"

static uint64_t limit_parse(const char *word)
{
	return !strcmp(word, "unlimited") ? ~0ull : strtoull(word, NULL, 10);
}

/* Max open files            1024                 1048576              files
 * Not by prlimit(2), which wants CAP_SYS_RESOURCE for other users' processes: that is much for a look. */
static bool limit_read(uint32_t pid, struct record_limit *record)
{
	char path[64], line[256], soft[32], hard[32];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/limits", pid);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, "Max open files %31s %31s", soft, hard) == 2;
	if (file)
		fclose(file);
	if (found) {
		record->soft = limit_parse(soft);
		record->hard = limit_parse(hard);
	}
	return found;
}

static int limit_deliver(struct live *live, const struct process *process)
{
	struct record_limit record = {.head = {.type = RECORD_LIMIT,
					       .size = sizeof(record),
					       .ts = now_ns(),
					       .pid = process->key.pid,
					       .tid = process->key.pid,
					       .start = process->key.start_ns}};

	/* It may have ended: unknown, then. */
	return limit_read(process->key.pid, &record) ? live_deliver(live, &record.head) : 0;
}

static bool reads_pipes(const struct process *process)
{
	const struct endpoint *endpoint;

	for (endpoint = process->endpoints; endpoint; endpoint = endpoint->process_next)
		if (endpoint->read_slots && (endpoint->key.object->key.kind == FILE_PIPE ||
					     endpoint->key.object->key.kind == FILE_FIFO))
			return true;
	return false;
}

/* "0 0x3 …" in /proc/PID/task/TID/syscall: the call a sleeping thread is in, and its arguments.
 * Returns the descriptor it reads from; -1 = it does not. Of 32-bit programs the number is that of the
 * other table: 0 there is restart_syscall and 19 lseek, which never sleep. */
static int blocked_fd(uint32_t pid, const char *tid)
{
	char path[320], line[256], *at;
	unsigned long long fd;
	ssize_t n;
	int file;
	long nr;

	snprintf(path, sizeof(path), "/proc/%u/task/%s/syscall", pid, tid);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -1;
	n = read(file, line, sizeof(line) - 1);
	close(file);
	if (n <= 0 || !isdigit((unsigned char)line[0]))
		return -1;
	line[n] = 0;
	nr = strtol(line, &at, 10);
	fd = strtoull(at, NULL, 16);
	return (nr == SYS_read || nr == SYS_readv) && fd < 1 << 20 ? (int)fd : -1;
}

static int thread_deliver(struct live *live, const struct process *process, const char *tid)
{
	struct record_blocked record = {.head = {.type = RECORD_BLOCKED,
						 .size = sizeof(record),
						 .ts = now_ns(),
						 .pid = process->key.pid,
						 .tid = (__u32)strtoul(tid, NULL, 10),
						 .start = process->key.start_ns},
					.fd = blocked_fd(process->key.pid, tid),
					.nr = SYS_read};

	return record.fd < 0 ? 0 : live_deliver(live, &record.head);
}

static int threads_deliver(struct live *live, const struct process *process)
{
	struct dirent *entry;
	char path[64];
	int err = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%u/task", process->key.pid);
	tasks = opendir(path);
	if (!tasks)
		return 0;
	while (!err && (entry = readdir(tasks)))
		if (isdigit((unsigned char)entry->d_name[0]))
			err = thread_deliver(live, process, entry->d_name);
	closedir(tasks);
	return err;
}

int live_blocked(struct live *live)
{
	const struct process *process;
	int err = 0;

	if (live->options->command != COMMAND_CHECK && live->options->command != COMMAND_RECORD)
		return 0;
	for (process = live->model->processes; process && !err; process = process->hh.next) {
		if (process->exited)
			continue;
		err = limit_deliver(live, process);
		if (!err && reads_pipes(process))
			err = threads_deliver(live, process);
	}
	return err;
}
