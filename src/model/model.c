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

static bool was_held_by_selected(const struct object *object)
{
	const struct endpoint *endpoint;

	if (!object_is_ipc(object))
		return false;
	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (endpoint->key.process->selected)
			return true;
	return false;
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

/* An object that lives on (a terminal, a logger's socket) still loses its past users. */
static void object_forget(struct model *model, struct object *object, uint64_t older_than_ts)
{
	struct endpoint *endpoint, *next;

	if (was_held_by_selected(object))
		return;
	if (!object->slots && !object->in_flight && !object->descriptions && !object->maps &&
	    !(object->segment && object->segment->exists) &&
	    object->last_ts < older_than_ts) {
		object_drop(model, object);
		return;
	}
	DL_FOREACH_SAFE2(object->endpoints, endpoint, next, object_next)
		if (endpoint_is_history(endpoint, older_than_ts))
			endpoint_drop(model, endpoint);
}

static void process_mark(struct process *process)
{
	if (process)
		process->marked = true;
}

/* Marks every process that a slot, a table or a descriptor in flight still names. */
static void processes_mark_named(struct model *model)
{
	struct description *description;
	struct signal_tally *tally;
	struct process *process;
	struct pending *pending;
	struct passing *passing;
	struct table *table;

	for (process = model->processes; process; process = process->hh.next)
		process->marked = false;
	for (tally = model->signals; tally; tally = tally->hh.next) {
		process_mark(tally->sender);
		process_mark(tally->target);
	}
	DL_FOREACH(model->pending, pending)
		process_mark(pending->sender);
	for (table = model->tables; table; table = table->hh.next) {
		process_mark(table->maker);
		TABLE_FOREACH(table, fd, slot)
		process_mark(slot->from);
	}
	for (description = model->descriptions; description; description = description->hh.next)
		DL_FOREACH(description->in_flight, passing)
			process_mark(passing->sender);
}

void model_forget(struct model *model, uint64_t older_than_ts)
{
	struct process *process, *next_process;
	struct object *object, *next_object;

	HASH_ITER(hh, model->objects, object, next_object)
		object_forget(model, object, older_than_ts);
	signals_forget(model, older_than_ts);
	processes_mark_named(model);
	HASH_ITER(hh, model->processes, process, next_process)
		if ((process->exited ? process->exit_ts < older_than_ts : !process->tasks) && !process->selected &&
		    !process->endpoints && !process->marked)
			process_drop(model, process);
	model_bury(model);
}

static bool process_shares(const struct process *process, const struct model *model)
{
	const struct endpoint *endpoint;

	DL_FOREACH2(process->endpoints, endpoint, process_next)
		if (object_is_near_selected(endpoint->key.object, model))
			return true;
	return false;
}

/* One that a slot still names stays as a name, without tasks; should it turn up again, its next
 * record finds it. */
void model_prune(struct model *model)
{
	struct process *process, *next;

	if (model->select_all)
		return;
	processes_mark_named(model);
	HASH_ITER(hh, model->processes, process, next) {
		if (process->selected || process->exited || process_shares(process, model))
			continue;
		process_leave_space(model, process, model->end_ts);
		while (process->tasks)
			task_drop(model, process->tasks, model->end_ts);
		if (!process->marked)
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
