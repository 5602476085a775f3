// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line, read word by word. Tables drive it: commands in options_commands.c, options in
 * options_table.c; what goes with what is checked in options_check.c once all is read.
 */
#include "options_internal.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"
#include "util/memory.h"

#define RING_BYTES (32u << 20)
#define HISTORY_BYTES_MAX (1ull << 30)
#define LONG_VALUE 256 /* getopt_long returns LONG_VALUE + row for long options */

/* At its end a leak sanitizer starts a thread that traces us: no filter would let that through. */
#ifdef __SANITIZE_ADDRESS__
#define SECCOMP_BY_DEFAULT false
#else
#define SECCOMP_BY_DEFAULT true
#endif

/* Names that are promised but not there yet; never taken for a PROGRAM. */
static const char *const commands_to_come[] = { "top" };

/* The row for what getopt_long returned, or NULL. */
static const struct option_info *option_of(int value)
{
	size_t i;

	if (value >= LONG_VALUE && value < LONG_VALUE + (int)option_count)
		return &option_table[value - LONG_VALUE];
	for (i = 0; i < option_count; i++)
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
		if (!strcmp(word, command_table[command].name)) {
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
		return options_take_path(parser, word, &options->input);
	}
	return -ENOENT;
}

/* What follows "--", or the first word that can be nothing else, is PROGRAM. */
static int take_program(struct parser *parser, char **words)
{
	struct options *options = parser->options;

	if (*words && options->command == COMMAND_REPLAY && !options->input) {
		parser->spelling = "replay";
		if (options_take_path(parser, *words++, &options->input))
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
	for (i = 0; i < option_count; i++) {
		const struct option_info *info = &option_table[i];

		if (info->letter)
			letters +=
				sprintf(letters, "%c%s", info->letter, info->argument ? ":" : "");
		longs[i] = (struct option){ info->name,
					    info->argument ? required_argument : no_argument, NULL,
					    LONG_VALUE + (int)i };
	}
	longs[option_count] = (struct option){ 0 };
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
	parser->info = info;
	parser->spelling = option_spelling(value, info, spelling, sizeof(spelling));
	ret = info->parse(parser, optarg);
	if (parser->format_spelling == spelling)
		parser->format_spelling = info->letter ? "--format" : "--json";
	parser->spelling = NULL;
	return ret;
}

static int parse_words(struct parser *parser, int argc, char **argv)
{
	char letters[3 * OPTIONS_MAX + 3];
	struct option longs[OPTIONS_MAX + 1];
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

/* An eighth of the memory there is for us, so that nobody is ended for our sake; a report takes about as much again. */
static uint64_t history_bytes(void)
{
	const uint64_t bytes = memory_allowed("") / 8;

	if (bytes < HISTORY_BYTES_MIN)
		return HISTORY_BYTES_MIN;
	return bytes < HISTORY_BYTES_MAX ? bytes : HISTORY_BYTES_MAX;
}

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
		.history_bytes = history_bytes(),
	};
	ret = parse_words(&parser, argc, argv);
	if (!ret && !is_settled(options))
		ret = options_check(&parser);
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
