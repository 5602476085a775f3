// SPDX-License-Identifier: GPL-2.0-only
/* What outlives its users: things with a name that somebody has to remove. */
#include "check/rule.h"

#include <stdio.h>

#define MINUTE_NS 60000000000ull
#define OLD_NS    MINUTE_NS /* nobody is just about to open it */
#define OWNED_NS  (10 * MINUTE_NS) /* nor is whoever made it, and lives */

/* Somebody waits in open for the other side, so it is in use. */
static bool is_waited_for(const struct object *object)
{
	const struct endpoint *endpoint;

	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (endpoint_waits(endpoint))
			return true;
	return false;
}

static bool is_alive(const struct model *model, uint32_t pid)
{
	const struct process *process = pid ? model_process_by_pid(model, pid) : NULL;

	return process && !process->exited;
}

static bool has_live_selected(const struct model *model)
{
	const struct process *process;

	for (process = model->processes; process; process = process->hh.next)
		if (process->selected && !process->exited)
			return true;
	return false;
}

/* Who made it, mkfifo(1) say, is gone, and so is whoever that was for. */
static bool is_makers_work_done(const struct model *model, const struct process *maker)
{
	if (!maker->exited)
		return false;
	return model->select_all ? !is_alive(model, maker->ppid) : !has_live_selected(model);
}

/* NULL = it was not made in the window, or is forgotten. */
static const struct process *maker_of(const struct model *model, const struct object *object)
{
	return object->maker.pid ? model_process(model, object->maker.pid, object->maker.start_ns) :
				   NULL;
}

static int stale_fifo(struct inspection *inspection, const struct object *object)
{
	const struct process *maker = maker_of(inspection->model, object);
	char who[WHO_LEN];

	if (maker && is_makers_work_done(inspection->model, maker))
		return finding_add(inspection, maker, object,
				   "%s made this FIFO; it is still there, and nobody has it open",
				   process_words(maker, who));
	if (object->maker.pid || object->left_age < OLD_NS)
		return 0;
	return finding_add(
		inspection, NULL, object,
		"this FIFO lies in a directory for temporary files, unchanged for %llu min, "
		"and nobody has it open",
		(unsigned long long)(object->left_age / MINUTE_NS));
}

int find_stale_fifo(struct inspection *inspection)
{
	const struct object *object;
	int err = 0;

	for (object = inspection->model->objects; object && !err; object = object->hh.next)
		if (object->key.kind == FILE_FIFO && object->is_left &&
		    !object_is_unlinked(object) && !is_waited_for(object))
			err = stale_fifo(inspection, object);
	return err;
}

/* --- System V segments ------------------------------------------------------------------------ */

static unsigned long long kib(uint64_t bytes)
{
	return (bytes + 1023) / 1024;
}

/* Nobody comes back for it: all is over that it was for, or it has lain about for too long. */
static bool is_abandoned(const struct inspection *inspection, const struct object *object,
			 const struct process *maker, bool is_maker_alive)
{
	if (maker && is_makers_work_done(inspection->model, maker))
		return true;
	if (object->maker.pid && !inspection->model->select_all)
		return false;
	return object->left_age >= (is_maker_alive ? OWNED_NS : OLD_NS);
}

static int stale_shm(struct inspection *inspection, const struct object *object)
{
	const struct segment *segment = object->segment;
	const struct process *maker = maker_of(inspection->model, object);
	bool alive = is_alive(inspection->model, segment->creator_pid);
	char who[WHO_LEN], age[AGE_LEN];

	if (!is_abandoned(inspection, object, maker, alive))
		return 0;
	if (maker)
		process_words(maker, who);
	else
		snprintf(who, sizeof(who), "process %u%s", segment->creator_pid,
			 alive ? "" : ", which is gone");
	age_words(object->left_age, age);
	if (segment->detached)
		return finding_add(
			inspection, maker, object,
			"nobody has had this segment of %llu KiB attached for %s; it was "
			"made by %s",
			kib(segment->size), age, who);
	return finding_add(inspection, maker, object,
			   "nobody has ever attached this segment of %llu KiB, made %s ago by %s",
			   kib(segment->size), age, who);
}

int find_stale_shm(struct inspection *inspection)
{
	const struct object *object;
	int err = 0;

	for (object = inspection->model->objects; object && !err; object = object->hh.next)
		if (object->key.kind == FILE_SHM && object->is_left && object->segment &&
		    object->segment->exists && !object->segment->attached)
			err = stale_shm(inspection, object);
	return err;
}

/* --- POSIX shared memory ---------------------------------------------------------------------- */

static bool is_semaphore(const struct object *object)
{
	const char *name = object->name ? strrchr(object->name, '/') : NULL;

	return name && !strncmp(name, "/sem.", 5);
}

static int stale_posix_shm(struct inspection *inspection, const struct object *object)
{
	const char *what = is_semaphore(object) ? "POSIX semaphore" : "POSIX shared memory object";
	const struct process *maker = maker_of(inspection->model, object);
	unsigned long long memory = kib(object->left_memory);
	char who[WHO_LEN], age[AGE_LEN];

	if (maker && is_makers_work_done(inspection->model, maker))
		return finding_add(inspection, maker, object,
				   "%s made this %s of %llu KiB; it is still there, and nobody has "
				   "it open or mapped",
				   process_words(maker, who), what, memory);
	if (object->maker.pid || object->left_age < OLD_NS)
		return 0;
	return finding_add(inspection, NULL, object,
			   "this %s takes %llu KiB of memory, and nobody has it open or mapped; "
			   "since when is not known, it was last changed %s ago",
			   what, memory, age_words(object->left_age, age));
}

int find_stale_posix_shm(struct inspection *inspection)
{
	const struct object *object;
	int err = 0;

	for (object = inspection->model->objects; object && !err; object = object->hh.next)
		if (object->key.kind == FILE_REGULAR && object->is_left)
			err = stale_posix_shm(inspection, object);
	return err;
}
