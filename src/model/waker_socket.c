// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who could wake a task that waits on a socket: whoever holds the other end, or the listener in whose
 * queue the connection stands. Where that end is on another machine, the network.
 */
#include "model/waker.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

/* Can anybody but whoever has the other end send to it, or make room in it? */
static bool is_open_to_all(const struct wait_on *on, const struct object *object)
{
	const struct socket *socket = object->socket;

	if (on->facts.socket.state == TCP_LISTEN)
		return true;
	if (on->facts.socket.type == SOCK_STREAM || on->facts.socket.type == SOCK_SEQPACKET)
		return false;
	/* A datagram pair without a name can be reached by its two ends alone. */
	return on->facts.kind != FILE_UNIX || !socket || socket->facts.address ||
	       !on->facts.socket.peer_ino;
}

/* Sent, and not taken in yet: on its way over a network that only seems to be none, or held up by a
 * lost segment. Who has unread data already doesn't wait for more of it. */
static bool is_on_its_way(const struct wait *wait, const struct socket *own,
			  const struct socket *other)
{
	if (other->facts.kind != FILE_TCP || other->facts.state == TCP_LISTEN ||
	    !other->facts.send_queued)
		return false;
	return wait->row.what == WAIT_READ || (is_set(wait) && !own->facts.recv_queued);
}

/* What a writer waits for is room at the other end; where nothing lies there it comes by itself. */
static bool has_room(const struct wait *wait, const struct socket *other)
{
	return wait->row.what == WAIT_WRITE && other->facts.kind == FILE_TCP &&
	       other->facts.state != TCP_LISTEN && !other->facts.recv_queued;
}

static struct object *other_end(const struct model *model, const struct wait_on *on,
				const struct object *object)
{
	struct object_key key = {
		.ino = on->facts.socket.peer_ino,
		.dev = on->facts.dev,
		.kind = FILE_UNIX,
	};

	if (on->facts.kind == FILE_UNIX && key.ino)
		return model_object(model, &key);
	return socket_other(model, object, 0);
}

static void end_weigh(struct wait *wait, const struct object *own, const struct object *other)
{
	if (!own->socket || !other->socket)
		return;
	if (is_on_its_way(wait, own->socket, other->socket) || has_room(wait, other->socket))
		relieve(wait, RELIEF_AWAKE);
	/* Two with the same addresses: in another namespace, or SO_REUSEPORT. */
	if (own->socket->has_twin || other->socket->has_twin)
		relieve(wait, RELIEF_HIDDEN);
}

int socket_find(const struct model *model, struct wait *wait, const struct wait_on *on,
		struct object *object)
{
	struct search search = { .model = model, .wait = wait };

	/* Anyone may connect to a listener. */
	if (is_open_to_all(on, object))
		relieve_outside(wait, object);
	if (on->facts.socket.state == TCP_LISTEN)
		return 0;
	if (on->facts.kind == FILE_TCP && on->facts.socket.state == TCP_SYN_SENT)
		relieve(wait, RELIEF_TIMEOUT);
	if (socket_is_remote(model, object)) {
		relieve_outside(wait, object);
		return 0;
	}
	search.object = other_end(model, on, object);
	if (search.object) {
		end_weigh(wait, object, search.object);
		if (holders_find(&search))
			return -ENOMEM;
	}
	/* Which listener a Unix connect() waits for is told by its argument alone. */
	if (!search.found)
		relieve(wait, wait->row.what == WAIT_CONNECT ? RELIEF_UNKNOWN : RELIEF_HIDDEN);
	return 0;
}
