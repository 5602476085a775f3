// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fixpoint: who can go on frees those who wait for it, those free others in turn, and each wait is
 * freed once. What is never reached is stuck.
 */
#include "model/waker.h"

/* A wait that ends once some process, or one task of it, goes on. */
struct dependent {
	struct wait *wait;
	const struct waker *waker; /* by whom; NULL = whatever else it waits for */
	struct dependent *next;
};

struct settling {
	struct model *model;
	struct dependent *room; /* for all of them */
	size_t used;
	struct wait *freed; /* list, by .next_freed: those they hold up are not freed yet */
};

static bool awaits_children(const struct wait *wait)
{
	return wait->row.flags & WAIT_CATCHES_CHILD;
}

static size_t dependents_count(const struct model *model)
{
	const struct process *child;
	const struct wait *wait;
	size_t count = 0;

	for (wait = model->waits; wait; wait = wait->hh.next) {
		if (!wait->process || !wait->stuck)
			continue;
		count += wait->wakers_count;
		if (awaits_children(wait))
			for (child = wait->process->children; child; child = child->sibling)
				count++;
	}
	return count;
}

static void dependent_add(struct settling *settling, struct dependent **list, struct wait *wait,
			  const struct waker *waker)
{
	struct dependent *dependent = &settling->room[settling->used++];

	*dependent = (struct dependent){ .wait = wait, .waker = waker, .next = *list };
	*list = dependent;
}

/* Other locks are in its way still. */
static bool waits_for_more(struct wait *wait, const struct waker *waker)
{
	if (!wait->parts || !waker)
		return false;
	wait->parts_left &= ~(1ull << waker->part);
	return wait->parts_left;
}

static void wait_free_from(struct settling *settling, struct wait *wait, const struct waker *waker)
{
	if (!wait->stuck || waits_for_more(wait, waker))
		return;
	wait->stuck = false;
	wait->relief = RELIEF_WAKER;
	wait->next_freed = settling->freed;
	settling->freed = wait;
}

static void wait_depend(struct settling *settling, struct wait *wait)
{
	struct process *child;
	struct wait *other;
	size_t i;

	wait->parts_left = wait->parts < 64 ? (1ull << wait->parts) - 1 : UINT64_MAX;
	for (i = 0; i < wait->wakers_count; i++) {
		const struct waker *waker = &wait->wakers[i];

		other = waker->tid ? task_wait(settling->model, waker->tid) : NULL;
		dependent_add(settling, other ? &other->dependents : &waker->process->dependents, wait, waker);
	}
	/* A handler of SIGCHLD may act for whoever waits. */
	if (awaits_children(wait))
		for (child = wait->process->children; child; child = child->sibling)
			dependent_add(settling, &child->dependents, wait, NULL);
}

static void list_free_from(struct settling *settling, const struct dependent *list)
{
	for (; list; list = list->next)
		wait_free_from(settling, list->wait, list->waker);
}

/* It has a task that can go on. */
static void process_goes_on(struct settling *settling, struct process *process)
{
	if (process->marked)
		return;
	process->marked = true;
	list_free_from(settling, process->dependents);
}

static void task_goes_on(struct settling *settling, struct wait *wait)
{
	list_free_from(settling, wait->dependents);
	process_goes_on(settling, wait->process);
}

/* A process that nobody has looked at, or one of its tasks: it may go on. */
static bool has_unseen(const struct model *model, const struct process *process)
{
	const struct wait *wait;
	const struct task *task;

	DL_FOREACH2(process->tasks, task, process_next) {
		wait = task_wait(model, task->tid);
		if (!wait || wait->process != process)
			return true;
	}
	return !process->tasks;
}

static void clear(struct model *model)
{
	struct process *process;
	struct wait *wait;

	for (process = model->processes; process; process = process->hh.next) {
		process->marked = false;
		process->dependents = NULL;
	}
	for (wait = model->waits; wait; wait = wait->hh.next)
		wait->dependents = NULL;
}

static void spread(struct settling *settling)
{
	struct process *process;
	struct wait *wait;

	for (wait = settling->model->waits; wait; wait = wait->hh.next)
		if (wait->process && wait->relief != RELIEF_NONE && wait->relief != RELIEF_WAKER)
			task_goes_on(settling, wait);
	for (process = settling->model->processes; process; process = process->hh.next)
		if (has_unseen(settling->model, process))
			process_goes_on(settling, process);
	while ((wait = settling->freed)) {
		settling->freed = wait->next_freed;
		task_goes_on(settling, wait);
	}
}

int why_settle(struct model *model)
{
	struct settling settling = { .model = model };
	struct wait *wait;

	settling.room = calloc(dependents_count(model) + 1, sizeof(*settling.room));
	if (!settling.room)
		return -ENOMEM;
	clear(model);
	for (wait = model->waits; wait; wait = wait->hh.next)
		if (wait->process && wait->stuck)
			wait_depend(&settling, wait);
	spread(&settling);
	free(settling.room);
	clear(model);
	return 0;
}
