// SPDX-License-Identifier: GPL-2.0-only
/*
 * FIFOs: their names, and who waits in open for the other side. A FIFO is made and unlinked by path,
 * so these records find their object by name.
 */
#include "model/internal.h"

#include <stdio.h>

/* Device of objects that stand in for files whose inode is not known. */
#define STAND_IN  UINT32_MAX
#define PATH_ROOM (RECORD_FOLDERS_MAX + RECORD_PATH_MAX + 64)

bool fifo_is_stand_in(const struct object *object)
{
	return object->key.kind == FILE_FIFO && object->facts.dev == STAND_IN;
}

bool object_is_unlinked(const struct object *object)
{
	return object->key.kind == FILE_FIFO && !object->facts.pipe.names;
}

uint32_t endpoint_waits(const struct endpoint *endpoint)
{
	return endpoint->key.process->exited ? 0 : endpoint->waiting;
}

/* --- paths ----------------------------------------------------------------------------------- */

struct path {
	char *buf;
	size_t size, len;
};

static void path_add(struct path *path, const char *bytes, size_t len)
{
	if (len > path->size - 1 - path->len)
		len = path->size - 1 - path->len;
	memcpy(path->buf + path->len, bytes, len);
	path->len += len;
	path->buf[path->len] = 0;
}

/* The folders come from the leaf up; a path goes the other way. */
static void path_add_folders(struct path *path, const char *folders, size_t len)
{
	size_t end = len;

	while (end) {
		size_t start = end - 1; /* the NUL */

		while (start && folders[start - 1])
			start--;
		path_add(path, "/", 1);
		path_add(path, folders + start, end - 1 - start);
		end = start;
	}
}

static void path_up(struct path *path)
{
	while (path->len && path->buf[path->len - 1] != '/')
		path->len--;
	if (path->len)
		path->len--;
	path->buf[path->len] = 0;
}

/* Adds a path as a person wrote it, without what means nothing: "./", "//" and, as far as the text
 * tells, "..". */
static void path_add_written(struct path *path, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "/");

		if (len == 2 && !strncmp(text, "..", 2)) {
			path_up(path);
		} else if (len && !(len == 1 && *text == '.')) {
			path_add(path, "/", 1);
			path_add(path, text, len);
		}
		text += len;
		text += strspn(text, "/");
	}
}

void fifo_path(const struct record_fifo *record, char *buf, size_t size)
{
	bool is_all = record->whole || record->verb == FIFO_OPENED;
	bool is_absolute = record->path[0] == '/' && !is_all;
	struct path path = { .buf = buf, .size = size };

	buf[0] = 0;
	if ((record->cut && !is_absolute) ||
	    (!is_all && (!record->path[0] || (record->head.flags & RECORD_TEXT_CUT))))
		return;
	if (!is_absolute)
		path_add_folders(&path, record->folders, record->folders_len);
	if (!is_all)
		path_add_written(&path, record->path);
}

/* What is elsewhere than in our mount namespace says so, for there it may be the name of another:
 * "/tmp/f@mnt:[4026532206]" */
static void named_path(const struct record_fifo *record, char buf[PATH_ROOM])
{
	size_t len;

	fifo_path(record, buf, PATH_ROOM - 32);
	len = strlen(buf);
	if (len && record->mnt_ns)
		snprintf(buf + len, PATH_ROOM - len, "@mnt:[%u]", record->mnt_ns);
}

/* --- records --------------------------------------------------------------------------------- */

static struct object *fifo_by_inode(struct model *model, uint64_t ino, uint32_t dev, uint64_t ts)
{
	struct file_facts facts = { .ino = ino, .dev = dev, .kind = FILE_FIFO };
	struct object_key key;
	struct object *object;

	object_key_init(&key, &facts);
	object = model_object(model, &key);
	if (object)
		return object;
	facts.pipe.names = 1;
	facts.pipe.queued = ~0ull;
	return object_get(model, &facts, ts);
}

void fifo_unlist(struct model *model, struct object *object)
{
	if (!object->fifo_prev)
		return;
	DL_DELETE2(model->fifos, object, fifo_prev, fifo_next);
	object->fifo_prev = NULL;
}

/* One that is unlinked stays so, and leaves the list when it is met, once it is told of: there may be any number
 * of them, of before. */
static struct object *fifo_by_name(struct model *model, const char *name)
{
	struct object *object, *next;

	DL_FOREACH_SAFE2(model->fifos, object, next, fifo_next)
	{
		if (object_is_unlinked(object) && object->unlink_due)
			continue;
		else if (object_is_unlinked(object))
			fifo_unlist(model, object);
		else if (object->name && !strcmp(object->name, name))
			return object;
	}
	return NULL;
}

/* Whoever opened it meanwhile told that it is gone before the call that unlinked it returned. */
static struct object *fifo_with_unlink_due(struct model *model, const char *name)
{
	struct object *object;

	DL_FOREACH2(model->fifos, object, fifo_next)
	{
		if (object->unlink_due && object->name && !strcmp(object->name, name))
			return object;
	}
	return NULL;
}

/* Two FIFOs under one path: the older one was moved, or something was mounted over it. */
int fifo_set_name(struct model *model, struct object *object, const char *name)
{
	struct object *other = fifo_by_name(model, name), *due;
	char elsewhere[PATH_ROOM + 64];

	/* Of the one before nobody told how it went, nor will: that was done by somebody who is not traced. */
	due = fifo_with_unlink_due(model, name);
	if (due && due != object)
		due->unlink_due = false;
	if (other && other != object) {
		snprintf(elsewhere, sizeof(elsewhere), "%s (elsewhere) [%llu]", name,
			 (unsigned long long)other->facts.ino);
		if (object_set_name(other, elsewhere))
			return -ENOMEM;
	}
	return object_set_name(object, name);
}

