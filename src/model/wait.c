// SPDX-License-Identifier: GPL-2.0-only
/* What tasks wait for, as the looks at them tell: kept by task, the newest look counts. */
#include "model/internal.h"
#include "model/why.h"

static void wait_drop(struct model *model, struct wait *wait)
{
	HASH_DEL(model->waits, wait);
	free(wait->ons);
	free(wait->wakers);
	free(wait);
}

static void locks_free(struct model *model)
{
	struct lock *lock, *next;

	HASH_ITER(hh, model->locks, lock, next) {
		HASH_DEL(model->locks, lock);
		free(lock);
	}
}

void waits_begin(struct model *model)
{
	model->wait_looks++;
	model->wait_at = NULL;
	locks_free(model);
}

static struct wait *wait_get(struct model *model, uint32_t tid)
{
	struct wait *wait;

	HASH_FIND(hh, model->waits, &tid, sizeof(tid), wait);
	if (wait)
		return wait;
	wait = calloc(1, sizeof(*wait));
	if (!wait)
		return NULL;
	wait->tid = tid;
	HASH_ADD(hh, model->waits, tid, sizeof(wait->tid), wait);
	if (!wait->hh.tbl) {
		free(wait);
		return NULL;
	}
	return wait;
}

static bool is_same_sleep(const struct wait *wait, const struct record_wait *row)
{
	const struct record_wait *old = &wait->row;

	return row->what != WAIT_RUNNING && row->what == old->what && row->nr == old->nr &&
	       row->switches == old->switches && row->head.start == old->head.start &&
	       row->head.pid == old->head.pid && row->value == old->value &&
	       !memcmp(row->arg, old->arg, sizeof(row->arg));
}

int apply_wait(struct model *model, const struct record_wait *row)
{
	struct wait *wait = wait_get(model, row->head.tid);
	bool was_last_look;

	if (!wait)
		return -ENOMEM;
	was_last_look = wait->look && wait->look + 1 == model->wait_looks;
	wait->steady = was_last_look && is_same_sleep(wait, row);
	wait->row = *row;
	wait->look = model->wait_looks;
	free(wait->ons);
	wait->ons = NULL;
	wait->ons_count = 0;
	wait->has_peer = false;
	model->wait_at = wait;
	return 0;
}

int apply_wait_on(struct model *model, const struct record_wait_on *row)
{
	struct wait *wait = model->wait_at;
	struct wait_on *ons;

	if (!wait || wait->tid != row->head.tid)
		return 0;
	ons = reallocarray(wait->ons, wait->ons_count + 1, sizeof(*ons));
	if (!ons)
		return -ENOMEM;
	wait->ons = ons;
	ons[wait->ons_count++] = (struct wait_on){
		.fd = row->fd, .flags = row->flags, .written = row->written, .facts = row->facts,
	};
	return 0;
}

void apply_wait_peer(struct model *model, const struct record_wait_peer *row)
{
	struct wait *wait;

	HASH_FIND(hh, model->waits, &row->head.tid, sizeof(row->head.tid), wait);
	if (!wait || wait->look != model->wait_looks || wait->row.head.pid != row->head.pid)
		return;
	wait->has_peer = true;
	wait->peer = row->facts;
}

int apply_lock(struct model *model, const struct record_lock *row)
{
	struct lock *lock;

	HASH_FIND(hh, model->locks, &row->lock, sizeof(row->lock), lock);
	if (lock)
		return 0;
	lock = calloc(1, sizeof(*lock));
	if (!lock)
		return -ENOMEM;
	lock->row = *row;
	HASH_ADD(hh, model->locks, row.lock, sizeof(row->lock), lock);
	if (lock->hh.tbl)
		return 0;
	free(lock);
	return -ENOMEM;
}

void waits_free(struct model *model)
{
	struct wait *wait, *next;

	HASH_ITER(hh, model->waits, wait, next)
		wait_drop(model, wait);
	locks_free(model);
}
