// SPDX-License-Identifier: GPL-2.0-only
/* Findings for people: what, where, who, and how to mend it. */
#include "sink/sink.h"

#include <string.h>

#include "sink/names.h"
#include "sink/stream.h"
#include "util/escape.h"

#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define BOLD   "\033[1m"
#define PLAIN  "\033[0m"

static const char *severity_color(enum severity severity)
{
	switch (severity) {
	case SEVERITY_ERROR: return RED;
	case SEVERITY_WARNING: return YELLOW;
	case SEVERITY_NOTE: return BOLD;
	}
	return "";
}

/*
 * error: reader-holds-writer: sort[813] pipe:[88231]
 *     sort[813] reads this pipe and keeps its write end open too …
 *     fix: Close the write end in the reader, before its first read.
 */
static void finding_print(FILE *out, const struct finding *finding, bool color)
{
	char who[WHO_MAX], object[NAME_MAX_ESCAPED];

	fprintf(out, "%s%s%s: %s:", color ? severity_color(finding->rule->severity) : "",
		severity_name(finding->rule->severity), color ? PLAIN : "", finding->rule->id);
	if (finding->process)
		fprintf(out, " %s", who_name(finding->process, who, ESCAPE_TERMINAL));
	if (finding->object)
		fprintf(out, " %s",
			object_name(finding->object, object, sizeof(object), ESCAPE_TERMINAL));
	fputs("\n    ", out);
	escape_print(out, ESCAPE_TERMINAL, finding->message, strlen(finding->message));
	fprintf(out, "\n    fix: %s\n", finding->rule->fix);
}

static size_t count_of(const struct findings *findings, enum severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->items[i].rule->severity == severity;
	return count;
}

/* -- 3 findings (1 error, 2 warnings, 0 notes), 0 events lost, 0 resyncs */
int check_print_text(FILE *out, const struct model *model, const struct findings *findings,
		     bool color)
{
	size_t errors = count_of(findings, SEVERITY_ERROR);
	size_t warnings = count_of(findings, SEVERITY_WARNING);
	size_t notes = count_of(findings, SEVERITY_NOTE);

	for (size_t i = 0; i < findings->count; i++)
		finding_print(out, &findings->items[i], color);
	if (findings->count)
		unseen_print(out, model);
	fprintf(out, "-- %zu finding%s (%zu error%s, %zu warning%s, %zu note%s), ", findings->count,
		findings->count == 1 ? "" : "s", errors, errors == 1 ? "" : "s", warnings,
		warnings == 1 ? "" : "s", notes, notes == 1 ? "" : "s");
	loss_print(out, model);
	fprintf(out, ", %u resyncs\n", model->resyncs);
	/* That nothing was found is to be read first. */
	if (!findings->count)
		unseen_print(out, model);
	return stream_status(out);
}
