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

/* ", until unix:[815] (/run/app.sock) has room" */
static void print_room(const struct tree *tree, const struct object *object)
{
	char name[NAME_MAX_ESCAPED];

	fprintf(tree->out, ", until %s",
		object_words(object, name, sizeof(name), ESCAPE_TERMINAL));
	fputs(" has room", tree->out);
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
			fprintf(tree->out, ", … (%zu%s)", wait->ons_count,
				wait->row.flags & WAIT_CUT ? " and more" : "");
		return;
	}
	/* As the task calls it; in which IPC namespace isn't known. */
	if (wait->row.what == WAIT_SEM)
		fprintf(tree->out, " on semaphore set %d", (int)wait->row.arg[0]);
	if (wait->row.what == WAIT_MSG_SEND || wait->row.what == WAIT_MSG_RECEIVE)
		fprintf(tree->out, " on message queue %d", (int)wait->row.arg[0]);
	if (wait->ons_count && wait->ons[0].fd >= 0)
		fprintf(tree->out, " on fd %d,", wait->ons[0].fd);
	else if (wait->object || wait->ons_count)
		fprintf(tree->out, " on");
	if (wait->object)
		fprintf(tree->out, " %s",
			object_words(wait->object, name, sizeof(name), ESCAPE_TERMINAL));
	else if (wait->ons_count)
		fprintf(tree->out, " %s", kind_name(wait->ons[0].facts.kind));
	if (wait->room_at)
		print_room(tree, wait->room_at);
}

/* The same process by another of its descriptors, come by in the same way. */
static bool is_same_holder(const struct waker *one, const struct waker *other)
{
	return one->process == other->process && one->tid == other->tid && one->fd >= 0 &&
	       other->fd >= 0 && one->hidden == other->hidden && one->used == other->used &&
	       one->came == other->came && one->through_exec == other->through_exec;
}

/* " waits in read on fd 0, pipe:[88231], for 12.1 s", " is stopped, for 3.0 s" */
static void print_wait(const struct tree *tree, const struct wait *wait)
{
	char duration[UNITS_MAX];
	const struct record_wait *row = &wait->row;

	if (row->what == WAIT_STOPPED) {
		fprintf(tree->out, " is stopped");
	} else {
		fprintf(tree->out, " waits in %s", wait_call(wait));
		print_objects(tree, wait);
	}
	if (row->since && row->head.ts > row->since)
		fprintf(tree->out, ", for %s", units_duration(row->head.ts - row->since, duration));
	fputc('\n', tree->out);
}

static void print_ends(const struct tree *tree, struct wait *wait, unsigned int depth);

/* ", which is running", ", as above", ", whose thread 814 waits in futex, for 12.1 s": what the waker
 * does itself, and below it who could end that. */
static void print_waker_state(const struct tree *tree, const struct wait *wait,
			      const struct waker *waker, unsigned int depth)
{
	struct wait *next = why_wait_of_waker(tree->model, waker);

	if (waker->process == wait->process && !waker->tid) {
		fputc('\n', tree->out);
	} else if (!next || next->row.what == WAIT_RUNNING) {
		fprintf(tree->out, ", which is running\n");
	} else if (next->visited) {
		fprintf(tree->out, ", as above\n");
	} else {
		fprintf(tree->out, ",");
		if (next->tid == waker->process->key.pid)
			fprintf(tree->out, " which");
		else
			fprintf(tree->out, " whose thread %u", next->tid);
		print_wait(tree, next);
		print_ends(tree, next, depth + 1);
	}
}

/* ", fd 1, from fork, never used"; where it has several: ", fds 1, 2" */
static void print_hold(const struct tree *tree, const struct wait *wait, size_t first)
{
	const struct waker *waker = &wait->wakers[first];
	const char *how = waker_how(waker);
	size_t i, more = 0;

	for (i = first + 1; i < wait->wakers_count; i++)
		more += is_same_holder(waker, &wait->wakers[i]);
	fprintf(tree->out, more ? ", fds %d" : ", fd %d", waker->fd);
	for (i = first + 1; i < wait->wakers_count; i++)
		if (is_same_holder(waker, &wait->wakers[i]))
			fprintf(tree->out, ", %d", wait->wakers[i].fd);
	if (how)
		fprintf(tree->out, ", from %s", how);
}

