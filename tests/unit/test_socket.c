// SPDX-License-Identifier: GPL-2.0-only
/* Sockets: names, the other end of each, links, and connections nobody has accepted yet. */
#include "records.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "mechanism/mechanism.h"
#include "model/graph.h"

#define T	   0x1000
#define F	   0xf000
#define DEV	   9
#define LISTENER   100
#define CLIENT	   101
#define ACCEPTED   102
#define HOST_NETNS 4026531840u

static void start(struct script *s)
{
	struct record_host host = { .head = { .type = RECORD_HOST, .size = sizeof(host), .ts = 1 },
				    .netns = HOST_NETNS };

	apply(s, &host);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T + 1, 1);
	snapshot_done(s);
	selected(s, 0, true);
}

static struct file_facts file(uint32_t kind, uint64_t ino)
{
	struct file_facts facts = unix_socket(F + ino, ino);

	facts.kind = kind;
	facts.dev = DEV;
	return facts;
}

static void address(uint8_t to[16], const char bytes[4])
{
	memset(to, 0, 16);
	to[10] = to[11] = 0xff;
	memcpy(to + 12, bytes, 4);
}

static struct socket_facts tcp(uint64_t ino, uint16_t local, uint16_t remote, uint8_t state)
{
	struct socket_facts facts = { .ino = ino, .dev = DEV, .kind = FILE_TCP, .family = AF_INET,
				      .type = SOCK_STREAM, .state = state, .netns = HOST_NETNS,
				      .local_port = local, .remote_port = remote };

	address(facts.local, "\x7f\0\0\1");
	address(facts.remote, remote ? "\x7f\0\0\1" : "\0\0\0\0");
	return facts;
}

static struct socket_named local(uint64_t ino, uint64_t peer, uint8_t state, const char *name, size_t len)
{
	struct socket_named named = { .facts = { .ino = ino, .peer_ino = peer, .dev = DEV, .kind = FILE_UNIX,
						 .family = AF_UNIX, .type = SOCK_STREAM, .state = state,
						 .netns = HOST_NETNS, .name_len = len } };

	memcpy(named.name, name, len);
	return named;
}

/* The process `pid` has that socket under number fd. */
static void has_named(struct script *s, uint32_t pid, int fd, struct socket_named named, int nr)
{
	struct record_socket record = { .head = { .type = RECORD_SOCKET, .size = sizeof(record), .ts = s->ts++,
						  .pid = pid, .tid = pid, .start = start_of(s, pid) },
					.fd = fd, .nr = nr, .result = fd, .named = named };

	by(s, pid);
	slot(s, pid == 10 ? T : T + 1, fd, file(named.facts.kind, named.facts.ino), SYS_socket, fd, 0, 0, 0);
	apply(s, &record);
}

static void has(struct script *s, uint32_t pid, int fd, struct socket_facts facts, int nr)
{
	has_named(s, pid, fd, (struct socket_named){ .facts = facts }, nr);
}

static struct object *object_of(const struct script *s, uint32_t kind, uint64_t ino)
{
	const struct object_key key = { .ino = ino, .dev = DEV, .kind = kind };
	struct object *object = model_object(s->model, &key);

	assert_non_null(object);
	return object;
}

static void assert_id(const struct script *s, uint32_t kind, uint64_t ino, const char *want)
{
	char id[256];

	object_id(object_of(s, kind, ino), id, sizeof(id));
	assert_string_equal(id, want);
}

static void tcp_by_addresses(void **state)
{
	struct script *s = *state;
	struct graph graph;

	start(s);
	has(s, 10, 3, tcp(LISTENER, 80, 0, TCP_LISTEN), SYS_listen);
	has(s, 20, 3, tcp(CLIENT, 4000, 80, TCP_ESTABLISHED), SYS_connect);
	assert_id(s, FILE_TCP, LISTENER, "tcp:127.0.0.1:80");
	assert_id(s, FILE_TCP, CLIENT, "tcp:127.0.0.1:4000->127.0.0.1:80");
	/* Not accepted yet: the listener's holders are at the other end. */
	assert_true(socket_is_pending(s->model, object_of(s, FILE_TCP, CLIENT)));
	assert_int_equal(graph_build(s->model, false, &graph), 0);
	assert_int_equal(graph.links_count, 1);
	assert_int_equal(graph.links[0].from->key.pid, 20);
	assert_int_equal(graph.links[0].to->key.pid, 10);
	graph_free(&graph);
	has(s, 10, 4, tcp(ACCEPTED, 80, 4000, TCP_ESTABLISHED), SYS_accept4);
	assert_false(socket_is_pending(s->model, object_of(s, FILE_TCP, CLIENT)));
	assert_ptr_equal(socket_other(s->model, object_of(s, FILE_TCP, CLIENT), 0),
			 object_of(s, FILE_TCP, ACCEPTED));
	assert_int_equal(graph_build(s->model, false, &graph), 0);
	assert_int_equal(graph.links_count, 2);
	graph_free(&graph);
}

