// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was pending when last looked at, and how processes stand to signals: blocked, ignored, handled.
 * Counts are not made from it; see signal.c.
 */
#include "model/internal.h"

static void pending_drop(struct model *model, struct pending *pending)
{
	DL_DELETE(model->pending, pending);
	free(pending);
}

void pending_forget(struct model *model)
{
	struct process *process;

	while (model->pending)
		pending_drop(model, model->pending);
	for (process = model->processes; process; process = process->hh.next)
		process->stance.moving = false;
}

int apply_signal_queued(struct model *model, const struct record_signal_queued *record,
			struct change *change)
{
	struct process *target = model_process(model, record->head.pid, record->head.start);
	struct pending *pending;

	change->process = target;
	if (!target)
		return 0;
	pending = calloc(1, sizeof(*pending));
	if (!pending)
		return -ENOMEM;
	pending->target = target->key;
	pending->signal = record->signal;
	pending->cause = record->cause;
	pending->sender_pid = record->sender_pid;
	if (record->sender_pid)
		pending->sender = model_process_by_pid(model, record->sender_pid);
	DL_APPEND(model->pending, pending);
	return 0;
}

int apply_signal_state(struct model *model, const struct record_signal_state *record,
		       struct change *change)
{
	struct process *process = model_process(model, record->head.pid, record->head.start);
	struct task *task = task_find(model, record->head.tid);

	change->process = process;
	if (!process || !task || task->process != process)
		return 0;
	task->blocked = record->blocked;
	task->blocked_known = true;
	process->stance.moving |= record->flags & SIGNAL_STATE_MOVING;
	if (!(record->flags & SIGNAL_STATE_PROCESS))
		return 0;
	process->stance.known = true;
	process->stance.ignored = record->ignored;
	process->stance.handled = record->handled;
	return 0;
}

bool process_blocks(const struct process *process, uint64_t *blocked)
{
	const struct task *task;
	bool known = process->tasks != NULL;

	*blocked = ~0ull;
	DL_FOREACH2(process->tasks, task, process_next) {
		known &= task->blocked_known;
		*blocked &= task->blocked;
	}
	return known;
}
