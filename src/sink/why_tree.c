// SPDX-License-Identifier: GPL-2.0-only
/* The lines of why's tree: what one task waits on, and what the threads of a process do. */
#include "sink/why_tree.h"

#include "sink/names.h"
#include "sink/why_words.h"
#include "util/units.h"

#define CROWDS_MAX 5 /* kinds of waits of one process, shown */
#define CROWD_SHOWN 3 /* threads of one kind, named */

void tree_indent(const struct tree *tree, unsigned int depth)
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
		for (i = 0; i < wait->ons_count && i < TREE_WIDTH; i++)
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

/* " on fd 3, pipe:[88231], for 12.1 s"; "wait" where several do. */
static void print_state(const struct tree *tree, const struct wait *wait, bool are_many)
{
	char duration[UNITS_MAX];
	const struct record_wait *row = &wait->row;

	if (row->what == WAIT_STOPPED) {
		fprintf(tree->out, are_many ? " are stopped" : " is stopped");
	} else {
		fprintf(tree->out, are_many ? " wait in %s" : " waits in %s", wait_call(wait));
		print_objects(tree, wait);
	}
	if (row->since && row->head.ts > row->since)
		fprintf(tree->out, are_many ? ", for up to %s" : ", for %s",
			units_duration(row->head.ts - row->since, duration));
	fputc('\n', tree->out);
}

void tree_wait(const struct tree *tree, const struct wait *wait)
{
	print_state(tree, wait, false);
}

/* --- threads ----------------------------------------------------------------------------------- */

/* Threads that wait alike. */
struct crowd {
	const struct wait *wait; /* of the first; NULL = they run */
	uint32_t tids[CROWD_SHOWN]; /* those that do so for longest first */
	uint64_t since[CROWD_SHOWN];
	size_t count;
};

static void crowd_add(struct crowd *crowd, const struct wait *wait, uint32_t tid)
{
	uint64_t since = wait ? wait->row.since : 0;
	size_t at = crowd->count < CROWD_SHOWN ? crowd->count : CROWD_SHOWN, i;

	while (at && since < crowd->since[at - 1])
		at--;
	for (i = CROWD_SHOWN - 1; i > at; i--) {
		crowd->tids[i] = crowd->tids[i - 1];
		crowd->since[i] = crowd->since[i - 1];
	}
	if (at < CROWD_SHOWN) {
		crowd->tids[at] = tid;
		crowd->since[at] = since;
	}
	if (!at)
		crowd->wait = wait;
	crowd->count++;
}

/* As far as a line tells. */
static bool are_alike(const struct wait *one, const struct wait *other)
{
	size_t i;

	if (!one || !other)
		return one == other;
	if (one->row.what != other->row.what || one->row.nr != other->row.nr || one->object != other->object ||
	    one->room_at != other->room_at || one->ons_count != other->ons_count)
		return false;
	if ((one->row.what == WAIT_SEM || one->row.what == WAIT_MSG_SEND || one->row.what == WAIT_MSG_RECEIVE) &&
	    one->row.arg[0] != other->row.arg[0])
		return false;
	for (i = 0; i < one->ons_count; i++)
		if (one->ons[i].fd != other->ons[i].fd || one->ons[i].facts.kind != other->ons[i].facts.kind)
			return false;
	return true;
}

/* "thread 812", "threads 812, 813, 814 and 9 more" */
static void print_tids(const struct tree *tree, const struct crowd *crowd)
{
	size_t i;

	fprintf(tree->out, crowd->count > 1 ? "threads" : "thread");
	for (i = 0; i < crowd->count && i < CROWD_SHOWN; i++)
		fprintf(tree->out, "%s %u", i ? "," : "", crowd->tids[i]);
	if (i < crowd->count)
		fprintf(tree->out, " and %zu more", crowd->count - i);
}

static void print_crowd(const struct tree *tree, const struct crowd *crowd)
{
	print_tids(tree, crowd);
	if (crowd->wait)
		print_state(tree, crowd->wait, crowd->count > 1);
	else
		fprintf(tree->out, crowd->count > 1 ? " are running\n" : " is running\n");
}

/* Returns how many threads found no room. */
static size_t crowds_find(const struct tree *tree, const struct process *process, struct crowd crowds[CROWDS_MAX])
{
	const struct task *task;
	size_t used = 0, more = 0, i;

	DL_FOREACH2(process->tasks, task, process_next) {
		const struct wait *wait = why_wait_of_task(tree->model, process, task);

		for (i = 0; i < used && !are_alike(crowds[i].wait, wait); i++)
			;
		if (i == CROWDS_MAX) {
			more++;
			continue;
		}
		crowd_add(&crowds[i], wait, task->tid);
		used += i == used;
	}
	return more;
}

void tree_threads(const struct tree *tree, struct process *process, unsigned int depth)
{
	struct crowd crowds[CROWDS_MAX] = { 0 };
	size_t more, i;

	if (process->marked) {
		fprintf(tree->out, ", as above\n");
		return;
	}
	process->marked = true;
	fprintf(tree->out, ", but which of its threads serves that is not known:\n");
	more = crowds_find(tree, process, crowds);
	for (i = 0; i < CROWDS_MAX && crowds[i].count; i++) {
		tree_indent(tree, depth);
		print_crowd(tree, &crowds[i]);
	}
	if (more) {
		tree_indent(tree, depth);
		fprintf(tree->out, "… and %zu more\n", more);
	}
}

/* --- pools ------------------------------------------------------------------------------------- */

/* Only another thread of its process can wake it, and which of them isn't known. */
static bool is_for_own_threads(const struct wait *wait)
{
	return wait->row.what == WAIT_FUTEX && wait->row.flags & WAIT_FUTEX_PRIVATE &&
	       !(wait->row.flags & (WAIT_CUT | WAIT_MEMORY_SHARED)) && !wait->stuck && wait->wakers_count == 1 &&
	       wait->wakers[0].process == wait->process && !wait->wakers[0].tid;
}

static bool is_of_pool(const struct wait *wait, const struct wait *first)
{
	return wait->process == first->process && !wait->visited && is_for_own_threads(wait) &&
	       (wait->row.flags & WAIT_BOUNDED) == (first->row.flags & WAIT_BOUNDED);
}

bool tree_pool(const struct tree *tree, struct wait *const *waits, size_t count)
{
	char who[WHO_MAX];
	struct crowd crowd = { 0 };
	size_t i;

	if (!is_for_own_threads(waits[0]))
		return false;
	for (i = 0; i < count; i++)
		if (is_of_pool(waits[i], waits[0]))
			crowd_add(&crowd, waits[i], waits[i]->tid);
	if (crowd.count < 2)
		return false;
	fprintf(tree->out, "%s ", who_name(waits[0]->process, who, ESCAPE_TERMINAL));
	print_tids(tree, &crowd);
	fprintf(tree->out, " wait in %s, each to be woken by another of its threads%s\n", wait_call(waits[0]),
		waits[0]->row.flags & WAIT_BOUNDED ? ", or by a timeout or a timer" : "");
	for (i = count; i--;)
		if (is_of_pool(waits[i], waits[0]))
			waits[i]->visited = true;
	return true;
}
