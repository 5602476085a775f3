// SPDX-License-Identifier: GPL-2.0-only
/* The mechanisms "unix", "tcp" and "udp": what happens to sockets, and what they are. */
#include "mechanism/wording.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* --- names ----------------------------------------------------------------------------------- */

/* The kernel's names of states (net/ipv4/tcp.c, as ss prints them); Unix sockets use three of them. */
static const char *state_name(const struct socket_facts *facts)
{
	static const char *const names[] = {
		[TCP_ESTABLISHED] = "established", [TCP_SYN_SENT] = "syn-sent",
		[TCP_SYN_RECV] = "syn-recv",       [TCP_FIN_WAIT1] = "fin-wait-1",
		[TCP_FIN_WAIT2] = "fin-wait-2",    [TCP_TIME_WAIT] = "time-wait",
		[TCP_CLOSE] = "close",             [TCP_CLOSE_WAIT] = "close-wait",
		[TCP_LAST_ACK] = "last-ack",       [TCP_LISTEN] = "listen",
		[TCP_CLOSING] = "closing",
	};
	uint8_t state = facts->state;

	if (facts->kind != FILE_TCP && state == TCP_CLOSE)
		return "unconnected";
	return state < sizeof(names) / sizeof(names[0]) ? names[state] : NULL;
}

static const char *type_name(uint16_t type)
{
	switch (type) {
	case SOCK_STREAM: return "stream";
	case SOCK_DGRAM: return "dgram";
	case SOCK_SEQPACKET: return "seqpacket";
	}
	return NULL;
}

/* "127.0.0.1:80", "[::1]:80" */
static void address_name(const uint8_t address[16], uint16_t port, char buf[SOCKET_ADDRESS_MAX])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];

	if (memcmp(address, mapped, sizeof(mapped))) {
		inet_ntop(AF_INET6, address, text, sizeof(text));
		snprintf(buf, SOCKET_ADDRESS_MAX, "[%s]:%u", text, port);
	} else {
		inet_ntop(AF_INET, address + 12, text, sizeof(text));
		snprintf(buf, SOCKET_ADDRESS_MAX, "%s:%u", text, port);
	}
}

void elsewhere_name(const struct elsewhere *place, char buf[SOCKET_ADDRESS_MAX])
{
	address_name(place->address, place->port, buf);
}

void socket_remote_name(const struct object *object, char buf[SOCKET_ADDRESS_MAX])
{
	address_name(object->socket->facts.remote, object->socket->facts.remote_port, buf);
}

void socket_local_name(const struct object *object, char buf[SOCKET_ADDRESS_MAX])
{
	address_name(object->socket->facts.local, object->socket->facts.local_port, buf);
}

/* --- events ---------------------------------------------------------------------------------- */

/* ": ECONNREFUSED" */
static void say_result(struct event *event, int64_t result)
{
	int error = result_error(result);
	const char *name = error ? strerrorname_np(error) : NULL;

	event->has_result = true;
	event->result = result;
	if (name)
		event_say(event, ": %s", name);
}

/* " → 127.0.0.1:80 nginx[812]", " ← @x" */
static void say_other(struct event *event, const struct change *change, const char *arrow)
{
	const struct object *object = change->object, *other = change->old_object;
	char address[SOCKET_ADDRESS_MAX];

	if (object->key.kind != FILE_UNIX && object->socket->facts.remote_port) {
		socket_remote_name(object, address);
		event_say(event, " %s %s", arrow, address);
		event_fact_text_copy(event, "remote", address);
	} else if (other && other->name) {
		event_say(event, " %s %s", arrow, other->name);
	} else {
		event_say(event, " %s", arrow);
	}
	if (change->other)
		event_say(event, " %s[%u]", change->other->comm, change->other->key.pid);
	event_fact_object(event, "peer", other);
	event_fact_process(event, "peer_process", change->other);
}

/* " → 127.0.0.1:80", " → /run/x": what it asked for, and was not given. */
static void say_asked(struct event *event, const struct record_socket *record)
{
	char text[SOCKET_ADDRESS_MAX > SOCKET_NAME_MAX ? SOCKET_ADDRESS_MAX : SOCKET_NAME_MAX];
	const struct socket_facts *facts = &record->facts;

	if (facts->kind != FILE_UNIX && facts->remote_port)
		address_name(facts->remote, facts->remote_port, text);
	else if (facts->kind != FILE_UNIX || !socket_name_text(record->named.name, facts->name_len, text))
		return;
	event_say(event, " → %s", text);
	event_fact_text_copy(event, "remote", text);
}

