// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a model. All of it goes at once, so nothing is taken out of a list or a table first: of a large machine
 * that would take as long as putting it in did.
 */
#include "model/internal.h"

static void mappings_end(struct mappings *all)
{
	for (unsigned int i = 0; i < all->count; i++)
		free(all->at[i]);
	free(all->at);
}

static void spaces_free(struct model *model)
{
	struct space *space = model->spaces, *next;

	HASH_CLEAR(hh, model->spaces);
	for (; space; space = next) {
		next = space->hh.next;
		mappings_end(&space->mappings);
		mappings_end(&space->incoming);
		vanished_free(space);
		free(space);
	}
}

static void table_free(struct model *model, struct table *table)
{
	struct table_user *user, *next;

	DL_FOREACH_SAFE(table->users, user, next)
		free(user);
	untold_forget(model, table);
	free(table->slots);
	free(table);
}

static void tables_free(struct model *model)
{
	struct table *table = model->tables, *next;

	HASH_CLEAR(hh, model->tables);
	for (; table; table = next) {
		next = table->hh.next;
		table_free(model, table);
	}
	DL_FOREACH_SAFE(model->rivals, table, next)
		table_free(model, table);
}

static void passings_free(struct model *model)
{
	struct passing *passing, *next;

	DL_FOREACH_SAFE2(model->passings, passing, next, all_next)
		free(passing);
}

/* What is in the pool goes with that: descriptions, endpoints, and these but for what is their own. */
static void objects_free(struct model *model)
{
	struct object *object = model->objects, *next;

	HASH_CLEAR(hh, model->descriptions);
	HASH_CLEAR(hh, model->sockets);
	HASH_CLEAR(hh, model->objects);
	for (; object; object = next) {
		next = object->hh.next;
		HASH_CLEAR(hh, object->crowd);
		object_free(model, object);
	}
}

static void tasks_free(struct model *model)
{
	struct task *task = model->tasks, *next;

	HASH_CLEAR(hh, model->tasks);
	for (; task; task = next) {
		next = task->hh.next;
		free(task);
	}
}

/* They are in the pool, their texts all in one place. */
static void processes_free(struct model *model)
{
	HASH_CLEAR(hh, model->processes);
	texts_free(model);
}

void unseen_forget(struct model *model)
{
	struct unseen *unseen, *next;

	DL_FOREACH_SAFE(model->unseen, unseen, next)
		free(unseen);
	model->unseen = NULL;
}

void model_free(struct model *model)
{
	if (!model)
		return;
	/* What refers to the rest, while the rest is there. */
	model_bury(model);
	signals_free(model);
	pending_forget(model);
	addresses_free(model);
	waiting_forget(model);
	waits_free(model);
	unseen_forget(model);
	handovers_forget(model, NULL);
	receptions_forget(model, NULL);
	sent_ids_free(model);

	spaces_free(model);
	tables_free(model);
	tasks_free(model);
	passings_free(model);
	objects_free(model);
	processes_free(model);
	pool_end(&model->pool);
	free(model);
}
