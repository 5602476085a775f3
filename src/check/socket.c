// SPDX-License-Identifier: GPL-2.0-only
/* Sockets: listeners whose queue is full, connections that one side has closed and the other not. */
#include "check/rule.h"

#include <netinet/tcp.h>
#include <stdio.h>

/* A process that serves closes a connection soon after its client did; so many at once have been
 * forgotten. */
#define CLOSE_WAIT_PILE 8
/* Whoever has an answer to give has begun by then. */
#define HALF_NS 10000000000ull

#define SHUT_SENDS 2 /* socket_facts.shutdown */

/* --- backlog-full ------------------------------------------------------------------------------ */

/* One more than the backlog may wait (include/net/sock.h, sk_acceptq_is_full). */
static bool is_full(const struct socket_facts *facts)
{
	return facts->backlog != RECORD_COUNT_UNKNOWN &&
	       facts->backlog_max != RECORD_COUNT_UNKNOWN && facts->backlog > facts->backlog_max;
}

/* Connections that found it full since we began to look. */
static unsigned int turned_away(const struct socket *socket)
{
	uint32_t now = socket->facts.drops, before = socket->first_drops;

	if (now == RECORD_COUNT_UNKNOWN || before == RECORD_COUNT_UNKNOWN || now < before)
		return 0;
	return now - before;
}

#define SERVER_LEN 320

/* How it is served, and how we know. */
static const char *server_words(const struct model *model, const struct object *listener,
				char buf[SERVER_LEN])
{
	struct server_view view;
	char evidence[SERVER_LEN - 64];
	const char *name;

	if (!server_judge(model, listener, &view))
		return model->counted ? "no connection was accepted while we looked" :
					"how they are served takes a time to see (-d)";
	server_evidence(&view, evidence, sizeof(evidence));
	name = server_model_name(view.model);
	snprintf(buf, SERVER_LEN, "the server's model is %s: %s", name ? name : "not known",
		 evidence);
	return buf;
}

static int backlog_add(struct inspection *inspection, const struct object *listener)
{
	const struct process *holder = object_holder(listener);
	const struct socket *socket = listener->socket;
	unsigned int away = turned_away(socket);
	char who[WHO_LEN], server[SERVER_LEN], full[96] = "", dropped[96] = "";

	if (is_full(&socket->facts))
		snprintf(full, sizeof(full), "%u connections wait to be accepted, with a backlog of %u",
			 socket->facts.backlog, socket->facts.backlog_max);
	if (away)
		snprintf(dropped, sizeof(dropped), "%s%u attempt%s to connect found the queue full",
			 full[0] ? ", and " : "", away, away == 1 ? "" : "s");
	return finding_add(inspection, holder, listener, "%s: %s%s; %s",
			   holder ? process_words(holder, who) : "its holder", full, dropped,
			   server_words(inspection->model, listener, server));
}

int find_backlog_full(struct inspection *inspection)
{
	const struct object *object;
	int err = 0;

	for (object = inspection->model->objects; object && !err; object = object->hh.next)
		if (object->slots && socket_is_listener(object) &&
		    (is_full(&object->socket->facts) || turned_away(object->socket)))
			err = backlog_add(inspection, object);
	return err;
}

/* --- close-wait -------------------------------------------------------------------------------- */

static bool has_state(const struct object *object, uint8_t state)
{
	return object->key.kind == FILE_TCP && object->slots && object->socket &&
	       object->socket->facts.state == state;
}

struct pile {
	unsigned int count;
	const struct object *oldest; /* NULL = of none it is known how old it is */
	const struct object *one;
};

static void pile_count(struct pile *pile, const struct process *process)
{
	const struct endpoint *endpoint;

	*pile = (struct pile){ 0 };
	DL_FOREACH2(process->endpoints, endpoint, process_next) {
		const struct object *object = endpoint->key.object;

		if (!endpoint->read_slots || !has_state(object, TCP_CLOSE_WAIT))
			continue;
		pile->count++;
		pile->one = object;
		if (object->socket->heard.known &&
		    (!pile->oldest ||
		     object->socket->heard.value > pile->oldest->socket->heard.value))
			pile->oldest = object;
	}
}

