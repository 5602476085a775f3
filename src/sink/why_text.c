// SPDX-License-Identifier: GPL-2.0-only
/* why as a tree: who waits, on what, for whom, and what those wait for in turn. */
#include "sink/sink.h"

#include <string.h>

#include "sink/names.h"
#include "sink/stream.h"
#include "sink/why_words.h"
#include "util/units.h"

#define DEPTH_MAX  16
#define WAKERS_MAX 20 /* of one wait, shown */

struct tree {
	FILE *out;
	const struct model *model;
};

static void indent(const struct tree *tree, unsigned int depth)
{
	fprintf(tree->out, "%*s", (int)(depth * 4), "");
}

/* " on fd 3, pipe:[88231]" or " on any of fd 3 pipe:[5], fd 4 pipe:[6]" */
static void print_objects(const struct tree *tree, const struct wait *wait)
{
	char name[NAME_MAX_ESCAPED];
	size_t i;

	if (wait->ons_count > 1) {
		fprintf(tree->out, " on any of fd");
		for (i = 0; i < wait->ons_count && i < WAKERS_MAX; i++)
			fprintf(tree->out, "%s %d %s", i ? "," : "", wait->ons[i].fd,
				kind_name(wait->ons[i].facts.kind) ?
					kind_name(wait->ons[i].facts.kind) :
					"?");
		if (i < wait->ons_count)
			fprintf(tree->out, ", … (%zu)", wait->ons_count);
		return;
	}
	if (wait->ons_count && wait->ons[0].fd >= 0)
		fprintf(tree->out, " on fd %d,", wait->ons[0].fd);
	else if (wait->object)
		fprintf(tree->out, " on");
	if (wait->object)
		fprintf(tree->out, " %s",
			object_name(wait->object, name, sizeof(name), ESCAPE_TERMINAL));
	else if (wait->ons_count)
		fprintf(tree->out, " %s", kind_name(wait->ons[0].facts.kind));
}

/* cat[813] waits in read on fd 0, pipe:[88231], for 12.1 s */
static void print_wait(const struct tree *tree, const struct wait *wait)
{
	char who[WHO_MAX], duration[UNITS_MAX];
	const struct record_wait *row = &wait->row;

	fprintf(tree->out, "%s", who_name(wait->process, who, ESCAPE_TERMINAL));
	if (wait->tid != wait->process->key.pid)
		fprintf(tree->out, " thread %u", wait->tid);
	fprintf(tree->out, " waits in %s", wait_call(wait));
	print_objects(tree, wait);
	if (row->since && row->head.ts > row->since)
		fprintf(tree->out, ", for %s", units_duration(row->head.ts - row->since, duration));
	fputc('\n', tree->out);
}

static void print_chain(const struct tree *tree, struct wait *wait, unsigned int depth);

/* What the waker does itself. */
static void print_waker_state(const struct tree *tree, const struct wait *wait,
			      const struct waker *waker, unsigned int depth)
{
	struct wait *next = why_wait_of_waker(tree->model, waker);

	if (waker->process == wait->process && !waker->tid)
		return;
	indent(tree, depth + 1);
	if (!next || next->row.what == WAIT_RUNNING)
		fprintf(tree->out, "is running\n");
	else
		print_chain(tree, next, depth + 1);
}

/* by sleep[815], fd 1, from fork, never used */
static void print_waker(const struct tree *tree, const struct wait *wait, const struct waker *waker,
			unsigned int depth)
{
	char who[WHO_MAX], name[NAME_MAX_ESCAPED];
	const char *how = waker_how(waker);

	indent(tree, depth);
	fprintf(tree->out, "%s %s", wait->all ? "held by" : "can be ended by",
		who_name(waker->process, who, ESCAPE_TERMINAL));
	if (waker->process == wait->process)
		fprintf(tree->out, " (itself)");
	if (waker->tid)
		fprintf(tree->out, " thread %u", waker->tid);
	if (waker->hidden == HIDDEN_IN_FLIGHT)
		fprintf(tree->out, ", which could receive it: it lies in %s",
			object_name(waker->socket, name, sizeof(name), ESCAPE_TERMINAL));
	else if (waker->fd >= 0)
		fprintf(tree->out, ", fd %d%s%s", waker->fd, how ? ", from " : "", how ? how : "");
	if (waker->used == ANSWER_NO)
		fprintf(tree->out, ", never used");
	fputc('\n', tree->out);
	print_waker_state(tree, wait, waker, depth);
}

static void print_chain(const struct tree *tree, struct wait *wait, unsigned int depth)
{
	char buf[RELIEF_MAX];
	const char *relief = relief_words(tree->model, wait, buf);
	size_t i;

	print_wait(tree, wait);
	if (wait->visited || depth >= DEPTH_MAX) {
		if (wait->wakers_count) {
			indent(tree, depth + 1);
			fprintf(tree->out, "(as above)\n");
		}
		return;
	}
	wait->visited = true;
	if (relief) {
		indent(tree, depth + 1);
		fprintf(tree->out, "%s\n", relief);
	}
	for (i = 0; i < wait->wakers_count && i < WAKERS_MAX; i++)
		print_waker(tree, wait, &wait->wakers[i], depth + 1);
	if (i < wait->wakers_count) {
		indent(tree, depth + 1);
		fprintf(tree->out, "… and by %zu more\n", wait->wakers_count - i);
	}
}

/*
 * deadlock: a[812] waits for b[813], b[813] waits for a[812]: none of them can ever go on.
 *
 * a[812] waits in read on fd 3, pipe:[88231], for 12.1 s
 *     can be ended by b[813], fd 4, from fork
 *         b[813] waits in read on fd 5, pipe:[88232], for 12.1 s
 *             can be ended by a[812], fd 6, from fork
 *                 a[812] waits in read on fd 3, pipe:[88231], for 12.1 s
 *                     (as above)
 */
int why_print_text(FILE *out, const struct model *model, const struct why *why)
{
	struct tree tree = { .out = out, .model = model };
	char summary[WHY_SUMMARY_MAX];
	struct wait *wait;
	size_t i, alone = 0;

	fprintf(out, "%s: %s\n\n", verdict_name(why->verdict), why_summary(model, why, summary));
	for (wait = model->waits; wait; wait = wait->hh.next)
		wait->visited = false;
	for (i = 0; i < why->waits_count; i++) {
		wait = why->waits[i];
		if (wait->visited)
			continue;
		/* On a whole machine most wait for nobody in particular. */
		if (model->select_all && !wait->wakers_count) {
			alone++;
			continue;
		}
		print_chain(&tree, wait, 0);
	}
	if (alone)
		fprintf(out, "-- %zu more wait for no process: time, the network, a terminal, …\n",
			alone);
	return stream_status(out);
}
