// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who could wake a task that waits on what lies behind its descriptors: the holders of the other
 * direction.
 */
#include "model/waker.h"

struct object *object_at(const struct model *model, const struct file_facts *facts)
{
	struct object_key key;

	object_key_init(&key, facts);
	return model_object(model, &key);
}

/* Descriptions of the pipe that we know of and that are open for that. */
static unsigned int known_ends(const struct object *object, uint32_t access)
{
	const struct description *description;
	unsigned int count = 0;

	DL_FOREACH2(object->descriptions, description, object_next)
		count += (description->fmode & access) != 0 &&
			 (description->slots || description->in_flight);
	return count;
}

/* What the other direction is open for; of what is open for both any holder can do. */
static uint32_t other_direction(const struct wait_on *on)
{
	switch (on->facts.fmode & (ACCESS_READ | ACCESS_WRITE)) {
	case ACCESS_READ: return ACCESS_WRITE;
	case ACCESS_WRITE: return ACCESS_READ;
	}
	return 0;
}

static int pipe_find(const struct model *model, struct wait *wait, const struct wait_on *on,
		     struct object *object)
{
	struct search search = {
		.model = model,
		.wait = wait,
		.on = on,
		.object = object,
		.access = other_direction(on),
	};
	unsigned int ends = search.access == ACCESS_WRITE ? on->facts.pipe.writers :
							    on->facts.pipe.readers;

	/* The kernel counts them: one that no table and no queue shows is held all the same, by an
	 * io_uring, or by a process that came and went while we looked. */
	if (search.access && ends > known_ends(object, search.access))
		relieve(wait, RELIEF_HIDDEN);
	if (holders_find(&search))
		return -ENOMEM;
	if (!search.found)
		relieve(wait, RELIEF_AWAKE);
	return 0;
}

/* Whoever opens the other side; it waits because nobody has, but for those who came since. */
static int opening_find(const struct model *model, struct wait *wait, const struct wait_on *on,
			struct object *object)
{
	struct search search = {
		.model = model,
		.wait = wait,
		.object = object,
		.access = other_direction(on),
	};

	relieve_outside(wait, object);
	return search.access ? holders_find(&search) : 0;
}

static int queue_find(const struct model *model, struct wait *wait, const struct wait_on *on,
		      struct object *object)
{
	struct search search = {
		.model = model,
		.wait = wait,
		.object = object,
		.access = wait->row.what == WAIT_READ  ? ACCESS_WRITE :
			  wait->row.what == WAIT_WRITE ? ACCESS_READ :
							 other_direction(on),
	};

	return holders_find(&search);
}

/* A terminal's two sides: the program that shows it, and those that run in it. Anyone may open the
 * latter's by name. */
static int terminal_find(const struct model *model, struct wait *wait, const struct wait_on *on,
			 struct object *object)
{
	bool is_master = on->facts.pty.master;
	struct search search = {
		.model = model,
		.wait = wait,
		.object = object,
		.side = is_master ? TERMINAL_SLAVE : TERMINAL_MASTER,
	};

	if (is_master)
		relieve_outside(wait, object);
	if (holders_find(&search))
		return -ENOMEM;
	if (!search.found)
		relieve(wait, RELIEF_HIDDEN);
	return 0;
}

static int eventfd_find(const struct model *model, struct wait *wait, struct object *object)
{
	struct search search = { .model = model, .wait = wait, .object = object };

	return holders_find(&search);
}

static int pidfd_find(const struct model *model, struct wait *wait, const struct wait_on *on)
{
	struct process *target = model_process_by_pid(model, on->facts.pidfd.target);

	if (!target || target->exited) {
		relieve(wait, RELIEF_UNKNOWN);
		return 0;
	}
	return waker_add(wait, target) ? 0 : -ENOMEM;
}

