// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a look at all tables found gone from a slot, though no record has told of it yet: the call that closed or
 * replaced it is told later, by this. Nothing here counts as held.
 */
#include "model/internal.h"

#define UNTOLD_MAX 4096 /* in all tables: where more was lost than that, little of it will be told */

static struct untold *find(const struct table *table, unsigned int fd)
{
	struct untold *untold;

	HASH_FIND(hh, table->untold, &fd, sizeof(fd), untold);
	return untold;
}

void untold_note(struct model *model, struct table *table, unsigned int fd, const struct slot *was)
{
	struct untold *untold;

	if (model->untold_count == UNTOLD_MAX || find(table, fd))
		return;
	untold = calloc(1, sizeof(*untold));
	if (!untold)
		return;
	untold->fd = fd;
	untold->slot = *was;
	untold->description = *was->description;
	untold->object = was->description->object->key;
	untold->description.object = NULL;
	HASH_ADD(hh, table->untold, fd, sizeof(fd), untold);
	if (!untold->hh.tbl)
		free(untold);
	else
		model->untold_count++;
}

static void drop(struct model *model, struct table *table, struct untold *untold)
{
	model->untold_count--;
	HASH_DEL(table->untold, untold);
	free(untold);
}

void untold_forget(struct model *model, struct table *table)
{
	while (table->untold)
		drop(model, table, table->untold);
}

bool untold_take(struct model *model, struct table *table, unsigned int fd)
{
	struct untold *untold = find(table, fd);

	if (untold)
		drop(model, table, untold);
	return untold;
}

void untold_tell(struct model *model, struct table *table, unsigned int fd, uint64_t file, struct change *change)
{
	struct untold *untold = find(table, fd);
	struct object *object;

	if (!untold)
		return;
	object = model_object(model, &untold->object);
	/* The record may be of before: then the slot holds that again, and the call comes later. */
	if (object && untold->description.file != file) {
		model->untold = untold->description;
		model->untold.object = object;
		change->old_slot = untold->slot;
		change->old_slot.description = &model->untold;
		change->old_description = &model->untold;
		change->old_object = object;
		change->changed = true;
	}
	drop(model, table, untold);
}
