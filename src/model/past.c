// SPDX-License-Identifier: GPL-2.0-only
/*
 * What need not be kept of processes that ended: a process that forks gives its child all it holds, so of a thousand
 * short-lived children of a server there are a thousand times all its descriptors, and hardly any was used. What such
 * an endpoint adds to the graph's numbers is kept at its object.
 */
#include "model/link.h"

/* With fewer parties nothing is looked for. */
#define PARTIES_MANY 32

const struct past *object_past(const struct object *object)
{
	static const struct past none;

	return object->past ? object->past : &none;
}

/* NULL = no memory. */
static struct past *past_get(struct model *model, struct object *object)
{
	if (!object->past)
		object->past = pool_get(&model->pool, sizeof(*object->past));
	return object->past;
}

static bool is_used(const struct endpoint *endpoint)
{
	return endpoint->used_in || endpoint->used_out || endpoint->use_tid;
}

/* Its process has ended, so it holds nothing. Could it have been an end of a link? */
static bool is_end_of_link(const struct endpoint *endpoint)
{
	const struct link_ends *ends = link_ends_of(endpoint->key.object->key.kind);

	return ends->writes(endpoint, true) || ends->reads(endpoint, true);
}

static bool has_other_selected(const struct endpoint *endpoint)
{
	const struct endpoint *other;

	DL_FOREACH2(endpoint->key.object->endpoints, other, object_next)
		if (other != endpoint && other->key.process->selected)
			return true;
	return false;
}

/* Whoever had the object first, who made it most likely, is told of; and what a selected process held is shown, though
 * nobody else has it. */
static bool may_go(const struct model *model, const struct endpoint *endpoint)
{
	if (endpoint == endpoint->key.object->endpoints || is_used(endpoint) || endpoint->maps || endpoint->waiting ||
	    endpoint->read_slots || endpoint->write_slots || endpoint->other_slots)
		return false;
	return model->select_all || !endpoint->key.process->selected || has_other_selected(endpoint);
}

/* Keeps what it counts for, or, without the memory for that, the whole. */
static void let_go(struct model *model, struct endpoint *endpoint)
{
	const struct link_ends *ends = link_ends_of(endpoint->key.object->key.kind);
	struct past *past = past_get(model, endpoint->key.object);

	if (!past)
		return;
	past->parties += endpoint_counts(endpoint, true);
	past->writers += ends->writes(endpoint, true);
	past->readers += ends->reads(endpoint, true);
	if (endpoint->write_gone_ts > past->write_gone_ts)
		past->write_gone_ts = endpoint->write_gone_ts;
	endpoint_drop(model, endpoint);
}

/* Of very many parties the graph leaves out the links of those that are over and were never used. Looks again when
 * there are twice as many, so that a process costs the same however many there were. */
static void crowd_thin(struct model *model, struct object *object)
{
	struct endpoint *endpoint, *next;
	struct past *past;

	if (object->parties <= PARTIES_MANY || object->parties <= object_past(object)->thin_at)
		return;
	past = past_get(model, object);
	if (!past)
		return;
	if (link_leaves_out_unused(model, object))
		DL_FOREACH_SAFE2(object->endpoints, endpoint, next, object_next)
			if (endpoint->key.process->exited && may_go(model, endpoint))
				let_go(model, endpoint);
	past->thin_at = 2 * object->parties;
}

void past_note_end(struct model *model, struct process *process)
{
	struct endpoint *endpoint, *next;

	if (!model->drops_heirs)
		return;
	/* Each is of another object, so what goes is none but the one looked at. */
	DL_FOREACH_SAFE2(process->endpoints, endpoint, next, process_next) {
		if (!is_end_of_link(endpoint) && may_go(model, endpoint))
			let_go(model, endpoint);
		else if (!is_used(endpoint))
			crowd_thin(model, endpoint->key.object);
	}
}

/* --- processes ------------------------------------------------------------------------------- */

static bool is_bare(const struct model *model, const struct process *process)
{
	return process->exited && !process->endpoints && !process->tallies && !process->handovers &&
	       (model->select_all || !process->selected);
}

void past_note_bare(struct model *model, struct process *process)
{
	if (model->for_graph && !process->bare_prev && is_bare(model, process))
		DL_APPEND2(model->bare, process, bare_prev, bare_next);
}

void past_forget_bare(struct model *model, struct process *process)
{
	if (!process->bare_prev)
		return;
	DL_DELETE2(model->bare, process, bare_prev, bare_next);
	process->bare_prev = process->bare_next = NULL;
}

void model_tidy(struct model *model, uint64_t older_than_ts)
{
	struct process *process, *next;

	if (!model->bare)
		return;
	DL_FOREACH2(model->bare, process, bare_next)
		process->marked = false;
	processes_mark_named(model);
	DL_FOREACH_SAFE2(model->bare, process, next, bare_next) {
		if (!is_bare(model, process))
			past_forget_bare(model, process);
		else if (process->exit_ts < older_than_ts && !process->marked)
			process_drop(model, process);
	}
}
