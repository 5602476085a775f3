// SPDX-License-Identifier: GPL-2.0-only
/*
 * A snapshot replaces what is known of live tasks, tables and descriptors in flight: what its rows
 * do not confirm between BEGIN and END is gone. What they do confirm keeps how it came about.
 */
#include "model/internal.h"

/* --- whose a table is -------------------------------------------------------------------------- */

/*
 * The kernel gives the address of a table to the next at once, and a snapshot is no instant: whoever had it may have
 * ended unseen before, or between two rows. What one holds must not be held against the other even for a moment,
 * for who held what is kept as history, and makes peers of strangers. So who is found to use the address of a table
 * that was others' has one of its own for now. Tasks are told before slots, and slots by each process that has
 * them: if the others tell of theirs, the two share it; if they don't, they were gone by then.
 */
static void slots_sweep(struct model *model, struct table *table, uint64_t ts)
{
	bool changed;

	TABLE_FOREACH(table, fd, slot)
	if (slot->stale)
		slot_put(model, table, fd, NULL, ts, &changed);
}

/* The table is whose it was, so what is gone was closed, which will be told. */
static void slots_sweep_told(struct model *model, struct table *table, uint64_t ts)
{
	TABLE_FOREACH(table, fd, slot)
	if (slot->stale)
		untold_note(model, table, fd, slot);
	slots_sweep(model, table, ts);
}

struct table *snapshot_table(struct model *model, uint64_t id, const struct process *process, uint64_t ts)
{
	struct table *table = table_find(model, id), *rival;

	if (!table)
		return table_get(model, id);
	if (!table->users) { /* its last one has another by now */
		slots_sweep(model, table, ts);
		return table;
	}
	if (table_has_user(table, process))
		return table;
	rival = rival_find(model, id, process);
	return rival ? rival : rival_new(model, id);
}

struct table *snapshot_table_of(struct model *model, const struct record *head, uint64_t id, int *err)
{
	const struct process *process = process_of(model, head);
	struct table *table = table_find(model, id), *rival;

	if (!table) {
		table = table_get(model, id);
		*err = table ? 0 : -ENOMEM;
	} else if (table->users && !table_has_user(table, process)) {
		rival = rival_find(model, id, process);
		table->contested |= !rival;
		table = rival;
	}
	if (table)
		table->told = true;
	return table;
}

static void tasks_move(struct model *model, struct table *from, struct table *to, uint64_t ts)
{
	while (from->tasks)
		task_set_table(model, from->tasks, to, ts);
}

/* Those without a row are ended by now. */
static void rivals_settle(struct model *model, uint64_t ts)
{
	struct table *rival, *next, *table;

	DL_FOREACH_SAFE(model->rivals, rival, next) {
		table = table_find(model, rival->id);
		if (!rival->tasks) {
			table_drop(model, rival, ts);
		} else if (table && table->tasks && (table->told || !rival->told)) {
			slots_sweep(model, table, ts);
			tasks_move(model, rival, table, ts);
			table_drop(model, rival, ts);
		} else {
			if (table)
				table_drop(model, table, ts);
			rival_settle(model, rival, ts);
		}
	}
}

/* --- its beginning and its end ----------------------------------------------------------------- */

void snapshot_begin(struct model *model, uint64_t ts)
{
	struct table *table;
	struct task *task;

	model->first_snapshot = !model->snapshot_ts;
	model->snapshot_ts = ts;
	model->snapshot_serial = model->next_serial;
	model->in_snapshot = true;
	for (task = model->tasks; task; task = task->hh.next)
		task->stale = true;
	rivals_settle(model, ts);
	for (table = model->tables; table; table = table->hh.next) {
		table->told = table->contested = false;
		untold_forget(model, table);
		TABLE_FOREACH(table, fd, slot)
		slot->stale = true;
	}
	passings_mark_stale(model);
	openings_forget(model);
	pending_forget(model);
	waiting_forget(model);
	spaces_begin(model, ts);
}

static bool process_is_confirmed(const struct process *process)
{
	const struct task *task;

	DL_FOREACH2(process->tasks, task, process_next)
		if (!task->stale)
			return true;
	return false;
}

static void process_sweep(struct model *model, struct process *process, uint64_t ts)
{
	struct task *task, *next;

	if (process->exited)
		return;
	if (!process_is_confirmed(process)) {
		process_end(model, process, ts);
		return;
	}
	DL_FOREACH_SAFE2(process->tasks, task, next, process_next)
		if (task->stale)
			task_drop(model, task, ts);
}

/* Whoever was gone before its slots came held what it held until its end, which will be told. */
static void table_sweep(struct model *model, struct table *table, uint64_t ts)
{
	if (!table->tasks)
		table_drop(model, table, ts);
	else if (table->told || !table->contested)
		slots_sweep_told(model, table, ts);
}

void snapshot_end(struct model *model, uint64_t ts)
{
	struct table *table, *next;
	struct process *process;

	if (!model->in_snapshot)
		return;
	for (process = model->processes; process; process = process->hh.next)
		process_sweep(model, process, ts);
	rivals_settle(model, ts);
	processes_place(model);
	HASH_ITER(hh, model->tables, table, next)
		table_sweep(model, table, ts);
	passings_sweep(model);
	spaces_end(model, ts);
	model->in_snapshot = false;
}