/* Which inode a new one has is not known before it is opened: until then, an object of that name
 * stands in for it. */
static int fifo_created(struct model *model, const struct record_fifo *record, const char *name,
			struct change *change)
{
	struct object *object;

	if (!*name)
		return 0;
	object = fifo_by_inode(model, ++model->next_serial, STAND_IN, record->head.ts);
	if (!object)
		return -ENOMEM;
	change->object = object;
	if (change->process)
		object->maker = change->process->key;
	return fifo_set_name(model, object, name);
}

/* The stand-in's work is done: who made it goes over to what it stood for. */
static void stand_in_drop(struct model *model, const char *name, struct object *real)
{
	struct object *object = fifo_by_name(model, name);

	if (!object || !fifo_is_stand_in(object))
		return;
	real->maker = object->maker;
	object_drop(model, object);
}

static int fifo_opened(struct model *model, const struct record_fifo *record, const char *name,
		       struct change *change)
{
	struct object *object;
	struct endpoint *endpoint;

	object = fifo_by_inode(model, record->ino, record->dev, record->head.ts);
	if (!object)
		return -ENOMEM;
	change->object = object;
	endpoint = change->process ? model_endpoint(model, change->process, object) : NULL;
	if (endpoint)
		endpoint->waiting = 0;
	if (!*name)
		return 0;
	if (object_is_unlinked(object)) /* while it waited; who has the name now is another */
		return object->name ? 0 : object_set_name(object, name);
	stand_in_drop(model, name, object);
	return fifo_set_name(model, object, name);
}

/* The inode may have other names (link), which the next sample will tell. */
static void fifo_unlinked(struct model *model, const char *name, uint64_t ts,
			  struct change *change)
{
	struct object *object = *name ? fifo_with_unlink_due(model, name) : NULL;

	if (object)
		object->unlink_due = false;
	else if (*name)
		object = fifo_by_name(model, name);
	change->object = object;
	if (!object)
		return;
	if (object->facts.pipe.names)
		object->facts.pipe.names--;
	object->last_ts = ts;
}

int apply_fifo(struct model *model, const struct record_fifo *record, struct change *change)
{
	char name[PATH_ROOM];

	change->process = process_of(model, &record->head);
	named_path(record, name);
	switch (record->verb) {
	case FIFO_CREATED: return fifo_created(model, record, name, change);
	case FIFO_OPENED: return fifo_opened(model, record, name, change);
	case FIFO_UNLINKED: fifo_unlinked(model, name, record->head.ts, change); return 0;
	}
	return 0;
}

/* --- left behind ----------------------------------------------------------------------------- */

static struct object *left_object(struct model *model, const struct record_left *record)
{
	struct file_facts facts = { .ino = record->ino, .dev = record->dev, .kind = record->kind };
	struct object_key key;
	struct object *object;

	object_key_init(&key, &facts);
	object = model_object(model, &key);
	if (!object && record->kind == FILE_FIFO)
		object = fifo_by_name(model, record->text);
	if (object || record->kind == FILE_SHM)
		return object;
	return fifo_by_inode(model, record->ino, record->dev, record->head.ts);
}

static bool is_held(const struct object *object)
{
	if (object->key.kind == FILE_SHM)
		return !object->segment || !object->segment->exists || object->segment->attached;
	return object->slots || object->in_flight || object->maps;
}

int apply_left(struct model *model, const struct record_left *record, struct change *change)
{
	struct object *object = left_object(model, record);

	/* A segment that no row told of has gone meanwhile. */
	if (!object)
		return record->kind == FILE_SHM ? 0 : -ENOMEM;
	change->object = object;
	object->is_left = !is_held(object);
	object->left_age = record->age;
	return object->name || !record->text_len ? 0 : object_set_name(object, record->text);
}

int apply_left_memory(struct model *model, const struct record_left_memory *record,
		      struct change *change)
{
	const struct file_facts facts = { .ino = record->ino,
					  .dev = record->dev,
					  .kind = FILE_REGULAR,
					  .regular = { .size = record->size, .links = 1 } };
	struct object *object = object_get(model, &facts, record->head.ts);

	if (!object)
		return -ENOMEM;
	change->object = object;
	object->is_left = !is_held(object);
	object->left_age = record->age;
	object->left_memory = record->held;
	object->maker =
		(struct process_key){ .pid = record->head.pid, .start_ns = record->head.start };
	return object_set_name(object, record->text);
}

/* --- waiting in open ------------------------------------------------------------------------- */

void openings_forget(struct model *model)
{
	struct endpoint *endpoint;
	struct object *object;

	/* Few ever wait so, and there may be a hundred thousand objects. */
	if (!model->has_openings)
		return;
	for (object = model->objects; object; object = object->hh.next)
		if (object->key.kind == FILE_FIFO)
			DL_FOREACH2(object->endpoints, endpoint, object_next)
				endpoint->waiting = 0;
	model->has_openings = false;
}

int apply_opening(struct model *model, const struct record_opening *record, struct change *change)
{
	struct endpoint *endpoint;
	struct object *object;

	change->process = process_of(model, &record->head);
	if (!change->process || !record->ino)
		return 0;
	object = fifo_by_inode(model, record->ino, record->dev, record->head.ts);
	endpoint = object ? endpoint_get(model, change->process, object, record->head.ts) : NULL;
	if (!endpoint)
		return -ENOMEM;
	change->object = object;
	model->has_openings = true;
	endpoint->waiting = record->fmode;
	endpoint->waiting_since = record->since;
	return record->path_len && !object->name ? fifo_set_name(model, object, record->path) : 0;
}
