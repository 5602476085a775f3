// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors that no record explains: a copied table tells of pointers alone, and what is behind one of them
 * tells the record of the call that made it. That call may still be under way, for as long as it likes, or be
 * none that is seen (a seccomp supervisor's, a driver's). So the kernel is asked what these slots hold. The
 * answer is a row as any: what happens to a slot later lies behind it in the ring.
 */
#include <errno.h>
#include <stdlib.h>

#include "source/live.h"

#include "snapshot.skel.h"
#include "util/array.h"

#define ASK_GAP_NS 100000000ull
#define ASKS_MAX   8	/* of one whose table the kernel doesn't show any more: the record of that is to come */

struct question {
	const struct process *process;	/* one that uses the table */
	uint64_t table;
	uint32_t fd;
	bool answered;
};

struct questions {
	struct live *live;
	struct question *all;
	size_t count;
};

static bool is_unexplained(const struct slot *slot)
{
	return slot->description && slot->description->object->key.kind == FILE_UNKNOWN;
}

static int questions_add(struct questions *questions, const struct table *table)
{
	struct question *question;

	for (unsigned int fd = 0; table->users && fd < table->size; fd++) {
		if (!is_unexplained(&table->slots[fd]))
			continue;
		question = array_add(&questions->all, &questions->count, sizeof(*question));
		if (!question)
			return -ENOMEM;
		question->process = table->users->process;
		question->table = table->id;
		question->fd = fd;
	}
	return 0;
}

/* Of something that nobody told of, a selected process's peers may not be marked. */
static void peers_note(struct live *live, const struct question *question, const struct record_slot *row)
{
	const struct object_key key = {
		.ino = kind_is_per_file(row->facts.kind) ? row->facts.file : row->facts.ino,
		.dev = row->facts.dev,
		.kind = row->facts.kind,
	};

	if (live->selective && question->process->selected && !model_object(live->model, &key))
		live->find_peers = true;
}

static int slot_row(void *ctx, const struct record *record)
{
	const struct record_slot *row = (const void *)record;
	struct questions *questions = ctx;

	if (record->type != RECORD_SLOT)
		return 0;
	for (size_t i = 0; i < questions->count; i++) {
		struct question *question = &questions->all[i];

		if (question->answered || question->table != row->table || question->fd != (uint32_t)row->fd)
			continue;
		question->answered = true;
		peers_note(questions->live, question, row);
		return live_deliver(questions->live, record);
	}
	return 0;
}

/* The table is there, and its slot was not: it is empty. */
static int empty_deliver(struct live *live, const struct question *question)
{
	const struct record_slot row = {
		.head = { .type = RECORD_SLOT,
			  .flags = RECORD_ROW,
			  .size = sizeof(row),
			  .ts = now_ns(),
			  .pid = question->process->key.pid,
			  .tid = question->process->key.pid,
			  .start = question->process->key.start_ns },
		.table = question->table,
		.fd = (int32_t)question->fd,
		.nr = -1,
	};

	return live_deliver(live, &row.head);
}

static int task_row(void *ctx, const struct record *record)
{
	const struct record_task *row = (const void *)record;
	struct questions *questions = ctx;
	int err = 0;

	if (record->type != RECORD_TASK)
		return 0;
	for (size_t i = 0; i < questions->count && !err; i++) {
		struct question *question = &questions->all[i];

		if (question->answered || question->table != row->table)
			continue;
		question->answered = true;
		err = empty_deliver(questions->live, question);
	}
	return err;
}

/* First its slots, then whose table is whose: one that is in use then was so before. */
static int process_ask(struct questions *questions, uint32_t pid)
{
	struct live *live = questions->live;
	int err = live_rows_of_pid(live, live->snapshot->progs.rows_slot, pid, slot_row, questions);

	return err ? err : live_rows_of_pid(live, live->snapshot->progs.rows_task, pid, task_row, questions);
}

static int questions_ask(struct questions *questions)
{
	const struct process *asked = NULL;
	const struct table *table;
	int err = 0;

	for (table = questions->live->model->tables; table && !err; table = table->hh.next)
		err = questions_add(questions, table);
	for (size_t i = 0; i < questions->count && !err; i++) {
		if (questions->all[i].process == asked)
			continue;
		asked = questions->all[i].process;
		err = process_ask(questions, asked->key.pid);
	}
	return err;
}

static bool is_time_to_ask(struct live *live, bool now)
{
	/* What has been taken from the ring since it came up may have explained it. */
	if (!live->unexplained_asks++ && !now)
		return false;
	return now || now_ns() >= live->next_ask_ns;
}

int live_unexplained_ask(struct live *live, bool now, uint64_t *left)
{
	struct questions questions = { .live = live };
	int err;

	*left = 0;
	if (!live->model->unresolved)
		live->unexplained_asks = 0;
	if (!live->model->unresolved || !is_time_to_ask(live, now))
		return 0;
	err = questions_ask(&questions);
	free(questions.all);
	live->next_ask_ns = now_ns() + ASK_GAP_NS;
	if (now || live->unexplained_asks > ASKS_MAX)
		*left = live->model->unresolved;
	return err;
}
