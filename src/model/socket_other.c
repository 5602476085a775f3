// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is at a socket's other end. A Unix socket's peer is known by its inode; that of TCP and UDP is the socket with
 * the same addresses the other way round.
 */
#include "model/socket_internal.h"

#include <netinet/tcp.h>

struct object *socket_unix_by_ino(const struct model *model, uint64_t ino, uint32_t dev)
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
		return socket_unix_by_ino(model, socket->facts.peer_ino, socket->facts.dev);
	return inet_peer(model, socket);
}

/* Whoever is bound to that address and port: to it alone, or, if it is one of the machine's, to all of
 * them. */
static struct object *bound_to(const struct model *model, const uint8_t address[16], uint16_t port,
			       uint32_t netns, uint32_t kind, bool is_here)
{
	const uint8_t *const locals[] = { address, address_mapped_any, address_any };
	struct socket_tuple tuple = { .local_port = port, .kind = kind };
	struct socket *socket;

	for (size_t i = 0; i < (is_here ? sizeof(locals) / sizeof(locals[0]) : 1); i++) {
		memcpy(tuple.local, locals[i], 16);
		tuple.netns = address_is_loopback(locals[i]) || i ? netns : 0;
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
	return (address_is_loopback(facts->local) && address_is_loopback(facts->remote)) ||
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

	if (!socket_is_held(socket->object))
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

	if (socket_is_held(object) != socket_is_held(other))
		return socket_is_held(object);
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

	if (address_is_loopback(to) || (address_is_mapped(to) ? to[12] >> 4 == 14 || !memcmp(to + 12, everybody, 4) :
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
	       destination->bound.kind == FILE_UNKNOWN && !address_is_any(destination->to.remote) &&
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
