// SPDX-License-Identifier: GPL-2.0-only
/* Filling an event: words, facts and descriptor numbers, each cut at its room. */
#include "mechanism/wording.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* include/linux/err.h: MAX_ERRNO */
#define ERROR_MAX 4095

void event_say(struct event *event, const char *format, ...)
{
	size_t used = strlen(event->words);
	va_list args;

	va_start(args, format);
	vsnprintf(event->words + used, sizeof(event->words) - used, format, args);
	va_end(args);
}

static struct fact *fact_add(struct event *event, const char *key, enum fact_type type)
{
	struct fact *fact;

	/* A mechanism that needs more raises EVENT_FACTS_MAX; the unit tests see it. */
	if (event->facts_count == EVENT_FACTS_MAX)
		event->facts_count--;
	fact = &event->facts[event->facts_count++];
	*fact = (struct fact){ .key = key, .type = type };
	return fact;
}

void event_fact_said(struct event *event, const char *key, size_t len)
{
	struct fact *fact = fact_add(event, key, FACT_TEXT);
	size_t used = strlen(event->words);

	fact->text.len = len < used ? len : used;
	fact->text.bytes = event->words + used - fact->text.len;
}

void event_fact_text(struct event *event, const char *key, const char *text)
{
	struct fact *fact = fact_add(event, key, FACT_TEXT);

	fact->text.bytes = text;
	fact->text.len = strlen(text);
}

void event_fact_text_copy(struct event *event, const char *key, const char *text)
{
	snprintf(event->copy, sizeof(event->copy), "%s", text);
	event_fact_text(event, key, event->copy);
}

void event_fact_int(struct event *event, const char *key, int64_t number)
{
	fact_add(event, key, FACT_INT)->integer = number;
}

void event_fact_bool(struct event *event, const char *key, bool truth)
{
	fact_add(event, key, FACT_BOOL)->truth = truth;
}

void event_fact_null(struct event *event, const char *key)
{
	fact_add(event, key, FACT_NULL);
}

void event_fact_process(struct event *event, const char *key, const struct process *process)
{
	fact_add(event, key, process ? FACT_PROCESS : FACT_NULL)->process = process;
}

void event_fact_object(struct event *event, const char *key, const struct object *object)
{
	fact_add(event, key, object ? FACT_OBJECT : FACT_NULL)->object = object;
}

void event_add_fd(struct event *event, int fd)
{
	if (event->fds_count < EVENT_FDS_MAX)
		event->fds[event->fds_count++] = fd;
}

int result_error(int64_t result)
{
	return result < 0 && result >= -ERROR_MAX ? (int)-result : 0;
}
