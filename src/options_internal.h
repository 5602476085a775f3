/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that read the command line share: the tables, and the state of parsing. */
#ifndef IPCTRACE_OPTIONS_INTERNAL_H
#define IPCTRACE_OPTIONS_INTERNAL_H

#include "options.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(n)       (1u << (n))
#define FORMATS      (FORMAT_MERMAID + 1)
#define OPTIONS_MAX  64

#define HISTORY_BYTES_MIN (1ull << 20)

/* What is being read, beyond what ends up in the options. */
struct parser {
	struct options *options;
	const struct option_info *info; /* the option at hand */
	const char *spelling; /* … as the user wrote it */
	const char *format_spelling; /* NULL = no format was asked for */
	uint64_t added, removed; /* by -e */
	bool has_ring_size;
};

/* Takes the argument of parser->info, NULL where it has none. 0, or an exit code once it said why. */
typedef int (*option_fn)(struct parser *parser, const char *argument);

struct option_info {
	char letter; /* 0 = none */
	const char *name;
	const char *argument; /* NULL = takes none */
	const char *help;
	option_fn parse;
	size_t at; /* offset in struct options, for those that only set one member */
};
extern const struct option_info option_table[];
extern const size_t option_count;

struct command_info {
	const char *name;
	const char *help;
	unsigned int formats; /* bit per enum format */
	enum format format; /* unless asked otherwise */
};
extern const struct command_info command_table[]; /* COMMAND_COUNT */
extern const char *const format_names[]; /* FORMATS */

/* Any argument that names a file. */
int options_take_path(struct parser *parser, const char *argument, const char **path);
/* What goes with what, and the defaults that depend on it. 0, or an exit code once it said why. */
int options_check(struct parser *parser);

#endif /* IPCTRACE_OPTIONS_INTERNAL_H */
