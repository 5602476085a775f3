// SPDX-License-Identifier: GPL-2.0-only
/* The model as a whole: made, and bounded in its memory on long runs. */
#include "model/internal.h"

struct model *model_new(void)
{
	return calloc(1, sizeof(struct model));
}

uint64_t losses_of_state(const uint64_t *loss)
{
	return loss[LOSS_RING_FULL] + loss[LOSS_READ_FAILED] + loss[LOSS_RECURSION] +
	       loss[LOSS_TABLE_CUT];
}

uint64_t model_lost(const struct model *model)
{
	uint64_t lost = 0;

	for (int i = 0; i < LOSS_MAX; i++)
		if (i != LOSS_TEXT_CUT)
			lost += model->loss[i];
	return lost;
}

/* --- forgetting ------------------------------------------------------------------------------ */

static bool endpoint_is_history(const struct endpoint *endpoint, uint64_t older_than_ts)
{
	const struct process *process = endpoint->key.process;

	return process->exited && process->exit_ts < older_than_ts &&
	       endpoint->last_ts < older_than_ts;
}

bool object_is_of_selected(const struct object *object)
{
	const struct endpoint *endpoint;

	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (endpoint->key.process->selected)
			return true;
	return false;
}

static bool was_held_by_selected(const struct object *object)
{
	return object_is_ipc(object) && object_is_of_selected(object);
}

/* Also where all processes are. */
static bool was_held_by_asked(const struct model *model, const struct object *object)
{
	return model->select_all ? object->endpoints && object_is_ipc(object) : was_held_by_selected(object);
}

/* A selected process is connected to that listener, and waits to be accepted. */
static bool has_selected_waiting(const struct object *listener, const struct model *model)
{
	const struct process *process;
	const struct endpoint *endpoint;

	for (process = model->processes; process; process = process->hh.next) {
		if (!process->selected)
			continue;
		DL_FOREACH2(process->endpoints, endpoint, process_next)
			if (socket_is_pending(model, endpoint->key.object) &&
			    socket_other(model, endpoint->key.object, 0) == listener)
				return true;
	}
	return false;
}

bool object_is_near_selected(const struct object *object, const struct model *model)
{
	const struct object *other;

	if (was_held_by_selected(object) ||
	    (socket_is_listener(object) && has_selected_waiting(object, model)))
		return true;
	for (unsigned int i = 0; (other = socket_other(model, object, i)); i++)
		if (was_held_by_selected(other))
			return true;
	return false;
}

/* Nobody has it, it lies nowhere, and no count is of it. */
static bool object_is_over(const struct object *object)
{
	return !object->slots && !object->in_flight && !object->descriptions && !object->maps && !object->targeted &&
	       !(object->segment && object->segment->exists);
}

static bool process_is_over(const struct process *process, uint64_t older_than_ts)
{
	return process->exited ? process->exit_ts < older_than_ts : !process->tasks;
}

struct forgetting {
	uint64_t older_than_ts;
	bool even_selected;
	uint64_t processes, objects; /* how many it were */
};

/* An object that lives on (a terminal, a logger's socket) still loses its past users; one that is over goes whole, or
 * else what it was used for would be told no more, and not counted yet. */
static void object_forget(struct model *model, struct object *object, struct forgetting *it)
{
	struct endpoint *endpoint, *next;

	if (!it->even_selected && was_held_by_selected(object))
		return;
	if (object_is_over(object)) {
		if (object->last_ts >= it->older_than_ts)
			return;
		it->objects += was_held_by_asked(model, object);
		object_drop(model, object);
		return;
	}
	DL_FOREACH_SAFE2(object->endpoints, endpoint, next, object_next)
		if (endpoint_is_history(endpoint, it->older_than_ts))
			endpoint_drop(model, endpoint);
}

static void process_mark(struct process *process)
{
	if (process)
		process->marked = true;
}

static void table_mark(const struct table *table)
{
	process_mark(table->maker);
	TABLE_FOREACH(table, fd, slot)
	process_mark(slot->from);
}

void processes_mark_named(const struct model *model)
{
	struct description *description;
	struct pending *pending;
	struct passing *passing;
	struct table *table;

	receptions_mark(model);
	DL_FOREACH(model->pending, pending)
		process_mark(pending->sender);
	for (table = model->tables; table; table = table->hh.next)
		table_mark(table);
	DL_FOREACH(model->rivals, table)
		table_mark(table);
	for (description = model->descriptions; description; description = description->hh.next)
		DL_FOREACH(description->in_flight, passing)
			process_mark(passing->sender);
}

static void processes_mark_anew(struct model *model)
{
	struct process *process;

	for (process = model->processes; process; process = process->hh.next)
		process->marked = false;
	processes_mark_named(model);
}

static void forget(struct model *model, struct forgetting *it)
{
	struct process *process, *next_process;
	struct object *object, *next_object;

	HASH_ITER(hh, model->objects, object, next_object)
		object_forget(model, object, it);
	signals_forget(model, it->older_than_ts);
	handovers_forget_past(model, it->older_than_ts);
	processes_mark_anew(model);
	HASH_ITER(hh, model->processes, process, next_process) {
		if (!process_is_over(process, it->older_than_ts) || process->endpoints || process->tallies ||
		    process->marked || (process->selected && !it->even_selected))
			continue;
		it->processes++;
		process_drop(model, process);
	}
	model_bury(model);
}

