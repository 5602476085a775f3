/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Sockets: what one is, whom it leads to; the namespaces and addresses of the machine. */
#ifndef IPCTRACE_RECORD_SOCKET_H
#define IPCTRACE_RECORD_SOCKET_H

#include "ipctrace/record/type.h"

#define RECORD_SOCKET_NAME 112	/* sizeof(sockaddr_un.sun_path) is 108 */
#define RECORD_COUNT_UNKNOWN (~0u)

/* A socket, as it is at the moment of sampling. IPv4 addresses are written as IPv6 ones, mapped. */
struct socket_facts {
	__u64 ino;		/* of its inode in sockfs */
	__u64 peer_ino;		/* unix: of the peer's; 0 = none, or one that nobody has accepted yet */
	__u64 address;		/* unix: names what it is bound to; shared with what a listener accepts */
	__u64 peer_address;	/* unix: the peer's, likewise; 0 = no peer, or not bound */
	__u32 dev, kind;	/* s_dev of sockfs; enum file_kind */
	__u32 netns;		/* inode of the network namespace */
	__u16 family, type;	/* AF_*, SOCK_* */
	__u16 local_port, remote_port;
	__u8 state;		/* TCP_ESTABLISHED = 1, … (include/net/tcp_states.h), unix too */
	__u8 shutdown;		/* 1 = receives no more, 2 = sends no more */
	__u8 pending;		/* unix: connected, and not accepted yet */
	__u8 pad;
	__u8 local[16], remote[16];
	__u32 recv_queued, send_queued;	/* bytes; RECORD_COUNT_UNKNOWN = not read, or no such thing */
	__u32 backlog, backlog_max;	/* of a listener; likewise */
	__u32 drops;			/* of a listener: connections that found it full; likewise */
	__u32 name_len;			/* bytes of the name; 0 = not bound to one */
};

/* A socket and its name, which few have. */
struct socket_named {
	struct socket_facts facts;
	char name[RECORD_SOCKET_NAME];	/* a path, or what begins with NUL: an abstract name */
};

struct record_socket {
	struct record head;
	__s32 fd;		/* -1 = none */
	__s32 nr;		/* the call, 64-bit numbering; -1 = row */
	__s64 result;
	__s64 arg[3];
	union {
		struct socket_named named;
		struct socket_facts facts;
	};
};

struct record_destination {
	struct record head;
	__u64 ino;		/* the sender's socket */
	__u32 dev;
	__u32 id[2];		/* which sums are of this sender and destination; 0 in older recordings */
	__u16 family, port;
	__u8 address[16];
	__u32 name_len, pad;
	char name[RECORD_SOCKET_NAME];
};

/* What went from one process by one socket to one destination, since the last such record. */
struct record_sent {
	struct record head;	/* pid and start are the sender's; tid and comm are 0 */
	__u32 id[2];		/* as in the RECORD_DESTINATION before */
	__u64 bytes, ops;
	__u32 last;		/* 1 = no more with that id */
	__u32 pad;
};

struct record_heard {
	struct record head;	/* pid, tid and start are 0 */
	__u64 ino;		/* of a TCP socket */
	__u64 ago;		/* ns; to the millisecond */
	__u32 dev;
	__u32 pad;
};

/* Which end of a connection first sent its last byte: shut down sending, closed, or reset it. */
enum closed_first {
	CLOSED_UNKNOWN,
	CLOSED_NONE, /* neither has */
	CLOSED_THIS,
	CLOSED_PEER,
	CLOSED_BOTH, /* each before it had heard that the other did */
	CLOSED_FIRST_MAX
};

struct record_closing {
	struct record head; /* pid, tid and start are 0 */
	__u64 ino; /* of a TCP socket */
	__u32 dev;
	__u32 first; /* enum closed_first */
};

struct record_host {
	struct record head;
	__u32 netns, ipcns;	/* inodes; 0 = unknown */
};

/* Of TCP, in the queue of a listener; as the server's side has its addresses. */
struct record_waiting {
	struct record head;	/* a holder of the listener */
	__u64 ino;		/* the listener's */
	__u32 dev;
	__u32 netns;
	__u16 local_port, remote_port;
	__u32 pad;
	__u8 local[16], remote[16];
};

struct record_address {
	struct record head;	/* pid, tid and start are 0 */
	__u32 netns;		/* where it is one; inode */
	__u32 pad;
	__u8 address[16];
};

#endif /* IPCTRACE_RECORD_SOCKET_H */
