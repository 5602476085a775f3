// SPDX-License-Identifier: GPL-2.0-only
/* What records tell of sockets: their addresses, names and states. */
#include "model/socket_internal.h"

#include <sys/socket.h>
#include <sys/syscall.h>

static struct socket *socket_get(struct model *model, struct object *object)
{
	struct socket *socket = object->socket;

	if (socket)
		return socket;
	socket = pool_get(&model->pool, sizeof(*socket));
	if (!socket)
		return NULL;
	socket->object = object;
	socket->first_drops = RECORD_COUNT_UNKNOWN;
	object->socket = socket;
	return socket;
}

void socket_unlink(struct model *model, struct object *object)
{
	if (!object->socket)
		return;
	socket_unhash(model, object->socket);
	destinations_unlink(model, object->socket);
}

void socket_free(struct model *model, struct object *object)
{
	struct socket *socket = object->socket;

	if (!socket)
		return;
	destinations_free(socket);
	free(socket->server);
	free(socket->name);
	if (socket->ends)
		pool_put(&model->pool, socket->ends, sizeof(*socket->ends));
	pool_put(&model->pool, socket, sizeof(*socket));
	object->socket = NULL;
}

uint32_t socket_name_text(const char *name, uint32_t len, char text[SOCKET_NAME_MAX])
{
	bool is_abstract = len && !name[0];

	if (len > RECORD_SOCKET_NAME)
		len = RECORD_SOCKET_NAME;
	if (!is_abstract)
		len = (uint32_t)strnlen(name, len);
	memcpy(text, name, len);
	for (uint32_t i = 0; i < len; i++)
		if (!text[i])
			text[i] = '@';
	text[len] = 0;
	return len;
}

int socket_name_set(char **to, const char *name, uint32_t len)
{
	char text[SOCKET_NAME_MAX];

	len = socket_name_text(name, len, text);
	if (!len || (*to && !strcmp(*to, text)))
		return 0;
	return text_set(to, text, len);
}

/* An end that has been closed doesn't know its peer any more; we still do. */
static void facts_take(struct socket *socket, const struct socket_facts *facts)
{
	struct socket_facts old = socket->facts;

	socket->facts = *facts;
	if (!facts->peer_ino)
		socket->facts.peer_ino = old.peer_ino;
	/* A connection that is over gives back its port first (net/ipv4/inet_hashtables.c,
	 * inet_put_port), the other address later or never. */
	if (facts->kind != FILE_UNIX && old.remote_port &&
	    (!facts->local_port ||
	     (!facts->remote_port && old.local_port == facts->local_port))) {
		memcpy(socket->facts.remote, old.remote, 16);
		memcpy(socket->facts.local, old.local, 16);
		socket->facts.remote_port = old.remote_port;
		socket->facts.local_port = old.local_port;
	}
}

/* Who was connected before it was accepted learns only now who accepted it. */
static void peer_tell(const struct model *model, const struct socket *socket)
{
	struct object *peer = socket_unix_by_ino(model, socket->facts.peer_ino, socket->facts.dev);

	if (!peer || !peer->socket || peer->socket->facts.peer_ino)
		return;
	peer->socket->facts.peer_ino = socket->facts.ino;
	peer->socket->facts.pending = 0;
}

/* The bytes it is bound to, and how they show. */
static int names_take(struct model *model, struct object *object, const char *name, uint32_t len)
{
	struct socket *socket = object->socket;

	if (!len)
		return 0;
	if (socket->name_len != len || memcmp(socket->name, name, len)) {
		if (text_set(&socket->name, name, len))
			return -ENOMEM;
		socket->name_len = len;
		socket->named = ++model->names_given;
	}
	return socket_name_set(&object->name, name, len);
}

/* Without what it asked for and did not get. */
static struct socket_facts facts_of(const struct record_socket *record)
{
	struct socket_facts facts = record->facts;

	if (record->head.flags & RECORD_ASKED) {
		memset(facts.remote, 0, sizeof(facts.remote));
		facts.remote_port = 0;
		facts.name_len = 0;
	}
	return facts;
}

static int socket_take(struct model *model, struct object *object, const struct socket_facts *facts,
		       const char *name)
{
	struct socket *socket = socket_get(model, object);

	if (!socket)
		return -ENOMEM;
	facts_take(socket, facts);
	closing_note_state(socket);
	socket->foreign_netns =
		model->host_netns && facts->netns != model->host_netns ? facts->netns : 0;
	if (facts->kind == FILE_UNIX) {
		peer_tell(model, socket);
		return names_take(model, object, name, facts->name_len);
	}
	return socket_place(model, socket);
}

#define SHUT_RECEIVES 1 /* socket_facts.shutdown */

/* The sample was taken after the call: what this end had been told of the other's end by then shows in it. */
static void note_shutdown(struct socket *socket, const struct record_socket *record)
{
	socket->shut_read |= record->arg[1] != SHUT_WR;
	if (record->arg[1] == SHUT_RD || socket->shut_ts)
		return;
	socket->shut_ts = record->head.ts;
	socket->shut_first = !(record->facts.shutdown & SHUT_RECEIVES);
}

