// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which model a server follows, by what became of the connections to its listener: who accepted each,
 * which thread of which process used it first, and how many were open at once.
 */
#include "model/internal.h"

#include <stdio.h>

#define SERVER_SEEN_MAX 64 /* the newest of them are looked at */

struct server_connection {
	struct object_key key;
	uint64_t serial;		/* of the object: the key may be another's by now */
	const struct process *acceptor;	/* a key to compare, not followed */
	uint32_t tid;
};

struct server {
	uint64_t accepted;
	unsigned int most_open;
	struct server_connection seen[SERVER_SEEN_MAX]; /* a ring */
};

static unsigned int seen_count(const struct server *server)
{
	return server->accepted < SERVER_SEEN_MAX ? (unsigned int)server->accepted : SERVER_SEEN_MAX;
}

/* NULL = forgotten. */
static const struct object *connection_object(const struct model *model,
					      const struct server_connection *connection)
{
	const struct object *object = model_object(model, &connection->key);

	return object && object->serial == connection->serial ? object : NULL;
}

static unsigned int count_open(const struct model *model, const struct server *server)
{
	unsigned int open = 0;

	for (unsigned int i = 0; i < seen_count(server); i++) {
		const struct object *object = connection_object(model, &server->seen[i]);

		open += object && object->slots > 0;
	}
	return open;
}

static struct object *listener_of(const struct process *process, int64_t fd)
{
	const struct slot *slot;

	if (!process->table || fd < 0 || fd >= FD_LIMIT)
		return NULL;
	slot = table_slot(process->table, (unsigned int)fd);
	return slot && slot->description ? slot->description->object : NULL;
}

int server_accepted(struct model *model, const struct record_socket *record,
		    struct process *process, struct object *connection)
{
	struct object *listener = listener_of(process, record->arg[0]);
	struct server *server;
	unsigned int open;

	if (!listener || !listener->socket || listener == connection)
		return 0;
	server = listener->socket->server;
	if (!server)
		server = listener->socket->server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;
	server->seen[server->accepted++ % SERVER_SEEN_MAX] = (struct server_connection){
		.key = connection->key,
		.serial = connection->serial,
		.acceptor = process,
		.tid = record->head.tid,
	};
	open = count_open(model, server);
	if (open > server->most_open)
		server->most_open = open;
	return 0;
}

/* --- judging --------------------------------------------------------------------------------- */

static unsigned int count_acceptors(const struct server *server)
{
	unsigned int distinct = 0, i, j;

	for (i = 0; i < seen_count(server); i++) {
		for (j = 0; j < i; j++)
			if (server->seen[j].acceptor == server->seen[i].acceptor)
				break;
		distinct += j == i;
	}
	return distinct;
}

/* Who used the connection first, on the server's side; NULL = nobody yet. */
static const struct endpoint *first_user(const struct object *object)
{
	const struct endpoint *endpoint, *first = NULL;

	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (endpoint->use_tid && (!first || endpoint->use_ts < first->use_ts))
			first = endpoint;
	return first;
}

static bool is_new(uint32_t *tids, unsigned int *count, uint32_t tid)
{
	for (unsigned int i = 0; i < *count; i++)
		if (tids[i] == tid)
			return false;
	tids[(*count)++] = tid;
	return true;
}

static void look_at(const struct model *model, const struct server *server, struct server_view *view)
{
	uint32_t tids[SERVER_SEEN_MAX];
	unsigned int users = 0;

	for (unsigned int i = 0; i < seen_count(server); i++) {
		const struct server_connection *connection = &server->seen[i];
		const struct object *object = connection_object(model, connection);
		const struct endpoint *user = object ? first_user(object) : NULL;

		if (!user)
			continue;
		view->seen++;
		view->users += is_new(tids, &users, user->use_tid);
		if (user->key.process != connection->acceptor)
			view->elsewhere++;
		else if (user->use_tid != connection->tid)
			view->other_threads++;
	}
}

/* Most of what was seen decides: a first connection may be served otherwise, and a probe not at all. */
static enum server_model conclude(const struct server_view *view)
{
	if (view->seen < 2)
		return SERVER_UNKNOWN;
	if (view->elsewhere * 2 > view->seen)
		return view->users > 1 ? SERVER_PROCESSES : SERVER_UNKNOWN;
	if (view->acceptors > 1)
		return SERVER_PREFORK;
	if (view->other_threads * 2 > view->seen)
		return view->users > 1 ? SERVER_THREADS : SERVER_UNKNOWN;
	return view->most_open > 1 ? SERVER_EVENT_LOOP : SERVER_ITERATIVE;
}

bool server_judge(const struct model *model, const struct object *listener, struct server_view *view)
{
	const struct server *server = listener->socket ? listener->socket->server : NULL;

	*view = (struct server_view){ 0 };
	if (!server)
		return false;
	view->accepted = server->accepted;
	view->most_open = server->most_open;
	view->acceptors = count_acceptors(server);
	look_at(model, server, view);
	view->model = conclude(view);
	return true;
}

/* --- in words -------------------------------------------------------------------------------- */

const char *server_model_name(enum server_model model)
{
	switch (model) {
	case SERVER_ITERATIVE: return "iterative";
	case SERVER_EVENT_LOOP: return "event loop";
	case SERVER_THREADS: return "thread per connection";
	case SERVER_PROCESSES: return "process per connection";
	case SERVER_PREFORK: return "prefork";
	case SERVER_UNKNOWN: break;
	}
	return NULL;
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* "8 connections accepted by 1 process, up to 8 open at once; of 8 that were used, 0 by another
 * process, 8 by another thread, 8 threads in all" */
void server_evidence(const struct server_view *view, char *buf, size_t size)
{
	snprintf(buf, size,
		 "%llu connection%s accepted by %u process%s, up to %u open at once; of %u that were "
		 "used, %u by another process, %u by another thread, %u thread%s in all",
		 (unsigned long long)view->accepted, plural(view->accepted), view->acceptors,
		 view->acceptors == 1 ? "" : "es", view->most_open, view->seen, view->elsewhere,
		 view->other_threads, view->users, plural(view->users));
}
