/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ipctrace may do, by phase. Files of the caller are opened with the caller's own rights; then
 * all that the file's capabilities bring counts while programs are loaded and attached; from then on
 * only what reading takes, and behind a filter of system calls.
 */
#ifndef IPCTRACE_PRIVILEGE_H
#define IPCTRACE_PRIVILEGE_H

#include "options.h"

/* First thing of all. Returns 0 or an exit code, after one line on standard error. */
int privilege_begin(void);
/* The source is about to be opened. */
void privilege_raise(void);
/* It is open: nothing is loaded or attached any more. */
void privilege_confine(const struct options *options);
/* Nothing is read any more: what was found remains to be written. */
void privilege_end(const struct options *options);

#endif /* IPCTRACE_PRIVILEGE_H */
