// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors that went from one process to another: through a socket (passing), or taken with
 * pidfd_getfd. One entry for each sender, receiver and socket, with the newest few descriptors told
 * one by one; what was passed may be gone by the time somebody asks, so its identity is a copy.
 */
#include "model/internal.h"

static struct handover *handover_find(const struct model *model, const struct handover_key *key)
{
	struct handover *handover;

	HASH_FIND(hh, model->handovers, key, sizeof(*key), handover);
	return handover;
}

static struct handover *handover_get(struct model *model, const struct handover_key *key)
{
	struct handover *handover = handover_find(model, key);

	if (handover)
		return handover;
	handover = pool_get(&model->pool, sizeof(*handover));
	if (!handover)
		return NULL;
	handover->key = *key;
	HASH_ADD(hh, model->handovers, key, sizeof(handover->key), handover);
	if (!handover->hh.tbl) {
		pool_put(&model->pool, handover, sizeof(*handover));
		return NULL;
	}
	key->from->handovers++;
	key->to->handovers++;
	return handover;
}

static void handed_drop(struct model *model, struct handover *handover, struct handed *handed)
{
	DL_DELETE(handover->handed, handed);
	free(handed->object.name);
	pool_put(&model->pool, handed, sizeof(*handed));
}

/* Room for one more, in the place of the oldest where there are enough: most pass one or two, and there may be
 * very many of them. NULL = no memory. */
static struct handed *handed_add(struct model *model, struct handover *handover)
{
	struct handed *handed;

	if (handover->count >= HANDED_MAX && handover->handed)
		handed_drop(model, handover, handover->handed);
	handed = pool_get(&model->pool, sizeof(*handed));
	if (!handed)
		return NULL;
	DL_APPEND(handover->handed, handed);
	handover->count++;
	return handed;
}

static void handed_copy_object(struct handed *handed, const struct object *object)
{
	handed->object.key = object->key;
	handed->object.facts = object->facts;
	handed->object.serial = object->serial;
	if (object->name)
		handed->object.name = strdup(object->name); /* without memory: without a name */
}

void handover_note(struct model *model, const struct handover_key *key,
		   const struct object *object, const struct handed *what)
{
	struct handover *handover;
	struct handed *handed;

	if (!key->from || !key->to)
		return;
	handover = handover_get(model, key);
	if (!handover)
		return; /* costs a link of a report, no state */
	handed = handed_add(model, handover);
	if (!handed)
		return;
	handed->from_fd = what->from_fd;
	handed->fd = what->fd;
	handed->in_flight = what->in_flight;
	handed_copy_object(handed, object);
}

static void handover_drop(struct model *model, struct handover *handover)
{
	struct process *from = handover->key.from, *to = handover->key.to;

	while (handover->handed)
		handed_drop(model, handover, handover->handed);
	HASH_DEL(model->handovers, handover);
	pool_put(&model->pool, handover, sizeof(*handover));
	from->handovers--;
	to->handovers--;
	past_note_bare(model, from);
	past_note_bare(model, to);
}

static bool ended_before(const struct process *process, uint64_t ts)
{
	return process->exited && process->exit_ts < ts;
}

void handovers_forget_past(struct model *model, uint64_t older_than_ts)
{
	struct handover *handover, *next;

	HASH_ITER(hh, model->handovers, handover, next)
		if (!model_object(model, &handover->key.object) ||
		    (ended_before(handover->key.from, older_than_ts) && !handover->key.from->selected) ||
		    (ended_before(handover->key.to, older_than_ts) && !handover->key.to->selected))
			handover_drop(model, handover);
}

void handovers_forget(struct model *model, const struct process *process)
{
	struct handover *handover, *next;

	if (process && !process->handovers)
		return;
	HASH_ITER(hh, model->handovers, handover, next)
		if (!process || handover->key.from == process || handover->key.to == process)
			handover_drop(model, handover);
}