/* A full queue of a socket that others hold: there is room once they accept or receive. */
static int peer_find(const struct model *model, struct wait *wait)
{
	struct object *peer = object_at(model, &wait->peer);
	struct search search = { .model = model, .wait = wait, .object = peer };

	wait->room_at = peer;
	if (wait->ons_count) {
		wait->object = object_at(model, &wait->ons[0].facts);
		if (wait->ons[0].flags & WAIT_ON_TIMED)
			relieve(wait, RELIEF_TIMEOUT);
	}
	if (peer && holders_find(&search))
		return -ENOMEM;
	if (!search.found)
		relieve(wait, RELIEF_HIDDEN);
	return 0;
}

static int on_find(const struct model *model, struct wait *wait, const struct wait_on *on)
{
	struct object *object = on->facts.file || on->facts.ino ? object_at(model, &on->facts) :
								  NULL;

	if (on->flags & WAIT_ON_KERNEL)
		relieve_outside(wait, object);
	if (on->flags & WAIT_ON_TIMED)
		relieve(wait, RELIEF_TIMEOUT);
	if (!object) {
		relieve(wait, RELIEF_UNKNOWN);
		return 0;
	}
	if (!wait->object)
		wait->object = object;
	if (on->fd < 0)
		return opening_find(model, wait, on, object);
	switch (on->facts.kind) {
	case FILE_PIPE:
	case FILE_FIFO: return pipe_find(model, wait, on, object);
	case FILE_UNIX:
	case FILE_TCP:
	case FILE_UDP: return socket_find(model, wait, on, object);
	case FILE_MQ: return queue_find(model, wait, on, object);
	case FILE_PTY: return terminal_find(model, wait, on, object);
	case FILE_EVENTFD: return eventfd_find(model, wait, object);
	case FILE_PIDFD: return pidfd_find(model, wait, on);
	}
	relieve_outside(wait, object); /* a timer, a signal, a device, a file system */
	return 0;
}

static bool is_same_file(const struct wait_on *one, const struct wait_on *other)
{
	return one->facts.file == other->facts.file && one->facts.ino == other->facts.ino &&
	       one->facts.kind == other->facts.kind;
}

/* A set may have a descriptor several times: to read from it and to write to it, say. */
static void set_unite(struct wait *wait)
{
	size_t i, j, used = 0;

	for (i = 0; i < wait->ons_count; i++) {
		for (j = 0; j < used; j++)
			if (wait->ons[j].fd == wait->ons[i].fd && is_same_file(&wait->ons[j], &wait->ons[i]))
				break;
		if (j == used)
			wait->ons[used++] = wait->ons[i];
	}
	wait->ons_count = used;
}

static bool is_same_end(const struct model *model, const struct wait_on *one, const struct wait_on *other)
{
	if (is_same_file(one, other))
		return true;
	return one->facts.kind == other->facts.kind && one->facts.fmode == other->facts.fmode &&
	       one->flags == other->flags && one->facts.kind != FILE_PTY && /* which has two sides */
	       object_at(model, &one->facts) == object_at(model, &other->facts);
}

/* By another of its descriptors: who could end the wait is known. */
static bool is_met(const struct model *model, const struct wait *wait, size_t i)
{
	if (!is_set(wait) || !wait->ons[i].facts.file)
		return false;
	for (size_t j = 0; j < i; j++)
		if (is_same_end(model, &wait->ons[j], &wait->ons[i]))
			return true;
	return false;
}

int objects_find(const struct model *model, struct wait *wait)
{
	size_t i;

	if (wait->has_peer)
		return peer_find(model, wait);
	if (is_set(wait))
		set_unite(wait);
	if (!wait->ons_count)
		relieve(wait, RELIEF_SIGNAL); /* an empty set: only a signal ends it */
	for (i = 0; i < wait->ons_count; i++)
		if (!is_met(model, wait, i) && on_find(model, wait, &wait->ons[i]))
			return -ENOMEM;
	if (wait->ons_count > 1 && is_set(wait))
		wait->object = NULL;
	return 0;
}