static void same_addresses_are_told_apart(void **state)
{
	struct script *s = *state;

	start(s);
	has(s, 10, 3, tcp(LISTENER, 80, 0, TCP_LISTEN), SYS_listen);
	has(s, 20, 3, tcp(LISTENER + 50, 80, 0, TCP_LISTEN), SYS_listen); /* SO_REUSEPORT */
	assert_id(s, FILE_TCP, LISTENER, "tcp:127.0.0.1:80");
	assert_id(s, FILE_TCP, LISTENER + 50, "tcp:127.0.0.1:80#150");
}

/* Whoever holds the listener is a peer, though nothing else ties the two. */
static void who_has_yet_to_accept_is_a_peer(void **state)
{
	struct script *s = *state;

	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T + 1, 1);
	snapshot_done(s);
	selected(s, 20, true);
	has(s, 10, 3, tcp(LISTENER, 80, 0, TCP_LISTEN), SYS_listen);
	has(s, 10, 4, tcp(LISTENER + 60, 81, 0, TCP_LISTEN), SYS_listen);
	assert_false(object_is_near_selected(object_of(s, FILE_TCP, LISTENER), s->model));
	has(s, 20, 3, tcp(CLIENT, 4000, 80, TCP_ESTABLISHED), SYS_connect);
	assert_true(object_is_near_selected(object_of(s, FILE_TCP, LISTENER), s->model));
	assert_false(object_is_near_selected(object_of(s, FILE_TCP, LISTENER + 60), s->model));
	plain(s, RECORD_PRUNE);
	assert_non_null(process_at(s, 10)->tasks);
}

/* Two listen on one port: whose queue it lies in is what counts. */
static void a_queue_tells_who_has_yet_to_accept(void **state)
{
	struct record_waiting waits = { .head = { .type = RECORD_WAITING, .flags = RECORD_ROW,
						  .size = sizeof(waits), .ts = 900 },
					.ino = LISTENER + 50, .dev = DEV, .netns = HOST_NETNS,
					.local_port = 80, .remote_port = 4000 };
	struct script *s = *state;
	struct object *client;

	start(s);
	has(s, 10, 3, tcp(LISTENER, 80, 0, TCP_LISTEN), SYS_listen);
	has(s, 20, 3, tcp(LISTENER + 50, 80, 0, TCP_LISTEN), SYS_listen);
	has(s, 20, 4, tcp(CLIENT, 4000, 80, TCP_ESTABLISHED), SYS_connect);
	client = object_of(s, FILE_TCP, CLIENT);
	assert_ptr_equal(socket_other(s->model, client, 0), object_of(s, FILE_TCP, LISTENER));
	address(waits.local, "\x7f\0\0\1");
	address(waits.remote, "\x7f\0\0\1");
	apply(s, &waits);
	apply(s, &waits); /* by another holder of the listener */
	assert_ptr_equal(socket_other(s->model, client, 0), object_of(s, FILE_TCP, LISTENER + 50));
	assert_true(socket_is_pending(s->model, client));
	plain(s, RECORD_QUEUES_BEGIN);
	assert_ptr_equal(socket_other(s->model, client, 0), object_of(s, FILE_TCP, LISTENER));
	apply(s, &waits);
	has(s, 10, 5, tcp(ACCEPTED, 80, 4000, TCP_ESTABLISHED), SYS_accept4);
	assert_ptr_equal(socket_other(s->model, client, 0), object_of(s, FILE_TCP, ACCEPTED));
	assert_false(socket_is_pending(s->model, client));
}

static void another_namespace_is_another_machine(void **state)
{
	struct socket_facts elsewhere = tcp(ACCEPTED, 80, 4000, TCP_ESTABLISHED);
	struct script *s = *state;

	start(s);
	elsewhere.netns = 7;
	has(s, 20, 3, tcp(CLIENT, 4000, 80, TCP_ESTABLISHED), SYS_connect);
	has(s, 10, 4, elsewhere, SYS_accept4);
	assert_null(socket_other(s->model, object_of(s, FILE_TCP, CLIENT), 0));
	assert_id(s, FILE_TCP, ACCEPTED, "tcp:127.0.0.1:80->127.0.0.1:4000@net:[7]");
}

