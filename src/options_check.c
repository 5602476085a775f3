// SPDX-License-Identifier: GPL-2.0-only
/* Which commands, options and words go together; known once all are read. */
#include "options_internal.h"

#include <string.h>
#include <sys/stat.h>

#include "mechanism/mechanism.h"
#include "util/error.h"

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
	const struct command_info *command = &command_table[options->command];

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
	const char *name = command_table[options->command].name;

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

/* What is no regular file, such as a terminal, takes more than one output. */
static bool is_same_file(const char *a, const char *b)
{
	struct stat first, second;

	if (!a || !b)
		return false;
	if (stat(a, &first) || stat(b, &second))
		return !strcmp(a, b);
	return S_ISREG(first.st_mode) && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/* To open an output empties it, or in the end takes the place of what is there. */
static int check_files(const struct options *options)
{
	if (is_same_file(options->input, options->output))
		return err_r(EXIT_USAGE, "-o %s: that is the recording to read", options->output);
	if (is_same_file(options->input, options->dot))
		return err_r(EXIT_USAGE, "--dot %s: that is the recording to read", options->dot);
	if (is_same_file(options->output, options->dot))
		return err_r(EXIT_USAGE, "--dot %s: -o writes to that already", options->dot);
	return 0;
}

int options_check(struct parser *parser)
{
	int ret = check_input(parser);

	if (!ret)
		ret = check_together(parser);
	if (!ret)
		ret = check_files(parser->options);
	if (!ret)
		ret = check_format(parser);
	if (!ret)
		ret = check_mechanisms(parser);
	return ret;
}
