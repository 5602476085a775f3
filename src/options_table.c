// SPDX-License-Identifier: GPL-2.0-only
/*
 * The options: a row for each, and what its argument means. It knows the names of mechanisms and
 * rules and nothing else of the program.
 */
#include "options_internal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "mechanism/mechanism.h"
#include "util/error.h"

#define PID_MAX        4194304 /* PID_MAX_LIMIT, include/linux/threads.h */
#define DURATION_MAX   1e9 /* seconds */
#define RING_BYTES_MIN (64ull << 10)
#define RING_BYTES_MAX (1ull << 30)

static int usage(const struct parser *parser, const char *argument, const char *why)
{
	return err_r(EXIT_USAGE, "%s %s: %s", parser->spelling, argument, why);
}

static int add_pid(struct parser *parser, const char *word, size_t len, const char *argument)
{
	struct options *options = parser->options;
	unsigned long pid = 0;
	uint32_t *pids;
	size_t i;

	for (i = 0; i < len && isdigit((unsigned char)word[i]) && pid <= PID_MAX; i++)
		pid = pid * 10 + (unsigned long)(word[i] - '0');
	if (!len || i < len || !pid || pid > PID_MAX)
		return usage(parser, argument, "not a process id (1 to 4194304)");
	for (i = 0; i < options->pids_count; i++)
		if (options->pids[i] == pid)
			return 0;
	pids = reallocarray(options->pids, options->pids_count + 1, sizeof(*pids));
	if (!pids)
		return err_r(EXIT_OTHER, "%s: %s", parser->spelling, strerror(ENOMEM));
	pids[options->pids_count++] = (uint32_t)pid;
	options->pids = pids;
	return 0;
}

static int parse_pid(struct parser *parser, const char *argument)
{
	const char *word = argument;
	int ret;

	for (;;) {
		size_t len = strcspn(word, ",");

		ret = add_pid(parser, word, len, argument);
		if (ret || !word[len])
			return ret;
		word += len + 1;
	}
}

/* "pipe, fifo, fd" into buf */
static const char *mechanism_names(char *buf, size_t size)
{
	size_t used = 0, i;

	buf[0] = '\0';
	for (i = 0; mechanisms[i] && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
					 mechanisms[i]->name);
	return buf;
}

/* The bits of the mechanism named by those len bytes; 0 when there is none. */
static uint64_t mechanism_bits(const char *word, size_t len)
{
	uint64_t all = 0;
	size_t i;

	for (i = 0; mechanisms[i]; i++) {
		all |= 1ull << i;
		if (strlen(mechanisms[i]->name) == len && !memcmp(mechanisms[i]->name, word, len))
			return 1ull << i;
	}
	return len == 3 && !memcmp(word, "all", 3) ? all : 0;
}

static int parse_events(struct parser *parser, const char *argument)
{
	const char *word = argument;
	char names[512];

	for (;;) {
		bool is_removal = *word == '^';
		size_t len = strcspn(word += is_removal, ",");
		uint64_t bits = mechanism_bits(word, len);

		if (!bits)
			return err_r(EXIT_USAGE, "%s %s: no mechanism '%.*s'; known are %s",
				     parser->spelling, argument, (int)len, word,
				     mechanism_names(names, sizeof(names)));
		*(is_removal ? &parser->removed : &parser->added) |= bits;
		if (!word[len])
			return 0;
		word += len + 1;
	}
}

static int parse_seconds(struct parser *parser, const char *argument, uint64_t *ns)
{
	char *end;
	double seconds;

	errno = 0;
	seconds = strtod(argument, &end);
	/* strtod also takes "nan", "0x1p3" and leading blanks, which nobody means here. */
	if (strspn(argument, "0123456789.eE+-") != strlen(argument) || end == argument || *end ||
	    errno || !isfinite(seconds) || seconds < 0 || seconds > DURATION_MAX)
		return usage(parser, argument, "not a number of seconds (0 to 1000000000)");
	*ns = (uint64_t)(seconds * 1e9);
	return 0;
}

