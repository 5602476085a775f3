// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptor tables and their slots. Every change of a slot goes through slot_put(), and every
 * change of who uses a table through table_add_task() and table_detach(): so the counts that
 * descriptions, objects and endpoints keep are right in one place.
 */
#include "model/internal.h"

#define SLOTS_MIN 16

struct table *table_find(const struct model *model, uint64_t id)
{
	struct table *table;

	HASH_FIND(hh, model->tables, &id, sizeof(id), table);
	return table;
}

static struct table *table_new(struct model *model, uint64_t id)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->id = id;
	table->serial = ++model->next_serial;
	return table;
}

struct table *table_get(struct model *model, uint64_t id)
{
	struct table *table = table_find(model, id);

	if (table)
		return table;
	table = table_new(model, id);
	if (!table)
		return NULL;
	HASH_ADD(hh, model->tables, id, sizeof(table->id), table);
	if (!table->hh.tbl) {
		free(table);
		return NULL;
	}
	return table;
}

struct table *rival_new(struct model *model, uint64_t id)
{
	struct table *rival = table_new(model, id);

	if (rival)
		DL_APPEND(model->rivals, rival);
	return rival;
}

struct table *rival_find(const struct model *model, uint64_t id, const struct process *user)
{
	struct table *rival;

	DL_FOREACH(model->rivals, rival)
		if (rival->id == id && table_has_user(rival, user))
			return rival;
	return NULL;
}

void rival_settle(struct model *model, struct table *rival, uint64_t ts)
{
	HASH_ADD(hh, model->tables, id, sizeof(rival->id), rival);
	if (!rival->hh.tbl)
		table_drop(model, rival, ts); /* without memory its users are left without */
	else
		DL_DELETE(model->rivals, rival);
}

struct slot *table_slot(const struct table *table, unsigned int fd)
{
	return fd < table->size ? &table->slots[fd] : NULL;
}

/* calloc, not realloc: a lone large number then costs address space, not memory. */
static int table_grow(struct table *table, unsigned int fd)
{
	unsigned int size = table->size ? table->size : SLOTS_MIN;
	struct slot *slots;

	while (size <= fd)
		size *= 2;
	slots = calloc(size, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	if (table->size)
		memcpy(slots, table->slots, table->size * sizeof(*slots));
	free(table->slots);
	table->slots = slots;
	table->size = size;
	return 0;
}

/* n slots of the table more (less, where negative) hold that description. */
static int table_hold(struct model *model, struct table *table, struct description *description,
		      int n, uint64_t ts)
{
	struct object *object = description->object;
	struct table_user *user;
	int err = 0;

	description->slots += (unsigned int)n;
	object->slots += (unsigned int)n;
	if (ts > object->last_ts)
		object->last_ts = ts;
	if (object->key.kind == FILE_UNKNOWN)
		model->unresolved += (uint64_t)n;
	if (!kind_has_endpoints(object->key.kind))
		return 0;
	DL_FOREACH(table->users, user)
		if (endpoint_count(model, user->process, description, n, ts))
			err = -ENOMEM;
	return err;
}

int slot_put(struct model *model, struct table *table, unsigned int fd,
	     struct description *description, uint64_t ts, bool *changed)
{
	struct description *old;
	struct slot *slot;
	int err = 0;

	*changed = false;
	if (fd >= table->size && !description)
		return 0;
	if (fd >= table->size && table_grow(table, fd)) {
		description_release(model, description);
		return -ENOMEM;
	}
	slot = &table->slots[fd];
	slot->stale = false;
	old = slot->description;
	if (old == description)
		return 0;
	*slot = (struct slot){ .description = description, .since_ts = ts, .from_fd = -1 };
	*changed = true;
	/* The new one first: where both lead to one object, it must not lose its last holder. */
	if (description) {
		err = table_hold(model, table, description, 1, ts);
		table->used++;
	}
	if (old) {
		table->used--;
		table_hold(model, table, old, -1, ts);
		description_release(model, old);
	}
	return err;
}

int table_copy(struct model *model, struct table *to, const struct table *from, uint64_t ts)
{
	bool changed;
	int err;

	TABLE_FOREACH(from, fd, slot)
	{
		err = slot_put(model, to, fd, slot->description, ts, &changed);
		if (err)
			return err;
		to->slots[fd] = *slot;
	}
	return 0;
}

/* The process begins (n 1) or ceases (n -1) to hold whatever the table holds. */
static int user_count(struct model *model, struct table *table, struct process *process, int n,
		      uint64_t ts)
{
	int err = 0;

	TABLE_FOREACH(table, fd, slot)
	if (kind_has_endpoints(slot->description->object->key.kind) &&
	    endpoint_count(model, process, slot->description, n, ts))
		err = -ENOMEM;
	return err;
}

static struct table_user *user_find(const struct table *table, const struct process *process)
{
	struct table_user *user;

	DL_FOREACH(table->users, user)
		if (user->process == process)
			return user;
	return NULL;
}

bool table_has_user(const struct table *table, const struct process *process)
{
	return user_find(table, process);
}

bool table_is_seen_after(const struct table *table, uint64_t ts)
{
	const struct task *task;

	DL_FOREACH2(table->tasks, task, table_next)
		if (task->row_ts > ts)
			return true;
	return false;
}

static struct table_user *user_new(struct table *table, struct process *process)
{
	struct table_user *user = calloc(1, sizeof(*user));

	if (!user)
		return NULL;
	user->process = process;
	DL_APPEND(table->users, user);
	return user;
}

int table_add_task(struct model *model, struct table *table, struct task *task, uint64_t ts)
{
	struct process *process = task->process;
	struct table_user *user = user_find(table, process);
	int err = 0;

	if (!user) {
		user = user_new(table, process);
		if (!user)
			return -ENOMEM;
		err = user_count(model, table, process, 1, ts);
	}
	user->tasks++;
	DL_APPEND2(table->tasks, task, table_prev, table_next);
	task->table = table;
	if (!process->table || task->tid == process->key.pid)
		process->table = table;
	return err;
}

static void table_detach(struct model *model, struct task *task, uint64_t ts)
{
	struct process *process = task->process;
	struct table *table = task->table;
	struct table_user *user = user_find(table, process);
	bool was_last = --user->tasks == 0;

	if (was_last) {
		user_count(model, table, process, -1, ts);
		DL_DELETE(table->users, user);
		free(user);
	}
	DL_DELETE2(table->tasks, task, table_prev, table_next);
	task->table = NULL;
	if (process->table == table && (was_last || task->tid == process->key.pid))
		process_choose_table(process);
}

void table_drop(struct model *model, struct table *table, uint64_t ts)
{
	bool changed;

	while (table->tasks)
		table_detach(model, table->tasks, ts);
	TABLE_FOREACH(table, fd, slot)
	slot_put(model, table, fd, NULL, ts, &changed);
	untold_forget(model, table);
	if (table->hh.tbl)
		HASH_DEL(model->tables, table);
	else
		DL_DELETE(model->rivals, table);
	free(table->slots);
	free(table);
}

void table_remove_task(struct model *model, struct task *task, uint64_t ts)
{
	struct table *table = task->table;

	if (!table)
		return;
	table_detach(model, task, ts);
	/* In a snapshot the row of the task that uses it now may be still to come. */
	if (!table->tasks && !model->in_snapshot)
		table_drop(model, table, ts);
}