static void unix_by_inode(void **state)
{
	struct script *s = *state;
	struct object *client;

	start(s);
	has_named(s, 10, 3, local(LISTENER, 0, TCP_LISTEN, "/run/x", 7), SYS_listen);
	has_named(s, 20, 3, local(CLIENT, 0, TCP_ESTABLISHED, "", 0), SYS_connect);
	has_named(s, 10, 4, local(ACCEPTED, CLIENT, TCP_ESTABLISHED, "/run/x", 7), SYS_accept4);
	client = object_of(s, FILE_UNIX, CLIENT);
	assert_ptr_equal(socket_other(s->model, client, 0), object_of(s, FILE_UNIX, ACCEPTED));
	assert_string_equal(object_of(s, FILE_UNIX, LISTENER)->name, "/run/x");
	assert_null(client->name);
	/* Once the other side is gone the kernel forgets who it was; we don't. */
	has_named(s, 20, 3, local(CLIENT, 0, TCP_ESTABLISHED, "", 0), SYS_shutdown);
	assert_ptr_equal(socket_other(s->model, client, 0), object_of(s, FILE_UNIX, ACCEPTED));
}

static void abstract_names(void **state)
{
	struct script *s = *state;

	start(s);
	has_named(s, 10, 3, local(LISTENER, 0, TCP_LISTEN, "\0a\0\n", 4), SYS_bind);
	assert_string_equal(object_of(s, FILE_UNIX, LISTENER)->name, "@a@\n");
}

static void datagrams_by_destination(void **state)
{
	struct socket_facts sender = tcp(CLIENT, 4000, 0, TCP_CLOSE), server = tcp(LISTENER, 53, 0, TCP_CLOSE);
	struct record_destination to = { .head = { .type = RECORD_DESTINATION, .size = sizeof(to), .ts = 900 },
					 .ino = CLIENT, .dev = DEV, .family = AF_INET, .port = 53 };
	struct script *s = *state;
	struct graph graph;

	start(s);
	sender.kind = server.kind = FILE_UDP;
	address(server.local, "\0\0\0\0"); /* bound to all addresses */
	has(s, 10, 3, server, SYS_bind);
	has(s, 20, 3, sender, SYS_bind);
	to.head.pid = to.head.tid = 20;
	to.head.start = start_of(s, 20);
	address(to.address, "\x7f\0\0\1");
	apply(s, &to);
	apply(s, &to);
	assert_int_equal(graph_build(s->model, false, &graph), 0);
	assert_int_equal(graph.links_count, 1);
	assert_int_equal(graph.links[0].from->key.pid, 20);
	assert_int_equal(graph.links[0].to->key.pid, 10);
	graph_free(&graph);
}

static void closing(struct script *s, uint64_t ino, uint32_t first)
{
	struct record_closing record = {
		.head = { .type = RECORD_CLOSING, .size = sizeof(record), .ts = s->ts++ },
		.ino = ino,
		.dev = DEV,
		.first = first
	};

	apply(s, &record);
}

static enum closed_first first_of(const struct script *s, uint32_t kind, uint64_t ino)
{
	return socket_closed_first(s->model, object_of(s, kind, ino));
}

static void tcp_states_tell_who_closed_first(void **state)
{
	struct script *s = *state;

	start(s);
	has(s, 20, 3, tcp(CLIENT, 4000, 80, TCP_ESTABLISHED), SYS_connect);
	has(s, 10, 4, tcp(ACCEPTED, 80, 4000, TCP_ESTABLISHED), SYS_accept4);
	assert_int_equal(first_of(s, FILE_TCP, CLIENT), CLOSED_NONE);
	has(s, 20, 3, tcp(CLIENT, 4000, 80, TCP_FIN_WAIT2), -1);
	has(s, 10, 4, tcp(ACCEPTED, 80, 4000, TCP_CLOSE_WAIT), -1);
	assert_int_equal(first_of(s, FILE_TCP, CLIENT), CLOSED_THIS);
	assert_int_equal(first_of(s, FILE_TCP, ACCEPTED), CLOSED_PEER);
	has(s, 10, 4, tcp(ACCEPTED, 80, 4000, TCP_CLOSE), -1); /* that says nothing any more */
	assert_int_equal(first_of(s, FILE_TCP, ACCEPTED), CLOSED_PEER);
}

