// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shared memory that several processes can write to, and no sign of anything that would keep them out
 * of each other's way. Stores leave no trace, nor does a lock that nobody waits for, so this is a note,
 * and whatever could be such a sign counts as one: a futex, lock, semaphore or queue that any of them
 * uses (source/live_sync.c), a semaphore that both have mapped, or any way of theirs to talk to each
 * other, if need be through a third that has the memory too. A parent and its child are left alone:
 * the one waits for the other's end.
 */
#include "check/rule.h"

#include <signal.h>

#include "model/graph.h"

struct party {
	const struct endpoint *endpoint;
	size_t group; /* those of one group can talk to each other */
};

struct parties {
	struct party *all;
	size_t count;
};

static bool is_memory(uint32_t kind)
{
	return kind == FILE_REGULAR || kind == FILE_MEMFD || kind == FILE_SHM ||
	       kind == FILE_ANON_MEMORY;
}

static struct party *party_find(const struct parties *parties, const struct process *process)
{
	for (size_t i = 0; i < parties->count; i++)
		if (parties->all[i].endpoint->key.process == process)
			return &parties->all[i];
	return NULL;
}

static void parties_join(struct parties *parties, const struct process *a, const struct process *b)
{
	const struct party *one = a ? party_find(parties, a) : NULL;
	const struct party *other = b ? party_find(parties, b) : NULL;
	size_t from, to;

	if (!one || !other || one->group == other->group)
		return;
	from = one->group;
	to = other->group;
	for (size_t i = 0; i < parties->count; i++)
		if (parties->all[i].group == from)
			parties->all[i].group = to;
}

/* 0 or -ENOMEM. */
static int parties_init(struct parties *parties, const struct object *object)
{
	const struct endpoint *endpoint;
	size_t count = 0;

	DL_FOREACH2(object->endpoints, endpoint, object_next)
		count += endpoint->ever_map;
	*parties = (struct parties){ .all = calloc(count + 1, sizeof(parties->all[0])) };
	if (!parties->all)
		return -ENOMEM;
	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (endpoint->ever_map) {
			parties->all[parties->count] = (struct party){ endpoint, parties->count };
			parties->count++;
		}
	return 0;
}

/* --- who can talk to whom -------------------------------------------------------------------------- */

/* A terminal is shared by all who were started there, and memory is what this is about. */
static bool is_talk(const struct graph_link *link)
{
	uint32_t kind = link->object ? link->object->key.kind : FILE_UNKNOWN;

	return kind != FILE_PTY && !is_memory(kind) && kind != FILE_PROCESS;
}

/* These say "end", which is no talk. */
static bool is_farewell(uint32_t signal)
{
	return signal == SIGKILL || signal == SIGTERM || signal == SIGINT || signal == SIGQUIT ||
	       signal == SIGHUP || signal == SIGCHLD;
}

static void join_by_signals(struct parties *parties, const struct model *model)
{
	const struct signal_tally *tally;

	for (tally = model->signals; tally; tally = tally->hh.next)
		if (!is_farewell(tally->key.signal) && tally->counts.sent)
			parties_join(parties, tally->sender, tally->target);
}

static bool is_semaphore(const struct object *object)
{
	return object->key.kind == FILE_REGULAR && !strncmp(object->facts.name, "sem.", 4);
}

/* All who have mapped one and the same semaphore. */
static void join_by_semaphores(struct parties *parties, const struct model *model)
{
	const struct endpoint *endpoint;
	const struct object *object;

	for (object = model->objects; object; object = object->hh.next) {
		if (!is_semaphore(object) || !object->endpoints)
			continue;
		DL_FOREACH2(object->endpoints, endpoint, object_next)
			parties_join(parties, object->endpoints->key.process, endpoint->key.process);
	}
}

static void join_by_links(struct parties *parties, const struct graph *graph)
{
	for (size_t i = 0; i < graph->links_count; i++)
		if (is_talk(&graph->links[i]))
			parties_join(parties, graph->links[i].from, graph->links[i].to);
}

/* --- the rule -------------------------------------------------------------------------------------- */

/* Whose parent is not known may be anybody's child. */
static bool is_child_of(const struct process *child, const struct process *parent)
{
	return !child->ppid || child->ppid == parent->key.pid;
}

static bool is_over_before(const struct endpoint *a, const struct endpoint *b)
{
	return a->key.process->exited && a->key.process->exit_ts < b->first_ts;
}

/* A fork that gives it up, or makes it read-only, could write for a moment. */
static bool is_writer(const struct endpoint *endpoint)
{
	return endpoint->sync_writes >= SYNC_LOOKS;
}

static bool is_unguarded(const struct party *a, const struct party *b)
{
	const struct process *one = a->endpoint->key.process, *other = b->endpoint->key.process;

	return a->group != b->group && is_writer(a->endpoint) && is_writer(b->endpoint) &&
	       !is_child_of(one, other) && !is_child_of(other, one) &&
	       !is_over_before(a->endpoint, b->endpoint) &&
	       !is_over_before(b->endpoint, a->endpoint);
}

static int unguarded_add(struct inspection *inspection, const struct object *object,
			 const struct process *one, const struct process *other)
{
	char who[WHO_LEN], with[WHO_LEN];

	return finding_add(inspection, one, object,
			   "%s and %s both have this memory mapped for writing; no synchronisation "
			   "was seen between them: no futex that anybody waits for, semaphore, lock, "
			   "pipe, socket, eventfd or signal",
			   process_words(one, who), process_words(other, with));
}

static int parties_judge(struct inspection *inspection, const struct object *object,
			 const struct parties *parties)
{
	for (size_t i = 0; i < parties->count; i++)
		for (size_t j = i + 1; j < parties->count; j++)
			if (is_unguarded(&parties->all[i], &parties->all[j]))
				return unguarded_add(inspection, object,
						     parties->all[i].endpoint->key.process,
						     parties->all[j].endpoint->key.process);
	return 0;
}

static bool is_candidate(const struct object *object)
{
	return is_memory(object->key.kind) && object->sync_looks >= SYNC_LOOKS &&
	       !object->sync_seen && !object->sync_inside && !is_semaphore(object);
}

static int object_judge(struct inspection *inspection, const struct object *object,
			const struct graph *graph)
{
	struct parties parties;
	int err = parties_init(&parties, object);

	if (err)
		return err;
	join_by_links(&parties, graph);
	join_by_signals(&parties, inspection->model);
	join_by_semaphores(&parties, inspection->model);
	err = parties_judge(inspection, object, &parties);
	free(parties.all);
	return err;
}

static const struct object *next_candidate(const struct object *object)
{
	while (object && !is_candidate(object))
		object = object->hh.next;
	return object;
}

int find_unsynchronised_memory(struct inspection *inspection)
{
	const struct object *object = next_candidate(inspection->model->objects);
	struct graph graph;
	int err;

	if (!object)
		return 0;
	err = graph_build(inspection->model, true, &graph);
	if (err)
		return err;
	while (object && !err) {
		err = object_judge(inspection, object, &graph);
		object = next_candidate(object->hh.next);
	}
	graph_free(&graph);
	return err;
}
