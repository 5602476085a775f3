// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which end of a connection closed first. Of TCP the kernel tells when a state changes, and the states
 * of what existed before tell as much: FIN_WAIT is that of who closed, CLOSE_WAIT the other's. A Unix
 * socket has no such states, but whoever reads to the end, is refused by a write, or shuts down sending and
 * has been told nothing yet, knows. What neither noticed only the times tell, unless they lie close together.
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

/*
 * A call's record is made at its exit. By then close() has long woken who waits at the other end, which may run at
 * once, close, and be done, while who closed first waits for the processor; and until 6.6 (commit 021a160abf62), as
 * when a process exits, what is closed is let go of only after the record. Two that lie closer together have no order.
 */
#define TOGETHER_NS 100000000ull

/* In the window, and before it sent its own last byte, it noticed that the other end sends no more. */
static bool has_heard_end(const struct object *object, const struct object *peer)
{
	const struct endpoint *endpoint;

	if (object->socket->shut_ts || object->socket->shut_read)
		return false;
	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (endpoint->transfer.ended || (endpoint->transfer.broken && !peer->socket->shut_read))
			return true;
	return false;
}

/* One of the two knows that this one was. */
static bool is_known_first(const struct object *object, const struct object *peer)
{
	return object->socket->shut_first || has_heard_end(peer, object);
}

static enum closed_first first_by_times(const struct object *object, const struct object *peer)
{
	uint64_t own = ended_ts(object), other = ended_ts(peer);

	if (own && other) {
		if (own + TOGETHER_NS > other && other + TOGETHER_NS > own)
			return CLOSED_UNKNOWN;
		return own < other ? CLOSED_THIS : CLOSED_PEER;
	}
	if (own)
		return socket_is_held(peer) ? CLOSED_THIS : CLOSED_UNKNOWN;
	if (other)
		return socket_is_held(object) ? CLOSED_PEER : CLOSED_UNKNOWN;
	return socket_is_held(object) && socket_is_held(peer) && !object->socket->facts.shutdown &&
			       !peer->socket->facts.shutdown ?
		       CLOSED_NONE :
		       CLOSED_UNKNOWN;
}

static enum closed_first unix_closed_first(const struct model *model, const struct object *object)
{
	const struct object *peer = socket_other(model, object, 0);
	bool is_this, is_peer;

	if (!peer || !peer->socket || !socket_is_connection(peer) || object->socket->shut_before ||
	    peer->socket->shut_before)
		return CLOSED_UNKNOWN;
	is_this = is_known_first(object, peer);
	is_peer = is_known_first(peer, object);
	if (is_this && is_peer) /* some call went unseen */
		return CLOSED_UNKNOWN;
	if (is_this || is_peer)
		return is_this ? CLOSED_THIS : CLOSED_PEER;
	return first_by_times(object, peer);
}

enum closed_first socket_closed_first(const struct model *model, const struct object *object)
{
	if (!socket_is_connection(object))
		return CLOSED_UNKNOWN;
	return object->key.kind == FILE_TCP ? tcp_closed_first(model, object) :
					      unix_closed_first(model, object);
}