static int parse_duration(struct parser *parser, const char *argument)
{
	parser->options->has_duration = true;
	return parse_seconds(parser, argument, &parser->options->duration_ns);
}

static int parse_longer(struct parser *parser, const char *argument)
{
	parser->options->has_longer = true;
	return parse_seconds(parser, argument, &parser->options->longer_ns);
}

int options_take_path(struct parser *parser, const char *argument, const char **path)
{
	if (!*argument)
		return err_r(EXIT_USAGE, "%s: empty file name", parser->spelling);
	*path = argument;
	return 0;
}

static void *member(const struct parser *parser)
{
	return (char *)parser->options + parser->info->at;
}

static int take_path(struct parser *parser, const char *argument)
{
	return options_take_path(parser, argument, member(parser));
}

static int set_flag(struct parser *parser, const char *argument)
{
	(void)argument;
	*(bool *)member(parser) = true;
	return 0;
}

static int clear_flag(struct parser *parser, const char *argument)
{
	(void)argument;
	*(bool *)member(parser) = false;
	return 0;
}

static int parse_format(struct parser *parser, const char *argument)
{
	enum format format;

	for (format = FORMAT_TEXT; format < FORMATS; format++)
		if (!strcmp(argument, format_names[format]))
			break;
	if (format == FORMATS)
		return usage(parser, argument,
			     "no such format; known are text, json, dot, svg, html, mermaid");
	parser->options->format = format;
	parser->format_spelling = parser->spelling;
	return 0;
}

static int parse_json(struct parser *parser, const char *argument)
{
	(void)argument;
	return parse_format(parser, "json");
}

static int parse_ignore(struct parser *parser, const char *argument)
{
	const char *word = argument;

	for (;;) {
		size_t len = strcspn(word, ",");
		const struct rule *rule = rule_find(word, len);

		if (!rule)
			return err_r(EXIT_USAGE, "%s %s: no rule '%.*s'; --help lists them",
				     parser->spelling, argument, (int)len, word);
		parser->options->ignored |= 1ull << (rule - rules);
		if (!word[len])
			return 0;
		word += len + 1;
	}
}

static int parse_ready_fd(struct parser *parser, const char *argument)
{
	char *end;
	int flags;
	long fd;

	errno = 0;
	fd = strtol(argument, &end, 10);
	if (!isdigit((unsigned char)*argument) || *end || errno || fd > INT32_MAX)
		return usage(parser, argument, "not a descriptor number");
	flags = fcntl((int)fd, F_GETFL);
	if (flags < 0)
		return usage(parser, argument, "no open descriptor");
	if ((flags & O_ACCMODE) == O_RDONLY)
		return usage(parser, argument, "a descriptor that is not open for writing");
	parser->options->ready_fd = (int)fd;
	return 0;
}

static int parse_ring_size(struct parser *parser, const char *argument)
{
	unsigned long long bytes;
	unsigned int shift = 0;
	char *end;

	errno = 0;
	bytes = strtoull(argument, &end, 10);
	if (end != argument && (*end == 'K' || *end == 'M'))
		shift = *end++ == 'K' ? 10 : 20;
	if (!isdigit((unsigned char)*argument) || *end || errno ||
	    bytes > RING_BYTES_MAX >> shift || bytes << shift < RING_BYTES_MIN ||
	    (bytes & (bytes - 1)))
		return usage(parser, argument, "not a power of two from 64K to 1024M");
	parser->options->ring_bytes = bytes << shift;
	parser->has_ring_size = true;
	return 0;
}

static int parse_history(struct parser *parser, const char *argument)
{
	static const char units[] = "KMG";
	unsigned long long bytes;
	unsigned int shift = 0;
	char *end;

	errno = 0;
	bytes = strtoull(argument, &end, 10);
	for (unsigned int i = 0; end != argument && *end && units[i]; i++)
		if (*end == units[i]) {
			shift = 10 * (i + 1);
			end++;
			break;
		}
	if (!isdigit((unsigned char)*argument) || *end || errno || bytes > UINT64_MAX >> shift ||
	    bytes << shift < HISTORY_BYTES_MIN)
		return usage(parser, argument, "not a number of bytes, 1M or more");
	parser->options->history_bytes = bytes << shift;
	return 0;
}