static void a_change_of_state_tells_too(void **state)
{
	struct script *s = *state;
	struct graph graph;

	start(s);
	has(s, 20, 3, tcp(CLIENT, 4000, 80, TCP_ESTABLISHED), SYS_connect);
	has(s, 10, 4, tcp(ACCEPTED, 80, 4000, TCP_ESTABLISHED), SYS_accept4);
	closing(s, ACCEPTED, CLOSED_THIS);
	/* The other end, of which no one has told, is seen from this one. */
	assert_int_equal(first_of(s, FILE_TCP, CLIENT), CLOSED_PEER);
	assert_int_equal(graph_build(s->model, true, &graph), 0);
	assert_int_equal(graph.links_count, 2);
	for (size_t i = 0; i < graph.links_count; i++)
		assert_int_equal(graph.links[i].closed_first,
				 graph.links[i].from->key.pid == 10 ? CLOSED_THIS : CLOSED_PEER);
	graph_free(&graph);
	by(s, 10);
	closed(s, T, 4);
	assert_int_equal(first_of(s, FILE_TCP, ACCEPTED), CLOSED_THIS);
	closing(s, CLIENT + 77, CLOSED_THIS); /* nobody's */
}

static void both_at_once(void **state)
{
	struct script *s = *state;

	start(s);
	has(s, 20, 3, tcp(CLIENT, 4000, 80, TCP_ESTABLISHED), SYS_connect);
	closing(s, CLIENT, CLOSED_THIS);
	closing(s, CLIENT, CLOSED_BOTH);
	assert_int_equal(first_of(s, FILE_TCP, CLIENT), CLOSED_BOTH);
}

static void what_went_unseen_is_unknown(void **state)
{
	struct script *s = *state;

	start(s);
	has(s, 20, 3, tcp(CLIENT, 4000, 80, TCP_ESTABLISHED), SYS_connect);
	by(s, 20);
	closed(s, T + 1, 3);
	assert_int_equal(first_of(s, FILE_TCP, CLIENT), CLOSED_UNKNOWN);
}

/* 20 has connected to 10. */
static void unix_pair(struct script *s)
{
	start(s);
	has_named(s, 20, 3, local(CLIENT, ACCEPTED, TCP_ESTABLISHED, "", 0), SYS_connect);
	has_named(s, 10, 4, local(ACCEPTED, CLIENT, TCP_ESTABLISHED, "/run/x", 7), SYS_accept4);
}

static void client_closes(struct script *s)
{
	by(s, 20);
	closed(s, T + 1, 3);
}

static void server_closes(struct script *s)
{
	by(s, 10);
	closed(s, T, 4);
}

/* What came of it that the process read and wrote there. */
static void moved(struct script *s, uint32_t pid, struct transfer total)
{
	struct record_count record = { .head = { .type = RECORD_COUNT, .size = sizeof(record), .ts = s->ts++ },
				       .key = { .ino = pid == 10 ? ACCEPTED : CLIENT,
						.dev = DEV,
						.pid = pid,
						.start = start_of(s, pid) },
				       .total = total };

	apply(s, &record);
}

/* how: of shutdown(); bits: the socket's own just after that. */
static void shut(struct script *s, uint32_t pid, int how, uint8_t bits)
{
	struct socket_named named = pid == 10 ? local(ACCEPTED, CLIENT, TCP_ESTABLISHED, "/run/x", 7) :
						local(CLIENT, ACCEPTED, TCP_ESTABLISHED, "", 0);
	struct record_socket record = { .head = { .type = RECORD_SOCKET, .size = sizeof(record), .ts = s->ts++,
						  .pid = pid, .tid = pid, .start = start_of(s, pid) },
					.nr = SYS_shutdown, .arg = { 4, how, 0 }, .named = named };

	record.facts.shutdown = bits;
	apply(s, &record);
}

static void assert_first(const struct script *s, enum closed_first of_client)
{
	assert_int_equal(first_of(s, FILE_UNIX, CLIENT), of_client);
	assert_int_equal(first_of(s, FILE_UNIX, ACCEPTED), closed_first_turned(of_client));
}

static void calls_tell_of_unix_sockets(void **state)
{
	struct script *s = *state;

	unix_pair(s);
	assert_first(s, CLOSED_NONE);
	client_closes(s);
	assert_first(s, CLOSED_THIS);
	s->ts += 200000000; /* it has long been done with that */
	server_closes(s);
	assert_first(s, CLOSED_THIS);
}

/* Which of the two was told of first means nothing. */
static void closed_together(void **state)
{
	struct script *s = *state;

	unix_pair(s);
	client_closes(s);
	s->ts += 50000000;
	server_closes(s);
	assert_first(s, CLOSED_UNKNOWN);
}

/* The client's close has woken the server, which was done with its own before the client's call returned. */
static void who_reads_to_the_end_knows(void **state)
{
	struct script *s = *state;

	unix_pair(s);
	moved(s, 10, (struct transfer){ .bytes_in = 5, .ops_in = 2, .ended = 1 });
	server_closes(s);
	client_closes(s);
	assert_first(s, CLOSED_THIS);
}

