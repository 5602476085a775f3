// SPDX-License-Identifier: GPL-2.0-only
/* With which task of a waker a chain of waits goes on. */
#include "model/waker.h"

struct wait *why_wait_of_task(const struct model *model, const struct process *process, const struct task *task)
{
	struct wait *wait = task_wait(model, task->tid);

	return wait && wait->process == process && wait->row.what != WAIT_RUNNING ? wait : NULL;
}

/* One that is stuck says most, then the main thread. */
static bool is_better(const struct wait *wait, const struct wait *best)
{
	return !best || wait->stuck > best->stuck ||
	       (wait->stuck == best->stuck && wait->tid == wait->process->key.pid);
}

struct wait *why_wait_of(const struct model *model, const struct process *process)
{
	struct wait *wait, *best = NULL;
	const struct task *task;

	DL_FOREACH2(process->tasks, task, process_next) {
		wait = why_wait_of_task(model, process, task);
		if (wait && is_better(wait, best))
			best = wait;
	}
	return best;
}

static const struct description *acted_on(const struct waker *waker)
{
	const struct slot *slot = waker->process->table ? table_slot(waker->process->table, waker->fd) : NULL;

	return slot ? slot->description : NULL;
}

/* Does it wait on what the waker would act through: the descriptor, or that end of the object by another number? */
static bool serves(const struct model *model, const struct wait *wait, const struct waker *waker,
		   const struct description *description)
{
	const struct wait_on *on;
	size_t i;

	for (i = 0; i < wait->ons_count; i++) {
		on = &wait->ons[i];
		if (on->fd == waker->fd)
			return true;
		if (description && on->facts.fmode & description->fmode & (ACCESS_READ | ACCESS_WRITE) &&
		    object_at(model, &on->facts) == description->object)
			return true;
	}
	return false;
}

static struct wait *serving_wait(const struct model *model, const struct waker *waker)
{
	const struct description *description = acted_on(waker);
	struct wait *wait, *best = NULL;
	const struct task *task;

	DL_FOREACH2(waker->process->tasks, task, process_next) {
		wait = why_wait_of_task(model, waker->process, task);
		if (wait && serves(model, wait, waker, description) && is_better(wait, best))
			best = wait;
	}
	return best;
}

static bool are_all_stuck(const struct model *model, const struct process *process)
{
	const struct task *task;
	const struct wait *wait;

	DL_FOREACH2(process->tasks, task, process_next) {
		wait = why_wait_of_task(model, process, task);
		if (!wait || !wait->stuck)
			return false;
	}
	return true;
}

/* Threads share what is behind a descriptor; of a whole process, a word in memory or itself nothing tells. */
static bool is_served_by_one(const struct wait *wait, const struct waker *waker)
{
	return !waker->tid && waker->fd >= 0 && wait->row.what != WAIT_FUTEX && waker->process != wait->process &&
	       waker->process->tasks && !is_alone(waker->process);
}

bool why_is_unserved(const struct model *model, const struct wait *wait, const struct waker *waker)
{
	return is_served_by_one(wait, waker) && !serving_wait(model, waker) &&
	       !are_all_stuck(model, waker->process);
}

struct wait *why_wait_of_waker(const struct model *model, const struct wait *wait, const struct waker *waker)
{
	struct wait *serving;

	if (waker->tid)
		return task_wait(model, waker->tid);
	serving = is_served_by_one(wait, waker) ? serving_wait(model, waker) : NULL;
	if (serving)
		return serving;
	return why_is_unserved(model, wait, waker) ? NULL : why_wait_of(model, waker->process);
}