/* What it is bound to: "/run/x", "127.0.0.1:80" */
static void say_local(struct event *event, const struct object *object)
{
	char address[SOCKET_ADDRESS_MAX];

	if (object->key.kind == FILE_UNIX) {
		event_say(event, " %s", object->name ? object->name : "?");
	} else {
		socket_local_name(object, address);
		event_say(event, " %s", address);
	}
}

/* socket 3 stream */
static void create_event(const struct record_socket *record, struct event *event)
{
	const char *type = type_name(record->facts.type);

	event->name = "socket.create";
	event_say(event, "socket %d %s", record->fd, type ? type : "");
	say_result(event, record->result);
}

/* accept 3 → 5 ← 127.0.0.1:4444 curl[99] */
static void accept_event(const struct record_socket *record, const struct change *change,
			 struct event *event)
{
	event->name = "socket.accept";
	event_say(event, "accept %d → %d", (int)record->arg[0], record->fd);
	event->fds[event->fds_count++] = (int)record->arg[0];
	say_other(event, change, "←");
	say_result(event, record->result);
}

/* socketpair → 3, 4 */
static bool pair_event(const struct record_socket *record, struct event *event)
{
	if (record->fd != record->arg[1])
		return false;
	event->name = "socket.pair";
	event->fds_count = 0;
	event_add_fd(event, (int)record->arg[0]);
	event_add_fd(event, (int)record->arg[1]);
	event_say(event, "socketpair → %d, %d", (int)record->arg[0], (int)record->arg[1]);
	say_result(event, record->result);
	return true;
}

static void bind_event(const struct record_socket *record, const struct change *change,
		       struct event *event)
{
	event->name = "socket.bind";
	event_say(event, "bind %d", record->fd);
	say_local(event, change->object);
	say_result(event, record->result);
}

static void listen_event(const struct record_socket *record, const struct change *change,
			 struct event *event)
{
	event->name = "socket.listen";
	event_say(event, "listen %d", record->fd);
	say_local(event, change->object);
	if (record->result >= 0)
		event_say(event, " backlog %u", record->facts.backlog_max);
	event_fact_int(event, "backlog_max", record->facts.backlog_max);
	say_result(event, record->result);
}

static void connect_event(const struct record_socket *record, const struct change *change,
			  struct event *event)
{
	event->name = "socket.connect";
	event_say(event, "connect %d", record->fd);
	if (record->head.flags & RECORD_ASKED)
		say_asked(event, record);
	else
		say_other(event, change, "→");
	say_result(event, record->result);
}

static void shutdown_event(const struct record_socket *record, struct event *event)
{
	static const char *const how[] = { "read", "write", "both" };

	event->name = "socket.shutdown";
	event_say(event, "shutdown %d %s", record->fd,
		  record->arg[1] >= 0 && record->arg[1] <= 2 ? how[record->arg[1]] : "?");
	say_result(event, record->result);
}

static bool socket_state_event(const struct record_socket *record, const struct change *change,
			       struct event *event)
{
	if (!change->object || !change->object->socket)
		return false;
	event->object = change->object;
	event_add_fd(event, record->fd);
	switch (record->nr) {
	case SYS_socket: create_event(record, event); return true;
	case SYS_socketpair: return pair_event(record, event);
	case SYS_accept:
	case SYS_accept4: accept_event(record, change, event); return true;
	case SYS_bind: bind_event(record, change, event); return true;
	case SYS_listen: listen_event(record, change, event); return true;
	case SYS_connect: connect_event(record, change, event); return true;
	case SYS_shutdown: shutdown_event(record, event); return true;
	}
	return false;
}

/* The slot of a new socket says less than the record of the socket that comes right behind it. */
static bool is_told_by_socket(const struct record *record)
{
	const struct record_slot *slot = (const void *)record;

	return record->type == RECORD_SLOT && (slot->nr == SYS_socket || slot->nr == SYS_accept ||
					       slot->nr == SYS_accept4 || slot->nr == SYS_socketpair);
}

static bool socket_event(const struct model *model, const struct record *record,
			 const struct change *change, struct event *event)
{
	if (record->type == RECORD_SOCKET)
		return socket_state_event((const void *)record, change, event);
	if (is_told_by_socket(record))
		return false;
	return descriptor_event(model, record, change, event);
}

/* --- facts ----------------------------------------------------------------------------------- */

struct facts {
	struct fact *items;
	size_t count, max;
};