static void who_is_refused_knows(void **state)
{
	struct script *s = *state;

	unix_pair(s);
	moved(s, 20, (struct transfer){ .broken = 1 });
	client_closes(s);
	server_closes(s);
	assert_first(s, CLOSED_PEER);
}

/* The other end only reads no more. */
static void refused_by_a_half(void **state)
{
	struct script *s = *state;

	unix_pair(s);
	shut(s, 10, SHUT_RD, 1);
	moved(s, 20, (struct transfer){ .broken = 1 });
	client_closes(s);
	server_closes(s);
	assert_first(s, CLOSED_UNKNOWN);
}

static void its_own_shutdown_is_no_end(void **state)
{
	struct script *s = *state;

	unix_pair(s);
	shut(s, 20, SHUT_RD, 1);
	moved(s, 20, (struct transfer){ .ops_in = 1, .ended = 1 });
	client_closes(s);
	server_closes(s);
	assert_first(s, CLOSED_UNKNOWN);
}

/* It reads to the end of what the other sends, but has sent its own last byte before. */
static void who_shuts_down_first(void **state)
{
	struct script *s = *state;

	unix_pair(s);
	shut(s, 20, SHUT_WR, 2);
	assert_first(s, CLOSED_THIS);
	shut(s, 10, SHUT_WR, 3);
	moved(s, 20, (struct transfer){ .ops_in = 1, .ended = 1 });
	moved(s, 10, (struct transfer){ .ops_in = 1, .ended = 1 });
	server_closes(s);
	client_closes(s);
	assert_first(s, CLOSED_THIS);
}

/* Each may have been the one. */
static void both_shut_down_together(void **state)
{
	struct script *s = *state;

	unix_pair(s);
	shut(s, 20, SHUT_WR, 3);
	shut(s, 10, SHUT_WR, 3);
	assert_first(s, CLOSED_UNKNOWN);
}

static void both_say_it_was_the_other(void **state)
{
	struct script *s = *state;

	unix_pair(s);
	moved(s, 20, (struct transfer){ .ops_in = 1, .ended = 1 });
	moved(s, 10, (struct transfer){ .ops_in = 1, .ended = 1 });
	client_closes(s);
	s->ts += 200000000;
	server_closes(s);
	assert_first(s, CLOSED_UNKNOWN);
}

static void what_was_shut_down_before_is_unknown(void **state)
{
	struct socket_named half = local(ACCEPTED, CLIENT, TCP_ESTABLISHED, "/run/x", 7);
	struct script *s = *state;

	half.facts.shutdown = 2;
	start(s);
	has_named(s, 20, 3, local(CLIENT, ACCEPTED, TCP_ESTABLISHED, "", 0), SYS_connect);
	has_named(s, 10, 4, half, -1);
	client_closes(s);
	assert_first(s, CLOSED_UNKNOWN);
}

static void sent_to(struct script *s, uint64_t ino, const char *v4, const char *name, size_t len)
{
	struct record_destination to = { .head = { .type = RECORD_DESTINATION, .size = sizeof(to), .ts = s->ts++,
						   .pid = 20, .tid = 20, .start = start_of(s, 20) },
					 .ino = ino, .dev = DEV, .family = AF_INET, .port = v4 ? 53 : 0,
					 .name_len = (uint32_t)len };

	if (v4)
		address(to.address, v4);
	memcpy(to.name, name, len);
	apply(s, &to);
}

/* The same, under a number by which what goes there is counted. */
static void counted_to(struct script *s, uint32_t pid, uint64_t ino, uint32_t id, const char *name)
{
	struct record_destination to = { .head = { .type = RECORD_DESTINATION, .size = sizeof(to), .ts = s->ts++,
						   .pid = pid, .tid = pid, .start = start_of(s, pid) },
					 .ino = ino, .dev = DEV, .id = { id, 9 }, .family = AF_UNIX,
					 .name_len = (uint32_t)strlen(name) };

	memcpy(to.name, name, strlen(name));
	apply(s, &to);
}

static void sent(struct script *s, uint32_t pid, uint32_t id, uint64_t bytes, uint64_t ops, bool last)
{
	struct record_sent record = { .head = { .type = RECORD_SENT, .size = sizeof(record), .ts = s->ts++,
						.pid = pid, .start = start_of(s, pid) },
				      .id = { id, 9 }, .bytes = bytes, .ops = ops, .last = last };

	apply(s, &record);
}

static struct socket_facts datagram(struct socket_facts facts, uint32_t kind, uint32_t netns)
{
	facts.kind = kind;
	facts.type = SOCK_DGRAM;
	facts.netns = netns;
	return facts;
}

