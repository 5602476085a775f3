// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds an object, and who are a process's children, looked up at once for all: asked of each
 * wait in turn it would take the number of waits times that of all descriptors.
 */
#include "model/waker.h"

static size_t holdings_count(const struct model *model)
{
	const struct table *table;
	size_t count = 0;

	for (table = model->tables; table; table = table->hh.next)
		count += table->used;
	return count;
}

/* Backwards, so that each list is in the order of tables and numbers. */
static void holdings_link(struct holding *holdings, size_t count)
{
	while (count--) {
		struct object *object = holdings[count].slot->description->object;

		holdings[count].next = object->holdings;
		object->holdings = &holdings[count];
	}
}

static void uring_note(const struct table *table)
{
	const struct table_user *user;

	DL_FOREACH(table->users, user)
		user->process->has_uring = true;
}

static int holdings_build(struct model *model)
{
	struct holding *holdings = calloc(holdings_count(model) + 1, sizeof(*holdings));
	const struct table *table;
	size_t count = 0;

	if (!holdings)
		return -ENOMEM;
	for (table = model->tables; table; table = table->hh.next)
		TABLE_FOREACH(table, fd, slot)
		{
			holdings[count++] = (struct holding){
				.table = table,
				.slot = slot,
				.fd = fd,
			};
			if (slot->description->object->key.kind == FILE_IO_URING)
				uring_note(table);
		}
	holdings_link(holdings, count);
	model->holdings = holdings;
	return 0;
}

static void children_build(struct model *model)
{
	struct process *process, *parent;

	for (process = model->processes; process; process = process->hh.next) {
		process->children = process->sibling = NULL;
		process->has_uring = false;
	}
	for (process = model->processes; process; process = process->hh.next) {
		parent = process->ppid && !process->exited ?
				 model_process_by_pid(model, process->ppid) :
				 NULL;
		if (!parent)
			continue;
		process->sibling = parent->children;
		parent->children = process;
	}
}

int why_index_build(struct model *model)
{
	children_build(model);
	return holdings_build(model);
}

void why_index_free(struct model *model)
{
	struct object *object;

	for (object = model->objects; object; object = object->hh.next)
		object->holdings = NULL;
	free(model->holdings);
	model->holdings = NULL;
}
