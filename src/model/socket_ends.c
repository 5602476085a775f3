// SPDX-License-Identifier: GPL-2.0-only
/* The addresses of TCP and UDP sockets, and finding a socket by them. */
#include "model/socket_internal.h"

#define LOOPBACK_NET 127

const uint8_t address_mapped_any[16] = { [10] = 0xff, [11] = 0xff };
const uint8_t address_any[16];

bool address_is_mapped(const uint8_t *address)
{
	return !memcmp(address, address_mapped_any, 12);
}

bool address_is_any(const uint8_t *address)
{
	return !memcmp(address, address_any, 16) || !memcmp(address, address_mapped_any, 16);
}

bool address_is_loopback(const uint8_t *address)
{
	if (address_is_mapped(address))
		return address[12] == LOOPBACK_NET;
	return !memcmp(address, address_any, 15) && address[15] == 1;
}

/* Unconnected: a name for whoever sends to it. */
static bool is_connected(const struct socket_facts *facts)
{
	return facts->remote_port || !address_is_any(facts->remote);
}

/* 127.0.0.1 is another machine in another namespace; an address of the network is the same in all. */
void socket_tuple_init(struct socket_tuple *tuple, const struct socket_facts *facts)
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
	if (address_is_loopback(facts->local) || address_is_any(facts->local))
		tuple->netns = facts->netns;
}

struct socket *socket_by_tuple(const struct model *model, const struct socket_tuple *tuple)
{
	struct socket_ends *ends;

	HASH_FIND(hh, model->sockets, tuple, sizeof(*tuple), ends);
	return ends ? ends->socket : NULL;
}

void socket_unhash(struct model *model, struct socket *socket)
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

	if (other && socket_is_held(other->object)) {
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

int socket_place(struct model *model, struct socket *socket)
{
	struct socket_ends *ends;
	struct socket_tuple tuple;

	if (socket->facts.kind == FILE_UNIX)
		return 0;
	ends = ends_get(model, socket);
	if (!ends)
		return -ENOMEM;
	socket_tuple_init(&tuple, &socket->facts);
	if (ends->is_hashed && !memcmp(&tuple, &ends->tuple, sizeof(tuple)))
		return 0;
	socket_unhash(model, socket);
	ends->tuple = tuple;
	return tuple.local_port ? socket_hash(model, socket) : 0;
}