int find_close_wait(struct inspection *inspection)
{
	const struct process *process;
	char who[WHO_LEN], age[AGE_LEN];
	struct pile pile;
	int err = 0;

	for (process = inspection->model->processes; process && !err; process = process->hh.next) {
		pile_count(&pile, process);
		if (pile.count < CLOSE_WAIT_PILE)
			continue;
		err = finding_add(inspection, process, pile.oldest ? pile.oldest : pile.one,
				  "%s has %u TCP connections open that the other side has closed "
				  "(CLOSE_WAIT); %s%s",
				  process_words(process, who), pile.count,
				  pile.oldest ? "of this one it has been silent for " :
						"this is one, since when is not known",
				  pile.oldest ? age_words(pile.oldest->socket->heard.value, age) :
						"");
	}
	return err;
}

/* --- half-closed ------------------------------------------------------------------------------- */

static bool is_long(const struct object *object)
{
	return object->socket->heard.known && object->socket->heard.value >= HALF_NS;
}

/* Many are another rule's. */
static bool is_of_a_pile(const struct process *holder)
{
	struct pile pile;

	if (!holder)
		return false;
	pile_count(&pile, holder);
	return pile.count >= CLOSE_WAIT_PILE;
}

/* The other side has closed, and this one does nothing about it. */
static int tcp_not_closed(struct inspection *inspection, const struct object *object)
{
	const struct process *holder = object_holder(object);
	char who[WHO_LEN], age[AGE_LEN];

	if (!has_state(object, TCP_CLOSE_WAIT) || !is_long(object) || is_of_a_pile(holder))
		return 0;
	return finding_add(inspection, holder, object,
			   "the other side has closed its half of this connection, and was last "
			   "heard of %s ago; %s keeps it open (CLOSE_WAIT)",
			   age_words(object->socket->heard.value, age),
			   holder ? process_words(holder, who) : "its holder");
}

/* This side has closed its half, and the other, on another machine, is silent. */
static int tcp_not_answered(struct inspection *inspection, const struct object *object)
{
	const struct process *holder = object_holder(object);
	char who[WHO_LEN], age[AGE_LEN];

	if (!has_state(object, TCP_FIN_WAIT2) || !is_long(object) ||
	    socket_other(inspection->model, object, 0))
		return 0;
	return finding_add(inspection, holder, object,
			   "%s has shut down its half of this connection; the other side was last "
			   "heard of %s ago, and doesn't close its own (FIN_WAIT2)",
			   holder ? process_words(holder, who) : "its holder",
			   age_words(object->socket->heard.value, age));
}

/* When data last went out of, or into, that end; a count may be a refresh older than it says. */
static uint64_t last_sent(const struct object *object)
{
	const struct endpoint *endpoint;
	uint64_t last = 0;

	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (endpoint->out_ts > last)
			last = endpoint->out_ts;
	return last;
}

static bool has_sent(const struct object *object)
{
	const struct endpoint *endpoint;

	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (endpoint->used_out)
			return true;
	return false;
}

/*
 * Unix sockets keep no times, and one way alone is often meant: the journal's sockets are made so. It
 * is told of where the one end sent, then shut down sending, all in the window, and the other neither
 * answered nor closed since.
 */
static int unix_not_closed(struct inspection *inspection, const struct object *shut)
{
	const struct object *other = socket_other(inspection->model, shut, 0);
	const struct process *holder = other ? object_holder(other) : NULL;
	char who[WHO_LEN], age[AGE_LEN];
	uint64_t since;

	if (!holder || !shut->slots || !shut->socket->shut_ts || !has_sent(shut) ||
	    shut->socket->facts.shutdown != SHUT_SENDS)
		return 0;
	since = last_sent(other) > shut->socket->shut_ts ? last_sent(other) : shut->socket->shut_ts;
	if (inspection->model->end_ts < since + HALF_NS)
		return 0;
	return finding_add(inspection, holder, other,
			   "the other end said that it sends no more, and %s has neither sent nor "
			   "closed for %s, as far as we looked",
			   process_words(holder, who),
			   age_words(inspection->model->end_ts - since, age));
}

int find_half_closed(struct inspection *inspection)
{
	const struct object *object;
	int err = 0;

	for (object = inspection->model->objects; object && !err; object = object->hh.next) {
		if (!object->socket)
			continue;
		err = tcp_not_closed(inspection, object);
		if (!err)
			err = tcp_not_answered(inspection, object);
		if (!err && object->key.kind == FILE_UNIX)
			err = unix_not_closed(inspection, object);
	}
	return err;
}
