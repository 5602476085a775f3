// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line. Two tables, commands and options, drive parsing and help; what goes with what
 * is checked once all is read. It knows the names of mechanisms and nothing else of the program.
 */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "mechanism/mechanism.h"
#include "util/error.h"

#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define PID_MAX        4194304 /* PID_MAX_LIMIT, include/linux/threads.h */
#define DURATION_MAX   1e9 /* seconds */
#define RING_BYTES (32u << 20)
#define RING_BYTES_MIN (64ull << 10)
#define RING_BYTES_MAX (1ull << 30)
#define LONG_VALUE     256 /* getopt_long returns LONG_VALUE + row for long options */

/* What is being read, beyond what ends up in the options. */
struct parser {
	struct options *options;
	const char *spelling; /* the option at hand as the user wrote it */
	const char *format_spelling; /* NULL = no format was asked for */
	uint64_t added, removed; /* by -e */
	bool has_ring_size;
};

typedef int (*option_fn)(struct parser *parser, const char *argument);

/* --- commands ------------------------------------------------------------------------------ */

struct command_info {
	const char *name;
	const char *help;
	unsigned int formats; /* bit per enum format */
	enum format format; /* unless asked otherwise */
};

#define BIT(n)        (1u << (n))
#define FORMATS_PLAIN (BIT(FORMAT_TEXT) | BIT(FORMAT_JSON))
#define FORMATS_GRAPH \
	(FORMATS_PLAIN | BIT(FORMAT_DOT) | BIT(FORMAT_SVG) | BIT(FORMAT_HTML) | BIT(FORMAT_MERMAID))

static const struct command_info commands[] = {
	[COMMAND_TRACE] = { "trace", "a line per IPC event, live (when no command is named)",
			    FORMATS_PLAIN, FORMAT_TEXT },
	[COMMAND_FDS] = { "fds", "descriptor tables now, with the other holders of what is in them",
			  FORMATS_PLAIN, FORMAT_TEXT },
	[COMMAND_GRAPH] = { "graph", "who talks to whom: now, or in the time given", FORMATS_GRAPH,
			    FORMAT_DOT },
	[COMMAND_CHECK] = { "check", "mistakes found: what, where, who, how to mend it",
			    FORMATS_PLAIN, FORMAT_TEXT },
	[COMMAND_WHY] = { "why", "what processes wait for, and on whom; is it a deadlock",
			  FORMATS_PLAIN, FORMAT_TEXT },
	[COMMAND_RECORD] = { "record", "keep what is seen in the file named with -o", 0,
			     FORMAT_DEFAULT },
	[COMMAND_REPLAY] = { "replay", "print a recording as a trace", FORMATS_PLAIN, FORMAT_TEXT },
};
_Static_assert(COUNT(commands) == COMMAND_COUNT, "every command has its row");

/* Names that are promised but not there yet; never taken for a PROGRAM. */
static const char *const commands_to_come[] = { "top" };

static const char *const format_names[] = {
	[FORMAT_DEFAULT] = "default", [FORMAT_TEXT] = "text", [FORMAT_JSON] = "json",
	[FORMAT_DOT] = "dot",         [FORMAT_SVG] = "svg",   [FORMAT_HTML] = "html",
	[FORMAT_MERMAID] = "mermaid",
};
_Static_assert(COUNT(format_names) == FORMAT_MERMAID + 1, "every format has its name");

/* --- handlers of single options ------------------------------------------------------------ */

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

