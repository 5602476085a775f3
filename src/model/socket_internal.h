/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files about sockets share with each other, and with nobody else. */
#ifndef IPCTRACE_MODEL_SOCKET_INTERNAL_H
#define IPCTRACE_MODEL_SOCKET_INTERNAL_H

#include "model/internal.h"

/* Some descriptor leads there, or one that is in flight. */
static inline bool socket_is_held(const struct object *object)
{
	return object->slots || object->in_flight;
}

/* socket_ends.c: addresses are IPv6, those of IPv4 mapped into it. */
extern const uint8_t address_any[16], address_mapped_any[16];
bool address_is_mapped(const uint8_t *address);
bool address_is_any(const uint8_t *address);
bool address_is_loopback(const uint8_t *address);
/* As the socket is found by. */
void socket_tuple_init(struct socket_tuple *tuple, const struct socket_facts *facts);
/* NULL = none has these addresses. */
struct socket *socket_by_tuple(const struct model *model, const struct socket_tuple *tuple);
/* It is found by the addresses that its facts have now; 0 or -ENOMEM. */
int socket_place(struct model *model, struct socket *socket);
/* It is found by them no more. */
void socket_unhash(struct model *model, struct socket *socket);

/* socket_other.c: NULL = not known; an inode of 0 is none. */
struct object *socket_unix_by_ino(const struct model *model, uint64_t ino, uint32_t dev);

#endif /* IPCTRACE_MODEL_SOCKET_INTERNAL_H */