static struct fact *add(struct facts *facts, const char *key, enum fact_type type)
{
	if (facts->count == facts->max)
		facts->count--;
	facts->items[facts->count] = (struct fact){ .key = key, .type = type };
	return &facts->items[facts->count++];
}

static void add_number(struct facts *facts, const char *key, uint32_t number)
{
	bool is_known = number != RECORD_COUNT_UNKNOWN;

	add(facts, key, is_known ? FACT_UINT : FACT_NULL)->number = is_known ? number : 0;
}

static void add_text(struct facts *facts, const char *key, const char *text)
{
	struct fact *fact = add(facts, key, text ? FACT_TEXT : FACT_NULL);

	if (text) {
		fact->text.bytes = text;
		fact->text.len = strlen(text);
	}
}

/* The peer; or the listener that has yet to accept it. */
static void add_peer(struct facts *facts, const struct model *model, const struct object *object)
{
	const struct object *peer = socket_other(model, object, 0);

	add(facts, "peer", peer ? FACT_OBJECT : FACT_NULL)->object = peer;
	if (peer && socket_is_pending(model, object))
		add(facts, "pending", FACT_BOOL)->truth = true;
}

static void add_server(struct facts *facts, const struct model *model, const struct object *object)
{
	struct server_view view;
	struct fact *fact;

	if (!server_judge(model, object, &view)) {
		add(facts, "server_model", FACT_NULL);
		add(facts, "evidence", FACT_NULL);
		return;
	}
	add_text(facts, "server_model", server_model_name(view.model));
	fact = add(facts, "evidence", FACT_WORDS);
	server_evidence(&view, fact->words, sizeof(fact->words));
}

static void add_listener(struct facts *facts, const struct object *object)
{
	const struct socket_facts *socket = &object->socket->facts;

	add_number(facts, "backlog", socket->backlog);
	add_number(facts, "backlog_max", socket->backlog_max);
	if (socket->kind == FILE_TCP)
		add_number(facts, "overflows", socket->drops);
}

static void add_shutdown(struct facts *facts, const struct object *object)
{
	static const char *const names[] = { NULL, "receive", "send", "both" };

	if (object->socket->facts.shutdown & 3)
		add_text(facts, "shutdown", names[object->socket->facts.shutdown & 3]);
}

static void add_closed_first(struct facts *facts, const struct model *model,
			     const struct object *object)
{
	static const char *const names[CLOSED_FIRST_MAX] = {
		[CLOSED_NONE] = "none",
		[CLOSED_THIS] = "this",
		[CLOSED_PEER] = "peer",
		[CLOSED_BOTH] = "both",
	};

	if (socket_is_connection(object))
		add_text(facts, "closed_first", names[socket_closed_first(model, object)]);
}

static size_t socket_facts(const struct model *model, const struct object *object,
			   struct fact *items, size_t max)
{
	const struct socket *socket = object->socket;
	struct facts facts = { .items = items, .max = max };

	if (!socket)
		return 0;
	if (object->key.kind == FILE_UNIX)
		add_text(&facts, "type", type_name(socket->facts.type));
	/* What has become of one that nobody has any more isn't told. */
	add_text(&facts, "state", object->slots || object->in_flight ? state_name(&socket->facts) : NULL);
	add_peer(&facts, model, object);
	if (object->key.kind == FILE_UNIX) {
		add_number(&facts, "queued", socket->facts.recv_queued);
	} else {
		add_number(&facts, "recv_queued", socket->facts.recv_queued);
		add_number(&facts, "send_queued", socket->facts.send_queued);
	}
	if (socket_is_listener(object)) {
		add_listener(&facts, object);
		add_server(&facts, model, object);
	}
	add_shutdown(&facts, object);
	add_closed_first(&facts, model, object);
	return facts.count;
}

#define SOCKET_MECHANISM(id, text, kinds_)                                                          \
	const struct mechanism id##_mechanism = {                                                   \
		.name = #id,                                                                        \
		.help = text,                                                                       \
		.kinds = kinds_,                                                                    \
		.is_default = true,                                                                 \
		.moves_data = true,                                                                 \
		.event = socket_event,                                                              \
		.facts = socket_facts,                                                              \
	}

SOCKET_MECHANISM(unix, "Unix sockets", 1ull << FILE_UNIX);
SOCKET_MECHANISM(tcp, "TCP connections", 1ull << FILE_TCP);
SOCKET_MECHANISM(udp, "UDP sockets", 1ull << FILE_UDP);
