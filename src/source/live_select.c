// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells the kernel whom to trace. Processes and objects come from the model, since it alone knows
 * who holds what: selected processes and their peers are marked, and the objects of the selected
 * are watched, so that whoever gets hold of one later becomes a peer by itself.
 */
#include <errno.h>
#include <stdlib.h>

#include "source/live.h"
#include "tracer.skel.h"
#include "util/array.h"
#include "util/error.h"

#define ROUNDS_MAX   64
#define ROUNDS_LATER 3

static int announce(uint32_t pid, bool follow, record_fn to, void *ctx)
{
	struct record_select record = {
		.head = {.type = RECORD_SELECT, .size = sizeof(record), .ts = now_ns()},
		.pid = pid,
		.follow = follow,
	};

	return to(ctx, &record.head);
}

int live_select_announce(struct live *live, record_fn to, void *ctx)
{
	int err = 0;

	if (!live->selective)
		return announce(0, true, to, ctx);
	if (live->program.pid)
		err = announce(live->program.pid, live->options->follow, to, ctx);
	for (size_t i = 0; i < live->options->pids_count && !err; i++)
		err = announce(live->options->pids[i], live->options->follow, to, ctx);
	return err;
}

/* It may have ended before it was marked: then nobody tells. */
static int late_note(struct live *live, const struct process *process)
{
	struct process_key *late = array_add(&live->late, &live->late_count, sizeof(*late));

	if (!late)
		return -ENOMEM;
	*late = process->key;
	return 0;
}

/* Marks what is not marked yet. Returns how many were added, or -errno. */
static int marks_add(struct live *live)
{
	const struct process *process;
	int added = 0;

	for (process = live->model->processes; process; process = process->hh.next) {
		uint32_t mark = MARK_PEER | MARK_LATE;

		if (process->exited || !live_mark_is_free(live, process->key.pid))
			continue;
		if (process->selected)
			mark = MARK_SELECTED | MARK_LATE | (live->options->follow ? MARK_FOLLOW : 0);
		else if (!process_is_near_selected(process, live->model))
			continue;
		if (live->tracer->bss->control.selective && late_note(live, process))
			return -ENOMEM;
		added += live_mark_add(live, process->key.pid, mark);
	}
	return added;
}

/* The kernel's side notes an end only where others are not traced: before that it finds no mark, or leaves ours.
 * What it noted stays until the next look: it may be the end of another that had the number since, of whom nothing has
 * been taken yet. */
void live_select_forget(struct live *live, uint32_t pid, uint64_t start)
{
	const struct process *process = model_process(live->model, pid, start);

	if (process && !process->exited) /* or else the number is another's, who may have been marked since */
		live_mark_drop(live, pid, MARK_LATE);
}

void live_select_sweep(struct live *live)
{
	live_marks_drop(live, MARK_GONE);
}

void live_select_settle(struct live *live)
{
	const struct process *process;

	for (size_t i = 0; i < live->late_count; i++) {
		process = model_process(live->model, live->late[i].pid, live->late[i].start_ns);
		if (!process || process->exited)
			live_mark_drop(live, live->late[i].pid, MARK_LATE);
	}
	live->late_count = 0;
}

static int watch(struct live *live, uint64_t ino, uint32_t dev)
{
	struct watched_key key = {.ino = ino, .dev = dev};
	__u32 one = WATCHED;

	return live_put(live, ASK_WATCHED, &key, &one);
}

/* The same as socket_name_hash() in bpf/socket.bpf.h. */
static uint64_t name_hash(const struct socket *socket)
{
	const char *name = socket->name ? socket->name : "";
	bool is_abstract = !name[0];
	uint64_t hash = is_abstract ? socket->facts.netns : 0;

	for (uint32_t i = 0; i < socket->name_len && (is_abstract || name[i]); i++)
		hash = NAME_HASH(hash, name[i]);
	return hash;
}

static int watch_name(struct live *live, const struct socket *socket)
{
	int err = watch(live, socket->facts.address, WATCH_ADDRESS);

	return err ? err : watch(live, name_hash(socket), WATCH_NAME);
}

/* Who will connect to it, or be connected to, is known by its address or port. */
static int watch_address(struct live *live, const struct socket *socket)
{
	const struct socket_facts *facts = &socket->facts;

	if (facts->kind == FILE_UNIX)
		return facts->address ? watch_name(live, socket) : 0;
	if (!facts->local_port)
		return 0;
	return watch(live, WATCH_PORT_KEY(facts->netns, facts->local_port), WATCH_PORT);
}

/* Without a name, and held by nobody: none will come by it again, and what stands at its address or
 * bears its number then is another. */
static bool is_over(const struct object *object)
{
	if (object->slots || object->in_flight || object->maps)
		return false;
	switch (object->key.kind) {
	case FILE_PIPE:
	case FILE_EVENTFD:
	case FILE_UNIX:
	case FILE_TCP:
	case FILE_UDP: return true;
	}
	return false;
}

