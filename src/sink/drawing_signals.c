// SPDX-License-Identifier: GPL-2.0-only
/* Signals in a drawing: which say something, and their label. */
#include "sink/drawing_parts.h"

#include <stdio.h>
#include <string.h>

bool link_is_signals(const struct graph_link *link)
{
	return !strcmp(link->kind, "signal");
}

static const struct graph_field *field_of(const struct graph_detail *detail, const char *key)
{
	for (size_t i = 0; i < detail->count; i++)
		if (!strcmp(detail->fields[i].key, key))
			return &detail->fields[i];
	return NULL;
}

static uint64_t count_of(const struct graph_detail *detail, const char *key)
{
	const struct graph_field *field = field_of(detail, key);

	return field && field->count.known ? field->count.value : 0;
}

/* What the kernel tells every shell of every child says nothing new in a drawing, unless it hangs. */
static bool is_routine_signal(const struct graph_link *link, const struct graph_detail *detail)
{
	static const char *const routine[] = { "SIGCHLD", "SIGCONT", "SIGWINCH" };
	const char *name = field_of(detail, "signal")->text;

	if (link->from || count_of(detail, "pending") || count_of(detail, "overflow"))
		return false;
	for (size_t i = 0; i < sizeof(routine) / sizeof(routine[0]); i++)
		if (!strcmp(name, routine[i]))
			return true;
	return false;
}

bool signals_are_routine(const struct graph_link *link)
{
	if (!link_is_signals(link))
		return false;
	for (size_t i = 0; i < link->details_count; i++)
		if (!is_routine_signal(link, &link->details[i]))
			return false;
	return true;
}

/* SIGTERM ×3, SIGHUP, … */
const char *signals_label(const struct graph_link *link, char buf[DRAWING_LABEL_MAX])
{
	size_t used = 0, told = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < link->details_count; i++) {
		const struct graph_detail *detail = &link->details[i];
		uint64_t sent = count_of(detail, "sent");

		if (is_routine_signal(link, detail))
			continue;
		if (told++ == 3) {
			snprintf(buf + used, DRAWING_LABEL_MAX - used, ", …");
			break;
		}
		used += (size_t)snprintf(buf + used, DRAWING_LABEL_MAX - used, "%s%s",
					 used ? ", " : "", field_of(detail, "signal")->text);
		if (sent > 1)
			used += (size_t)snprintf(buf + used, DRAWING_LABEL_MAX - used, " ×%llu",
						 (unsigned long long)sent);
	}
	return buf;
}
