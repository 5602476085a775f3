// SPDX-License-Identifier: GPL-2.0-only
/* The trace: a line an event, for people or as JSON. */
#include "sink/sink.h"

#include <string.h>

#include "sink/json.h"
#include "sink/names.h"
#include "sink/stream.h"

#define WHO_COLUMNS    20
#define WORDS_COLUMNS  34
#define OBJECT_COLUMNS 16

#define DIM    "\033[2m"
#define BOLD   "\033[1m"
#define CYAN   "\033[36m"
#define NORMAL "\033[0m"

/* Prints text, already escaped, in a column of that width; a last column is not filled up. */
static void print_column(FILE *out, const char *text, size_t width, const char *color, bool is_last)
{
	size_t used = utf8_columns(text, strlen(text));

	fprintf(out, "%s%s%s", color ? color : "", text, color ? NORMAL : "");
	if (!is_last)
		fprintf(out, "%*s", (int)(used < width ? width - used : 0) + 2, "");
}

/* "bash[812]", for a thread "bash[812/815]" */
static const char *event_who(const struct event *event, char buf[WHO_MAX])
{
	size_t used = escape_into(buf, WHO_MAX, ESCAPE_TERMINAL, event->comm,
				  strnlen(event->comm, sizeof(event->comm)));
	uint32_t pid = event->process ? event->process->key.pid : 0;

	if (event->process && event->tid && event->tid != pid)
		snprintf(buf + used, WHO_MAX - used, "[%u/%u]", pid, event->tid);
	else if (event->process)
		snprintf(buf + used, WHO_MAX - used, "[%u]", pid);
	else if (event->by_kernel)
		snprintf(buf, WHO_MAX, "kernel");
	else
		snprintf(buf + used, WHO_MAX - used, "[?]");
	return buf;
}

static const char *event_object(const struct event *event, char *buf, size_t size)
{
	if (!event->object)
		return "";
	return object_name(event->object, buf, size, ESCAPE_TERMINAL);
}

/*
 *    0.001234  bash[812]             pipe → [3, 4]                       pipe:[88231]
 *    0.001310  bash[813]             dup2 4 → 1                          pipe:[88231]  write end
 */
static int event_print_text(FILE *out, const struct event *event, const struct trace_style *style)
{
	uint64_t ns = event->ts > style->start_ts ? event->ts - style->start_ts : 0;
	char who[WHO_MAX], words[sizeof(event->words) * 4 + 1], object[NAME_MAX_ESCAPED];
	const char *object_text = event_object(event, object, sizeof(object));
	const char *end = event->end ? event->end : "";
	char time[32];

	snprintf(time, sizeof(time), "%5llu.%06llu", (unsigned long long)(ns / 1000000000),
		 (unsigned long long)(ns % 1000000000 / 1000));
	escape_into(words, sizeof(words), ESCAPE_TERMINAL, event->words,
		    strnlen(event->words, sizeof(event->words)));
	print_column(out, time, 0, style->color ? DIM : NULL, false);
	print_column(out, event_who(event, who), WHO_COLUMNS, style->color ? BOLD : NULL, false);
	print_column(out, words, WORDS_COLUMNS, NULL, !*object_text && !*end);
	if (*object_text || *end)
		print_column(out, object_text, OBJECT_COLUMNS, style->color ? CYAN : NULL, !*end);
	fprintf(out, "%s\n", end);
	return stream_status(out);
}

/* {"ts_ns", "event", "process", "tid", "comm", "object", "fds", "result", then the facts} */
static int event_print_json(FILE *out, const struct event *event)
{
	json_t *line = json_object(), *fds = json_array();
	size_t i;

	for (i = 0; i < event->fds_count; i++)
		json_array_append_new(fds, json_integer(event->fds[i]));
	json_object_set_new(line, "ts_ns", json_uint(event->ts));
	json_object_set_new(line, "event", json_string(event->name));
	json_object_set_new(line, "process", json_process_id(event->process));
	json_object_set_new(line, "tid", event->tid ? json_integer(event->tid) : json_null());
	json_object_set_new(line, "comm",
			    json_text(event->by_kernel ? NULL : event->comm,
				      strnlen(event->comm, sizeof(event->comm))));
	json_object_set_new(line, "object", json_object_id(event->object));
	json_object_set_new(line, "fds", fds);
	json_object_set_new(line, "result",
			    event->has_result ? json_integer(event->result) : json_null());
	for (i = 0; i < event->facts_count; i++)
		json_object_set_new(line, event->facts[i].key, json_fact(&event->facts[i]));
	return json_line(out, line);
}

int trace_event_print(FILE *out, const struct event *event, const struct trace_style *style)
{
	return style->json ? event_print_json(out, event) : event_print_text(out, event, style);
}

static void audit_print_text(FILE *out, const struct audit *audit)
{
	size_t i;

	fprintf(out, "-- audit: %llu checked, %llu differences\n",
		(unsigned long long)audit->checked, (unsigned long long)audit->differences);
	for (i = 0; i < audit->details_count; i++) {
		fprintf(out, "-- audit: ");
		escape_print(out, ESCAPE_TERMINAL, audit->details[i], strlen(audit->details[i]));
		fputc('\n', out);
	}
	if (audit->differences > audit->details_count)
		fprintf(out, "-- audit: and %llu more\n",
			(unsigned long long)(audit->differences - audit->details_count));
}

/*
 * -- 1234 events, 0 events lost, 0 resyncs
 * -- audit: 5678 checked, 0 differences
 */
static int end_print_text(FILE *out, const struct model *model, uint64_t events,
			  const struct audit *audit)
{
	unseen_print(out, model);
	fprintf(out, "-- %llu events, ", (unsigned long long)events);
	loss_print(out, model);
	fprintf(out, ", %u resyncs\n", model->resyncs);
	if (audit)
		audit_print_text(out, audit);
	return stream_status(out);
}

int trace_end_print(FILE *out, const struct model *model, uint64_t events,
		    const struct audit *audit, const struct trace_style *style)
{
	json_t *line;

	if (!style->json)
		return end_print_text(out, model, events, audit);
	line = json_object();
	json_object_set_new(line, "event", json_string("end"));
	json_object_set_new(line, "events", json_uint(events));
	json_object_set_new(line, "lost", json_uint(model_lost(model)));
	json_object_set_new(line, "resyncs", json_uint(model->resyncs));
	json_object_set_new(line, "audit", json_audit(audit));
	json_object_set_new(line, "window", json_window(model));
	return json_line(out, line);
}
