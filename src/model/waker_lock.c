// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who could wake a task that waits for a lock on a file: each lock in its way must go, and whoever bears one can let
 * it go: of flock() and of open file descriptions those who have that one open, of a process those with its table.
 */
#include "model/waker.h"

/* include/uapi/asm-generic/fcntl.h; the C library has it with _GNU_SOURCE alone */
#ifndef F_OFD_SETLKW
#define F_OFD_SETLKW 38
#endif

static bool asks_for_open_file(const struct wait *wait)
{
	return wait->row.what == WAIT_FLOCK || wait->row.arg[1] == F_OFD_SETLKW;
}

/* A process's lock is in the way of its own open files, and theirs in its. */
static bool is_own(const struct wait *wait, const struct record_lock *lock)
{
	if (asks_for_open_file(wait) != (lock->kind != LOCK_POSIX))
		return false;
	if (lock->kind != LOCK_POSIX)
		return lock->file == wait->ons[0].facts.file;
	return wait->process->table && lock->owner == wait->process->table->id;
}

/* As flock_locks_conflict() and posix_locks_conflict() in fs/locks.c have it. */
static bool is_in_the_way(const struct wait *wait, const struct record_lock *lock)
{
	const struct wait_on *on = &wait->ons[0];

	if (lock->ino != on->facts.ino || lock->dev != on->facts.dev ||
	    (lock->kind == LOCK_FLOCK) != (wait->row.what == WAIT_FLOCK) || is_own(wait, lock))
		return false;
	if (wait->row.lock_mode == LOCK_MODE_UNKNOWN)
		return true;
	if (wait->row.lock_mode != LOCK_EXCLUSIVE && lock->mode != LOCK_EXCLUSIVE)
		return false;
	return lock->kind == LOCK_FLOCK ||
	       (lock->start <= wait->row.lock_end && wait->row.lock_start <= lock->end);
}

static int table_users_find(struct wait *wait, const struct table *table)
{
	const struct table_user *user;

	DL_FOREACH(table->users, user)
		if (!waker_add(wait, user->process))
			return -ENOMEM;
	return 0;
}

/* Who took it may have shared its table with others, and they have it still. */
static int owners_find(const struct model *model, struct wait *wait, const struct record_lock *lock)
{
	struct process *taker = lock->head.pid ? model_process_by_pid(model, lock->head.pid) : NULL;
	const struct table *table = table_find(model, lock->owner);

	if (table)
		return table_users_find(wait, table);
	return !taker || taker->exited || waker_add(wait, taker) ? 0 : -ENOMEM;
}

static int bearers_find(const struct model *model, struct wait *wait, const struct record_lock *lock)
{
	struct search search = {
		.model = model,
		.wait = wait,
		.object = wait->object,
		.only = description_find(model, lock->file),
	};

	return search.only ? holders_find(&search) : 0;
}

static int lock_bearers_find(const struct model *model, struct wait *wait, const struct record_lock *lock)
{
	size_t before = wait->wakers_count, i;
	int err = lock->kind == LOCK_POSIX ? owners_find(model, wait, lock) : bearers_find(model, wait, lock);

	for (i = before; i < wait->wakers_count; i++)
		wait->wakers[i].part = wait->parts;
	if (!err && before == wait->wakers_count) /* NFS has it, or who bears it came since */
		relieve(wait, RELIEF_HIDDEN);
	wait->parts++;
	return err;
}

int lock_find(const struct model *model, struct wait *wait)
{
	const struct wait_on *on = wait->ons_count ? &wait->ons[0] : NULL;
	const struct lock *lock;

	wait->object = on ? object_at(model, &on->facts) : NULL;
	wait->all = true;
	if (!wait->object) {
		relieve(wait, RELIEF_UNKNOWN);
		return 0;
	}
	for (lock = model->locks; lock; lock = lock->hh.next)
		if (is_in_the_way(wait, &lock->row) && lock_bearers_find(model, wait, &lock->row))
			return -ENOMEM;
	if (!wait->parts)
		relieve(wait, RELIEF_AWAKE); /* it has just been let go */
	/* Which of those are in its way isn't known: one that can go on is enough. */
	if (wait->row.lock_mode == LOCK_MODE_UNKNOWN || wait->parts > WAIT_PARTS_MAX)
		wait->parts = 0;
	return 0;
}
