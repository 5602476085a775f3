// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address spaces, kept exact. Records about a space that several tasks use are in doubt: it is read
 * anew here, through an iterator over one process. What lies in the ring by then is taken before the
 * reading ends: the model still has what was mapped before, by which it can be told.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mechanism/mechanism.h"
#include "source/live.h"
#include "snapshot.skel.h"
#include "tracer.skel.h"

bool live_wants_spaces(const struct live *live)
{
	/* Nobody waits for memory; who waits for a word in it is told by the task's own row. */
	if (live->wants_waits)
		return false;
	for (size_t i = 0; mechanisms[i]; i++) {
		if ((live->options->mechanisms >> i & 1) && mechanisms[i]->maps)
			return true;
	}
	return false;
}

static int deliver(void *ctx, const struct record *record)
{
	return live_deliver(ctx, record);
}

static int mark(struct live *live, enum record_type type, uint64_t space)
{
	struct record_space record = {
		.head = {.type = type, .flags = RECORD_ROW, .size = sizeof(record), .ts = now_ns()},
		.space = space,
	};

	return live_deliver(live, &record.head);
}

/* The rows may make processes leave the space, so their numbers are noted first. */
static int reread(struct live *live, const struct space *space)
{
	uint64_t id = space->id;
	const struct process *process;
	size_t count = 0, i = 0;
	uint32_t *pids;
	int err;

	DL_COUNT2(space->processes, process, count, space_next);
	pids = calloc(count + 1, sizeof(*pids));
	if (!pids)
		return -ENOMEM;
	DL_FOREACH2(space->processes, process, space_next)
		pids[i++] = process->key.pid;
	err = mark(live, RECORD_SPACE_BEGIN, id);
	for (i = 0; i < count && !err; i++)
		err = live_rows_of_pid(live, live->snapshot->progs.rows_mapping, pids[i], deliver, live);
	if (!err)
		err = live_drain(live);
	if (!err)
		err = mark(live, RECORD_SPACE_END, id);
	free(pids);
	return err;
}

static const struct space *space_in_doubt(const struct model *model)
{
	const struct space *space;

	for (space = model->doubts ? model->spaces : NULL; space; space = space->hh.next)
		if (space->doubt)
			return space;
	return NULL;
}

/* Records of before a reading are left aside after it, so those that are there are applied first: they
 * may also be the end of a space. */
int live_spaces_reread(struct live *live)
{
	const struct space *space;
	int err = 0;

	for (unsigned int left = live->model->doubts; left && !err; left--) {
		err = live_drain(live);
		space = space_in_doubt(live->model);
		if (!space)
			break;
		if (!err)
			err = reread(live, space);
	}
	return err;
}

int live_spaces_announce(struct live *live)
{
	struct control *control = (struct control *)&live->tracer->bss->control;
	int err;
	const struct space *space;
	__u32 known = 1;

	for (space = live->model->spaces; space; space = space->hh.next) {
		__u64 id = space->id;

		err = live_put(live, ASK_SPACES, &id, &known);
		if (err)
			return err;
	}
	err = live_put_all(live);
	if (err)
		return err;
	control->spaces_known = 1;
	return 0;
}
