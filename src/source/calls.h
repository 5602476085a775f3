/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which BPF program looks at the exit of which system call, and what 32-bit calls are called here.
 * One table; a mechanism's calls are lines in it.
 */
#ifndef IPCTRACE_CALLS_H
#define IPCTRACE_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "ipctrace/control.h"

struct call_row {
	int nr;			/* 64-bit number */
	int compat_nr;		/* 32-bit number on this architecture; -1 = none */
	enum call_action action; /* CALL_ON_NOTHING: the root program does it all */
	enum transfer_call moves;
	bool maps;		/* about shared memory: left out where nobody asks for it */
};

extern const struct call_row call_rows[];
extern const size_t call_rows_count;

/* The program of bpf/trace that does it, without the hook's suffix; NULL for CALL_ON_NOTHING. */
const char *call_program(enum call_action action);

/* wait_calls.c: "read"; NULL = not a call that is known to wait */
const char *wait_call_name(int nr);
/* wait_calls.c: wait_call, vfork_call and restart_call, after calls_fill_settings(). */
void wait_calls_fill_settings(struct settings *settings);
/* Fills the 32-bit tables, transfer_call and call_action of the settings. */
void calls_fill_settings(struct settings *settings);

#endif /* IPCTRACE_CALLS_H */
