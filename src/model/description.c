// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open file descriptions, known by the address of their struct file. The kernel reuses addresses
 * at once, so an address counts together with the object behind it and the access mode, neither of
 * which ever changes in the life of a description.
 */
#include "model/internal.h"

struct description *description_find(const struct model *model, uint64_t file)
{
	struct description *description;

	HASH_FIND(hh, model->descriptions, &file, sizeof(file), description);
	return description;
}

static void description_attach(struct description *description, struct object *object)
{
	description->object = object;
	DL_APPEND2(object->descriptions, description, object_prev, object_next);
	object->gone = false;
}

static struct description *description_new(struct model *model, uint64_t file,
					   struct object *object)
{
	struct description *description = pool_get(&model->pool, sizeof(*description));

	if (!description)
		return NULL;
	description->file = file;
	HASH_ADD(hh, model->descriptions, file, sizeof(description->file), description);
	if (!description->hh.tbl) {
		pool_put(&model->pool, description, sizeof(*description));
		return NULL;
	}
	description->serial = ++model->next_serial;
	description_attach(description, object);
	return description;
}

static void description_sample(struct description *description, const struct file_facts *facts)
{
	description->fmode = facts->fmode;
	description->fflags = facts->fflags;
	description->is_master = facts->kind == FILE_PTY && facts->pty.master;
}

static bool is_same(const struct description *description, const struct file_facts *facts,
		    uint64_t ts)
{
	struct object_key key;

	if (((description->fmode ^ facts->fmode) & ACCESS_MASK) ||
	    object_is_another(description->object, facts, ts))
		return false;
	object_key_init(&key, facts);
	return !memcmp(&key, &description->object->key, sizeof(key));
}

/* No longer what the address means. hh.tbl NULL tells so; hh.next is free for other use then. */
static void description_unhash(struct model *model, struct description *description)
{
	if (!description->hh.tbl)
		return;
	HASH_DEL(model->descriptions, description);
	description->hh.tbl = NULL;
}

void description_release(struct model *model, struct description *description)
{
	struct object *object = description->object;

	if (description->slots || description->in_flight)
		return;
	description_unhash(model, description);
	receptions_forget(model, description);
	DL_DELETE2(object->descriptions, description, object_prev, object_next);
	description->hh.next = model->dead_descriptions;
	model->dead_descriptions = description;
	object_release(model, object);
}

/* Its address names another file now, so the kernel has freed it: it lies in no queue, and whoever
 * seems to hold it keeps it only until the record comes that says otherwise. */
static void description_retire(struct model *model, struct description *description)
{
	description_unhash(model, description);
	passings_drop(model, description);
	description_release(model, description);
}

/* Moves the holders of a placeholder to the object it turned out to be. An unknown object has one
 * description only, so its endpoints count just the slots of that. */
static int endpoints_move(struct model *model, struct description *description,
			  struct object *unknown)
{
	while (unknown->endpoints) {
		struct endpoint *endpoint = unknown->endpoints;
		int err = 0;

		if (endpoint->other_slots && kind_has_endpoints(description->object->key.kind))
			err = endpoint_count(model, endpoint->key.process, description,
					     (int)endpoint->other_slots, endpoint->first_ts);
		if (err)
			return err;
		endpoint_drop(model, endpoint);
	}
	return 0;
}

/* What a placeholder stands for has come to light: everybody who holds it keeps it. */
static int description_resolve(struct model *model, struct description *description,
			       const struct file_facts *facts, uint64_t ts)
{
	struct object *unknown = description->object, *object = object_get(model, facts, ts);

	if (!object)
		return -ENOMEM;
	DL_DELETE2(unknown->descriptions, description, object_prev, object_next);
	description_attach(description, object);
	description_sample(description, facts);
	object->slots += unknown->slots;
	object->in_flight += unknown->in_flight;
	model->unresolved -= unknown->slots;
	unknown->slots = 0;
	unknown->in_flight = 0;
	if (endpoints_move(model, description, unknown))
		return -ENOMEM;
	object_release(model, unknown);
	return 0;
}

static struct description *description_make(struct model *model, const struct file_facts *facts,
					    uint64_t ts)
{
	struct object *object = object_get(model, facts, ts);
	struct description *description;

	if (!object)
		return NULL;
	description = description_new(model, facts->file, object);
	if (!description) {
		object_release(model, object);
		return NULL;
	}
	description_sample(description, facts);
	return description;
}

struct description *description_get(struct model *model, const struct file_facts *facts,
				    uint64_t ts)
{
	struct description *description;

	if (facts->kind == FILE_UNKNOWN)
		return description_by_file(model, facts->file, ts);
	description = description_find(model, facts->file);
	if (!description)
		return description_make(model, facts, ts);
	if (description->object->key.kind == FILE_UNKNOWN)
		return description_resolve(model, description, facts, ts) ? NULL : description;
	if (!is_same(description, facts, ts)) {
		description_retire(model, description);
		return description_make(model, facts, ts);
	}
	description_sample(description, facts);
	object_sample(description->object, facts, ts);
	return description;
}

struct description *description_by_file(struct model *model, uint64_t file, uint64_t ts)
{
	struct description *description = description_find(model, file);
	struct object *object;

	if (description)
		return description;
	object = object_get_unknown(model, file, ts);
	if (!object)
		return NULL;
	description = description_new(model, file, object);
	if (!description)
		object_release(model, object);
	return description;
}
