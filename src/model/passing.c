// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors on their way through a socket. A sending is told of when the call returns, by which
 * time a waiting receiver may have taken the descriptor and said so: such a reception is noted,
 * and the sending that turns up late completes it instead of leaving a descriptor in flight.
 */
#include "model/internal.h"

#include <sys/socket.h>

#define RECEPTIONS_MAX   64
#define RECEPTION_MAX_NS 1000000000ull /* a sender this late is another one */

struct reception {
	const struct description *description;
	uint64_t table;
	uint64_t ts;
	int fd;
	struct process *receiver;
	struct reception *next, *prev;
};

static void passing_drop(struct model *model, struct passing *passing)
{
	DL_DELETE2(model->passings, passing, all_prev, all_next);
	DL_DELETE(passing->description->in_flight, passing);
	passing->description->object->in_flight--;
	free(passing);
}

static struct passing *passing_add(struct model *model, struct description *description,
				   uint64_t socket_ino)
{
	struct passing *passing = calloc(1, sizeof(*passing));

	if (!passing)
		return NULL;
	passing->socket_ino = socket_ino;
	passing->sender_fd = -1;
	passing->description = description;
	DL_APPEND2(model->passings, passing, all_prev, all_next);
	DL_APPEND(description->in_flight, passing);
	description->object->in_flight++;
	return passing;
}

bool passing_receive(struct model *model, struct description *description, bool peek,
		     struct passing *passing)
{
	struct passing *oldest = description->in_flight;

	if (!oldest)
		return false;
	*passing = *oldest;
	if (!peek)
		passing_drop(model, oldest);
	return true;
}

void passings_drop(struct model *model, struct description *description)
{
	while (description->in_flight)
		passing_drop(model, description->in_flight);
}

void passings_mark_stale(struct model *model)
{
	struct passing *passing;

	DL_FOREACH2(model->passings, passing, all_next)
		passing->stale = true;
}

void passings_sweep(struct model *model)
{
	struct description *description;
	struct passing *passing, *next;

	DL_FOREACH_SAFE2(model->passings, passing, next, all_next) {
		if (!passing->stale)
			continue;
		description = passing->description;
		passing_drop(model, passing);
		description_release(model, description);
	}
}

/* --- receptions ------------------------------------------------------------------------------ */

static void reception_drop(struct model *model, struct reception *reception)
{
	DL_DELETE(model->receptions, reception);
	free(reception);
}

void reception_note(struct model *model, const struct description *description,
		    const struct table *table, int fd, struct process *receiver, uint64_t ts)
{
	struct reception *reception, *next;
	unsigned int count = 0;

	DL_FOREACH_SAFE(model->receptions, reception, next) {
		if (reception->ts + RECEPTION_MAX_NS < ts)
			reception_drop(model, reception);
		else
			count++;
	}
	if (count >= RECEPTIONS_MAX)
		reception_drop(model, model->receptions);
	reception = calloc(1, sizeof(*reception));
	if (!reception)
		return; /* costs the name of a sender, no more */
	reception->description = description;
	reception->table = table->id;
	reception->fd = fd;
	reception->receiver = receiver;
	reception->ts = ts;
	DL_APPEND(model->receptions, reception);
}

void receptions_mark(const struct model *model)
{
	const struct reception *reception;

	DL_FOREACH(model->receptions, reception)
		if (reception->receiver)
			reception->receiver->marked = true;
}

void receptions_forget(struct model *model, const struct description *description)
{
	struct reception *reception, *next;

	DL_FOREACH_SAFE(model->receptions, reception, next)
		if (!description || reception->description == description)
			reception_drop(model, reception);
}

