// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells the kernel whom to trace. Processes and objects come from the model, since it alone knows
 * who holds what: selected processes and their peers are marked, and the objects of the selected
 * are watched, so that whoever gets hold of one later becomes a peer by itself.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "source/live.h"
#include "tracer.skel.h"
#include "util/array.h"
#include "util/error.h"

#define ROUNDS_MAX   64
#define ROUNDS_LATER 3
#define CLEAR_BATCH  4096

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

static bool process_shares(const struct model *model, const struct process *process)
{
	const struct endpoint *endpoint;

	for (endpoint = process->endpoints; endpoint; endpoint = endpoint->process_next)
		if (object_is_near_selected(endpoint->key.object, model))
			return true;
	return false;
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

static int mark_add(struct live *live, uint32_t pid, uint32_t mark)
{
	__u64 *bits = &live->tracer->bss->marked.bits[(pid & (MARKED_MAX - 1)) / 64];

	__atomic_fetch_or(bits, 1ull << (pid & 63), __ATOMIC_SEQ_CST);
	if (bpf_map_update_elem(bpf_map__fd(live->tracer->maps.marks), &pid, &mark, BPF_ANY))
		return -errno;
	return 0;
}

/* Marks what is not marked yet. Returns how many were added, or -errno. */
static int marks_add(struct live *live)
{
	int fd = bpf_map__fd(live->tracer->maps.marks), added = 0;
	const struct process *process;
	int err;

	for (process = live->model->processes; process; process = process->hh.next) {
		__u32 pid = process->key.pid, mark = MARK_PEER, have;

		if (process->exited || !bpf_map_lookup_elem(fd, &pid, &have))
			continue;
		if (process->selected)
			mark = MARK_SELECTED | (live->options->follow ? MARK_FOLLOW : 0);
		else if (!process_shares(live->model, process))
			continue;
		if (live->tracer->bss->control.selective) {
			mark |= MARK_LATE;
			if (late_note(live, process))
				return -ENOMEM;
		}
		err = mark_add(live, pid, mark);
		if (err)
			return err;
		added++;
	}
	return added;
}

static bool is_gone(uint32_t mark)
{
	return mark == MARK_GONE;
}

static bool is_late(uint32_t mark)
{
	return mark & MARK_LATE;
}

/* The number may be another's by the time that it is dropped, marked by the kernel's side since it was
 * looked at. That mark is put back; what its process did meanwhile nobody told. */
static void mark_drop(struct live *live, uint32_t pid, bool (*is_over)(uint32_t mark))
{
	int fd = bpf_map__fd(live->tracer->maps.marks);
	__u32 mark;

	if (bpf_map_lookup_elem(fd, &pid, &mark) || !is_over(mark) ||
	    bpf_map_lookup_and_delete_elem(fd, &pid, &mark) || is_over(mark))
		return;
	bpf_map_update_elem(fd, &pid, &mark, BPF_NOEXIST);
	live->marks_missed++;
}

void live_select_forget(struct live *live, uint32_t pid)
{
	if (live->selective)
		mark_drop(live, pid, is_gone);
}

void live_select_sweep(struct live *live)
{
	int fd = bpf_map__fd(live->tracer->maps.marks), left = MARKS_MAX;
	__u32 pid, next;
	bool more = live->selective && !bpf_map_get_next_key(fd, NULL, &next);

	for (; more && left; left--) {
		pid = next;
		more = !bpf_map_get_next_key(fd, &pid, &next);
		mark_drop(live, pid, is_gone);
	}
}

void live_select_settle(struct live *live)
{
	const struct process *process;

	for (size_t i = 0; i < live->late_count; i++) {
		process = model_process(live->model, live->late[i].pid, live->late[i].start_ns);
		if (!process || process->exited)
			mark_drop(live, live->late[i].pid, is_late);
	}
	live->late_count = 0;
}

static int watch(int fd, uint64_t ino, uint32_t dev)
{
	struct watched_key key = {.ino = ino, .dev = dev};
	__u32 one = WATCHED;

	return bpf_map_update_elem(fd, &key, &one, BPF_ANY) ? -errno : 0;
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

static int watch_name(int fd, const struct socket *socket)
{
	int err = watch(fd, socket->facts.address, WATCH_ADDRESS);

	return err ? err : watch(fd, name_hash(socket), WATCH_NAME);
}

/* Who will connect to it, or be connected to, is known by its address or port. */
static int watch_address(int fd, const struct socket *socket)
{
	const struct socket_facts *facts = &socket->facts;

	if (facts->kind == FILE_UNIX)
		return facts->address ? watch_name(fd, socket) : 0;
	if (!facts->local_port)
		return 0;
	return watch(fd, WATCH_PORT_KEY(facts->netns, facts->local_port), WATCH_PORT);
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
static int object_watch(int fd, const struct object *object)
{
	const struct endpoint *endpoint;
	int err = watch(fd, object->key.ino, object->key.dev);

	if (err || !object->socket)
		return err;
	for (endpoint = object->endpoints; endpoint; endpoint = endpoint->object_next)
		if (endpoint->key.process->selected)
			return watch_address(fd, object->socket);
	return 0;
}

/* What the selected hold, and the other ends of it, which their peers hold. An eventfd goes by the address
 * of its file, and by the time that we know of one it may be another's: later ones the kernel's side adds
 * itself, at once. */
static int watches_fill(struct live *live, bool eventfds)
{
	int fd = bpf_map__fd(live->tracer->maps.watched), err = 0;
	const struct object *object;

	live->watches_held = 0;
	for (object = live->model->objects; object && !err; object = object->hh.next) {
		if (!object->endpoints || is_over(object) ||
		    (object->key.kind == FILE_EVENTFD && !eventfds) ||
		    !object_is_near_selected(object, live->model))
			continue;
		err = object_watch(fd, object);
		live->watches_held++;
	}
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

/* Many at a time: the ring fills meanwhile. */
static int watches_clear(int fd)
{
	struct watched_key *keys = calloc(CLEAR_BATCH, sizeof(*keys));
	__u32 *values = calloc(CLEAR_BATCH, sizeof(*values)), batch = 0, count, left;
	int err = keys && values ? 0 : -ENOMEM;

	for (left = WATCHED_MAX; left && !err; left = left > count ? left - count : 0) {
		count = CLEAR_BATCH;
		if (bpf_map_lookup_and_delete_batch(fd, left < WATCHED_MAX ? &batch : NULL, &batch, keys,
						    values, &count, NULL))
			err = -errno;
	}
	free(keys);
	free(values);
	return err == -ENOENT ? 0 : err;
}

/* What is over is taken out all at once, before there is no room: what isn't is put in again. Whoever came
 * by one of those meanwhile is found by the next look at all tables. */
static int watches_renew(struct live *live)
{
	struct control *control = (struct control *)&live->tracer->bss->control;
	int err;

	control->watched = 0;
	err = watches_clear(bpf_map__fd(live->tracer->maps.watched));
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
 * The kernel marks the children of marked processes itself; what was forked or passed before the
 * mark was set is in the ring. So: mark, drain, until nothing new turns up; then narrow.
 */
int live_select_apply(struct live *live)
{
	struct control *control;
	int added = 0, err;

	live->marked_late = false;
	if (!live->selective)
		return 0;
	/* What holds up a process is found in others. */
	if (live->wants_waits)
		return 0;
	if (!live->tracer)
		return live_deliver_bare(live, RECORD_PRUNE);
	control = (struct control *)&live->tracer->bss->control;
	for (int round = 0; round < ROUNDS_MAX; round++) {
		added = marks_add(live);
		live->marked_late |= added > 0 && control->selective;
		err = added < 0 ? added : watches_add(live);
		if (!err)
			err = live_drain(live);
		if (err)
			return err;
		if (!added && control->selective)
			break;
		/* Where processes never cease to come, the rest waits for the next time. */
		if (control->selective && round >= ROUNDS_LATER) {
			live->find_peers = true;
			break;
		}
		if (!added || round >= ROUNDS_LATER)
			control->selective = 1;
	}
	return live_deliver_bare(live, RECORD_PRUNE);
}
