// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets: their addresses, and who is at the other end. A Unix socket's peer is known by its inode;
 * that of TCP and UDP is the socket with the same addresses the other way round.
 */
#include "model/internal.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define LOOPBACK_NET 127

static const uint8_t mapped_any[16] = { [10] = 0xff, [11] = 0xff };
static const uint8_t any[16];

/* --- tuples ---------------------------------------------------------------------------------- */

static bool is_mapped(const uint8_t *address)
{
	return !memcmp(address, mapped_any, 12);
}

static bool is_any(const uint8_t *address)
{
	return !memcmp(address, any, 16) || !memcmp(address, mapped_any, 16);
}

static bool is_loopback(const uint8_t *address)
{
	if (is_mapped(address))
		return address[12] == LOOPBACK_NET;
	return !memcmp(address, any, 15) && address[15] == 1;
}

/* Unconnected: a name for whoever sends to it. */
static bool is_connected(const struct socket_facts *facts)
{
	return facts->remote_port || !is_any(facts->remote);
}

/* 127.0.0.1 is another machine in another namespace; an address of the network is the same in all. */
static void tuple_init(struct socket_tuple *tuple, const struct socket_facts *facts)
{
	*tuple = (struct socket_tuple){
		.local_port = facts->local_port,
		.remote_port = facts->remote_port,
		.kind = facts->kind,
	};
	memcpy(tuple->local, facts->local, 16);
	memcpy(tuple->remote, facts->remote, 16);
	if (!is_connected(facts))
		memset(tuple->remote, 0, 16);
	if (is_loopback(facts->local) || is_any(facts->local))
		tuple->netns = facts->netns;
}

static struct socket *socket_by_tuple(const struct model *model, const struct socket_tuple *tuple)
{
	struct socket_ends *ends;

	HASH_FIND(hh, model->sockets, tuple, sizeof(*tuple), ends);
	return ends ? ends->socket : NULL;
}

static bool is_held(const struct object *object)
{
	return object->slots || object->in_flight;
}

static void socket_unhash(struct model *model, struct socket *socket)
{
	if (!socket->ends || !socket->ends->is_hashed)
		return;
	HASH_DEL(model->sockets, socket->ends);
	socket->ends->is_hashed = false;
}

/* Of two sockets with the same addresses (SO_REUSEPORT, or one that is gone) one can be found by
 * them: the first that is still held. */
static int socket_hash(struct model *model, struct socket *socket)
{
	struct socket_ends *ends = socket->ends;
	struct socket *other = socket_by_tuple(model, &ends->tuple);

	if (other && is_held(other->object)) {
		socket->is_ambiguous = socket->has_twin = other->has_twin = true;
		return 0;
	}
	if (other) {
		other->is_ambiguous = true;
		socket_unhash(model, other);
	}
	HASH_ADD(hh, model->sockets, tuple, sizeof(ends->tuple), ends);
	if (!ends->hh.tbl)
		return -ENOMEM;
	ends->is_hashed = true;
	return 0;
}

static struct socket_ends *ends_get(struct model *model, struct socket *socket)
{
	if (socket->ends)
		return socket->ends;
	socket->ends = pool_get(&model->pool, sizeof(*socket->ends));
	if (socket->ends)
		socket->ends->socket = socket;
	return socket->ends;
}

static int socket_place(struct model *model, struct socket *socket)
{
	struct socket_ends *ends;
	struct socket_tuple tuple;

	if (socket->facts.kind == FILE_UNIX)
		return 0;
	ends = ends_get(model, socket);
	if (!ends)
		return -ENOMEM;
	tuple_init(&tuple, &socket->facts);
	if (ends->is_hashed && !memcmp(&tuple, &ends->tuple, sizeof(tuple)))
		return 0;
	socket_unhash(model, socket);
	ends->tuple = tuple;
	return tuple.local_port ? socket_hash(model, socket) : 0;
}

/* --- who is at the other end ------------------------------------------------------------------ */

static struct object *unix_by_ino(const struct model *model, uint64_t ino, uint32_t dev)
{
	const struct object_key key = { .ino = ino, .dev = dev, .kind = FILE_UNIX };

	return ino ? model_object(model, &key) : NULL;
}

/* As the other end has it; without a port where this one's addresses were not seen. */
static struct socket_tuple tuple_turned(const struct socket *socket)
{
	const struct socket_tuple *tuple = socket->ends ? &socket->ends->tuple : NULL;
	struct socket_tuple turned = { 0 };

