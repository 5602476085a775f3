// SPDX-License-Identifier: GPL-2.0-only
/* Records about the life of tasks: rows of a snapshot, fork, exec, exit, and a change of table. */
#include "model/internal.h"

#include <sched.h>

bool record_is_past(const struct model *model, const struct record *record)
{
	return record->ts < model->snapshot_ts && !(record->flags & RECORD_ROW);
}

/* It ended, and how: no later record brings it back. */
static bool is_over(const struct process *process)
{
	return process && process->exited && process->exit_known;
}

static int task_set_table_id(struct model *model, struct task *task, uint64_t id, uint64_t ts)
{
	struct table *table = NULL;

	if (id) {
		table = table_get(model, id);
		if (!table)
			return -ENOMEM;
	}
	return task_set_table(model, task, table, ts);
}

/* --- rows ------------------------------------------------------------------------------------ */

static void process_update(struct process *process, const struct record_task *record)
{
	process->ppid = record->parent_pid;
	process->uid = record->uid;
	if (!process->ns_pid) /* else the next record says so */
		process->ns_pid = process->key.pid;
	memcpy(process->comm, record->leader_comm, sizeof(process->comm));
}

int apply_task(struct model *model, const struct record_task *record, struct change *change)
{
	const struct record *head = &record->head;
	struct process *process = model_process(model, head->pid, head->start);
	struct table *table;
	struct task *task;

	change->process = process;
	/* Dying tasks have let go of their table; zombies are of no interest. */
	if (is_over(process) || (!process && !record->table))
		return 0;
	process = process_get(model, head->pid, head->start, head->ts);
	if (!process)
		return -ENOMEM;
	process_update(process, record);
	change->process = process;
	task = task_get(model, process, head->tid, head->ts);
	if (!task)
		return -ENOMEM;
	task->stale = false;
	task->row_ts = head->ts;
	if (!record->table || !model->in_snapshot)
		return task_set_table_id(model, task, record->table, head->ts);
	table = snapshot_table(model, record->table, process, head->ts);
	return table ? task_set_table(model, task, table, head->ts) : -ENOMEM;
}

/* --- fork ------------------------------------------------------------------------------------ */

static void process_inherit(const struct model *model, struct process *child, const struct process *parent)
{
	if (!child->exe)
		child->exe = text_again(parent->exe);
	if (!child->cgroup)
		child->cgroup = text_again(parent->cgroup);
	if (!child->argv) {
		child->argv = text_again(parent->argv);
		child->argv_len = parent->argv_len;
		child->argv_cut = parent->argv_cut;
	}
	child->selected = parent->selected && model->follow;
	child->stance = parent->stance;
}

static struct process *child_make(struct model *model, const struct record_task *record,
				  const struct process *parent)
{
	const struct record *head = &record->head;
	struct process *child = process_get(model, head->pid, head->start, head->ts);

	if (!child)
		return NULL;
	memcpy(child->comm, head->comm, sizeof(child->comm));
	child->uid = record->uid;
	/* A thread's maker is its own process. */
	child->ppid = record->parent_pid != head->pid ? record->parent_pid : 0;
	if (parent && (record->clone_flags & CLONE_PARENT))
		child->ppid = parent->ppid;
	if (parent)
		process_inherit(model, child, parent);
	return child;
}

/* Who was forked and is gone, all before the snapshot: history, in no table. */
static void child_note_end(struct model *model, const struct process *known, struct process *child,
			   uint64_t ts)
{
	if (!known && !child->tasks)
		process_end(model, child, ts);
}

/*
 * A row has shown somebody else's table at the address that the task had then: it has let go of it meanwhile, which
 * will be told, and is without a table until then. sharer: who had it too; NULL = nobody.
 */
static bool table_is_anothers(const struct table *table, const struct task *task, const struct process *sharer,
			      uint64_t ts)
{
	return table && table != task->table && table_is_seen_after(table, ts) &&
	       !table_has_user(table, task->process) && !(sharer && table_has_user(table, sharer));
}

/* The task has a new table at this address. Whoever is known to have one there: its end was missed. Only the
 * task's own threads can share it by now, as their rows show. */
static void table_make_room(struct model *model, struct table *table, const struct task *task, uint64_t ts)
{
	if (table && table != task->table && !table_is_seen_after(table, ts))
		table_drop(model, table, ts);
}

/* Fills follow this record. */
static int child_set_table(struct model *model, struct task *task, const struct record_task *record,
			   struct process *parent)
{
	struct table *table = record->table ? table_find(model, record->table) : NULL;
	const bool shares = record->table == record->old_table;
	const uint64_t ts = record->head.ts;
	int err;

	/* A row may have come first, of later. */
	if (task->table && task->table->id != record->table && ts < task->row_ts)
		return 0;
	if (table_is_anothers(table, task, shares ? parent : NULL, ts))
		return task_set_table(model, task, NULL, ts);
	if (!shares)
		table_make_room(model, table, task, ts);
	err = task_set_table_id(model, task, record->table, ts);
	if (err || !task->table || shares)
		return err;
	task->table->maker = parent;
	task->table->maker_table = record->old_table;
	return 0;
}

/* What its maker blocks it blocks too. */
static void task_inherit(struct task *task, const struct task *maker)
{
	if (!maker || !maker->blocked_known || task->blocked_known)
		return;
	task->blocked = maker->blocked;
	task->blocked_known = true;
}