/* Once for each object: those that a fork gave to many have as many endpoints as that made. */
static int object_watch(struct live *live, const struct object *object)
{
	const struct endpoint *endpoint;
	int err = watch(live, object->key.ino, object->key.dev);

	if (err || !object->socket)
		return err;
	for (endpoint = object->endpoints; endpoint; endpoint = endpoint->object_next)
		if (endpoint->key.process->selected)
			return watch_address(live, object->socket);
	return 0;
}

/* What the selected hold, and the other ends of it, which their peers hold. An eventfd goes by the address
 * of its file, and by the time that we know of one it may be another's: later ones the kernel's side adds
 * itself, at once. */
static int watches_fill(struct live *live, bool eventfds)
{
	int err = 0;
	const struct object *object;

	live->watches_held = 0;
	for (object = live->model->objects; object && !err; object = object->hh.next) {
		if (!object->endpoints || is_over(object) ||
		    (object->key.kind == FILE_EVENTFD && !eventfds) ||
		    !object_is_near_selected(object, live->model))
			continue;
		err = object_watch(live, object);
		live->watches_held++;
	}
	if (!err)
		err = live_put_all(live);
	__atomic_fetch_add(&live->tracer->bss->control.watch_era, 1, __ATOMIC_SEQ_CST);
	return err;
}

/* Of the room beside what is held three quarters are taken: most by what is over. */
bool live_select_is_full(const struct live *live)
{
	const struct control *control = (const struct control *)&live->tracer->bss->control;
	uint32_t held = live->watches_held < WATCHED_MAX ? live->watches_held : WATCHED_MAX;

	return control->watched > (WATCHED_MAX - held) / 4 * 3;
}

/* What is over is taken out all at once, before there is no room: what isn't is put in again. Whoever came
 * by one of those meanwhile is found by the next look at all tables. */
static int watches_renew(struct live *live)
{
	struct control *control = (struct control *)&live->tracer->bss->control;
	int err;

	control->watched = 0;
	err = live_empty(live, ASK_WATCHED, WATCHED_MAX);
	live->find_peers = true;
	return err ? err : watches_fill(live, true);
}

static int watches_add(struct live *live)
{
	int err = live_select_is_full(live) ? -E2BIG :
					      watches_fill(live, !live->tracer->bss->control.selective);

	if (err == -E2BIG)
		err = watches_renew(live);
	if (err != -E2BIG)
		return err;
	if (!live->watches_cut)
		say("more than %d objects are open: who gets hold of the others is not seen",
		    WATCHED_MAX);
	live->watches_cut = true;
	return 0;
}

/*
 * Whoever is about to be forgotten is not traced any more: or else what it does later would be all that is known of
 * it once it is a peer, since the kernel's side tells of all that a process holds only where that has no mark. It may
 * just have got hold of something, or be telling of what it did before: the next look at all tables finds it then.
 */
static int strangers_drop(struct live *live)
{
	const struct process *process;
	bool dropped = false;
	int err, added;

	for (process = live->model->processes; process; process = process->hh.next) {
		if (process->selected || process->exited || live_mark_is_free(live, process->key.pid) ||
		    process_is_near_selected(process, live->model))
			continue;
		live_mark_drop(live, process->key.pid, ~(uint32_t)MARK_GONE);
		dropped = true;
	}
	if (!dropped)
		return 0;
	live->find_peers = true;
	err = live_drain_whole(live);
	added = err ? err : marks_add(live);
	live->marked_late |= added > 0;
	return added < 0 ? added : 0;
}

/* Who shares only the open file description of a log is no party to any IPC, and not traced, so only a report of one
 * instant knows its table. */
static int prune(struct live *live)
{
	struct record record = {.type = RECORD_PRUNE, .size = sizeof(record), .ts = now_ns()};

	if (live->options->command == COMMAND_FDS && !live->tracer)
		record.flags = RECORD_INSTANT;
	return live_deliver(live, &record);
}

/*
 * The kernel marks the children of marked processes itself; what was forked or passed before the
 * mark was set is in the ring. So: mark, drain, until nothing new turns up; then narrow. What is drained may
 * show somebody to share something, so the last look at who does comes after it: whoever stays in the model
 * is traced.
 */
int live_select_apply(struct live *live)
{
	struct control *control;
	bool drained = false;	/* while nobody but the marked was traced */
	int added = 0, err;

	live->marked_late = false;
	if (!live->selective)
		return 0;
	/* What holds up a process is found in others. */
	if (live->wants_waits)
		return 0;
	if (!live->tracer)
		return prune(live);
	control = (struct control *)&live->tracer->bss->control;
	for (int round = 0; round < ROUNDS_MAX; round++) {
		added = marks_add(live);
		live->marked_late |= added > 0 && control->selective;
		if (!added && drained)
			break;
		err = added < 0 ? added : watches_add(live);
		if (!err)
			err = live_drain_whole(live);
		if (err)
			return err;
		drained = control->selective;
		/* Where processes never cease to come, the rest waits for the next time. */
		if (control->selective && round >= ROUNDS_LATER) {
			live->find_peers = true;
			break;
		}
		if (!added || round >= ROUNDS_LATER)
			control->selective = 1;
	}
	err = strangers_drop(live);
	if (!err)
		err = prune(live);
	live->strangers_dropped = !err && !live->is_behind;
	return err;
}
