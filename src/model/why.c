// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is stuck. A wait can end if its task is not really asleep, if it ends by itself, if something
 * outside can end it, or if one of its wakers is a process that has a task whose wait can end; see
 * why_settle.c. Who is left can be woken by nobody: a knot, of which a ring is one part. What is
 * unknown counts as able to end.
 */
#include "model/waker.h"

#include <limits.h>

/* --- preparing --------------------------------------------------------------------------------- */

static void wait_reset(struct model *model, struct wait *wait)
{
	free(wait->wakers);
	wait->wakers = NULL;
	wait->wakers_count = 0;
	wait->object = wait->room_at = NULL;
	wait->outsides_count = wait->parts = 0;
	wait->all = wait->in_ring = wait->stuck = wait->visited = wait->outsides_more = false;
	wait->relief = RELIEF_NONE;
	wait->process = NULL;
	if (wait->look == model->wait_looks)
		wait->process = model_process(model, wait->row.head.pid, wait->row.head.start);
}

static void wait_relieve_early(struct wait *wait)
{
	if (!wait->steady)
		wait->relief = RELIEF_AWAKE;
	else if (wait->row.flags & WAIT_BOUNDED && wait->row.what != WAIT_STOPPED)
		wait->relief = RELIEF_TIMEOUT;
}

/* What io_uring does for a process happens while its tasks sleep. */
static void uring_relieve(struct wait *wait)
{
	size_t i;

	if (wait->relief != RELIEF_NONE)
		return;
	if (wait->process->has_uring)
		wait->relief = RELIEF_HIDDEN;
	for (i = 0; i < wait->wakers_count && wait->relief == RELIEF_NONE; i++)
		if (wait->wakers[i].process->has_uring)
			wait->relief = RELIEF_HIDDEN;
}

static int wait_prepare(const struct model *model, struct wait *wait)
{
	wait_relieve_early(wait);
	if (wakers_find(model, wait))
		return -ENOMEM;
	if (wait->row.flags & WAIT_CATCHES)
		relieve(wait, RELIEF_SIGNAL);
	uring_relieve(wait);
	wait->stuck = wait->relief == RELIEF_NONE;
	return 0;
}

/* Finds out who waits for whom, and who is stuck. */
static int waits_settle(struct model *model)
{
	struct wait *wait;
	int err;

	for (wait = model->waits; wait; wait = wait->hh.next)
		wait_reset(model, wait);
	err = why_index_build(model);
	for (wait = model->waits; wait && !err; wait = wait->hh.next)
		if (wait->process)
			err = wait_prepare(model, wait);
	why_index_free(model);
	return err ? err : why_settle(model);
}

int why_confirm(struct model *model, struct model *later)
{
	struct wait *wait, *again;

	if (waits_settle(later))
		return -ENOMEM;
	for (wait = model->waits; wait; wait = wait->hh.next) {
		HASH_FIND(hh, later->waits, &wait->tid, sizeof(wait->tid), again);
		if (wait->stuck &&
		    (!again || !again->stuck || again->row.switches != wait->row.switches ||
		     again->row.head.start != wait->row.head.start))
			wait->steady = false;
	}
	return 0;
}

/* --- the verdict ------------------------------------------------------------------------------- */

static bool is_ancestor(const struct model *model, const struct process *process,
			const struct process *other)
{
	unsigned int depth;

	for (depth = 0; other && depth < 64; depth++) {
		if (other == process)
			return true;
		other = other->ppid ? model_process_by_pid(model, other->ppid) : NULL;
	}
	return false;
}

/* Two that a third started together, or one that started the other, mean to talk to each other; one
 * whose parent is gone was left behind by it, with what it had open. */
static bool is_family(const struct model *model, const struct process *one,
		      const struct process *other)
{
	return one->ppid == other->ppid || is_ancestor(model, one, other) ||
	       is_ancestor(model, other, one);
}

/* It holds the end for writing and has nothing to do with it: it never wrote, and either others did
 * who are gone, or it isn't even of the reader's family any more. */
static bool is_leak(const struct model *model, const struct wait *wait, const struct waker *waker)
{
	if (waker->hidden || waker->used != ANSWER_NO)
		return false;
	return wait->ons[0].flags & WAIT_ON_WRITTEN ||
	       !is_family(model, wait->process, waker->process);
}

bool why_is_never_eof(const struct model *model, const struct wait *wait)
{
	const struct waker *waker;
	size_t i;

	if (wait->row.what != WAIT_READ || wait->ons_count != 1 ||
	    wait->ons[0].facts.kind != FILE_PIPE || !wait->steady ||
	    (wait->relief != RELIEF_NONE && wait->relief != RELIEF_WAKER))
		return false;
	for (i = 0; i < wait->wakers_count; i++) {
		waker = &wait->wakers[i];
		if (waker->process == wait->process ? waker->hidden || !is_alone(wait->process) :
						      !is_leak(model, wait, waker))
			return false;
	}
	return wait->wakers_count > 0;
}

