// SPDX-License-Identifier: GPL-2.0-only
/* Processes and their tasks: making, finding, ending and selecting them. */
#include "model/internal.h"

int text_set(char **text, const char *bytes, size_t len)
{
	char *copy = malloc(len + 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, bytes, len);
	copy[len] = 0;
	free(*text);
	*text = copy;
	return 0;
}

struct process *model_process(const struct model *model, uint32_t pid, uint64_t start_ns)
{
	const struct process_key key = { .start_ns = start_ns, .pid = pid };
	struct process *process;

	HASH_FIND(hh, model->processes, &key, sizeof(key), process);
	return process;
}

struct process *model_process_by_pid(const struct model *model, uint32_t pid)
{
	const struct task *leader = task_find(model, pid);
	struct process *process, *best = NULL;

	if (leader && leader->process->key.pid == pid)
		return leader->process;
	for (process = model->processes; process; process = process->hh.next) {
		if (process->key.pid != pid)
			continue;
		if (!process->exited)
			return process;
		if (!best || process->key.start_ns > best->key.start_ns)
			best = process;
	}
	return best;
}

bool process_is_selected(const struct model *model, const struct process *process)
{
	return model->select_all || process->selected;
}

static struct process *process_new(struct model *model, uint32_t pid, uint64_t start)
{
	struct process *process = pool_get(&model->pool, sizeof(*process));

	if (!process)
		return NULL;
	process->key.start_ns = start;
	process->key.pid = pid;
	process->uid = UID_UNKNOWN;
	HASH_ADD(hh, model->processes, key, sizeof(process->key), process);
	if (!process->hh.tbl) {
		pool_put(&model->pool, process, sizeof(*process));
		return NULL;
	}
	process->serial = ++model->next_serial;
	process->birth = ++model->births;
	return process;
}

struct process *process_get(struct model *model, uint32_t pid, uint64_t start, uint64_t ts)
{
	struct process *process = model_process(model, pid, start);
	const struct task *leader;

	if (process)
		return process;
	leader = task_find(model, pid);
	/* The pid is in use again. */
	if (leader && leader->process->key.pid == pid && leader->process->key.start_ns < start)
		process_end(model, leader->process, ts);
	return process_new(model, pid, start);
}

void process_end(struct model *model, struct process *process, uint64_t ts)
{
	if (process->exited)
		return;
	endpoints_note_end(model, process);
	process_leave_space(model, process, ts);
	while (process->tasks)
		task_drop(model, process->tasks, ts);
	process->exited = true;
	process->exit_ts = ts;
	past_note_end(model, process);
	past_note_bare(model, process);
}

void process_free(struct model *model, struct process *process)
{
	text_leave(model, process->exe);
	text_leave(model, process->argv);
	text_leave(model, process->cgroup);
	pool_put(&model->pool, process, sizeof(*process));
}

void process_drop(struct model *model, struct process *process)
{
	process_leave_space(model, process, 0);
	while (process->endpoints)
		endpoint_drop(model, process->endpoints);
	handovers_forget(model, process);
	past_forget_bare(model, process);
	HASH_DEL(model->processes, process);
	process_free(model, process);
}

void process_choose_table(struct process *process)
{
	struct task *task;

	process->table = NULL;
	DL_FOREACH2(process->tasks, task, process_next) {
		if (!task->table)
			continue;
		process->table = task->table;
		break;
	}
}

/* --- tasks ----------------------------------------------------------------------------------- */

struct task *task_find(const struct model *model, uint32_t tid)
{
	struct task *task;

	HASH_FIND(hh, model->tasks, &tid, sizeof(tid), task);
	return task;
}

static struct task *task_new(struct model *model, struct process *process, uint32_t tid)
{
	struct task *task = calloc(1, sizeof(*task));

	if (!task)
		return NULL;
	task->tid = tid;
	task->process = process;
	HASH_ADD(hh, model->tasks, tid, sizeof(task->tid), task);
	if (!task->hh.tbl) {
		free(task);
		return NULL;
	}
	/* The leader first, where process_choose_table() looks first. */
	if (tid == process->key.pid)
		DL_PREPEND2(process->tasks, task, process_prev, process_next);
	else
		DL_APPEND2(process->tasks, task, process_prev, process_next);
	return task;
}

