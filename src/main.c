// SPDX-License-Identifier: GPL-2.0-only
/* ipctrace: which processes talk to which. Parses the command line and runs the command. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/privilege.h"
#include "options.h"
#include "util/error.h"
#include "util/stdio.h"
#include "util/stop.h"

typedef int (*command_fn)(const struct options *options);

static const command_fn commands[] = {
	[COMMAND_TRACE] = command_trace,  [COMMAND_FDS] = command_fds,
	[COMMAND_GRAPH] = command_graph,  [COMMAND_RECORD] = command_record,
	[COMMAND_REPLAY] = command_trace, [COMMAND_CHECK] = command_check,
	[COMMAND_WHY] = command_why,
};
_Static_assert(sizeof(commands) / sizeof(commands[0]) == COMMAND_COUNT,
	       "every command has its function");

/* --help and --version. */
static int tell(const struct options *options)
{
	if (options->help)
		options_help();
	else
		printf("ipctrace %s\n", IPCTRACE_VERSION);
	if (fflush(stdout) && errno != EPIPE)
		return err_r(EXIT_OTHER, "standard output: %s", strerror(errno));
	return EXIT_DONE;
}

static int run(const struct options *options)
{
	if (options->help || options->version)
		return tell(options);
	return commands[options->command](options);
}

int main(int argc, char **argv)
{
	struct options options;
	int code = stdio_reserve();

	if (code)
		return err_r(EXIT_OTHER, "/dev/null: %s", strerror(-code));
	code = stop_install();
	if (code)
		return err_r(EXIT_OTHER, "signal handlers: %s", strerror(-code));
	code = privilege_begin();
	if (code)
		return code;
	code = options_parse(argc, argv, &options);
	if (code)
		return code;
	code = run(&options);
	options_free(&options);
	return code;
}