static struct socket_named unix_datagram(struct socket_named named, uint32_t netns)
{
	named.facts = datagram(named.facts, FILE_UNIX, netns);
	return named;
}

static void abstract_names_stay_in_their_namespace(void **state)
{
	struct script *s = *state;

	start(s);
	has_named(s, 10, 3, unix_datagram(local(LISTENER, 0, TCP_CLOSE, "\0a", 2), 7), SYS_bind);
	has_named(s, 20, 3, unix_datagram(local(CLIENT, 0, TCP_CLOSE, "", 0), HOST_NETNS), SYS_bind);
	sent_to(s, CLIENT, NULL, "\0a", 2);
	assert_null(socket_other(s->model, object_of(s, FILE_UNIX, CLIENT), 0));
	/* A path with that @ in it is another name. */
	has_named(s, 10, 4, unix_datagram(local(ACCEPTED, 0, TCP_CLOSE, "@a", 3), HOST_NETNS), SYS_bind);
	assert_null(socket_other(s->model, object_of(s, FILE_UNIX, CLIENT), 0));
	has_named(s, 10, 5, unix_datagram(local(ACCEPTED + 1, 0, TCP_CLOSE, "\0a", 2), HOST_NETNS), SYS_bind);
	assert_ptr_equal(socket_other(s->model, object_of(s, FILE_UNIX, CLIENT), 0),
			 object_of(s, FILE_UNIX, ACCEPTED + 1));
}

static void paths_cross_namespaces(void **state)
{
	struct script *s = *state;

	start(s);
	has_named(s, 10, 3, unix_datagram(local(LISTENER, 0, TCP_CLOSE, "/run/x", 7), 7), SYS_bind);
	has_named(s, 20, 3, unix_datagram(local(CLIENT, 0, TCP_CLOSE, "", 0), HOST_NETNS), SYS_bind);
	sent_to(s, CLIENT, NULL, "/run/x", 7);
	assert_ptr_equal(socket_other(s->model, object_of(s, FILE_UNIX, CLIENT), 0),
			 object_of(s, FILE_UNIX, LISTENER));
}

/* "20>10: 7 in 2" of each link by the socket */
static void assert_sent(const struct script *s, uint64_t ino, const char *want)
{
	const struct object *object = object_of(s, FILE_UNIX, ino);
	char have[256] = "";
	struct graph graph;
	size_t len = 0;

	assert_int_equal(graph_build(s->model, true, &graph), 0);
	for (size_t i = 0; i < graph.links_count; i++) {
		const struct graph_link *link = &graph.links[i];

		if (link->object != object)
			continue;
		assert_true(link->bytes.known);
		len += (size_t)snprintf(have + len, sizeof(have) - len, "%s%u>%u: %llu in %llu", len ? ", " : "",
					link->from->key.pid, link->to->key.pid,
					(unsigned long long)link->bytes.value,
					(unsigned long long)link->messages.value);
	}
	assert_string_equal(have, want);
	graph_free(&graph);
}

static void used(struct script *s, uint32_t pid, uint64_t ino, uint64_t bytes_in, uint64_t bytes_out)
{
	struct record_count record = {
		.head = { .type = RECORD_COUNT, .size = sizeof(record), .ts = s->ts++, .pid = pid,
			  .start = start_of(s, pid) },
		.key = { .ino = ino, .start = start_of(s, pid), .dev = DEV, .pid = pid },
		.total = { .bytes_in = bytes_in, .ops_in = bytes_in > 0, .bytes_out = bytes_out,
			   .ops_out = bytes_out > 0 },
	};

	apply(s, &record);
}

static void each_destination_is_counted_apart(void **state)
{
	struct script *s = *state;

	start(s);
	has_named(s, 10, 3, unix_datagram(local(LISTENER, 0, TCP_CLOSE, "/a", 2), HOST_NETNS), SYS_bind);
	has_named(s, 10, 4, unix_datagram(local(ACCEPTED, 0, TCP_CLOSE, "/b", 2), HOST_NETNS), SYS_bind);
	has_named(s, 20, 3, unix_datagram(local(CLIENT, 0, TCP_CLOSE, "", 0), HOST_NETNS), SYS_socket);
	counted_to(s, 20, CLIENT, 1, "/a");
	counted_to(s, 20, CLIENT, 2, "/b");
	counted_to(s, 20, CLIENT, 1, "/a"); /* told again */
	used(s, 20, CLIENT, 0, 12);
	sent(s, 20, 1, 3, 1, false);
	sent(s, 20, 2, 5, 2, false);
	sent(s, 20, 1, 4, 1, true);
	assert_sent(s, CLIENT, "20>10: 7 in 2, 20>10: 5 in 2");
	assert_false(model_knows_sent(s->model, 1 | 9ull << 32));
	assert_true(model_knows_sent(s->model, 2 | 9ull << 32));
	sent(s, 20, 1, 4, 1, false); /* nobody's number any more */
	/* Under a new number it is the same destination. */
	counted_to(s, 20, CLIENT, 3, "/a");
	sent(s, 20, 3, 10, 1, false);
	assert_sent(s, CLIENT, "20>10: 17 in 3, 20>10: 5 in 2");
}

