// SPDX-License-Identifier: GPL-2.0-only
/* Messages to standard error. It knows nothing of what they are about. */
#include "util/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/escape.h"

#define MESSAGE_MAX 1024

static void say_v(const char *format, va_list args)
{
	char raw[MESSAGE_MAX], line[MESSAGE_MAX * 4];
	int len = vsnprintf(raw, sizeof(raw), format, args);

	if (len < 0)
		return;
	/* Names in a message come from the command line or the system: escaped as anywhere. */
	escape_into(line, sizeof(line), ESCAPE_TERMINAL, raw, strlen(raw));
	fprintf(stderr, "ipctrace: %s\n", line);
}

void say(const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	say_v(format, args);
	va_end(args);
	errno = saved;
}

int err_r(int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_v(format, args);
	va_end(args);
	return err;
}
