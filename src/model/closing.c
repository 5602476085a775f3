// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which end of a connection closed first. Of TCP the kernel tells when a state changes, and the states
 * of what existed before tell as much: FIN_WAIT is that of who closed, CLOSE_WAIT the other's. Of a Unix
 * socket only the calls in the window tell.
 */
#include "model/socket_internal.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

bool socket_is_connection(const struct object *object)
{
	const struct socket *socket = object->socket;

	if (!socket || socket->facts.state == TCP_LISTEN)
		return false;
	if (object->key.kind == FILE_TCP)
		return socket->facts.remote_port != 0;
	return object->key.kind == FILE_UNIX && socket->facts.type != SOCK_DGRAM &&
	       (socket->facts.peer_ino || socket->facts.pending);
}

/* --- TCP ------------------------------------------------------------------------------------- */

void closing_note_state(struct socket *socket)
{
	if (socket->facts.kind != FILE_TCP)
		return;
	switch (socket->facts.state) {
	case TCP_ESTABLISHED: socket->closed_first = CLOSED_NONE; return;
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
	case TCP_TIME_WAIT: socket->closed_first = CLOSED_THIS; return;
	case TCP_CLOSE_WAIT:
	case TCP_LAST_ACK: socket->closed_first = CLOSED_PEER; return;
	case TCP_CLOSING: socket->closed_first = CLOSED_BOTH; return;
	}
	/* It is over, and what had been seen was that neither had closed. */
	if (socket->closed_first == CLOSED_NONE)
		socket->closed_first = CLOSED_UNKNOWN;
}

int apply_closing(struct model *model, const struct record_closing *record, struct change *change)
{
	const struct object_key key = { .ino = record->ino, .dev = record->dev, .kind = FILE_TCP };
	struct object *object = model_object(model, &key);

	if (!object || !object->socket)
		return 0;
	change->object = object;
	object->socket->closed_first = (uint8_t)record->first;
	return 0;
}

enum closed_first closed_first_turned(enum closed_first first)
{
	switch (first) {
	case CLOSED_THIS: return CLOSED_PEER;
	case CLOSED_PEER: return CLOSED_THIS;
	default: return first;
	}
}

static enum closed_first tcp_closed_first(const struct model *model, const struct object *object)
{
	const struct object *peer = socket_other(model, object, 0);
	enum closed_first own = object->socket->closed_first, other = CLOSED_UNKNOWN;

	if (peer && socket_is_connection(peer))
		other = closed_first_turned(peer->socket->closed_first);
	if (own > CLOSED_NONE)
		return own;
	if (other > CLOSED_NONE)
		return other;
	return own == CLOSED_NONE && socket_is_held(object) ? CLOSED_NONE : CLOSED_UNKNOWN;
}

/* --- Unix ------------------------------------------------------------------------------------ */

/* When its last holder let go of it; 0 = it is held, or that is not known. */
static uint64_t gone_ts(const struct object *object)
{
	const struct endpoint *endpoint;
	uint64_t last = object_past(object)->write_gone_ts;

	if (socket_is_held(object))
		return 0;
	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (endpoint->write_gone_ts > last)
			last = endpoint->write_gone_ts;
	return last;
}

static uint64_t ended_ts(const struct object *object)
{
	return object->socket->shut_ts ? object->socket->shut_ts : gone_ts(object);
}

static enum closed_first unix_closed_first(const struct model *model, const struct object *object)
{
	const struct object *peer = socket_other(model, object, 0);
	uint64_t own, other;

	if (!peer || !peer->socket || !socket_is_connection(peer))
		return CLOSED_UNKNOWN;
	own = ended_ts(object);
	other = ended_ts(peer);
	if (own && other)
		return own < other ? CLOSED_THIS : CLOSED_PEER;
	if (own)
		return socket_is_held(peer) ? CLOSED_THIS : CLOSED_UNKNOWN;
	if (other)
		return socket_is_held(object) ? CLOSED_PEER : CLOSED_UNKNOWN;
	return socket_is_held(object) && socket_is_held(peer) && !object->socket->facts.shutdown &&
			       !peer->socket->facts.shutdown ?
		       CLOSED_NONE :
		       CLOSED_UNKNOWN;
}

enum closed_first socket_closed_first(const struct model *model, const struct object *object)
{
	if (!socket_is_connection(object))
		return CLOSED_UNKNOWN;
	return object->key.kind == FILE_TCP ? tcp_closed_first(model, object) :
					      unix_closed_first(model, object);
}