static void a_name_bound_anew_is_anothers(void **state)
{
	struct script *s = *state;

	start(s);
	has_named(s, 10, 3, unix_datagram(local(LISTENER, 0, TCP_CLOSE, "/a", 2), HOST_NETNS), SYS_bind);
	has_named(s, 20, 3, unix_datagram(local(CLIENT, 0, TCP_CLOSE, "", 0), HOST_NETNS), SYS_socket);
	counted_to(s, 20, CLIENT, 1, "/a");
	used(s, 20, CLIENT, 0, 8);
	used(s, 10, LISTENER, 3, 0);
	sent(s, 20, 1, 3, 1, false);
	by(s, 10);
	slot(s, T, 3, (struct file_facts){ 0 }, SYS_close, 0, 3, 0, 0);
	has_named(s, 20, 4, unix_datagram(local(ACCEPTED, 0, TCP_CLOSE, "/a", 2), HOST_NETNS), SYS_bind);
	counted_to(s, 20, CLIENT, 2, "/a");
	sent(s, 20, 2, 5, 1, false);
	assert_ptr_equal(socket_other(s->model, object_of(s, FILE_UNIX, CLIENT), 0),
			 object_of(s, FILE_UNIX, LISTENER));
	assert_ptr_equal(socket_other(s->model, object_of(s, FILE_UNIX, CLIENT), 1),
			 object_of(s, FILE_UNIX, ACCEPTED));
	assert_sent(s, CLIENT, "20>10: 3 in 1, 20>20: 5 in 1");
}

/* Both live on, the first without its path; whose socket was made first says nothing. */
static void a_path_is_its_last_binders(void **state)
{
	struct script *s = *state;

	start(s);
	has_named(s, 20, 4, unix_datagram(local(ACCEPTED, 0, TCP_CLOSE, "", 0), HOST_NETNS), SYS_socket);
	has_named(s, 10, 3, unix_datagram(local(LISTENER, 0, TCP_CLOSE, "/a", 2), HOST_NETNS), SYS_bind);
	has_named(s, 20, 3, unix_datagram(local(CLIENT, 0, TCP_CLOSE, "", 0), HOST_NETNS), SYS_socket);
	counted_to(s, 20, CLIENT, 1, "/a");
	has_named(s, 20, 4, unix_datagram(local(ACCEPTED, 0, TCP_CLOSE, "/a", 2), HOST_NETNS), SYS_bind);
	counted_to(s, 20, CLIENT, 2, "/a");
	assert_ptr_equal(socket_other(s->model, object_of(s, FILE_UNIX, CLIENT), 0),
			 object_of(s, FILE_UNIX, LISTENER));
	assert_ptr_equal(socket_other(s->model, object_of(s, FILE_UNIX, CLIENT), 1),
			 object_of(s, FILE_UNIX, ACCEPTED));
}

/* A server on all addresses of this machine gets nothing of what is sent to others. */
static void what_leaves_is_for_nobody_here(void **state)
{
	struct socket_facts server = datagram(tcp(LISTENER, 53, 0, TCP_CLOSE), FILE_UDP, HOST_NETNS);
	struct record_address own = { .head = { .type = RECORD_ADDRESS, .size = sizeof(own), .ts = 900 },
				      .netns = HOST_NETNS };
	struct script *s = *state;
	struct object *client;

	start(s);
	address(server.local, "\0\0\0\0");
	has(s, 10, 3, server, SYS_bind);
	has(s, 20, 3, datagram(tcp(CLIENT, 4000, 0, TCP_CLOSE), FILE_UDP, HOST_NETNS), SYS_bind);
	client = object_of(s, FILE_UDP, CLIENT);
	sent_to(s, CLIENT, "\x0a\0\0\5", "", 0);
	assert_null(socket_other(s->model, client, 0));
	address(own.address, "\x0a\0\0\6");
	apply(s, &own);
	assert_null(socket_other(s->model, client, 0));
	address(own.address, "\x0a\0\0\5");
	apply(s, &own);
	assert_ptr_equal(socket_other(s->model, client, 0), object_of(s, FILE_UDP, LISTENER));
}

