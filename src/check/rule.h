/* SPDX-License-Identifier: GPL-2.0-only */
/* What the rules share among themselves. Include it first, as model/internal.h asks. */
#ifndef IPCTRACE_CHECK_RULE_H
#define IPCTRACE_CHECK_RULE_H

#include "model/internal.h"
#include "check/check.h"

/* How long a state must have lasted to be one that nobody is about to end: between fork and close,
 * say. Far above what a loaded machine needs for that. */
#define LASTING_NS 300000000ull
/* Counts are read out twice a second, so what they tell of may be that much older. */
#define COUNT_DELAY_NS 1000000000ull

struct inspection {
	const struct model *model;
	const struct rule *rule;
	struct findings *findings;
};

#define WHO_LEN 64
/* "sh[812]"; the name as it is, unescaped. */
const char *process_words(const struct process *process, char buf[WHO_LEN]);

#define AGE_LEN 32
/* "40 s", "12 min", "3 h", "5 d" */
const char *age_words(uint64_t ns, char buf[AGE_LEN]);

/* Somebody who has it open for reading; NULL = nobody known. */
const struct process *object_holder(const struct object *object);

/*
 * Adds a finding about that process and object (either may be NULL), unless neither is of interest:
 * the process was not selected, and no selected one shares the object. 0 or -ENOMEM.
 */
int finding_add(struct inspection *inspection, const struct process *process,
		const struct object *object, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* When the process let go of that end; the end of the window where it still has it. */
uint64_t read_until(const struct model *model, const struct endpoint *endpoint);
uint64_t write_until(const struct model *model, const struct endpoint *endpoint);

/* Whether it has it still, or had it until it ended: it never closed it. */
static inline bool keeps_read(const struct endpoint *endpoint)
{
	return endpoint->read_slots || endpoint->left_read;
}

static inline bool keeps_write(const struct endpoint *endpoint)
{
	return endpoint->write_slots || endpoint->left_write;
}

static inline bool has_written(const struct endpoint *endpoint)
{
	return endpoint->used_out || endpoint->transfer.broken;
}

/* The first descriptor of a live process on that object with that access; -1 = none. */
int fd_on(const struct process *process, const struct object *object, uint32_t access);

/* The rules (pipe_end.c, pipe_use.c, descriptor.c, left.c, memory.c, signal.c, socket.c). */
int find_unused_pipe_end(struct inspection *inspection);
int find_reader_holds_writer(struct inspection *inspection);
int find_no_reader(struct inspection *inspection);
int find_two_readers(struct inspection *inspection);
int find_leaked_by_exec(struct inspection *inspection);
int find_shared_nonblock(struct inspection *inspection);
int find_fd_limit(struct inspection *inspection);
int find_in_flight_pile(struct inspection *inspection);
int find_stale_fifo(struct inspection *inspection);
int find_stale_shm(struct inspection *inspection);
int find_stale_posix_shm(struct inspection *inspection);
int find_unsynchronised_memory(struct inspection *inspection);
int find_signal_merged(struct inspection *inspection);
int find_signal_ignored(struct inspection *inspection);
int find_signal_blocked(struct inspection *inspection);
int find_backlog_full(struct inspection *inspection);
int find_close_wait(struct inspection *inspection);
int find_half_closed(struct inspection *inspection);

#endif /* IPCTRACE_CHECK_RULE_H */
