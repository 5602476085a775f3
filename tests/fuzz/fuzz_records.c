// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes everything behind the decoder: input is records, one after another, as a recording holds
 * them behind its header. What record_check() lets pass goes through the model, the mechanisms and
 * every sink. Besides not crashing, what comes out must be harmless: no control character in text,
 * and JSON that parses.
 */
#include "model/internal.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <spawn.h>
#include <stdio.h>

#include "model/graph.h"
#include "sink/sink.h"

#define ALL_MECHANISMS (~0ull)

/* More than one input needs; what is printed over and over would only slow the search. */
#define RECORDS_MAX 64

/* In place of the C library's: no dot(1), which would take nine tenths of the time, and prints nothing
 * that the DOT sink has not printed. */
int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
		 const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	return ENOENT;
}

struct output_text {
	char *bytes;
	size_t len;
};

static FILE *text_open(struct output_text *text)
{
	FILE *out = open_memstream(&text->bytes, &text->len);

	if (!out)
		abort();
	return out;
}

/* Only what ipctrace itself prints to lay out lines may be there; UTF-8 has no byte below 0x80. */
static void must_be_harmless(const struct output_text *text)
{
	for (size_t i = 0; i < text->len; i++)
		if (iscntrl((unsigned char)text->bytes[i]) && text->bytes[i] != '\n' &&
		    text->bytes[i] != '\t')
			abort();
}

static void must_be_json(const struct output_text *text)
{
	json_error_t error;
	json_t *value = json_loadb(text->bytes, text->len, JSON_REJECT_DUPLICATES, &error);

	if (!value)
		abort();
	json_decref(value);
}

static void print_event(const struct event *event, bool json)
{
	struct trace_style style = { .json = json };
	struct output_text text;
	FILE *out = text_open(&text);

	trace_event_print(out, event, &style);
	fclose(out);
	if (json)
		must_be_json(&text);
	else
		must_be_harmless(&text);
	free(text.bytes);
}

enum report { FDS_TEXT, FDS_JSON, GRAPH_TEXT, GRAPH_JSON, GRAPH_DOT, GRAPH_MERMAID, GRAPH_HTML, REPORTS };

static void print_one(FILE *out, const struct model *model, const struct graph *graph,
		      enum report report)
{
	switch (report) {
	case FDS_TEXT: fds_print_text(out, model, false); break;
	case FDS_JSON: fds_print_json(out, model); break;
	case GRAPH_TEXT: graph_print_text(out, model, graph); break;
	case GRAPH_JSON: graph_print_json(out, model, graph, NULL); break;
	case GRAPH_DOT: graph_print_dot(out, model, graph); break;
	case GRAPH_MERMAID: graph_print_mermaid(out, model, graph); break;
	default: graph_print_html(out, model, graph);
	}
}

static void print_report(const struct model *model, const struct graph *graph, enum report report)
{
	struct output_text text;
	FILE *out = text_open(&text);

	print_one(out, model, graph, report);
	fclose(out);
	if (report == FDS_JSON || report == GRAPH_JSON)
		must_be_json(&text);
	else
		must_be_harmless(&text);
	free(text.bytes);
}

static void take(struct model *model, const struct record *record, bool json)
{
	struct change change = { 0 };
	struct event event = { 0 };

	if (model_apply(model, record, &change))
		abort(); /* memory was there */
	if (mechanism_event(model, record, &change, ALL_MECHANISMS, &event))
		print_event(&event, json);
}

static void take_all(struct model *model, const unsigned char *data, size_t size, bool json)
{
	static union {
		struct record head;
		unsigned char bytes[RECORD_SIZE_MAX];
	} record;
	int taken = 0;

	while (size >= sizeof(struct record) && taken++ < RECORDS_MAX) {
		size_t len = ((const struct record *)data)->size;

		if (len > size || len > sizeof(record.bytes))
			len = size < sizeof(record.bytes) ? size : sizeof(record.bytes);
		memcpy(record.bytes, data, len);
		if (!record_check(&record.head, len))
			take(model, &record.head, json);
		else
			len = sizeof(uint64_t);
		if (!len)
			break;
		data += len;
		size -= len;
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct model *model = model_new(), *other = model_new();
	struct graph graph = { 0 };
	struct audit audit = { 0 };
	size_t choice = size ? data[size - 1] : 0;

	if (!model || !other)
		abort();
	/* One report of each input, or the printing would take all the time. */
	take_all(model, data, size, choice & 1);
	if (graph_build(model, choice & 2, &graph))
		abort();
	print_report(model, &graph, choice / 4 % REPORTS);
	graph_free(&graph);
	if (!audit_compare(model, other, &audit))
		audit_free(&audit);
	model_forget(model, UINT64_MAX);
	model_free(other);
	model_free(model);
	return 0;
}