int apply_fork(struct model *model, const struct record_task *record, struct change *change)
{
	const struct record *head = &record->head;
	struct process *parent = model_process(model, record->parent_pid, record->parent_start);
	struct process *known = model_process(model, head->pid, head->start), *child = known;
	struct task *task;

	change->process = parent;
	change->other = known;
	if (is_over(known))
		return 0;
	if (!known)
		child = child_make(model, record, parent);
	if (!child)
		return -ENOMEM;
	/* A record of somebody else's may have told of it first: of a signal to it, say. */
	if (!child->ppid && record->parent_pid != head->pid) {
		child->ppid = record->parent_pid;
		if (parent)
			process_inherit(model, child, parent);
	}
	/* Its row may have come first, and named another parent: its own was gone by then. */
	child->selected |= parent && parent->selected && model->follow;
	change->other = child;
	if (!child->ns_pid)
		child->ns_pid = child->key.pid;
	if (record_is_past(model, head)) {
		child_note_end(model, known, child, head->ts);
		return 0;
	}
	task = task_get(model, child, head->tid, head->ts);
	if (!task)
		return -ENOMEM;
	task_inherit(task, task_find(model, record->parent_tid));
	return child_set_table(model, task, record, parent);
}

/* --- exec ------------------------------------------------------------------------------------ */

/* Records that follow say what is in it; how each slot came about, only the old one knows. */
int task_renew_table(struct model *model, struct task *task, uint64_t id, uint64_t ts)
{
	struct table *table;
	int err = 0;

	/* A row may have come first, of later. */
	if (task->table && (task->table->id == id || ts < task->row_ts))
		return 0;
	table = table_find(model, id);
	if (!id || table_is_anothers(table, task, NULL, ts))
		return task_set_table(model, task, NULL, ts);
	table_make_room(model, table, task, ts);
	table = table_get(model, id);
	if (!table)
		return -ENOMEM;
	if (task->table && !table->tasks)
		err = table_copy(model, table, task->table, ts);
	return err ? err : task_set_table(model, task, table, ts);
}

/* A thread that is not the leader takes over the leader's number. */
static int exec_take_over(struct model *model, struct task *leader,
			  const struct record_exec *record)
{
	struct task *caller = task_find(model, record->old_tid);
	int err = 0;

	if (!record->old_tid || !caller || caller == leader || caller->process != leader->process)
		return 0;
	if (caller->table)
		err = task_set_table(model, leader, caller->table, record->head.ts);
	task_drop(model, caller, record->head.ts);
	return err;
}

static void exec_slots(struct table *table, struct change *change)
{
	table->maker = NULL;
	TABLE_FOREACH(table, fd, slot)
	{
		slot->through_exec = true;
		if (slot->cloexec)
			change->closed++;
		else
			change->kept++;
	}
}

static int exec_texts(struct model *model, struct process *process, const struct record_exec *record)
{
	const char *argv = record->text + record->filename_len;
	size_t len = record->argv_len;

	memcpy(process->comm, record->head.comm, sizeof(process->comm));
	process->uid = record->uid;
	process->stance.handled = 0; /* what is ignored stays so */
	if (record->filename_len > 1 &&
	    text_share(model, &process->exe, record->text, record->filename_len - 1))
		return -ENOMEM;
	if (!len)
		return 0;
	if (text_share(model, &process->argv, argv, len))
		return -ENOMEM;
	process->argv_len = argv[len - 1] ? len + 1 : len;
	process->argv_cut = record->head.flags & RECORD_TEXT_CUT;
	process->argv_over = false;
	return 0;
}

int apply_exec(struct model *model, const struct record_exec *record, struct change *change)
{
	const struct record *head = &record->head;
	struct task *task;
	int err = 0;

	if (record_is_past(model, head)) {
		change->process = process_of(model, head);
		return change->process ? exec_texts(model, change->process, record) : 0;
	}
	task = task_of(model, head, &err);
	if (!task)
		return err;
	change->process = task->process;
	task->process->exec_ts = head->ts;
	process_exec_space(model, task->process, head->ts);
	err = exec_texts(model, task->process, record);
	if (!err)
		err = exec_take_over(model, task, record);
	if (!err)
		err = task_renew_table(model, task, record->table, head->ts);
	if (task->table)
		exec_slots(task->table, change);
	return err;
}

/* --- the rest -------------------------------------------------------------------------------- */

int apply_exit(struct model *model, const struct record_exit *record, struct change *change)
{
	const struct record *head = &record->head;
	struct process *process = model_process(model, head->pid, head->start);
	struct task *task;

	change->process = process;
	if (!process)
		return 0;
	if (record->group_dead) {
		process_end(model, process, head->ts);
		process->exit_ts = head->ts;
		process->exit_code = record->exit_code;
		process->exit_known = true;
		return 0;
	}
	task = task_find(model, head->tid);
	if (task && task->process == process)
		task_drop(model, task, head->ts);
	return 0;
}

int apply_retable(struct model *model, const struct record_task *record, struct change *change)
{
	struct task *task;
	int err = 0;

	change->process = process_of(model, &record->head);
	if (record_is_past(model, &record->head))
		return 0;
	task = task_of(model, &record->head, &err);
	if (!task)
		return err;
	change->process = task->process;
	return task_renew_table(model, task, record->table, record->head.ts);
}
