// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds an object, and how each came by it: in a table, or as one who could receive it, the
 * descriptor lying in a socket's queue. What objects mean is not known here.
 */
#include "model/waker.h"

#define FLIGHT_DEPTH 4 /* a socket in the queue of a socket in the queue of … */

/* Whoever holds the same description at the same number and lived before it handed it down. */
static bool is_inherited(const struct model *model, const struct process *process, unsigned int fd,
			 const struct description *description)
{
	const struct process *parent = model_process_by_pid(model, process->ppid);
	const struct slot *slot = parent && parent->table ? table_slot(parent->table, fd) : NULL;

	return slot && slot->description == description &&
	       parent->key.start_ns <= process->key.start_ns;
}

/* Times of files are those of the last tick, up to 10 ms old. */
#define TICK_NS 20000000

/* None of its threads, now or before, not one that moves data without a write() at this moment. */
static bool wrote_nothing(const struct model *model, const struct process *process)
{
	const struct wait *wait;
	const struct task *task;

	DL_FOREACH2(process->tasks, task, process_next) {
		wait = task_wait(model, task->tid);
		if (!wait || !(wait->row.flags & WAIT_WROTE_NOTHING) ||
		    wait->row.what == WAIT_SPLICE || wait->row.what == WAIT_SENDFILE)
			return false;
	}
	return process->tasks;
}

/* A pipe that was last written to before the process began was never written by it, nor was any by one
 * that never wrote at all. */
static enum answer was_used(const struct model *model, const struct wait_on *on,
			    const struct process *process)
{
	if (!on || on->facts.kind != FILE_PIPE || !(on->facts.fmode & ACCESS_READ))
		return ANSWER_UNKNOWN;
	if (on->written && on->written + TICK_NS < process->key.start_ns)
		return ANSWER_NO;
	return wrote_nothing(model, process) ? ANSWER_NO : ANSWER_UNKNOWN;
}

static int slot_add(struct search *search, struct process *process, const struct holding *holding)
{
	const struct slot *slot = holding->slot;
	struct waker *waker = waker_add(search->wait, process);

	if (!waker)
		return -ENOMEM;
	waker->fd = (int)holding->fd;
	waker->came = slot->came;
	if (slot->came == CAME_UNKNOWN &&
	    is_inherited(search->model, process, holding->fd, slot->description))
		waker->came = CAME_FORK;
	waker->through_exec = slot->through_exec;
	waker->used = was_used(search->model, search->on, process);
	return 0;
}

static bool is_sought(const struct search *search, const struct description *description)
{
	if (search->side && description->is_master != (search->side == TERMINAL_MASTER))
		return false;
	return description->object == search->object && description != search->but &&
	       (!search->only || description == search->only) &&
	       (!search->access || description->fmode & search->access);
}

static bool has_mapped(const struct search *search, const struct process *process)
{
	const struct endpoint *endpoint = model_endpoint(search->model, process, search->object);

	return endpoint && endpoint->maps;
}

static int holding_add(struct search *search, const struct holding *holding)
{
	const struct table_user *user;

	if (!is_sought(search, holding->slot->description))
		return 0;
	DL_FOREACH(holding->table->users, user) {
		search->found++;
		if (search->unmapped && has_mapped(search, user->process))
			continue;
		if (slot_add(search, user->process, holding))
			return -ENOMEM;
	}
	/* A table that no task uses any more is about to go; till then nobody can say. */
	if (!holding->table->users)
		relieve(search->wait, RELIEF_AWAKE);
	return 0;
}

static int search_at(struct search *search, unsigned int depth);

/* The socket in whose queue a descriptor lies. */
static struct object *socket_of_queue(const struct model *model, uint64_t ino)
{
	const struct description *description;

	for (description = model->descriptions; ino && description;
	     description = description->hh.next)
		if (description->object->key.ino == ino &&
		    description->object->key.kind == FILE_UNIX)
			return description->object;
	return NULL;
}

/* Whoever could receive the descriptor could use it then. */
static int receivers_add(struct search *search, uint64_t socket_ino, unsigned int depth)
{
	struct object *socket = socket_of_queue(search->model, socket_ino);
	struct search receivers = {
		.model = search->model,
		.wait = search->wait,
		.object = socket,
	};
	size_t before = search->wait->wakers_count, i;

	if (!socket || depth >= FLIGHT_DEPTH) {
		relieve(search->wait, RELIEF_HIDDEN);
		return 0;
	}
	if (search_at(&receivers, depth + 1))
		return -ENOMEM;
	for (i = before; i < search->wait->wakers_count; i++) {
		search->wait->wakers[i].hidden = HIDDEN_IN_FLIGHT;
		search->wait->wakers[i].socket = socket;
	}
	if (before == search->wait->wakers_count)
		relieve(search->wait, RELIEF_HIDDEN);
	search->found++;
	return 0;
}

static int flights_add(struct search *search, unsigned int depth)
{
	const struct description *description;
	const struct passing *passing;

	if (!search->object->in_flight)
		return 0;
	DL_FOREACH2(search->object->descriptions, description, object_next) {
		if (!is_sought(search, description))
			continue;
		DL_FOREACH(description->in_flight, passing)
			if (receivers_add(search, passing->socket_ino, depth))
				return -ENOMEM;
	}
	return 0;
}

static int search_at(struct search *search, unsigned int depth)
{
	const struct holding *holding;

	for (holding = search->object->holdings; holding; holding = holding->next)
		if (holding_add(search, holding))
			return -ENOMEM;
	return flights_add(search, depth);
}

int holders_find(struct search *search)
{
	return search_at(search, 0);
}