/* A listener made in the window was first looked at with none. */
static void note_over_time(struct socket *socket, const struct record_socket *record, bool is_new)
{
	if (socket->first_drops == RECORD_COUNT_UNKNOWN)
		socket->first_drops = record->facts.drops;
	if (record->nr == SYS_shutdown && !record->result)
		note_shutdown(socket, record);
	else if (is_new)
		socket->shut_before = record->facts.shutdown;
}

int apply_heard(struct model *model, const struct record_heard *record, struct change *change)
{
	const struct object_key key = { .ino = record->ino, .dev = record->dev, .kind = FILE_TCP };
	struct object *object = model_object(model, &key);

	if (!object || !object->socket)
		return 0;
	change->object = object;
	object->socket->heard = (struct count){ .value = record->ago, .known = true };
	return 0;
}

static bool is_accept(const struct record_socket *record)
{
	return (record->nr == SYS_accept || record->nr == SYS_accept4) && record->result >= 0;
}

/* Who has it now; who had it, if that is not known. A listener that was passed on is its receiver's. */
static struct process *holder_of(const struct object *object)
{
	const struct endpoint *endpoint;

	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (endpoint->read_slots || endpoint->write_slots)
			return endpoint->key.process;
	return object->endpoints ? object->endpoints->key.process : NULL;
}

int apply_socket(struct model *model, const struct record_socket *record, struct change *change)
{
	const struct socket_facts facts = facts_of(record);
	const struct object_key key = { .ino = facts.ino, .dev = facts.dev, .kind = facts.kind };
	struct object *object = model_object(model, &key);
	struct object *other;
	bool is_new;

	if (!(record->head.flags & RECORD_ROW))
		change->process = process_of(model, &record->head);
	if (!object)
		return 0;
	change->object = object;
	if (record->head.ts > object->last_ts)
		object->last_ts = record->head.ts;
	is_new = !object->socket || !object->socket->facts.ino;
	if (socket_take(model, object, &facts, record->named.name))
		return -ENOMEM;
	note_over_time(object->socket, record, is_new);
	other = socket_other(model, object, 0);
	change->other = other ? holder_of(other) : NULL;
	change->old_object = other;
	if (is_accept(record) && change->process)
		return server_accepted(model, record, change->process, object);
	return 0;
}

static struct object *socket_by_ino(const struct model *model, uint64_t ino, uint32_t dev)
{
	struct object_key key = { .ino = ino, .dev = dev };
	static const uint32_t kinds[] = { FILE_UNIX, FILE_UDP, FILE_TCP, FILE_SOCKET };
	struct object *object = NULL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !object; i++) {
		key.kind = kinds[i];
		object = model_object(model, &key);
	}
	return object;
}

struct socket *socket_of_ino(struct model *model, uint64_t ino, uint32_t dev, int *err)
{
	struct object *object = socket_by_ino(model, ino, dev);
	struct socket *socket = object ? socket_get(model, object) : NULL;

	if (object && !socket)
		*err = -ENOMEM;
	return socket;
}

int apply_address(struct model *model, const struct record_address *record)
{
	struct address *address = calloc(1, sizeof(*address));

	if (!address)
		return -ENOMEM;
	address->netns = record->netns;
	memcpy(address->address, record->address, sizeof(address->address));
	DL_APPEND(model->addresses, address);
	return 0;
}

void addresses_free(struct model *model)
{
	struct address *address, *next;

	DL_FOREACH_SAFE(model->addresses, address, next) {
		DL_DELETE(model->addresses, address);
		free(address);
	}
}

int apply_waiting(struct model *model, const struct record_waiting *record, struct change *change)
{
	struct socket_facts facts = { .kind = FILE_TCP,
				      .netns = record->netns,
				      .local_port = record->local_port,
				      .remote_port = record->remote_port };
	struct waiting *waiting, *known;

	memcpy(facts.local, record->local, sizeof(facts.local));
	memcpy(facts.remote, record->remote, sizeof(facts.remote));
	waiting = calloc(1, sizeof(*waiting));
	if (!waiting)
		return -ENOMEM;
	socket_tuple_init(&waiting->tuple, &facts);
	waiting->listener = (struct object_key){ .ino = record->ino, .dev = record->dev, .kind = FILE_TCP };
	change->object = model_object(model, &waiting->listener);
	/* Each holder of the listener told of it. */
	HASH_FIND(hh, model->waiting, &waiting->tuple, sizeof(waiting->tuple), known);
	if (!known)
		HASH_ADD(hh, model->waiting, tuple, sizeof(waiting->tuple), waiting);
	if (waiting->hh.tbl)
		return 0;
	free(waiting);
	return known ? 0 : -ENOMEM;
}

void waiting_forget(struct model *model)
{
	struct waiting *waiting, *next;

	HASH_ITER(hh, model->waiting, waiting, next) {
		HASH_DEL(model->waiting, waiting);
		free(waiting);
	}
}
