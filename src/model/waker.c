// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who could wake a task. Wherever the picture may have a gap the wait gets a relief, since a waker too
 * many costs an answer, and one too few makes a deadlock of a pause. Here: what is no file.
 */
#include "model/waker.h"

#include <sys/syscall.h>
#include <sys/wait.h>

#define FUTEX_OWNER    0x3fffffffu /* include/uapi/linux/futex.h: FUTEX_TID_MASK, FUTEX_WAITERS */
#define FUTEX_WAITERS  0x80000000u
#define FUTEX_COMMAND  127
#define FUTEX_LOCK_PI  6
#define FUTEX_LOCK_PI2 13

void relieve(struct wait *wait, enum relief relief)
{
	if (wait->relief == RELIEF_NONE)
		wait->relief = relief;
}

void relieve_outside(struct wait *wait, const struct object *object)
{
	unsigned int i;

	relieve(wait, RELIEF_OUTSIDE);
	for (i = 0; i < wait->outsides_count; i++)
		if (wait->outsides[i] == object)
			return;
	if (i < WAIT_OUTSIDES_MAX)
		wait->outsides[wait->outsides_count++] = object;
	else
		wait->outsides_more = true;
}

/* Room for 1, 2, 4, 8, … : what has many holders is added to one by one. */
static bool is_full(size_t count)
{
	return !(count & (count - 1));
}

struct waker *waker_add(struct wait *wait, struct process *process)
{
	size_t count = wait->wakers_count;
	struct waker *wakers = wait->wakers;

	if (is_full(count)) {
		wakers = reallocarray(wakers, count ? count * 2 : 1, sizeof(*wakers));
		if (!wakers)
			return NULL;
		wait->wakers = wakers;
	}
	wakers[count] = (struct waker){ .process = process, .fd = -1 };
	wait->wakers_count++;
	return &wakers[count];
}

struct wait *task_wait(const struct model *model, uint32_t tid)
{
	struct wait *wait;

	HASH_FIND(hh, model->waits, &tid, sizeof(tid), wait);
	return wait && wait->look == model->wait_looks ? wait : NULL;
}

/* A word with an owner in it, as priority-inheriting and robust mutexes have: only that task can
 * unlock. The kernel demands it of the first; of the second the bit for waiters tells. */
static uint32_t futex_owner(const struct wait *wait)
{
	uint32_t command = wait->row.arg[1] & FUTEX_COMMAND, value = wait->row.value;

	if (wait->row.flags & WAIT_NAMESPACED || !(wait->row.flags & WAIT_FUTEX_READ) ||
	    !(value & FUTEX_WAITERS))
		return 0;
	if (command == FUTEX_LOCK_PI || command == FUTEX_LOCK_PI2 ||
	    (uint32_t)wait->row.arg[2] == value)
		return value & FUTEX_OWNER;
	return 0;
}

/* Of what has no name and is in nobody's reach but theirs who have it mapped or open, those are all. */
static bool is_closed_to_others(const struct model *model, const struct wait *wait,
				const struct object *memory)
{
	const struct endpoint *own = model_endpoint(model, wait->process, memory);

	/* Where its own mapping is not known, others' may not be either. */
	if (!own || !own->maps)
		return false;
	switch (memory->key.kind) {
	case FILE_REGULAR: return !memory->facts.regular.links;
	case FILE_MEMFD:
	case FILE_ANON_MEMORY: return true;
	}
	return false; /* a System V segment can be attached by its id */
}

/* Whoever has the memory mapped, or could map it, could wake who waits for a word in it. */
static int mappers_find(const struct model *model, struct wait *wait)
{
	struct search openers = {
		.model = model,
		.wait = wait,
		.object = wait->object,
		.unmapped = true,
	};
	const struct endpoint *endpoint;

	DL_FOREACH2(wait->object->endpoints, endpoint, object_next)
		if (endpoint->maps && endpoint->key.process != wait->process &&
		    !waker_add(wait, endpoint->key.process))
			return -ENOMEM;
	return holders_find(&openers);
}

/* Nobody but its own process's other threads, unless it lies in shared memory. */
static int sharers_find(const struct model *model, struct wait *wait)
{
	bool is_shared = !(wait->row.flags & WAIT_FUTEX_PRIVATE);

	if (is_shared && (!wait->object || !is_closed_to_others(model, wait, wait->object)))
		relieve_outside(wait, wait->object);
	if (wait->row.flags & WAIT_MEMORY_SHARED)
		relieve(wait, RELIEF_HIDDEN);
	if (wait->object && mappers_find(model, wait))
		return -ENOMEM;
	if (wait->wakers_count && is_alone(wait->process))
		return 0;
	return waker_add(wait, wait->process) ? 0 : -ENOMEM;
}

