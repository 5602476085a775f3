/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line, parsed once, passed down as const; one table gives parsing, defaults, help. */
#ifndef IPCTRACE_OPTIONS_H
#define IPCTRACE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/identity.h"

enum command {
	COMMAND_TRACE,
	COMMAND_FDS,
	COMMAND_GRAPH,
	COMMAND_CHECK,
	COMMAND_WHY,
	COMMAND_RECORD,
	COMMAND_REPLAY,
	COMMAND_COUNT
};
enum format {
	FORMAT_DEFAULT,
	FORMAT_TEXT,
	FORMAT_JSON,
	FORMAT_DOT,
	FORMAT_SVG,
	FORMAT_HTML,
	FORMAT_MERMAID
};

/* Kinds of tracepoint programs. */
enum hooks { HOOKS_FITTING, HOOKS_TP_BTF, HOOKS_PERF };

/* Exit codes of the contract. */
enum exit_code { EXIT_DONE = 0, EXIT_FOUND = 1, EXIT_USAGE = 2, EXIT_PERMISSION = 3,
		 EXIT_KERNEL = 4, EXIT_NO_PROCESS = 5, EXIT_OTHER = 6,
		 EXIT_CANNOT_START = 126, EXIT_NOT_FOUND = 127 };

struct options {
	enum command command;
	bool command_given;
	uint32_t *pids;		/* owned by the options */
	size_t pids_count;
	char **program;		/* NULL-terminated tail of main's argv; NULL = none */
	bool follow;		/* descendants too; default true */
	uint64_t mechanisms;	/* bit i: mechanisms[i] is traced and shown */
	uint64_t duration_ns;	/* 0 = until the end */
	bool has_duration;
	uint64_t longer_ns;	/* why: leave out what has waited for less */
	bool has_longer;
	const char *output;	/* NULL = standard output */
	enum format format;
	const char *dot;	/* NULL = none */
	const char *input;	/* recording to read; NULL = the kernel */
	bool audit;
	uint64_t ignored;	/* check: bit i: rules[i] is left out */
	const char *baseline;	/* check: findings that are known; NULL = none */
	bool quiet;
	unsigned int verbose;
	const char *user;	/* PROGRAM runs as; NULL = as we do */
	struct identity identity; /* of that user */
	enum hooks hooks;	/* which kind; for tests and comparison */
	bool seccomp;		/* confine ourselves to reading; default true */
	int ready_fd;		/* -1 = none */
	uint64_t ring_bytes;	/* size of the event ring; --ring-size */
	uint64_t history_bytes;	/* with more in the model, the oldest of what is over is forgotten; --history */
	bool help, version;
};

/*
 * Parses argv. Returns 0, or an exit code (after one line on standard error that names the
 * option). options_free() frees what it owns.
 */
int options_parse(int argc, char **argv, struct options *options);
void options_free(struct options *options);
void options_help(void);	/* to standard output */
/* True when only the state now is asked for: nothing to follow, nothing to wait for. */
bool options_is_snapshot(const struct options *options);
#endif /* IPCTRACE_OPTIONS_H */
