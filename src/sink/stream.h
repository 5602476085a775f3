/* SPDX-License-Identifier: GPL-2.0-only */
/* Errors of output streams, for sinks and those who call them. */
#ifndef IPCTRACE_STREAM_H
#define IPCTRACE_STREAM_H

#include <stdio.h>

/* 0, or -errno when something printed to the stream just now, or before, did not get out. */
int stream_status(FILE *out);
/* Says so on standard error, but for EPIPE, and returns err. path NULL = standard output. */
int stream_complain(const char *path, int err);

#endif /* IPCTRACE_STREAM_H */
