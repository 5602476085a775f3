// SPDX-License-Identifier: GPL-2.0-only
/*
 * A snapshot replaces what is known of live tasks, tables and descriptors in flight: what its rows
 * do not confirm between BEGIN and END is gone. What they do confirm keeps how it came about.
 */
#include "model/internal.h"

void snapshot_begin(struct model *model, uint64_t ts)
{
	struct table *table;
	struct task *task;

	model->first_snapshot = !model->snapshot_ts;
	model->snapshot_ts = ts;
	model->in_snapshot = true;
	for (task = model->tasks; task; task = task->hh.next)
		task->stale = true;
	for (table = model->tables; table; table = table->hh.next)
		TABLE_FOREACH(table, fd, slot)
	slot->stale = true;
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

static void table_sweep(struct model *model, struct table *table, uint64_t ts)
{
	bool changed;

	if (!table->tasks) {
		table_drop(model, table, ts);
		return;
	}
	TABLE_FOREACH(table, fd, slot)
	if (slot->stale)
		slot_put(model, table, fd, NULL, ts, &changed);
}

void snapshot_end(struct model *model, uint64_t ts)
{
	struct table *table, *next;
	struct process *process;

	if (!model->in_snapshot)
		return;
	for (process = model->processes; process; process = process->hh.next)
		process_sweep(model, process, ts);
	processes_place(model);
	HASH_ITER(hh, model->tables, table, next)
		table_sweep(model, table, ts);
	passings_sweep(model);
	spaces_end(model, ts);
	model->in_snapshot = false;
}