static void print_itself(const struct tree *tree, const struct wait *wait)
{
	if (wait->row.what == WAIT_FUTEX)
		fprintf(tree->out, wait->process->tasks && wait->process->tasks->process_next ?
					   " (another of its threads)" : " (itself)");
	else
		fprintf(tree->out, " (itself)");
}

/* can be ended by sleep[815], fd 1, from fork, never used, which waits in … */
static void print_waker(const struct tree *tree, const struct wait *wait, size_t i,
			unsigned int depth)
{
	char who[WHO_MAX], name[NAME_MAX_ESCAPED];
	const struct waker *waker = &wait->wakers[i];

	indent(tree, depth);
	fprintf(tree->out, "%s %s", wait->all ? "held by" : "can be ended by",
		who_name(waker->process, who, ESCAPE_TERMINAL));
	if (waker->process == wait->process && !waker->tid)
		print_itself(tree, wait);
	if (waker->tid)
		fprintf(tree->out, " thread %u", waker->tid);
	if (waker->hidden == HIDDEN_IN_FLIGHT)
		fprintf(tree->out, ", which could receive it: it lies in %s",
			object_name(waker->socket, name, sizeof(name), ESCAPE_TERMINAL));
	else if (waker->fd >= 0)
		print_hold(tree, wait, i);
	if (waker->fd >= 0 && wait->row.what == WAIT_FUTEX)
		fprintf(tree->out, ", which could map it");
	if (waker->used == ANSWER_NO)
		fprintf(tree->out, ", never used");
	if (waker->used == ANSWER_YES)
		fprintf(tree->out, ", the last to use it");
	print_waker_state(tree, wait, waker, depth);
}

/* Told already, with another of its descriptors. */
static bool is_told(const struct wait *wait, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (is_same_holder(&wait->wakers[j], &wait->wakers[i]))
			return true;
	return false;
}

static void print_line(const struct tree *tree, const char *words, unsigned int depth)
{
	indent(tree, depth);
	fprintf(tree->out, "%s\n", words);
}

/* What else than its wakers; of two timers it is said once. */
static void print_relief(const struct tree *tree, const struct wait *wait, unsigned int depth)
{
	char bufs[1 + WAIT_OUTSIDES_MAX][RELIEF_MAX];
	const char *relief = relief_words(tree->model, wait, bufs[0]);
	unsigned int i, j;

	if (relief)
		print_line(tree, relief, depth);
	for (i = 1; i <= wait->outsides_count; i++) {
		outside_words(tree->model, wait, i - 1, bufs[i]);
		for (j = 1; j < i && strcmp(bufs[j], bufs[i]); j++)
			;
		if (j == i && !(relief && !strcmp(relief, bufs[i])))
			print_line(tree, bufs[i], depth);
	}
	if (wait->outsides_more)
		print_line(tree, "… and others outside", depth);
}

/* Below a wait: what ends it. */
static void print_ends(const struct tree *tree, struct wait *wait, unsigned int depth)
{
	size_t i, shown = 0;

	wait->visited = true;
	print_relief(tree, wait, depth);
	for (i = 0; i < wait->wakers_count && shown < WAKERS_MAX && depth < DEPTH_MAX; i++) {
		if (is_told(wait, i))
			continue;
		print_waker(tree, wait, i, depth);
		shown++;
	}
	if (i < wait->wakers_count) {
		indent(tree, depth);
		fprintf(tree->out, "… and by %zu more\n", wait->wakers_count - i);
	}
}

/* cat[813] waits in read on fd 0, pipe:[88231], for 12.1 s */
static void print_chain(const struct tree *tree, struct wait *wait)
{
	char who[WHO_MAX];

	fprintf(tree->out, "%s", who_name(wait->process, who, ESCAPE_TERMINAL));
	if (wait->tid != wait->process->key.pid)
		fprintf(tree->out, " thread %u", wait->tid);
	print_wait(tree, wait);
	print_ends(tree, wait, 1);
}

/*
 * deadlock: a[812] waits for b[813], b[813] waits for a[812]: none of them can ever go on.
 *
 * a[812] waits in read on fd 3, pipe:[88231], for 12.1 s
 *     can be ended by b[813], fd 4, from fork, which waits in read on fd 5, pipe:[88232], for 12.1 s
 *         can be ended by a[812], fd 6, from fork, as above
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
		print_chain(&tree, wait);
	}
	unseen_print(out, model);
	if (alone)
		fprintf(out, "-- %zu more wait for no process: time, the network, a terminal, …\n",
			alone);
	return stream_status(out);
}