static int parse_user(struct parser *parser, const char *argument)
{
	struct options *options = parser->options;
	int err;

	identity_free(&options->identity);
	err = identity_get(argument, &options->identity);
	if (err)
		return usage(parser, argument,
			     err == -ENOENT ? "no such user" : "their groups cannot be read");
	options->user = argument;
	return 0;
}

static int parse_hooks(struct parser *parser, const char *argument)
{
	if (!strcmp(argument, "perf"))
		parser->options->hooks = HOOKS_PERF;
	else if (!strcmp(argument, "tp_btf"))
		parser->options->hooks = HOOKS_TP_BTF;
	else
		return usage(parser, argument, "neither perf nor tp_btf");
	return 0;
}

static int parse_verbose(struct parser *parser, const char *argument)
{
	(void)argument;
	parser->options->verbose++;
	return 0;
}

/* --- the table ----------------------------------------------------------------------------- */

#define AT(member) offsetof(struct options, member)

const struct option_info option_table[] = {
	{ 'p', "pid", "PID[,PID...]", "these processes; may be given again", parse_pid, 0 },
	{ 0, "no-follow", NULL, "leave their descendants out", clear_flag, AT(follow) },
	{ 'e', "events", "LIST", "mechanisms to trace, or ^NAME to leave one out", parse_events,
	  0 },
	{ 'd', "duration", "SECONDS", "stop then; fractions allowed", parse_duration, 0 },
	{ 0, "longer", "SECONDS", "with why: leave out what has waited for less", parse_longer, 0 },
	{ 'o', "output", "FILE", "write there instead of standard output", take_path, AT(output) },
	{ 'f', "format", "FORMAT", "text, json; for graph also dot, svg, html, mermaid",
	  parse_format, 0 },
	{ 0, "json", NULL, "the same as --format json", parse_json, 0 },
	{ 0, "dot", "FILE", "with trace, record, replay: write the graph there at the end",
	  take_path, AT(dot) },
	{ 'i', "input", "FILE", "read a recording instead of the kernel", take_path, AT(input) },
	{ 0, "audit", NULL, "at the end, hold the tables kept against the kernel's own", set_flag,
	  AT(audit) },
	{ 0, "ignore", "RULE[,RULE...]", "with check: leave these rules out; may be given again",
	  parse_ignore, 0 },
	{ 0, "baseline", "FILE", "with check: findings to accept, from check --json", take_path,
	  AT(baseline) },
	{ 0, "ready-fd", "N", "write a line 'ready' to descriptor N once all is attached",
	  parse_ready_fd, 0 },
	{ 0, "ring-size", "BYTES[K|M]", "room for events not yet read; a power of two, 64K or more",
	  parse_ring_size, 0 },
	{ 0, "history", "BYTES[K|M|G]", "room for what is over; beyond, the oldest is forgotten, and told",
	  parse_history, 0 },
	{ 0, "user", "NAME", "run PROGRAM as that user", parse_user, 0 },
	{ 0, "hooks", "KIND", "perf or tp_btf, instead of what fits this kernel", parse_hooks, 0 },
	{ 0, "no-seccomp", NULL, "no filter of our own system calls, as valgrind needs it",
	  clear_flag, AT(seccomp) },
	{ 'q', "quiet", NULL, "no messages but errors", set_flag, AT(quiet) },
	{ 'v', "verbose", NULL, "say more; may be given again", parse_verbose, 0 },
	{ 'h', "help", NULL, "print this and exit", set_flag, AT(help) },
	{ 'V', "version", NULL, "print the version and exit", set_flag, AT(version) },
};
const size_t option_count = COUNT(option_table);
_Static_assert(COUNT(option_table) <= OPTIONS_MAX, "there is room for what getopt needs");
