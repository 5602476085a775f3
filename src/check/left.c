// SPDX-License-Identifier: GPL-2.0-only
/* What outlives its users: things with a name that somebody has to remove. */
#include "check/rule.h"

#define OLD_NS 60000000000ull /* nobody is just about to open it */

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

static int stale_fifo(struct inspection *inspection, const struct object *object)
{
	const struct process_key *key = &object->maker;
	const struct process *maker =
		key->pid ? model_process(inspection->model, key->pid, key->start_ns) : NULL;
	char who[WHO_LEN];

	if (maker && is_makers_work_done(inspection->model, maker))
		return finding_add(inspection, maker, object,
				   "%s made this FIFO; it is still there, and nobody has it open",
				   process_words(maker, who));
	if (key->pid || object->left_age < OLD_NS)
		return 0;
	return finding_add(
		inspection, NULL, object,
		"this FIFO lies in a directory for temporary files, unchanged for %llu min, "
		"and nobody has it open",
		(unsigned long long)(object->left_age / OLD_NS));
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
