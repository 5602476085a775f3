// SPDX-License-Identifier: GPL-2.0-only
/* why as a tree: who waits, on what, for whom, and what those wait for in turn. */
#include "sink/sink.h"

#include <string.h>

#include "sink/names.h"
#include "sink/stream.h"
#include "sink/why_tree.h"
#include "sink/why_words.h"

#define DEPTH_MAX 16

/* The same process by another of its descriptors, come by in the same way. */
static bool is_same_holder(const struct waker *one, const struct waker *other)
{
	return one->process == other->process && one->tid == other->tid && one->fd >= 0 &&
	       other->fd >= 0 && one->hidden == other->hidden && one->used == other->used &&
	       one->came == other->came && one->through_exec == other->through_exec;
}

static void print_ends(const struct tree *tree, struct wait *wait, unsigned int depth);

/* ", which is running", ", as above", ", but which of its threads …", ", whose thread 814 waits in futex, for 12.1 s":
 * what the waker does itself, and below it who could end that. */
static void print_waker_state(const struct tree *tree, const struct wait *wait,
			      const struct waker *waker, unsigned int depth)
{
	struct wait *next = why_wait_of_waker(tree->model, wait, waker);

	if (waker->process == wait->process && !waker->tid) {
		fputc('\n', tree->out);
	} else if (!next && why_is_unserved(tree->model, wait, waker)) {
		tree_threads(tree, waker->process, depth + 1);
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
		tree_wait(tree, next);
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

	tree_indent(tree, depth);
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
	tree_indent(tree, depth);
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
	for (i = 0; i < wait->wakers_count && shown < TREE_WIDTH && depth < DEPTH_MAX; i++) {
		if (is_told(wait, i))
			continue;
		print_waker(tree, wait, i, depth);
		shown++;
	}
	if (i < wait->wakers_count) {
		tree_indent(tree, depth);
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
	tree_wait(tree, wait);
	print_ends(tree, wait, 1);
}

static void unmark(const struct model *model)
{
	struct process *process;
	struct wait *wait;

	for (wait = model->waits; wait; wait = wait->hh.next)
		wait->visited = false;
	for (process = model->processes; process; process = process->hh.next)
		process->marked = false;
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
	unmark(model);
	for (i = 0; i < why->waits_count; i++) {
		wait = why->waits[i];
		if (wait->visited)
			continue;
		/* On a whole machine most wait for nobody in particular, or for what their own process does. */
		if (model->select_all && wait->verdict == VERDICT_WAITING && !why_waits_for_another(wait)) {
			alone++;
			continue;
		}
		if (!tree_pool(&tree, &why->waits[i], why->waits_count - i))
			print_chain(&tree, wait);
	}
	unmark(model);
	unseen_print(out, model);
	if (alone)
		fprintf(out, "-- %zu more wait for no other process: time, the network, a terminal, their own threads, …\n",
			alone);
	return stream_status(out);
}
