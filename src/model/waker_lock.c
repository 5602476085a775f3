// SPDX-License-Identifier: GPL-2.0-only
/* Who could wake a task that waits for a lock on a file: whoever holds it. */
#include "model/waker.h"

/* Whoever shares the description that bears the lock; where that isn't known, any other of the file. */
static int bearers_find(const struct model *model, struct wait *wait, struct object *object,
			const struct process *taker, int fd)
{
	struct search search = {
		.model = model,
		.wait = wait,
		.object = object,
		.but = description_find(model, wait->ons[0].facts.file),
	};
	const struct slot *slot = taker && taker->table && fd >= 0 ? table_slot(taker->table, fd) :
								     NULL;

	if (slot && slot->description && slot->description->object == object)
		search.only = slot->description;
	return holders_find(&search);
}

/* fcntl's belong to processes, the others to descriptions. */
static int holder_find(const struct model *model, struct wait *wait, struct object *object,
		       const struct record_lock *lock)
{
	struct process *taker = lock->head.pid ? model_process_by_pid(model, lock->head.pid) : NULL;

	if (lock->kind != LOCK_POSIX)
		return bearers_find(model, wait, object, taker, lock->fd);
	if (!taker || taker->exited || taker == wait->process)
		return 0;
	return waker_add(wait, taker) ? 0 : -ENOMEM;
}

int lock_find(const struct model *model, struct wait *wait)
{
	const struct wait_on *on = wait->ons_count ? &wait->ons[0] : NULL;
	struct object *object = on ? object_at(model, &on->facts) : NULL;
	const struct lock *lock;

	wait->object = object;
	wait->all = true;
	if (!object) {
		relieve(wait, RELIEF_UNKNOWN);
		return 0;
	}
	DL_FOREACH(model->locks, lock)
		if (lock->row.ino == on->facts.ino && lock->row.dev == on->facts.dev &&
		    (lock->row.kind == LOCK_FLOCK) == (wait->row.what == WAIT_FLOCK) &&
		    holder_find(model, wait, object, &lock->row))
			return -ENOMEM;
	return 0;
}
