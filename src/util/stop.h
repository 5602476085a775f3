/* SPDX-License-Identifier: GPL-2.0-only */
/* The wish to end in order: Ctrl-C, SIGTERM, or a terminal that went away. */
#ifndef IPCTRACE_STOP_H
#define IPCTRACE_STOP_H

#include <stdbool.h>

/* From now on those signals only set the flag (and interrupt what waits). 0 or -errno. */
int stop_install(void);
/* Puts back what the caller had set: for PROGRAM, before it is executed. */
void stop_uninstall(void);
bool stop_is_requested(void);

#endif /* IPCTRACE_STOP_H */
