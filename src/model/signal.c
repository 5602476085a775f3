// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals: who sent how many of which to whom, and what became of them, as the kernel side counted.
 * Single signals are events; they change no count here.
 */
#include "model/internal.h"

/* Whoever had that pid when it sent, before the window: the live one, most likely. */
static struct process *former(struct model *model, uint32_t pid, uint64_t ts)
{
	struct process *process = model_process_by_pid(model, pid);

	if (process)
		return process;
	process = process_get(model, pid, 0, ts);
	if (process)
		process->exited = true;
	return process;
}

/*
 * A sender nobody traces is known by its name and nothing else: a process without tasks, which the
 * audit leaves alone.
 */
static struct process *party(struct model *model, uint32_t pid, uint64_t start, const char *comm,
			     uint64_t ts)
{
	struct process *process;

	if (!pid)
		return NULL;
	process = start ? process_get(model, pid, start, ts) : former(model, pid, ts);
	if (process && comm && !process->comm[0])
		memcpy(process->comm, comm, sizeof(process->comm));
	return process;
}

/* "process:812": what a signal goes to. */
static struct object *target_object(struct model *model, uint32_t pid, uint64_t ts)
{
	const struct file_facts facts = { .kind = FILE_PROCESS, .ino = pid };

	return object_get(model, &facts, ts);
}

int apply_signal(struct model *model, const struct record_signal *record, struct change *change)
{
	const struct record *head = &record->head;
	bool is_end = head->type == RECORD_SIGNAL_END;
	uint32_t target = is_end ? head->pid : record->other_pid;

	change->process = party(model, head->pid, head->start, head->comm, head->ts);
	change->other =
		party(model, record->other_pid, record->other_start, record->other_comm, head->ts);
	/* For the event's sake. */
	if (!model->for_graph)
		change->object = target_object(model, target, head->ts);
	if ((head->pid && !change->process) || (record->other_pid && !change->other) ||
	    (!change->object && !model->for_graph))
		return -ENOMEM;
	return 0;
}

int apply_signal_call(struct model *model, const struct record *record, struct change *change)
{
	int err = 0;

	if (!record_is_past(model, record))
		task_of(model, record, &err);
	change->process = process_of(model, record);
	change->changed = true;
	return err;
}

/* Programs set the same mask over and over, around each call that must not be interrupted. */
int apply_signal_mask(struct model *model, const struct record_signal_mask *record,
		      struct change *change)
{
	int err = apply_signal_call(model, &record->head, change);
	struct task *task = task_find(model, record->head.tid);

	if (!task || task->process != change->process || record_is_past(model, &record->head))
		return err;
	change->changed = !task->blocked_known || task->blocked != record->blocked;
	task->blocked = record->blocked;
	task->blocked_known = true;
	return err;
}

int apply_signal_action(struct model *model, const struct record_signal_action *record,
			struct change *change)
{
	int err = apply_signal_call(model, &record->head, change);
	uint64_t bit = 1ull << (record->signal - 1);
	struct stance *stance;

	if (!change->process || record_is_past(model, &record->head))
		return err;
	stance = &change->process->stance;
	stance->ignored &= ~bit;
	stance->handled &= ~bit;
	if (record->action == SIGNAL_ACTION_IGNORE)
		stance->ignored |= bit;
	else if (record->action != SIGNAL_ACTION_DEFAULT)
		stance->handled |= bit;
	return err;
}

/* --- counts ---------------------------------------------------------------------------------- */

const struct signal_tally *model_signal(const struct model *model, const struct signal_key *key)
{
	struct signal_tally *tally;

	HASH_FIND(hh, model->signals, key, sizeof(*key), tally);
	return tally;
}

static struct signal_tally *tally_new(struct model *model, const struct record_signal_count *record)
{
	const struct signal_key *key = &record->key;
	struct signal_tally *tally = pool_get(&model->pool, sizeof(*tally));

	if (!tally)
		return NULL;
	tally->key = *key;
	tally->sender = party(model, key->sender_pid, key->sender_start, NULL, record->head.ts);
	tally->target = party(model, key->target_pid, key->target_start, NULL, record->head.ts);
	if (tally->target && (tally->sender || !key->sender_pid))
		HASH_ADD(hh, model->signals, key, sizeof(tally->key), tally);
	if (!tally->hh.tbl) {
		pool_put(&model->pool, tally, sizeof(*tally));
		return NULL;
	}
	tally->target->tallies++;
	if (tally->sender)
		tally->sender->tallies++;
	return tally;
}

int apply_signal_count(struct model *model, const struct record_signal_count *record,
		       struct change *change)
{
	struct signal_tally *tally = (struct signal_tally *)model_signal(model, &record->key);
	bool is_new = !tally;

	if (!tally)
		tally = tally_new(model, record);
	change->object = target_object(model, record->key.target_pid, record->head.ts);
	if (!tally || !change->object)
		return -ENOMEM;
	change->object->targeted += is_new;
	change->process = tally->sender;
	change->other = tally->target;
	change->unshown = record->total.unshown - tally->counts.unshown;
	tally->counts = record->total;
	return 0;
}

uint64_t signal_pending(const struct signal_counts *counts)
{
	uint64_t past = counts->delivered + counts->ignored + counts->merged + counts->overflow +
			counts->discarded + counts->unseen;

	return counts->sent > past ? counts->sent - past : 0;
}

/* --- forgetting ------------------------------------------------------------------------------ */

static void target_release(struct model *model, uint32_t pid)
{
	const struct object_key key = { .kind = FILE_PROCESS, .ino = pid };
	struct object *object = model_object(model, &key);

	if (object && object->targeted && !--object->targeted)
		object_drop(model, object);
}

static void tally_drop(struct model *model, struct signal_tally *tally)
{
	struct process *sender = tally->sender, *target = tally->target;

	target_release(model, tally->key.target_pid);
	HASH_DEL(model->signals, tally);
	pool_put(&model->pool, tally, sizeof(*tally));
	target->tallies--;
	past_note_bare(model, target);
	if (!sender)
		return;
	sender->tallies--;
	past_note_bare(model, sender);
}

static bool is_gone(const struct process *process)
{
	return process && (process->exited || !process->tasks);
}

void signals_forget(struct model *model, uint64_t older_than_ts)
{
	struct signal_tally *tally, *next;

	HASH_ITER(hh, model->signals, tally, next) {
		if (tally->counts.last_ts >= older_than_ts ||
		    (!is_gone(tally->sender) && !is_gone(tally->target)))
			continue;
		tally_drop(model, tally);
	}
}

/* They are in the pool. */
void signals_free(struct model *model)
{
	HASH_CLEAR(hh, model->signals);
}
