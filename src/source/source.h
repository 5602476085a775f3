/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where records come from: the kernel, live, or a recording. Whoever reads a source gets one linear
 * stream of records and cannot tell the two apart.
 */
#ifndef IPCTRACE_SOURCE_H
#define IPCTRACE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/types.h>

#include "ipctrace/record.h"

struct model;
struct options;
struct source;

/* Takes one whole, checked record. Returns 0, or -errno to stop the stream. */
typedef int (*record_fn)(void *ctx, const struct record *record);

struct source {
	/*
	 * Delivers records until something ends the stream or timeout_ms passed (-1: no limit; 0: those
	 * that are there, and does nothing else).
	 * Returns 1 when the stream goes on, 0 when it has ended, or -errno.
	 */
	int (*poll)(struct source *source, int timeout_ms);
	/* Brings counters and queues up to date: delivers RECORD_COUNT and the like. 0 or -errno. */
	int (*refresh)(struct source *source);
	/* Delivers a whole snapshot. to NULL: into the stream; otherwise to `to`, the stream apart. */
	int (*snapshot)(struct source *source, record_fn to, void *ctx);
	/* PROGRAM's exit status as ours, once it ended (or could not be started: 126, 127); -1 while
	 * it runs, or where there is none. */
	int (*exit_code)(struct source *source);
	void (*close)(struct source *source);
};

/*
 * The kernel as a source: attaches, reads what is there, delivers RECORD_READY and only then lets
 * PROGRAM go. `model` must be the one that fn applies records to: it tells who is a peer, and what is
 * still held. Returns 0 or -errno, after one line on standard error: -EPERM and -EACCES when not
 * permitted, -ESRCH for no such process, -EOPNOTSUPP when the kernel lacks something,
 * -ENOENT and -ENOEXEC when PROGRAM is not found or cannot be started.
 */
int source_open_live(const struct options *options, const struct model *model, record_fn fn,
		     void *ctx, struct source **source);

/*
 * Recording as a source: delivers every record in order, then ends. Returns 0 or -errno, after one
 * line on standard error. -EBADMSG: not a recording, or a broken one.
 */
int source_open_recording(const char *path, record_fn fn, void *ctx, struct source **source);

#endif /* IPCTRACE_SOURCE_H */
