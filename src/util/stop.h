/* SPDX-License-Identifier: GPL-2.0-only */
/* The wish to end in order: Ctrl-C, SIGTERM, or a terminal that went away. */
#ifndef IPCTRACE_STOP_H
#define IPCTRACE_STOP_H

#include <stdbool.h>

/* From now on those signals only set the flag (and interrupt what waits). 0 or -errno. */
int stop_install(void);
bool stop_is_requested(void);

#endif /* IPCTRACE_STOP_H */
