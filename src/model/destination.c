// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where datagrams were sent to, and how much to each. An address belongs to whoever was bound to it when it was
 * first sent to; the kernel counts anew once any datagram socket was bound.
 */
#include "model/internal.h"

#define DESTINATIONS_OF_SOCKET_MAX 256

static void destination_free(struct destination *destination)
{
	struct sent_sum *sum, *next;

	DL_FOREACH_SAFE(destination->sums, sum, next)
		free(sum);
	free(destination->name);
	free(destination);
}

void destinations_free(struct socket *socket)
{
	struct destination *destination, *next;

	DL_FOREACH_SAFE(socket->destinations, destination, next)
		destination_free(destination);
}

static void sent_id_drop(struct model *model, struct sent_id *id)
{
	DL_DELETE(id->socket->sent_ids, id);
	HASH_DEL(model->sent_ids, id);
	free(id);
}

void destinations_unlink(struct model *model, struct socket *socket)
{
	while (socket->sent_ids)
		sent_id_drop(model, socket->sent_ids);
}

void sent_ids_free(struct model *model)
{
	while (model->sent_ids)
		sent_id_drop(model, model->sent_ids);
}

/* --- records --------------------------------------------------------------------------------- */

static bool is_same(const struct destination *one, const struct destination *other)
{
	return !memcmp(&one->to, &other->to, sizeof(one->to)) && one->is_abstract == other->is_abstract &&
	       !memcmp(&one->bound, &other->bound, sizeof(one->bound)) && (!one->name) == (!other->name) &&
	       (!one->name || !strcmp(one->name, other->name));
}

/* Takes what was made, and gives what is known; NULL = there are too many. */
static struct destination *destination_put(struct socket *socket, struct destination *made)
{
	struct destination *known;

	DL_FOREACH(socket->destinations, known)
	{
		if (is_same(known, made)) {
			destination_free(made);
			return known;
		}
	}
	if (socket->destinations_count >= DESTINATIONS_OF_SOCKET_MAX) {
		destination_free(made);
		return NULL;
	}
	DL_APPEND(socket->destinations, made);
	socket->destinations_count++;
	return made;
}

static struct destination *destination_make(const struct model *model, const struct socket *socket,
					    const struct record_destination *record)
{
	struct destination *made = calloc(1, sizeof(*made));
	const struct object *bound;

	if (!made)
		return NULL;
	memcpy(made->to.remote, record->address, 16);
	made->to.remote_port = record->port;
	made->is_abstract = record->name_len && !record->name[0];
	if (socket_name_set(&made->name, record->name, record->name_len)) {
		free(made);
		return NULL;
	}
	bound = socket_destination(model, socket, made);
	if (bound)
		made->bound = bound->key;
	return made;
}

static struct sent_sum *sum_get(struct destination *destination, const struct process_key *process)
{
	struct sent_sum *sum;

	DL_FOREACH(destination->sums, sum)
		if (sum->process.pid == process->pid && sum->process.start_ns == process->start_ns)
			return sum;
	sum = calloc(1, sizeof(*sum));
	if (!sum)
		return NULL;
	sum->process = *process;
	DL_APPEND(destination->sums, sum);
	return sum;
}

static struct sent_id *id_find(const struct model *model, uint64_t id)
{
	struct sent_id *found;

	HASH_FIND(hh, model->sent_ids, &id, sizeof(id), found);
	return found;
}

static uint64_t id_of(const uint32_t id[2])
{
	return id[0] | (uint64_t)id[1] << 32;
}

/* sum NULL: there are more destinations than are told apart. */
static int id_note(struct model *model, struct socket *socket, uint64_t id, struct sent_sum *sum)
{
	struct sent_id *note;

	if (!id || id_find(model, id))
		return 0;
	note = calloc(1, sizeof(*note));
	if (!note)
		return -ENOMEM;
	note->id = id;
	note->socket = socket;
	note->sum = sum;
	HASH_ADD(hh, model->sent_ids, id, sizeof(note->id), note);
	if (!note->hh.tbl) {
		free(note);
		return -ENOMEM;
	}
	DL_APPEND(socket->sent_ids, note);
	socket->counts_destinations = true;
	return 0;
}

int apply_destination(struct model *model, const struct record_destination *record,
		      struct change *change)
{
	const struct process_key process = { .pid = record->head.pid, .start_ns = record->head.start };
	struct destination *destination;
	struct sent_sum *sum = NULL;
	struct socket *socket;
	int err = 0;

	change->process = process_of(model, &record->head);
	socket = socket_of_ino(model, record->ino, record->dev, &err);
	change->object = socket ? socket->object : NULL;
	if (!socket || socket->facts.kind == FILE_TCP) /* its address is that of the connection */
		return err;
	destination = destination_make(model, socket, record);
	if (!destination)
		return -ENOMEM;
	destination = destination_put(socket, destination);
	if (destination && id_of(record->id)) {
		sum = sum_get(destination, &process);
		if (!sum)
			return -ENOMEM;
	}
	return id_note(model, socket, id_of(record->id), sum);
}

int apply_sent(struct model *model, const struct record_sent *record, struct change *change)
{
	struct sent_id *note = id_find(model, id_of(record->id));

	change->process = process_of(model, &record->head);
	if (!note)
		return 0;
	if (note->sum) {
		note->sum->bytes += record->bytes;
		note->sum->ops += record->ops;
	}
	if (record->last)
		sent_id_drop(model, note);
	return 0;
}

/* --- answers --------------------------------------------------------------------------------- */

bool model_knows_sent(const struct model *model, uint64_t id)
{
	return id_find(model, id);
}

const struct sent_sum *sum_of(const struct destination *destination, const struct process *process)
{
	const struct sent_sum *sum;

	DL_FOREACH(destination->sums, sum)
		if (sum->process.pid == process->key.pid && sum->process.start_ns == process->key.start_ns)
			return sum;
	return NULL;
}

struct sent_sum socket_sent(const struct model *model, const struct socket *socket,
			    const struct process *process, const struct object *other)
{
	const struct destination *destination;
	struct sent_sum all = { .process = process->key };
	const struct sent_sum *sum;

	DL_FOREACH(socket->destinations, destination)
	{
		sum = sum_of(destination, process);
		if (!sum || (other && socket_destination(model, socket, destination) != other))
			continue;
		all.bytes += sum->bytes;
		all.ops += sum->ops;
	}
	return all;
}