	if (!tuple)
		return turned;
	turned = *tuple;
	memcpy(turned.local, tuple->remote, 16);
	memcpy(turned.remote, tuple->local, 16);
	turned.local_port = tuple->remote_port;
	turned.remote_port = tuple->local_port;
	return turned;
}

static struct object *inet_peer(const struct model *model, const struct socket *socket)
{
	struct socket_tuple turned = tuple_turned(socket);
	struct socket *peer;

	if (!turned.local_port)
		return NULL;
	peer = socket_by_tuple(model, &turned);
	return peer ? peer->object : NULL;
}

static struct object *socket_peer(const struct model *model, const struct socket *socket)
{
	if (socket->facts.kind == FILE_UNIX)
		return unix_by_ino(model, socket->facts.peer_ino, socket->facts.dev);
	return inet_peer(model, socket);
}

/* Whoever is bound to that address and port: to it alone, or, if it is one of the machine's, to all of
 * them. */
static struct object *bound_to(const struct model *model, const uint8_t address[16], uint16_t port,
			       uint32_t netns, uint32_t kind, bool is_here)
{
	const uint8_t *const locals[] = { address, mapped_any, any };
	struct socket_tuple tuple = { .local_port = port, .kind = kind };
	struct socket *socket;

	for (size_t i = 0; i < (is_here ? sizeof(locals) / sizeof(locals[0]) : 1); i++) {
		memcpy(tuple.local, locals[i], 16);
		tuple.netns = is_loopback(locals[i]) || i ? netns : 0;
		socket = socket_by_tuple(model, &tuple);
		if (socket)
			return socket->object;
	}
	return NULL;
}

static struct object *unix_listener(const struct model *model, uint64_t address)
{
	struct object *object;

	for (object = model->objects; address && object; object = object->hh.next)
		if (object->socket && object->socket->facts.address == address &&
		    socket_is_listener(object))
			return object;
	return NULL;
}

/* From and to one address, or within the loopback net: another machine may listen on that port as
 * well. */
static bool is_within_machine(const struct socket_facts *facts)
{
	return (is_loopback(facts->local) && is_loopback(facts->remote)) ||
	       !memcmp(facts->local, facts->remote, sizeof(facts->local));
}

/* Where it was seen waiting: of several that listen on one port (SO_REUSEPORT) only that tells which. */
static struct object *listener_of_queue(const struct model *model, const struct socket *socket)
{
	struct socket_tuple turned = tuple_turned(socket);
	struct waiting *waiting;

	HASH_FIND(hh, model->waiting, &turned, sizeof(turned), waiting);
	return waiting ? model_object(model, &waiting->listener) : NULL;
}

/* The listener in whose queue it waits, or would. */
static struct object *socket_listener(const struct model *model, const struct socket *socket)
{
	const struct socket_facts *facts = &socket->facts;
	struct object *object;

	if (!is_held(socket->object))
		return NULL;
	if (facts->kind == FILE_UNIX)
		return facts->pending ? unix_listener(model, facts->peer_address) : NULL;
	if (facts->kind != FILE_TCP || !facts->remote_port ||
	    (facts->state != TCP_ESTABLISHED && facts->state != TCP_SYN_SENT) ||
	    !is_within_machine(facts))
		return NULL;
	object = listener_of_queue(model, socket);
	if (object)
		return object;
	/* Made since that look, perhaps. */
	object = bound_to(model, facts->remote, facts->remote_port, facts->netns, FILE_TCP,
			  true);
	return object && socket_is_listener(object) ? object : NULL;
}

/* An abstract name is another in each network namespace; a path is not. */
static bool is_named(const struct object *object, const struct destination *destination,
		     uint32_t netns)
{
	const struct socket *socket = object->socket;
	bool is_abstract = socket && socket->name && !socket->name[0];

	return object->key.kind == FILE_UNIX && object->name &&
	       !strcmp(object->name, destination->name) && is_abstract == destination->is_abstract &&
	       (!is_abstract || socket->facts.netns == netns);
}

/* A path may be bound again while its first owner lives on without. */
static bool has_name_since(const struct object *object, const struct object *other)
{
	const uint64_t named = object->socket ? object->socket->named : 0;

	if (is_held(object) != is_held(other))
		return is_held(object);
	return named >= (other->socket ? other->socket->named : 0);
}