static int futex_find(const struct model *model, struct wait *wait)
{
	uint32_t owner = futex_owner(wait);
	const struct wait *other = owner ? task_wait(model, owner) : NULL;
	struct waker *waker;

	if (wait->ons_count)
		wait->object = object_at(model, &wait->ons[0].facts);
	if (wait->row.flags & WAIT_CUT)
		relieve(wait, RELIEF_UNKNOWN);
	if (other && other->process) {
		waker = waker_add(wait, other->process);
		if (!waker)
			return -ENOMEM;
		waker->tid = owner;
		wait->all = true;
		return 0;
	}
	return sharers_find(model, wait);
}

static bool traces(const struct model *model, const struct process *process)
{
	const struct wait *wait;
	const struct task *task;

	DL_FOREACH2(process->tasks, task, process_next) {
		wait = task_wait(model, task->tid);
		if (wait && wait->row.flags & WAIT_TRACES)
			return true;
	}
	return false;
}

static int children_add(struct wait *wait)
{
	struct process *child;

	for (child = wait->process->children; child; child = child->sibling)
		if (!waker_add(wait, child))
			return -ENOMEM;
	return 0;
}

/* Whatever signal it waits for; that of its children comes from each that ends. */
static int signal_find(struct wait *wait)
{
	relieve(wait, RELIEF_SIGNAL);
	return wait->row.flags & WAIT_CATCHES_CHILD ? children_add(wait) : 0;
}

/* waitid(P_PID, pid, …), wait4(pid, …): one child; otherwise each of them may be the one. */
static int child_find(const struct model *model, struct wait *wait)
{
	int32_t target = wait->row.flags & WAIT_NAMESPACED ? 0 : (int32_t)wait->row.arg[0];
	struct process *child;

	if (wait->row.nr == SYS_waitid)
		target = wait->row.arg[0] == P_PID && target ? (int32_t)wait->row.arg[1] : 0;
	if (traces(model, wait->process))
		relieve_outside(wait, NULL);
	for (child = wait->process->children; child; child = child->sibling)
		if (target > 0 && child->key.pid == (uint32_t)target)
			return waker_add(wait, child) ? 0 : -ENOMEM;
	return children_add(wait);
}

/* The child that has its parent's memory until it executes something else or ends. */
static int vfork_find(const struct model *model, struct wait *wait)
{
	const struct wait *other;
	struct process *child;

	for (child = wait->process->children; child; child = child->sibling) {
		other = task_wait(model, child->key.pid);
		if (other && other->row.flags & WAIT_VFORKED && !waker_add(wait, child))
			return -ENOMEM;
	}
	return wait->wakers_count ? 0 : children_add(wait);
}

/* Anyone may use what has an id; whoever did so last is the likeliest to do it again. */
static int last_user_find(const struct model *model, struct wait *wait)
{
	struct process *process = model_process_by_pid(model, wait->row.last_pid);
	struct waker *waker;

	relieve_outside(wait, NULL);
	if (!wait->row.last_pid || !process || process->exited || process == wait->process)
		return 0;
	waker = waker_add(wait, process);
	if (!waker)
		return -ENOMEM;
	waker->used = ANSWER_YES;
	return 0;
}

/* Whoever may send SIGCONT to one that a signal stopped; a debugger alone goes on with what it stopped. */
static int tracer_find(const struct model *model, struct wait *wait)
{
	struct process *tracer = model_process_by_pid(model, wait->row.last_pid);

	relieve(wait, RELIEF_STOPPED);
	if (!wait->row.last_pid || !tracer || tracer->exited)
		return 0;
	return waker_add(wait, tracer) ? 0 : -ENOMEM;
}

int wakers_find(const struct model *model, struct wait *wait)
{
	int err = 0;

	if (wait->row.flags & WAIT_CUT)
		relieve(wait, RELIEF_UNKNOWN);
	switch (wait->row.what) {
	case WAIT_RUNNING:
	case WAIT_DISK: relieve(wait, RELIEF_AWAKE); break;
	case WAIT_STOPPED: err = tracer_find(model, wait); break;
	case WAIT_SLEEP: relieve(wait, RELIEF_TIMEOUT); break;
	case WAIT_SIGNAL: err = signal_find(wait); break;
	case WAIT_SEM:
	case WAIT_MSG_SEND:
	case WAIT_MSG_RECEIVE: err = last_user_find(model, wait); break;
	case WAIT_FUTEX: err = futex_find(model, wait); break;
	case WAIT_CHILD: err = child_find(model, wait); break;
	case WAIT_VFORK: err = vfork_find(model, wait); break;
	case WAIT_FLOCK:
	case WAIT_FCNTL: err = lock_find(model, wait); break;
	case WAIT_OPEN: /* without a FIFO it is a file system that waits */
		if (!wait->ons_count)
			relieve_outside(wait, NULL);
		err = objects_find(model, wait);
		break;
	case WAIT_OTHER: relieve(wait, RELIEF_UNKNOWN); break;
	default: err = objects_find(model, wait);
	}
	if (!wait->wakers_count)
		relieve(wait, RELIEF_UNKNOWN);
	return err;
}