static int parse_no_follow(struct parser *parser, const char *argument)
{
	(void)argument;
	parser->options->follow = false;
	return 0;
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

static int parse_path(struct parser *parser, const char *argument, const char **path)
{
	if (!*argument)
		return err_r(EXIT_USAGE, "%s: empty file name", parser->spelling);
	*path = argument;
	return 0;
}

static int parse_output(struct parser *parser, const char *argument)
{
	return parse_path(parser, argument, &parser->options->output);
}

static int parse_dot(struct parser *parser, const char *argument)
{
	return parse_path(parser, argument, &parser->options->dot);
}

static int parse_input(struct parser *parser, const char *argument)
{
	return parse_path(parser, argument, &parser->options->input);
}

static int parse_format(struct parser *parser, const char *argument)
{
	enum format format;

	for (format = FORMAT_TEXT; format < COUNT(format_names); format++)
		if (!strcmp(argument, format_names[format]))
			break;
	if (format == COUNT(format_names))
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

static int parse_baseline(struct parser *parser, const char *argument)
{
	return parse_path(parser, argument, &parser->options->baseline);
}

static int parse_audit(struct parser *parser, const char *argument)
{
	(void)argument;
	parser->options->audit = true;
	return 0;
}

static int parse_ready_fd(struct parser *parser, const char *argument)
{
	char *end;
	long fd;

	errno = 0;
	fd = strtol(argument, &end, 10);
	if (!isdigit((unsigned char)*argument) || *end || errno || fd > INT32_MAX)
		return usage(parser, argument, "not a descriptor number");
	if (fcntl((int)fd, F_GETFD) < 0)
		return usage(parser, argument, "no open descriptor");
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

/* At its end a leak sanitizer starts a thread that traces us: no filter would let that through. */
#ifdef __SANITIZE_ADDRESS__
#define SECCOMP_BY_DEFAULT false
#else
#define SECCOMP_BY_DEFAULT true
#endif

static int parse_no_seccomp(struct parser *parser, const char *argument)
{
	(void)argument;
	parser->options->seccomp = false;
	return 0;
}

static int parse_quiet(struct parser *parser, const char *argument)
{
	(void)argument;
	parser->options->quiet = true;
	return 0;
}

static int parse_verbose(struct parser *parser, const char *argument)
{
	(void)argument;
	parser->options->verbose++;
	return 0;
}

static int parse_help(struct parser *parser, const char *argument)
{
	(void)argument;
	parser->options->help = true;
	return 0;
}

static int parse_version(struct parser *parser, const char *argument)
{
	(void)argument;
	parser->options->version = true;
	return 0;
}

/* --- the table ----------------------------------------------------------------------------- */

static const struct option_info {
	char letter; /* 0 = none */
	const char *name;
	const char *argument; /* NULL = takes none */
	const char *help;
	option_fn parse;
} option_table[] = {
	{ 'p', "pid", "PID[,PID...]", "these processes; may be given again", parse_pid },
	{ 0, "no-follow", NULL, "leave their descendants out", parse_no_follow },
	{ 'e', "events", "LIST", "mechanisms to trace, or ^NAME to leave one out", parse_events },
	{ 'd', "duration", "SECONDS", "stop then; fractions allowed", parse_duration },
	{ 0, "longer", "SECONDS", "with why: leave out what has waited for less", parse_longer },
	{ 'o', "output", "FILE", "write there instead of standard output", parse_output },
	{ 'f', "format", "FORMAT", "text, json; for graph also dot, svg, html, mermaid",
	  parse_format },
	{ 0, "json", NULL, "the same as --format json", parse_json },
	{ 0, "dot", "FILE", "with trace, record, replay: write the graph there at the end",
	  parse_dot },
	{ 'i', "input", "FILE", "read a recording instead of the kernel", parse_input },
	{ 0, "audit", NULL, "at the end, hold the tables kept against the kernel's own",
	  parse_audit },
	{ 0, "ignore", "RULE[,RULE...]", "with check: leave these rules out; may be given again",
	  parse_ignore },
	{ 0, "baseline", "FILE", "with check: findings to accept, from check --json", parse_baseline },
	{ 0, "ready-fd", "N", "write a line 'ready' to descriptor N once all is attached",
	  parse_ready_fd },
	{ 0, "ring-size", "BYTES[K|M]", "room for events not yet read; a power of two, 64K or more",
	  parse_ring_size },
	{ 0, "user", "NAME", "run PROGRAM as that user", parse_user },
	{ 0, "hooks", "KIND", "perf or tp_btf, instead of what fits this kernel", parse_hooks },
	{ 0, "no-seccomp", NULL, "no filter of our own system calls, as valgrind needs it",
	  parse_no_seccomp },
	{ 'q', "quiet", NULL, "no messages but errors", parse_quiet },
	{ 'v', "verbose", NULL, "say more; may be given again", parse_verbose },
	{ 'h', "help", NULL, "print this and exit", parse_help },
	{ 'V', "version", NULL, "print the version and exit", parse_version },
};

/* The row for what getopt_long returned, or NULL. */
static const struct option_info *option_of(int value)
{
	size_t i;

	if (value >= LONG_VALUE && value < LONG_VALUE + (int)COUNT(option_table))
		return &option_table[value - LONG_VALUE];
	for (i = 0; i < COUNT(option_table); i++)
		if (option_table[i].letter && option_table[i].letter == value)
			return &option_table[i];
	return NULL;
}

/* "--pid" or "-p", whichever was written. */
static const char *option_spelling(int value, const struct option_info *info, char *buf,
				   size_t size)
{
	if (value >= LONG_VALUE)
		snprintf(buf, size, "--%s", info->name);
	else
		snprintf(buf, size, "-%c", value);
	return buf;
}

/* --- reading the words --------------------------------------------------------------------- */

static int refuse_option(int value, char **argv)
{
	const struct option_info *info = optopt ? option_of(optopt) : NULL;
	char spelling[32];

	if (info && value == ':')
		return err_r(EXIT_USAGE, "%s needs %s",
			     option_spelling(optopt, info, spelling, sizeof(spelling)),
			     info->argument);
	if (info && optopt >= LONG_VALUE)
		return err_r(EXIT_USAGE, "--%s takes no argument", info->name);
	if (optopt && optopt < LONG_VALUE)
		return err_r(EXIT_USAGE, "-%c: no such option; see --help", optopt);
	return err_r(EXIT_USAGE, "%s: no such option, or not the whole of one; see --help",
		     argv[optind - 1]);
}

static int parse_command(struct parser *parser, const char *word)
{
	enum command command;
	size_t i;

	for (command = 0; command < COMMAND_COUNT; command++)
		if (!strcmp(word, commands[command].name)) {
			parser->options->command = command;
			parser->options->command_given = true;
			return 0;
		}
	for (i = 0; i < COUNT(commands_to_come); i++)
		if (!strcmp(word, commands_to_come[i]))
			return err_r(EXIT_USAGE,
				     "%s: not a command of this version; for a program of that "
				     "name: -- %s",
				     word, word);
	return -ENOENT;
}

/*
 * Takes a word that is no option. Returns 0 when it was a command or the file to replay, an exit
 * code, or -ENOENT when PROGRAM begins there.
 */
static int parse_word(struct parser *parser, const char *word)
{
	struct options *options = parser->options;

	if (!options->command_given)
		return parse_command(parser, word);
	if (options->command == COMMAND_REPLAY && !options->input) {
		parser->spelling = "replay";
		return parse_path(parser, word, &options->input);
	}
	return -ENOENT;
}

/* What follows "--", or the first word that can be nothing else, is PROGRAM. */
static int take_program(struct parser *parser, char **words)
{
	struct options *options = parser->options;

	if (*words && options->command == COMMAND_REPLAY && !options->input) {
		parser->spelling = "replay";
		if (parse_path(parser, *words++, &options->input))
			return EXIT_USAGE;
	}
	options->program = *words ? words : NULL;
	return 0;
}

static void getopt_tables(char *letters, struct option *longs)
{
	size_t i;

	/* '+': PROGRAM's options are its own; ':': a missing argument is told apart. */
	letters += sprintf(letters, "+:");
	for (i = 0; i < COUNT(option_table); i++) {
		const struct option_info *info = &option_table[i];

		if (info->letter)
			letters +=
				sprintf(letters, "%c%s", info->letter, info->argument ? ":" : "");
		longs[i] = (struct option){ info->name,
					    info->argument ? required_argument : no_argument, NULL,
					    LONG_VALUE + (int)i };
	}
	longs[COUNT(option_table)] = (struct option){ 0 };
}

static bool is_settled(const struct options *options)
{
	return options->help || options->version;
}

static int parse_option(struct parser *parser, int value, char **argv)
{
	const struct option_info *info;
	char spelling[32];
	int ret;

	if (value == '?' || value == ':')
		return refuse_option(value, argv);
	info = option_of(value);
	parser->spelling = option_spelling(value, info, spelling, sizeof(spelling));
	ret = info->parse(parser, optarg);
	if (parser->format_spelling == spelling)
		parser->format_spelling = info->letter ? "--format" : "--json";
	parser->spelling = NULL;
	return ret;
}

static int parse_words(struct parser *parser, int argc, char **argv)
{
	char letters[3 * COUNT(option_table) + 3];
	struct option longs[COUNT(option_table) + 1];
	int before, value, ret = 0;

	getopt_tables(letters, longs);
	opterr = 0;
	optind = 0; /* makes glibc start afresh: unit tests parse many times */
	while (!ret && !is_settled(parser->options)) {
		before = optind ? optind : 1;
		value = getopt_long(argc, argv, letters, longs, NULL);
		if (value != -1) {
			ret = parse_option(parser, value, argv);
			continue;
		}
		if (optind > before) /* getopt stepped over "--" */
			return take_program(parser, argv + optind);
		if (optind >= argc)
			return 0;
		ret = parse_word(parser, argv[optind]);
		if (ret == -ENOENT)
			return take_program(parser, argv + optind);
		optind++;
	}
	return ret;
}

/* --- what goes with what ------------------------------------------------------------------- */

static int check_mechanisms(struct parser *parser)
{
	uint64_t bits = parser->added;
	size_t i;

	for (i = 0; !parser->added && mechanisms[i]; i++)
		bits |= (uint64_t)mechanisms[i]->is_default << i;
	parser->options->mechanisms = bits & ~parser->removed;
	if (!parser->options->mechanisms && parser->removed)
		return err_r(EXIT_USAGE, "-e: the list leaves no mechanism to trace");
	return 0;
}

static int check_format(struct parser *parser)
{
	struct options *options = parser->options;
	const struct command_info *command = &commands[options->command];

	if (options->format == FORMAT_DEFAULT) {
		options->format = command->format;
		return 0;
	}
	if (!command->formats)
		return err_r(EXIT_USAGE, "%s: %s has a format of its own", parser->format_spelling,
			     command->name);
	if (!(command->formats & BIT(options->format)))
		return err_r(EXIT_USAGE, "%s: %s has no format %s", parser->format_spelling,
			     command->name, format_names[options->format]);
	return 0;
}

static int check_input(const struct parser *parser)
{
	const struct options *options = parser->options;
	const struct {
		bool given;
		const char *spelling;
	} live[] = {
		{ options->program != NULL, "PROGRAM" },  { options->audit, "--audit" },
		{ options->has_duration, "--duration" },  { options->ready_fd >= 0, "--ready-fd" },
		{ parser->has_ring_size, "--ring-size" },
	};
	size_t i;

	if (options->command == COMMAND_REPLAY && !options->input)
		return err_r(EXIT_USAGE, "replay needs a FILE (or --input FILE)");
	if (!options->input)
		return 0;
	if (options->command == COMMAND_RECORD)
		return err_r(EXIT_USAGE, "--input: record reads the kernel, not a recording");
	for (i = 0; i < COUNT(live); i++)
		if (live[i].given)
			return err_r(EXIT_USAGE, "%s cannot go with a recording (--input, replay)",
				     live[i].spelling);
	return 0;
}

static int check_together(const struct parser *parser)
{
	const struct options *options = parser->options;
	const char *name = commands[options->command].name;

	if (options->pids_count && options->program)
		return err_r(EXIT_USAGE, "-p cannot go with PROGRAM (%s)", options->program[0]);
	if (options->user && !options->program)
		return err_r(EXIT_USAGE, "--user goes with PROGRAM");
	if (options->command == COMMAND_RECORD && !options->output)
		return err_r(EXIT_USAGE, "record needs -o FILE");
	if ((options->ignored || options->baseline) && options->command != COMMAND_CHECK)
		return err_r(EXIT_USAGE, "%s goes with check, not %s",
			     options->baseline ? "--baseline" : "--ignore", name);
	if (options->has_longer && options->command != COMMAND_WHY)
		return err_r(EXIT_USAGE, "--longer goes with why, not %s", name);
	if (options->command == COMMAND_WHY && options->input)
		return err_r(EXIT_USAGE, "--input: a recording does not keep what tasks wait for");
	if (options->command == COMMAND_WHY && (options->program || options->has_duration))
		return err_r(EXIT_USAGE, "%s: why looks at what is there now",
			     options->program ? "PROGRAM" : "--duration");
	if (options->dot && (options->command == COMMAND_FDS || options->command == COMMAND_GRAPH ||
			     options->command == COMMAND_CHECK || options->command == COMMAND_WHY))
		return err_r(EXIT_USAGE, "--dot goes with trace, record and replay, not %s", name);
	if (options->audit && (options->command == COMMAND_FDS || options->command == COMMAND_CHECK ||
			       options->command == COMMAND_WHY))
		return err_r(EXIT_USAGE, "--audit goes with trace, graph and record, not %s", name);
	return 0;
}

static int check_all(struct parser *parser)
{
	int ret = check_input(parser);

	if (!ret)
		ret = check_together(parser);
	if (!ret)
		ret = check_format(parser);
	if (!ret)
		ret = check_mechanisms(parser);
	return ret;
}

/* --- what others call ---------------------------------------------------------------------- */

int options_parse(int argc, char **argv, struct options *options)
{
	struct parser parser = { .options = options };
	int ret;

	*options = (struct options){
		.command = COMMAND_TRACE,
		.follow = true,
		.seccomp = SECCOMP_BY_DEFAULT,
		.ready_fd = -1,
		.ring_bytes = RING_BYTES,
	};
	ret = parse_words(&parser, argc, argv);
	if (!ret && !is_settled(options))
		ret = check_all(&parser);
	if (ret)
		options_free(options);
	return ret;
}

void options_free(struct options *options)
{
	free(options->pids);
	options->pids = NULL;
	options->pids_count = 0;
	identity_free(&options->identity);
}

bool options_is_snapshot(const struct options *options)
{
	return (options->command == COMMAND_FDS || options->command == COMMAND_GRAPH ||
		options->command == COMMAND_CHECK || options->command == COMMAND_WHY) &&
	       !options->has_duration && !options->program && !options->input;
}

/*   -p, --pid PID[,PID...]     these processes; may be given again */
static void print_option(const struct option_info *info)
{
	char left[64];
	int used;

	used = info->letter ? snprintf(left, sizeof(left), "-%c, ", info->letter) :
			      snprintf(left, sizeof(left), "    ");
	snprintf(left + used, sizeof(left) - (size_t)used, "--%s%s%s", info->name,
		 info->argument ? " " : "", info->argument ? info->argument : "");
	printf("  %-27s %s\n", left, info->help);
}

void options_help(void)
{
	size_t i;

	printf("Usage: ipctrace [COMMAND] [OPTIONS] [-p PID[,PID...]]... [--] [PROGRAM [ARG...]]\n"
	       "\n"
	       "Shows which processes talk to which, over what, and how much. With neither -p nor\n"
	       "PROGRAM: the whole machine.\n"
	       "\n"
	       "Commands:\n");
	for (i = 0; i < COUNT(commands); i++)
		printf("  %-27s %s\n", commands[i].name, commands[i].help);
	printf("\nOptions:\n");
	for (i = 0; i < COUNT(option_table); i++)
		print_option(&option_table[i]);
	printf("\nMechanisms (* = traced unless -e says otherwise):\n");
	for (i = 0; mechanisms[i]; i++)
		printf("  %-25s %c %s\n", mechanisms[i]->name,
		       mechanisms[i]->is_default ? '*' : ' ', mechanisms[i]->help);
	printf("\nRules of check:\n");
	for (i = 0; i < rules_count; i++)
		printf("  %-23s %-7s %s\n", rules[i].id, severity_name(rules[i].severity),
		       rules[i].why);
	printf("\n"
	       "Exit status: 0 done; 1 check or --audit found something; 2 usage; 3 not permitted;\n"
	       "4 the kernel lacks something; 5 no such process; 6 any other failure; that of\n"
	       "PROGRAM where one was given.\n");
}
