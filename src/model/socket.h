/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets: their addresses, where they send to, and how a listener is served. */
#ifndef IPCTRACE_MODEL_SOCKET_H
#define IPCTRACE_MODEL_SOCKET_H

#include "model/object.h"

struct model;
struct server;

/* Where a socket's two ends are, in one network namespace where the address means only that. */
struct socket_tuple {
	uint8_t local[16], remote[16];
	uint16_t local_port, remote_port;
	uint32_t netns;			/* of loopback addresses; 0 for others */
	uint32_t kind, pad;
};

/* Where something leads that leaves the machine, seen from a network namespace. */
struct elsewhere {
	uint8_t address[16];
	uint32_t netns;
	uint16_t port;
};

/* What one process sent to one destination. */
struct sent_sum {
	struct process_key process;
	uint64_t bytes, ops;
	struct sent_sum *next, *prev;
};

/* Where datagrams were sent to. */
struct destination {
	struct socket_tuple to;		/* remote: the address; local is not used */
	char *name;			/* unix: as in object->name; NULL = none */
	bool is_abstract;		/* the name means something in the sender's network namespace */
	struct object_key bound;	/* who had the address when it was sent there; kind FILE_UNKNOWN = unknown */
	struct sent_sum *sums;
	struct destination *next, *prev;
};

/* Under which number the kernel counts what goes from a process to a destination. */
struct sent_id {
	uint64_t id;
	struct socket *socket;
	struct sent_sum *sum;		/* NULL = one destination too many */
	struct sent_id *next, *prev;	/* socket->sent_ids */
	UT_hash_handle hh;		/* model->sent_ids */
};

/* An address of the machine itself. */
struct address {
	uint8_t address[16];
	uint32_t netns;
	struct address *next, *prev;
};

/* A TCP connection in a listener's queue, when last looked at. */
struct waiting {
	struct socket_tuple tuple;	/* as the end has it that nobody has yet */
	struct object_key listener;
	UT_hash_handle hh;		/* model->waiting, by tuple */
};

/* A socket with addresses: most are Unix sockets, which have none. */
struct socket_ends {
	struct socket *socket;
	struct socket_tuple tuple;
	bool is_hashed;			/* in model->sockets, under that tuple */
	UT_hash_handle hh;		/* model->sockets, by tuple */
};

struct socket {
	struct socket_facts facts;	/* the newest sample */
	char *name;			/* unix: name_len bytes, as bound; NULL = never bound */
	uint32_t name_len;
	uint64_t named;			/* it got that name before all that have a higher number; 0 = never bound */
	struct object *object;
	struct socket_ends *ends;	/* NULL = a Unix socket, or none of its addresses were seen */
	bool is_ambiguous;		/* another socket has, or had, the same addresses */
	bool has_twin;			/* another socket was held with the same addresses */
	uint8_t closed_first;		/* TCP: enum closed_first, as far as this end knows */
	uint32_t first_drops;		/* facts.drops when first looked at */
	uint32_t foreign_netns;		/* where that is not the host's; 0 = it is, or unknown */
	unsigned int destinations_count;
	struct destination *destinations;
	struct sent_id *sent_ids;	/* those that are still counted */
	bool counts_destinations;	/* how much went to each is known */
	uint64_t shut_ts;		/* in the window it shut down sending, first; 0 = not so */
	bool shut_before;		/* a direction was shut down when it was first looked at */
	bool shut_read;			/* in the window it shut down receiving */
	bool shut_first;		/* it shut down sending, and had not heard the end of the other just after */
	struct count heard;		/* TCP, half-closed, at the end: ns since the peer was heard of */
	struct server *server;		/* how connections to this listener were served; NULL = none seen */
};

/* How a server serves its connections, as far as the window showed it. */
enum server_model {
	SERVER_UNKNOWN,			/* not enough seen */
	SERVER_ITERATIVE,		/* one at a time, the next waits */
	SERVER_EVENT_LOOP,		/* one thread, many at once */
	SERVER_THREADS,			/* a thread for each */
	SERVER_PROCESSES,		/* a process for each */
	SERVER_PREFORK,			/* several processes accept */
};

/* What the model was concluded from; counts of the newest SERVER_SEEN_MAX connections but for the
 * first. */
struct server_view {
	enum server_model model;
	uint64_t accepted;		/* connections in the window */
	unsigned int seen;		/* of those looked at, connections that anybody used */
	unsigned int acceptors;		/* processes that accepted them */
	unsigned int elsewhere;		/* connections used by a process that did not accept them */
	unsigned int users;		/* threads that used one first */
	unsigned int other_threads;	/* connections first used by another thread of the acceptor */
	unsigned int most_open;		/* at once */
};

/*
 * The objects at the other end of a socket, one after another: its peer; the listener that has not
 * accepted it yet; whatever it sent datagrams to. NULL when there are no more, and for what is no socket.
 */
struct object *socket_other(const struct model *model, const struct object *object, unsigned int i);
/* The bytes of a Unix socket's name as they show, and how many those are: "/run/x", "@x"; of an abstract one
 * each NUL as @, as the tools of the field have it. */
#define SOCKET_NAME_MAX (RECORD_SOCKET_NAME + 1)
uint32_t socket_name_text(const char *name, uint32_t len, char text[SOCKET_NAME_MAX]);
/* Connected, and no one has accepted it. */
bool socket_is_pending(const struct model *model, const struct object *object);
bool socket_is_listener(const struct object *object);
/* Connected, and nobody at the other end is on this machine, as far as is known. */
bool socket_is_remote(const struct model *model, const struct object *object);
/* Nobody on this machine can be bound to that address. */
bool destination_is_remote(const struct model *model, const struct socket *socket,
			   const struct destination *destination);
/* Which end of the connection closed first, enum closed_first. */
enum closed_first socket_closed_first(const struct model *model, const struct object *object);
/* The same as the other end has it. */
enum closed_first closed_first_turned(enum closed_first first);
/* Two ends that were or are connected: no listener, no datagrams. */
bool socket_is_connection(const struct object *object);
/* What the connections to that listener tell of its server; false where none was accepted. */
bool server_judge(const struct model *model, const struct object *listener, struct server_view *view);
/* "event loop", "prefork", …; NULL = not enough seen. */
const char *server_model_name(enum server_model model);
/* What it was concluded from, in words. */
void server_evidence(const struct server_view *view, char *buf, size_t size);

#endif /* IPCTRACE_MODEL_SOCKET_H */
