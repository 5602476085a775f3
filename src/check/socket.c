// SPDX-License-Identifier: GPL-2.0-only
/* Sockets: listeners whose queue is full, connections that the other side closed long ago. */
#include "check/rule.h"

#define TCP_CLOSE_WAIT 8 /* include/net/tcp_states.h */
#define TCP_LISTEN     10

/* A process that serves closes a connection soon after its client did; so many at once have been
 * forgotten. */
#define CLOSE_WAIT_PILE 8

static const struct process *holder_of(const struct object *object)
{
	const struct endpoint *endpoint;

	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (endpoint->read_slots)
			return endpoint->key.process;
	return NULL;
}

static bool is_full(const struct socket_facts *facts)
{
	return facts->state == TCP_LISTEN && facts->backlog != RECORD_COUNT_UNKNOWN &&
	       facts->backlog_max != RECORD_COUNT_UNKNOWN && facts->backlog &&
	       facts->backlog >= facts->backlog_max;
}

int find_backlog_full(struct inspection *inspection)
{
	const struct process *holder;
	const struct object *object;
	char who[WHO_LEN];
	int err = 0;

	for (object = inspection->model->objects; object && !err; object = object->hh.next) {
		if (!object->socket || !object->slots || !is_full(&object->socket->facts))
			continue;
		holder = holder_of(object);
		err = finding_add(
			inspection, holder, object,
			"%u connections wait to be accepted by %s, of %u that may: others "
			"are turned away, or wait in connect",
			object->socket->facts.backlog,
			holder ? process_words(holder, who) : "its holder",
			object->socket->facts.backlog_max);
	}
	return err;
}

static bool is_in_close_wait(const struct object *object)
{
	return object->key.kind == FILE_TCP && object->socket &&
	       object->socket->facts.state == TCP_CLOSE_WAIT;
}

int find_close_wait(struct inspection *inspection)
{
	const struct process *process;
	const struct endpoint *endpoint;
	char who[WHO_LEN];
	int err = 0;

	for (process = inspection->model->processes; process && !err; process = process->hh.next) {
		const struct object *one = NULL;
		unsigned int count = 0;

		DL_FOREACH2(process->endpoints, endpoint, process_next)
			if (endpoint->read_slots && is_in_close_wait(endpoint->key.object)) {
				one = endpoint->key.object;
				count++;
			}
		if (count >= CLOSE_WAIT_PILE)
			err = finding_add(inspection, process, one,
					  "%s has %u TCP connections open that the other side has "
					  "closed (CLOSE_WAIT); this is one of them",
					  process_words(process, who), count);
	}
	return err;
}