static enum verdict verdict_of(const struct model *model, const struct wait *wait)
{
	if (why_is_never_eof(model, wait))
		return VERDICT_NEVER_EOF;
	return wait->stuck ? VERDICT_DEADLOCK : VERDICT_WAITING;
}

bool why_waits_for_another(const struct wait *wait)
{
	for (size_t i = 0; i < wait->wakers_count; i++)
		if (wait->wakers[i].process != wait->process)
			return true;
	return false;
}

/* Another stuck task of its process, one that waits for another process if there is; NULL = none. */
static struct wait *wait_beside(const struct model *model, const struct wait *wait)
{
	struct wait *beside, *best = NULL;
	const struct task *task;

	DL_FOREACH2(wait->process->tasks, task, process_next) {
		beside = task_wait(model, task->tid);
		if (!beside || beside == wait || beside->process != wait->process || !beside->stuck)
			continue;
		if (why_waits_for_another(beside))
			return beside;
		best = beside;
	}
	return best;
}

/* The next in the chain: a stuck task of the first waker. */
static struct wait *wait_next(const struct model *model, const struct wait *wait)
{
	struct wait *next = NULL, *beside;
	size_t i;

	for (i = 0; i < wait->wakers_count; i++) {
		next = why_wait_of_waker(model, wait, &wait->wakers[i]);
		/* Waiting for oneself says less than waiting for another. */
		if (next && next->stuck && next->process != wait->process)
			return next;
	}
	beside = next == wait ? wait_beside(model, wait) : NULL;
	if (beside)
		return beside;
	return next && next->stuck ? next : NULL;
}

static int ring_add(struct why *why, struct process *process)
{
	struct process **ring;

	if (why->ring_count && why->ring[why->ring_count - 1] == process)
		return 0;
	ring = reallocarray(why->ring, why->ring_count + 1, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	why->ring = ring;
	ring[why->ring_count++] = process;
	return 0;
}

/* Follows the chain until it comes back to where it was: that is the ring. */
static int ring_find(struct model *model, struct why *why)
{
	struct wait *wait, *start = why->culprit;

	for (wait = model->waits; wait; wait = wait->hh.next)
		wait->visited = false;
	for (wait = start; wait && !wait->visited; wait = wait_next(model, wait)) {
		wait->visited = true;
		start = wait;
	}
	start = wait ? wait : start;
	wait = start;
	do {
		wait->in_ring = true;
		if (ring_add(why, wait->process))
			return -ENOMEM;
		wait = wait_next(model, wait);
	} while (wait && wait != start && !wait->in_ring);
	return 0;
}

/* Those who were asked for come first, each with its main thread first, then those who are stopped; pids wrap, and
 * say nothing. */
static unsigned int rank_of(const struct model *model, const struct wait *wait)
{
	unsigned int named = wait->process->named;

	/* Of a whole machine's, who depends on another process. */
	if (model->select_all && !why_waits_for_another(wait))
		return UINT_MAX;
	if (named)
		return 2 * named + (wait->tid != wait->process->key.pid);
	return wait->row.what == WAIT_STOPPED ? UINT_MAX - 2 : UINT_MAX - 1;
}

static int compare_waits(const void *a, const void *b)
{
	const struct wait *first = *(struct wait *const *)a, *second = *(struct wait *const *)b;

	if (first->verdict != second->verdict)
		return (int)second->verdict - (int)first->verdict;
	if (first->rank != second->rank)
		return first->rank < second->rank ? -1 : 1;
	return first->tid < second->tid ? -1 : first->tid > second->tid;
}

static bool is_asked_for(const struct model *model, const struct wait *wait, uint64_t longer_ns)
{
	if (!wait->process || wait->row.what == WAIT_RUNNING ||
	    !process_is_selected(model, wait->process))
		return false;
	if (!longer_ns)
		return true;
	return wait->row.since && wait->row.since + longer_ns <= wait->row.head.ts &&
	       wait->wakers_count;
}

static int waits_collect(struct model *model, uint64_t longer_ns, struct why *why)
{
	struct wait *wait;

	why->waits = calloc(HASH_COUNT(model->waits) + 1, sizeof(*why->waits));
	if (!why->waits)
		return -ENOMEM;
	for (wait = model->waits; wait; wait = wait->hh.next)
		if (is_asked_for(model, wait, longer_ns)) {
			wait->verdict = verdict_of(model, wait);
			wait->rank = rank_of(model, wait);
			why->waits[why->waits_count++] = wait;
		}
	qsort(why->waits, why->waits_count, sizeof(*why->waits), compare_waits);
	return 0;
}

int why_build(struct model *model, uint64_t longer_ns, struct why *why)
{
	*why = (struct why){ 0 };
	if (waits_settle(model))
		return -ENOMEM;
	if (waits_collect(model, longer_ns, why))
		return -ENOMEM;
	if (!why->waits_count)
		return 0;
	why->culprit = why->waits[0];
	why->verdict = why->culprit->verdict;
	return why->verdict == VERDICT_DEADLOCK ? ring_find(model, why) : 0;
}

void why_free(struct why *why)
{
	free(why->waits);
	free(why->ring);
	*why = (struct why){ 0 };
}
