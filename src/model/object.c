// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects: what open file descriptions lead to. One of an IPC kind outlives its holders, as history,
 * until model_forget(); so does a file that several could write to at once. Any other goes with its last holder, so that
 * memory stays flat.
 */
#include "model/internal.h"

#define RETIRED_DEV UINT32_MAX

void object_key_init(struct object_key *key, const struct file_facts *facts)
{
	key->ino = kind_is_per_file(facts->kind) ? facts->file : facts->ino;
	key->dev = facts->dev;
	key->kind = facts->kind;
}

struct object *model_object(const struct model *model, const struct object_key *key)
{
	struct object *object;

	HASH_FIND(hh, model->objects, key, sizeof(*key), object);
	return object;
}

_Static_assert(FILE_KIND_MAX <= 32, "a bit for each kind");

static void kinds_note(struct model *model, const struct object_key *key)
{
	unsigned int i;

	if (!kind_is_ipc(key->kind))
		return;
	for (i = 0; i < model->kinds_at_count && i < KINDS_AT_MAX; i++)
		if (model->kinds_at[i].dev == key->dev)
			break;
	if (i == model->kinds_at_count)
		model->kinds_at_count++;
	if (i == KINDS_AT_MAX)
		return;
	model->kinds_at[i].dev = key->dev;
	model->kinds_at[i].kinds |= 1u << key->kind;
}

/* Of what kinds an object there can be: mostly one, or a few. */
static uint32_t kinds_on(const struct model *model, uint32_t dev)
{
	for (unsigned int i = 0; i < model->kinds_at_count && i < KINDS_AT_MAX; i++)
		if (model->kinds_at[i].dev == dev)
			return model->kinds_at[i].kinds;
	return model->kinds_at_count > KINDS_AT_MAX ? UINT32_MAX : 0;
}

struct object *object_by_transfer(const struct model *model, const struct transfer_key *key)
{
	struct object_key candidate = { .ino = key->ino, .dev = key->dev };
	uint32_t kinds = kinds_on(model, key->dev);
	struct object *object;

	for (uint32_t kind = FILE_UNKNOWN; kind < FILE_KIND_MAX; kind++) {
		if (!(kinds >> kind & 1) || !kind_is_ipc(kind))
			continue;
		candidate.kind = kind;
		object = model_object(model, &candidate);
		if (object)
			return object;
	}
	return NULL;
}

static struct object *object_new(struct model *model, const struct object_key *key, uint64_t ts)
{
	struct object *object = pool_get(&model->pool, sizeof(*object));

	if (!object)
		return NULL;
	object->key = *key;
	object->first_ts = ts;
	object->last_ts = ts;
	HASH_ADD(hh, model->objects, key, sizeof(object->key), object);
	if (!object->hh.tbl) {
		pool_put(&model->pool, object, sizeof(*object));
		return NULL;
	}
	object->serial = ++model->next_serial;
	kinds_note(model, key);
	if (key->kind == FILE_FIFO)
		DL_APPEND2(model->fifos, object, fifo_prev, fifo_next);
	return object;
}

void object_sample(struct object *object, const struct file_facts *facts, uint64_t ts)
{
	bool was_unlinked = object_is_unlinked(object);

	object->facts = *facts;
	if (was_unlinked)
		object->facts.pipe.names = 0; /* there is no way back */
	else if (object->name && object_is_unlinked(object))
		object->unlink_due = true;
	if (ts > object->last_ts)
		object->last_ts = ts;
}

bool object_is_another(const struct object *object, const struct file_facts *facts, uint64_t ts)
{
	if (object->key.kind != facts->kind || ts <= object->last_ts)
		return false;
	if (facts->kind == FILE_EVENTFD)
		return object->facts.eventfd.id != facts->eventfd.id;
	return object_is_unlinked(object) && facts->pipe.names;
}

int object_retire(struct model *model, struct object *object)
{
	HASH_DEL(model->objects, object);
	object->key.ino = ++model->next_serial;
	object->key.dev = RETIRED_DEV;
	object->gone = true;
	HASH_ADD(hh, model->objects, key, sizeof(object->key), object);
	return object->hh.tbl ? 0 : -ENOMEM;
}

bool object_is_retired(const struct object *object)
{
	return object->key.dev == RETIRED_DEV;
}

struct object *object_get(struct model *model, const struct file_facts *facts, uint64_t ts)
{
	struct object *object;
	struct object_key key;

	object_key_init(&key, facts);
	object = model_object(model, &key);
	if (object && object_is_another(object, facts, ts)) {
		if (object_retire(model, object))
			return NULL;
		object = NULL;
	}
	if (!object) {
		object = object_new(model, &key, ts);
		if (object)
			object->facts = *facts;
	}
	if (object)
		object_sample(object, facts, ts);
	return object;
}

struct object *object_get_unknown(struct model *model, uint64_t file, uint64_t ts)
{
	const struct file_facts facts = { .file = file, .kind = FILE_UNKNOWN };

	return object_get(model, &facts, ts);
}

int object_set_name(struct object *object, const char *name)
{
	if (object->name && !strcmp(object->name, name))
		return 0;
	return text_set(&object->name, name, strlen(name));
}

/* The change of this record may still point to it: it is freed by the next. */
static void object_kill(struct model *model, struct object *object)
{
	HASH_DEL(model->objects, object);
	fifo_unlist(model, object);
	segment_unlist(model, object);
	socket_unlink(model, object);
	object->hh.next = model->dead_objects;
	model->dead_objects = object;
}

void object_drop(struct model *model, struct object *object)
{
	while (object->endpoints)
		endpoint_drop(model, object->endpoints);
	object_kill(model, object);
}

void object_release(struct model *model, struct object *object)
{
	if (object->slots || object->in_flight || object->descriptions || object->maps ||
	    kind_is_ipc(object->key.kind) || object->sync_looks)
		return;
	object_drop(model, object);
}

void object_free(struct model *model, struct object *object)
{
	socket_free(model, object);
	free(object->name);
	free(object->segment);
	if (object->past)
		pool_put(&model->pool, object->past, sizeof(*object->past));
	pool_put(&model->pool, object, sizeof(*object));
}

void model_bury(struct model *model)
{
	while (model->dead_descriptions) {
		struct description *description = model->dead_descriptions;

		model->dead_descriptions = description->hh.next;
		/* Not before the event that says so is worded. */
		if (description->object->key.kind == FILE_EVENTFD)
			description->object->gone = !description->object->descriptions;
		pool_put(&model->pool, description, sizeof(*description));
	}
	while (model->dead_objects) {
		struct object *object = model->dead_objects;

		model->dead_objects = object->hh.next;
		object_free(model, object);
	}
}