void model_forget(struct model *model, uint64_t older_than_ts)
{
	struct forgetting it = { .older_than_ts = older_than_ts };

	forget(model, &it);
}

/* --- for want of room -------------------------------------------------------------------------- */

/* So many times are looked at to find which are old. */
#define SAMPLES_MAX 4096

size_t model_size(const struct model *model)
{
	return pool_size(&model->pool) + model->texts_size;
}

static int ts_order(const void *a, const void *b)
{
	const uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

static size_t count_over(const struct model *model)
{
	const struct process *process;
	const struct object *object;
	size_t count = 0;

	for (process = model->processes; process; process = process->hh.next)
		count += process->exited;
	for (object = model->objects; object; object = object->hh.next)
		count += object_is_over(object);
	return count;
}

/* When every so-manieth of what is over was over. Returns how many were taken. */
static size_t samples_take(const struct model *model, size_t every, uint64_t samples[SAMPLES_MAX])
{
	const struct process *process;
	const struct object *object;
	size_t count = 0, at = 0;

	for (process = model->processes; process && count < SAMPLES_MAX; process = process->hh.next)
		if (process->exited && !(at++ % every))
			samples[count++] = process->exit_ts;
	for (object = model->objects; object && count < SAMPLES_MAX; object = object->hh.next)
		if (object_is_over(object) && !(at++ % every))
			samples[count++] = object->last_ts;
	return count;
}

bool model_forget_oldest(struct model *model)
{
	const size_t over = count_over(model);
	struct forgetting it = { .even_selected = true };
	uint64_t samples[SAMPLES_MAX];
	size_t count;

	if (!over)
		return false;
	count = samples_take(model, (over + SAMPLES_MAX - 1) / SAMPLES_MAX, samples);
	qsort(samples, count, sizeof(samples[0]), ts_order);
	it.older_than_ts = samples[count / 4] + 1;
	forget(model, &it);
	model->forgotten.processes += it.processes;
	model->forgotten.objects += it.objects;
	if (it.older_than_ts > model->forgotten.before_ts)
		model->forgotten.before_ts = it.older_than_ts;
	return it.processes || it.objects;
}

bool model_has_forgotten(const struct model *model)
{
	return model->forgotten.processes || model->forgotten.objects;
}

static bool has_selected_user(const struct table *table)
{
	const struct table_user *user;

	DL_FOREACH(table->users, user)
		if (user->process->selected)
			return true;
	return false;
}

bool process_shares_table_with_selected(const struct process *process)
{
	const struct task *task;

	DL_FOREACH2(process->tasks, task, process_next)
		if (task->table && has_selected_user(task->table))
			return true;
	return false;
}

bool process_is_near_selected(const struct process *process, const struct model *model)
{
	const struct endpoint *endpoint;

	DL_FOREACH2(process->endpoints, endpoint, process_next)
		if (object_is_near_selected(endpoint->key.object, model))
			return true;
	return process_shares_table_with_selected(process);
}

/* Marks the descriptions that the selected have open, and no others. */
static void descriptions_mark(struct model *model)
{
	struct description *description;
	const struct table *table;

	for (description = model->descriptions; description; description = description->hh.next)
		description->marked = false;
	for (table = model->tables; table; table = table->hh.next)
		if (has_selected_user(table))
			TABLE_FOREACH(table, fd, slot)
				slot->description->marked = true;
}

static bool table_shares_description(const struct table *table)
{
	TABLE_FOREACH(table, fd, slot)
	if (slot->description->marked)
		return true;
	return false;
}

/* Nearly always all tasks have one table. */
static bool process_shares_description(const struct process *process)
{
	const struct table *last = NULL;
	const struct task *task;

	DL_FOREACH2(process->tasks, task, process_next) {
		if (task->table && task->table != last && table_shares_description(task->table))
			return true;
		last = task->table;
	}
	return false;
}

/* One that a slot still names stays as a name, without tasks; should it turn up again, its next
 * record finds it. */
void model_prune(struct model *model, bool with_descriptions)
{
	struct process *process, *next;

	if (model->select_all)
		return;
	processes_mark_anew(model);
	if (with_descriptions)
		descriptions_mark(model);
	HASH_ITER(hh, model->processes, process, next) {
		if (process->selected || process->exited || process_is_near_selected(process, model) ||
		    (with_descriptions && process_shares_description(process)))
			continue;
		process_leave_space(model, process, model->end_ts);
		while (process->tasks)
			task_drop(model, process->tasks, model->end_ts);
		if (!process->marked && !process->tallies)
			process_drop(model, process);
	}
	model_bury(model);
}

struct endpoint *model_endpoint_by_transfer(const struct model *model,
					    const struct transfer_key *key)
{
	const struct process *process = model_process(model, key->pid, key->start);
	const struct object *object = process ? object_by_transfer(model, key) : NULL;

	return object ? model_endpoint(model, process, object) : NULL;
}
