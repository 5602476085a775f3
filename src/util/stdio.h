/* SPDX-License-Identifier: GPL-2.0-only */
/* The standard streams, where the caller left some of them closed (`ipctrace >&-`). */
#ifndef IPCTRACE_STDIO_H
#define IPCTRACE_STDIO_H

/*
 * Takes the numbers of those that are closed, before anything else is opened: a file or a map that got
 * one would be written to in its place. What is written there still fails with EBADF, and PROGRAM
 * finds them closed. Returns 0 or -errno.
 */
int stdio_reserve(void);

#endif /* IPCTRACE_STDIO_H */
