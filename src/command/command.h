/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands: each runs to its end and returns an exit code. */
#ifndef IPCTRACE_COMMAND_H
#define IPCTRACE_COMMAND_H

#include "options.h"
#include "sink/sink.h"

#define IPCTRACE_VERSION "0.1.0"

int command_trace(const struct options *options); /* and replay */
int command_fds(const struct options *options);
int command_graph(const struct options *options);
int command_check(const struct options *options);
int command_why(const struct options *options);
int command_record(const struct options *options);

/* For those with --dot: opens that file before anything else happens, so that a name that cannot
 * be written is known at once. Without --dot both do nothing. Return 0 or an exit code. */
int dot_open(const struct options *options, struct output *output);
int dot_finish(const struct options *options, const struct model *model, struct output *output);

/* True when escape sequences may go to that stream. */
bool stream_has_color(FILE *stream);
struct session;

/* A report from its first record to its last line: runs the session, and then what prints it to output and
 * ends that with report_finish(). Returns an exit code, that of finish where all went well so far. */
typedef int (*report_fn)(struct session *session, struct output *output, void *ctx);
int report_run(const struct options *options, report_fn finish, void *ctx);
/* Ends a report that was printed with result err: moves it to its place, or throws it away after
 * saying why. Returns 0 or an exit code. */
int report_finish(struct output *output, const char *path, int err);

#endif /* IPCTRACE_COMMAND_H */