struct task *task_get(struct model *model, struct process *process, uint32_t tid, uint64_t ts)
{
	struct task *task = task_find(model, tid);

	if (task && task->process != process) {
		task_drop(model, task, ts);
		task = NULL;
	}
	process->exited = false;
	return task ? task : task_new(model, process, tid);
}

void task_drop(struct model *model, struct task *task, uint64_t ts)
{
	table_remove_task(model, task, ts);
	DL_DELETE2(task->process->tasks, task, process_prev, process_next);
	HASH_DEL(model->tasks, task);
	free(task);
}

int task_set_table(struct model *model, struct task *task, struct table *table, uint64_t ts)
{
	if (task->table == table)
		return 0;
	table_remove_task(model, task, ts);
	return table ? table_add_task(model, table, task, ts) : 0;
}

/* --- whose record it is ---------------------------------------------------------------------- */

static bool is_by_task(const struct task *task, const struct record *head)
{
	return task->process->key.pid == head->pid && task->process->key.start_ns == head->start;
}

struct process *process_of(const struct model *model, const struct record *head)
{
	const struct task *task = task_find(model, head->tid);

	if (task && is_by_task(task, head))
		return task->process;
	return model_process(model, head->pid, head->start);
}

struct task *task_of(struct model *model, const struct record *head, int *err)
{
	struct task *task = task_find(model, head->tid);
	struct process *process;

	if (task && is_by_task(task, head)) {
		/* prctl(PR_SET_NAME) leaves no other trace */
		if (head->tid == head->pid)
			memcpy(task->process->comm, head->comm, sizeof(head->comm));
		return task;
	}
	if (!head->pid || !head->tid)
		return NULL;
	process = model_process(model, head->pid, head->start);
	if (process && process->exited && process->exit_known)
		return NULL;
	process = process_get(model, head->pid, head->start, head->ts);
	task = process ? task_get(model, process, head->tid, head->ts) : NULL;
	if (!task) {
		*err = -ENOMEM;
		return NULL;
	}
	if (!process->comm[0])
		memcpy(process->comm, head->comm, sizeof(head->comm));
	return task;
}

/* --- selecting ------------------------------------------------------------------------------- */

static struct unseen *unseen_by_pid(const struct model *model, uint32_t pid)
{
	struct unseen *unseen;

	DL_FOREACH(model->unseen, unseen)
		if (unseen->pid == pid)
			return unseen;
	return NULL;
}

/* By a living process, or one that only its children are known of. */
static bool is_selected_pid(const struct model *model, uint32_t pid)
{
	const struct process *process = model_process_by_pid(model, pid);
	const struct unseen *unseen;

	if (process)
		return process->selected && !process->exited;
	unseen = unseen_by_pid(model, pid);
	return unseen && unseen->selected;
}

static bool select_children(struct model *model, bool even_placed)
{
	struct process *process;
	bool found = false;

	for (process = model->processes; process; process = process->hh.next) {
		if (process->selected || process->exited || !process->ppid ||
		    (process->placed && !even_placed))
			continue;
		if (!is_selected_pid(model, process->ppid))
			continue;
		process->selected = true;
		found = true;
	}
	return found;
}

/* Once: an orphan that a selected process adopts later is no descendant of it. */
void processes_place(struct model *model)
{
	struct process *process;

	while (model->follow && select_children(model, false))
		;
	for (process = model->processes; process; process = process->hh.next)
		process->placed |= process->ppid != 0;
}

static void process_name(struct model *model, struct process *process)
{
	process->selected = true;
	if (!process->named)
		process->named = ++model->named_count;
}

void process_select(struct model *model, uint32_t pid, bool follow)
{
	struct process *process;
	struct unseen *unseen;

	model->follow = follow;
	if (!pid) {
		model->select_all = true;
		return;
	}
	process = model_process_by_pid(model, pid);
	unseen = process ? NULL : unseen_by_pid(model, pid);
	if (unseen)
		unseen->selected = true;
	else if (process && !process->exited)
		process_name(model, process);
	else
		return;
	while (follow && select_children(model, true))
		;
}
