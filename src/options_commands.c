// SPDX-License-Identifier: GPL-2.0-only
/* The commands, and the formats that each can print. */
#include "options_internal.h"

#define FORMATS_PLAIN (BIT(FORMAT_TEXT) | BIT(FORMAT_JSON))
#define FORMATS_GRAPH \
	(FORMATS_PLAIN | BIT(FORMAT_DOT) | BIT(FORMAT_SVG) | BIT(FORMAT_HTML) | BIT(FORMAT_MERMAID))

const struct command_info command_table[] = {
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
_Static_assert(COUNT(command_table) == COMMAND_COUNT, "every command has its row");

const char *const format_names[] = {
	[FORMAT_DEFAULT] = "default", [FORMAT_TEXT] = "text", [FORMAT_JSON] = "json",
	[FORMAT_DOT] = "dot",         [FORMAT_SVG] = "svg",   [FORMAT_HTML] = "html",
	[FORMAT_MERMAID] = "mermaid",
};
_Static_assert(COUNT(format_names) == FORMATS, "every format has its name");