static struct object *unix_by_name(const struct model *model, const struct destination *destination,
				   uint32_t netns)
{
	struct object *object, *found = NULL;

	for (object = model->objects; object; object = object->hh.next)
		if (is_named(object, destination, netns) && (!found || has_name_since(object, found)))
			found = object;
	return found;
}

/* Also whoever is bound to all of the machine's addresses may get it: it is for one of them, for a
 * group, or for everybody. */
static bool is_of_machine(const struct model *model, const uint8_t *to, uint32_t netns)
{
	static const uint8_t everybody[4] = { 255, 255, 255, 255 };
	const struct socket_ends *ends;
	const struct address *address;

	if (is_loopback(to) || (is_mapped(to) ? to[12] >> 4 == 14 || !memcmp(to + 12, everybody, 4) :
						to[0] == 0xff))
		return true;
	DL_FOREACH(model->addresses, address)
		if (address->netns == netns && !memcmp(address->address, to, 16))
			return true;
	for (ends = model->sockets; ends; ends = ends->hh.next)
		if (ends->socket->facts.netns == netns && !memcmp(ends->socket->facts.local, to, 16))
			return true;
	return false;
}

struct object *socket_destination(const struct model *model, const struct socket *socket,
				  const struct destination *destination)
{
	uint32_t netns = socket->facts.netns;

	if (destination->bound.kind != FILE_UNKNOWN)
		return model_object(model, &destination->bound);
	if (destination->name)
		return unix_by_name(model, destination, netns);
	return bound_to(model, destination->to.remote, destination->to.remote_port, netns,
			socket->facts.kind, is_of_machine(model, destination->to.remote, netns));
}

bool destination_is_remote(const struct model *model, const struct socket *socket,
			   const struct destination *destination)
{
	return socket->facts.kind == FILE_UDP && !destination->name &&
	       destination->bound.kind == FILE_UNKNOWN && !is_any(destination->to.remote) &&
	       !is_of_machine(model, destination->to.remote, socket->facts.netns) &&
	       !socket_destination(model, socket, destination);
}

bool socket_is_listener(const struct object *object)
{
	return object->socket && object->socket->facts.state == TCP_LISTEN;
}

bool socket_is_remote(const struct model *model, const struct object *object)
{
	const struct socket *socket = object->socket;

	return socket && socket->facts.kind != FILE_UNIX && socket->facts.remote_port &&
	       !is_within_machine(&socket->facts) && !socket_peer(model, socket);
}

bool socket_is_pending(const struct model *model, const struct object *object)
{
	const struct socket *socket = object->socket;

	return socket && !socket_peer(model, socket) && socket_listener(model, socket);
}

struct object *socket_connected(const struct model *model, const struct object *object)
{
	struct object *peer = socket_peer(model, object->socket);

	return peer ? peer : socket_listener(model, object->socket);
}

struct object *socket_other(const struct model *model, const struct object *object, unsigned int i)
{
	const struct socket *socket = object->socket;
	const struct destination *destination;
	struct object *other;
	unsigned int at = 0;

	if (!socket)
		return NULL;
	other = socket_connected(model, object);
	if (other && at++ == i)
		return other;
	DL_FOREACH(socket->destinations, destination)
	{
		other = socket_destination(model, socket, destination);
		if (other && at++ == i)
			return other;
	}
	return NULL;
}

/* --- records --------------------------------------------------------------------------------- */

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
	struct object *peer = unix_by_ino(model, socket->facts.peer_ino, socket->facts.dev);

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

/* A listener made in the window was first looked at with none. */
static void note_over_time(struct socket *socket, const struct record_socket *record)
{
	if (socket->first_drops == RECORD_COUNT_UNKNOWN)
		socket->first_drops = record->facts.drops;
	if (record->nr == SYS_shutdown && !record->result && record->arg[1] != SHUT_RD &&
	    !socket->shut_ts)
		socket->shut_ts = record->head.ts;
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

	if (!(record->head.flags & RECORD_ROW))
		change->process = process_of(model, &record->head);
	if (!object)
		return 0;
	change->object = object;
	if (record->head.ts > object->last_ts)
		object->last_ts = record->head.ts;
	if (socket_take(model, object, &facts, record->named.name))
		return -ENOMEM;
	note_over_time(object->socket, record);
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
	tuple_init(&waiting->tuple, &facts);
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