static void words(void **state)
{
	struct script *s = *state;
	struct event event;

	start(s);
	has(s, 10, 3, tcp(LISTENER, 80, 0, TCP_LISTEN), SYS_listen);
	assert_true(mechanism_event(s->model, &s->last.head, &s->change, ~0ull, &event));
	assert_string_equal(event.name, "socket.listen");
	assert_string_equal(event.words, "listen 3 127.0.0.1:80 backlog 0");
	has(s, 20, 3, tcp(CLIENT, 4000, 80, TCP_ESTABLISHED), SYS_connect);
	assert_true(mechanism_event(s->model, &s->last.head, &s->change, ~0ull, &event));
	assert_string_equal(event.name, "socket.connect");
	assert_non_null(strstr(event.words, "connect 3 → 127.0.0.1:80"));
}

/* The socket has nothing of what it asked for; the event has. */
static void a_refused_connect_says_whom_it_asked(void **state)
{
	struct script *s = *state;
	struct record_socket record = { .head = { .type = RECORD_SOCKET, .size = sizeof(record),
						  .flags = RECORD_ASKED, .pid = 20, .tid = 20 },
					.fd = 3, .nr = SYS_connect, .result = -ECONNREFUSED };
	struct event event;

	start(s);
	has(s, 20, 3, tcp(CLIENT, 0, 0, TCP_CLOSE), SYS_socket);
	record.named.facts = tcp(CLIENT, 0, 80, TCP_CLOSE);
	record.head.ts = s->ts++;
	record.head.start = start_of(s, 20);
	apply(s, &record);
	assert_true(mechanism_event(s->model, &s->last.head, &s->change, ~0ull, &event));
	assert_string_equal(event.words, "connect 3 → 127.0.0.1:80: ECONNREFUSED");
	assert_int_equal(object_of(s, FILE_TCP, CLIENT)->socket->facts.remote_port, 0);
	has_named(s, 20, 4, local(CLIENT + 1, 0, TCP_CLOSE, "", 0), SYS_socket);
	record.fd = 4;
	record.result = -ENOENT;
	record.named = local(CLIENT + 1, 0, TCP_CLOSE, "/run/none", 10);
	record.head.ts = s->ts++;
	apply(s, &record);
	assert_true(mechanism_event(s->model, &s->last.head, &s->change, ~0ull, &event));
	assert_string_equal(event.words, "connect 4 → /run/none: ENOENT");
	assert_null(object_of(s, FILE_UNIX, CLIENT + 1)->name);
}

/* Whoever listens now, not whoever made the listener. */
static void the_holder_of_a_passed_listener_is_its_receiver(void **state)
{
	struct script *s = *state;

	start(s);
	has(s, 10, 3, tcp(LISTENER, 80, 0, TCP_LISTEN), SYS_listen);
	by(s, 20);
	slot(s, T + 1, 5, file(FILE_TCP, LISTENER), SYS_recvmsg, 1, 0, 0, 0);
	by(s, 10);
	slot(s, T, 3, (struct file_facts){ 0 }, SYS_close, 0, 3, 0, 0);
	has(s, 20, 6, tcp(CLIENT, 4000, 80, TCP_ESTABLISHED), SYS_connect);
	assert_int_equal(s->change.other->key.pid, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)
		TEST(tcp_by_addresses),
		TEST(same_addresses_are_told_apart),
		TEST(a_queue_tells_who_has_yet_to_accept),
		TEST(who_has_yet_to_accept_is_a_peer),
		TEST(another_namespace_is_another_machine),
		TEST(unix_by_inode),
		TEST(abstract_names),
		TEST(datagrams_by_destination),
		TEST(tcp_states_tell_who_closed_first),
		TEST(a_change_of_state_tells_too),
		TEST(both_at_once),
		TEST(what_went_unseen_is_unknown),
		TEST(calls_tell_of_unix_sockets),
		TEST(closed_together),
		TEST(who_reads_to_the_end_knows),
		TEST(who_is_refused_knows),
		TEST(refused_by_a_half),
		TEST(its_own_shutdown_is_no_end),
		TEST(who_shuts_down_first),
		TEST(both_shut_down_together),
		TEST(both_say_it_was_the_other),
		TEST(what_was_shut_down_before_is_unknown),
		TEST(abstract_names_stay_in_their_namespace),
		TEST(paths_cross_namespaces),
		TEST(each_destination_is_counted_apart),
		TEST(a_name_bound_anew_is_anothers),
		TEST(a_path_is_its_last_binders),
		TEST(what_leaves_is_for_nobody_here),
		TEST(words),
		TEST(a_refused_connect_says_whom_it_asked),
		TEST(the_holder_of_a_passed_listener_is_its_receiver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