/* Who sent it is known at last. */
static void reception_complete(struct model *model, const struct reception *reception,
			       struct process *sender, int sender_fd,
			       const struct object_key *via)
{
	const struct handed what = { .from_fd = sender_fd, .fd = reception->fd };
	struct handover_key key = { .from = sender, .to = reception->receiver, .object = *via };

	const struct table *table = table_find(model, reception->table);
	struct slot *slot = table ? table_slot(table, (unsigned int)reception->fd) : NULL;

	if (!slot || slot->description != reception->description || slot->came != CAME_PASSED ||
	    slot->from)
		return;
	slot->from = sender;
	slot->from_fd = sender_fd;
	handover_note(model, &key, slot->description->object, &what);
}

static bool reception_match(struct model *model, const struct description *description,
			    const struct record_pass *record, struct process *sender,
			    const struct object_key *via)
{
	struct reception *reception, *next;

	DL_FOREACH_SAFE(model->receptions, reception, next) {
		if (reception->description != description ||
		    reception->ts + RECEPTION_MAX_NS < record->head.ts)
			continue;
		reception_complete(model, reception, sender, record->fd, via);
		reception_drop(model, reception);
		return true;
	}
	return false;
}

/* --- records --------------------------------------------------------------------------------- */

/* One that a snapshot found in the queue before its sending was told of. */
static struct passing *passing_unattributed(const struct description *description,
					    uint64_t socket_ino)
{
	struct passing *passing;

	DL_FOREACH(description->in_flight, passing)
		if (!passing->ts && !passing->sender && passing->socket_ino == socket_ino)
			return passing;
	return NULL;
}

static int pass(struct model *model, const struct record_pass *record,
		struct description *description, struct process *sender,
		const struct object *socket)
{
	const struct object_key via = socket ? socket->key : (struct object_key){ 0 };
	struct passing *passing;

	if (reception_match(model, description, record, sender, &via))
		return 0;
	passing = passing_unattributed(description, record->peer_ino);
	if (!passing)
		passing = passing_add(model, description, record->peer_ino);
	if (!passing)
		return -ENOMEM;
	passing->ts = record->head.ts;
	passing->sender = sender;
	passing->sender_fd = record->fd;
	passing->via = via;
	return 0;
}

/* What the sender has at that number, if that is still the socket it used. */
static struct object *socket_sent_over(const struct model *model, const struct record_pass *record)
{
	const struct task *task = task_find(model, record->head.tid);
	const struct slot *slot;

	if (!task || !task->table || record->socket_fd < 0)
		return NULL;
	slot = table_slot(task->table, (unsigned int)record->socket_fd);
	if (!slot || !slot->description ||
	    slot->description->object->key.ino != record->socket_ino)
		return NULL;
	return slot->description->object;
}

int apply_pass(struct model *model, const struct record_pass *record, struct change *change)
{
	struct description *description;
	int err;

	change->process = process_of(model, &record->head);
	if (!record->facts.file || record_is_past(model, &record->head))
		return 0;
	description = description_get(model, &record->facts, record->head.ts);
	if (!description)
		return -ENOMEM;
	change->description = description;
	change->object = description->object;
	change->socket = socket_sent_over(model, record);
	err = pass(model, record, description, change->process, change->socket);
	description_release(model, description);
	return err;
}

static struct passing *passing_stale(const struct description *description, uint64_t socket_ino)
{
	struct passing *passing;

	DL_FOREACH(description->in_flight, passing)
		if (passing->stale && (passing->socket_ino == socket_ino || !passing->socket_ino))
			return passing;
	return NULL;
}

int apply_in_flight(struct model *model, const struct record_in_flight *record,
		    struct change *change)
{
	struct description *description;
	struct passing *passing;

	if (!record->facts.file)
		return 0;
	description = description_get(model, &record->facts, record->head.ts);
	if (!description)
		return -ENOMEM;
	passing = passing_stale(description, record->socket_ino);
	if (!passing)
		passing = passing_add(model, description, record->socket_ino);
	if (!passing) {
		description_release(model, description);
		return -ENOMEM;
	}
	passing->stale = false;
	passing->socket_ino = record->socket_ino;
	change->description = description;
	change->object = description->object;
	return 0;
}
