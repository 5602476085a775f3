// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who could wake a task: the holders of the other direction of what it waits on, those included whose
 * descriptor lies in a socket's queue. Wherever the picture may have a gap the wait gets a relief,
 * since a waker too many costs an answer, and one too few makes a deadlock of a pause.
 */
#include "model/waker.h"

#include <sys/socket.h>

#define STATE_LISTEN 10 /* TCP_LISTEN, include/net/tcp_states.h; Unix sockets have it too */
#define FLIGHT_DEPTH 4  /* a socket in the queue of a socket in the queue of … */

#define FUTEX_OWNER   0x3fffffffu /* include/uapi/linux/futex.h: FUTEX_TID_MASK, FUTEX_WAITERS */
#define FUTEX_WAITERS 0x80000000u
#define FUTEX_COMMAND 127
#define FUTEX_LOCK_PI 6
#define FUTEX_LOCK_PI2 13

static void relieve(struct wait *wait, enum relief relief)
{
	if (wait->relief == RELIEF_NONE)
		wait->relief = relief;
}

static struct waker *waker_add(struct wait *wait, struct process *process)
{
	struct waker *wakers = reallocarray(wait->wakers, wait->wakers_count + 1, sizeof(*wakers));

	if (!wakers)
		return NULL;
	wait->wakers = wakers;
	wakers[wait->wakers_count] = (struct waker){ .process = process, .fd = -1 };
	return &wakers[wait->wakers_count++];
}

/* --- holders ---------------------------------------------------------------------------------- */

/* Whoever holds the same description at the same number and lived before it handed it down. */
static bool is_inherited(const struct model *model, const struct process *process, unsigned int fd,
			 const struct description *description)
{
	const struct process *parent = model_process_by_pid(model, process->ppid);
	const struct slot *slot = parent && parent->table ? table_slot(parent->table, fd) : NULL;

	return slot && slot->description == description &&
	       parent->key.start_ns <= process->key.start_ns;
}

/* Times of files are those of the last tick, up to 10 ms old. */
#define TICK_NS 20000000

/* A pipe that was last written to before the process began was never written by it. */
static enum answer was_used(const struct wait_on *on, const struct process *process)
{
	if (on && on->facts.kind == FILE_PIPE && on->facts.fmode & ACCESS_READ && on->written &&
	    on->written + TICK_NS < process->key.start_ns)
		return ANSWER_NO;
	return ANSWER_UNKNOWN;
}

static int waker_add_slot(const struct model *model, struct wait *wait, const struct wait_on *on,
			  struct process *process, unsigned int fd, const struct slot *slot)
{
	struct waker *waker = waker_add(wait, process);

	if (!waker)
		return -ENOMEM;
	waker->fd = (int)fd;
	waker->came = slot->came;
	if (slot->came == CAME_UNKNOWN && is_inherited(model, process, fd, slot->description))
		waker->came = CAME_FORK;
	waker->through_exec = slot->through_exec;
	waker->used = was_used(on, process);
	return 0;
}

struct search {
	const struct model *model;
	struct wait *wait;
	const struct wait_on *on;
	const struct object *object;
	uint32_t access;
	const struct description *only, *but; /* NULL = any, none */
	unsigned int found;
};

static bool is_sought(const struct search *search, const struct description *description)
{
	return description->object == search->object && description != search->but &&
	       (!search->only || description == search->only) &&
	       (!search->access || description->fmode & search->access);
}

static int search_table(struct search *search, const struct table *table)
{
	const struct table_user *user;

	TABLE_FOREACH(table, fd, slot) {
		if (!is_sought(search, slot->description))
			continue;
		DL_FOREACH(table->users, user) {
			search->found++;
			if (waker_add_slot(search->model, search->wait, search->on, user->process, fd,
					   slot))
				return -ENOMEM;
		}
		/* A table that no task uses any more is about to go; till then nobody can say. */
		if (!table->users)
			relieve(search->wait, RELIEF_AWAKE);
	}
	return 0;
}

static int holders_find(struct search *search, unsigned int depth);

/* Whoever could receive the descriptor could use it then. */
static int flight_find(struct search *search, uint64_t socket_ino, unsigned int depth)
{
	const struct description *description = search->model->descriptions;
	struct search receivers = { .model = search->model, .wait = search->wait };
	size_t before = search->wait->wakers_count, i;

	for (; description; description = description->hh.next)
		if (description->object->key.ino == socket_ino &&
		    description->object->key.kind == FILE_UNIX)
			break;
	if (!description || !socket_ino || depth >= FLIGHT_DEPTH) {
		relieve(search->wait, RELIEF_HIDDEN);
		return 0;
	}
	receivers.object = description->object;
	if (holders_find(&receivers, depth + 1))
		return -ENOMEM;
	for (i = before; i < search->wait->wakers_count; i++) {
		search->wait->wakers[i].hidden = HIDDEN_IN_FLIGHT;
		search->wait->wakers[i].socket = description->object;
	}
	if (before == search->wait->wakers_count)
		relieve(search->wait, RELIEF_HIDDEN);
	search->found++;
	return 0;
}

static int flights_find(struct search *search, unsigned int depth)
{
	const struct description *description;
	const struct passing *passing;

	if (!search->object->in_flight)
		return 0;
	DL_FOREACH2(search->object->descriptions, description, object_next) {
		if (!is_sought(search, description))
			continue;
		DL_FOREACH(description->in_flight, passing)
			if (flight_find(search, passing->socket_ino, depth))
				return -ENOMEM;
	}
	return 0;
}

static int holders_find(struct search *search, unsigned int depth)
{
	const struct table *table;

	if (search->object->slots)
		for (table = search->model->tables; table; table = table->hh.next)
			if (search_table(search, table))
				return -ENOMEM;
	return flights_find(search, depth);
}

static struct object *object_at(const struct model *model, const struct file_facts *facts)
{
	struct object_key key;

	object_key_init(&key, facts);
	return model_object(model, &key);
}

/* --- pipes and sockets ------------------------------------------------------------------------ */

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

static int pipe_find(const struct model *model, struct wait *wait, const struct wait_on *on,
		     struct object *object)
{
	bool reads = on->facts.fmode & ACCESS_READ;
	struct search search = {
		.model = model, .wait = wait, .on = on, .object = object,
		.access = reads ? ACCESS_WRITE : ACCESS_READ,
	};
	unsigned int ends = reads ? on->facts.pipe.writers : on->facts.pipe.readers;

	if ((on->facts.fmode & (ACCESS_READ | ACCESS_WRITE)) == (ACCESS_READ | ACCESS_WRITE))
		search.access = 0;
	/* The kernel counts them: one that no table and no queue shows is held all the same, by an
	 * io_uring, or by a process that came and went while we looked. */
	if (search.access && ends > known_ends(object, search.access))
		relieve(wait, RELIEF_HIDDEN);
	if (holders_find(&search, 0))
		return -ENOMEM;
	if (!search.found)
		relieve(wait, RELIEF_AWAKE);
	return 0;
}

static bool is_conversation(const struct file_facts *facts)
{
	return facts->socket.type == SOCK_STREAM || facts->socket.type == SOCK_SEQPACKET;
}

static int unix_find(const struct model *model, struct wait *wait, const struct wait_on *on)
{
	struct object_key key = {
		.ino = on->facts.socket.peer_ino, .dev = on->facts.dev, .kind = FILE_UNIX,
	};
	struct search search = { .model = model, .wait = wait };

	/* Anyone may connect to a listener, or send to a datagram socket. */
	if (on->facts.socket.state == STATE_LISTEN || !is_conversation(&on->facts) || !key.ino)
		relieve(wait, RELIEF_OUTSIDE);
	search.object = key.ino ? model_object(model, &key) : NULL;
	if (!search.object)
		relieve(wait, RELIEF_HIDDEN);
	else if (holders_find(&search, 0))
		return -ENOMEM;
	if (!search.found)
		relieve(wait, RELIEF_HIDDEN);
	return 0;
}

/* --- the rest behind descriptors -------------------------------------------------------------- */

static int eventfd_find(const struct model *model, struct wait *wait, struct object *object)
{
	struct search search = { .model = model, .wait = wait, .object = object };

	return holders_find(&search, 0);
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

static int on_find(const struct model *model, struct wait *wait, const struct wait_on *on)
{
	struct object *object = on->facts.file || on->facts.ino ? object_at(model, &on->facts) : NULL;

	if (on->flags & WAIT_ON_KERNEL)
		relieve(wait, RELIEF_OUTSIDE);
	if (on->flags & WAIT_ON_TIMED)
		relieve(wait, RELIEF_TIMEOUT);
	if (!object) {
		relieve(wait, RELIEF_UNKNOWN);
		return 0;
	}
	if (!wait->object)
		wait->object = object;
	switch (on->facts.kind) {
	case FILE_PIPE:
	case FILE_FIFO: return on->fd < 0 ? 0 : pipe_find(model, wait, on, object);
	case FILE_UNIX: return unix_find(model, wait, on);
	case FILE_EVENTFD: return eventfd_find(model, wait, object);
	case FILE_PIDFD: return pidfd_find(model, wait, on);
	}
	relieve(wait, RELIEF_OUTSIDE); /* the network, a terminal, a timer, a file system */
	return 0;
}

static int ons_find(const struct model *model, struct wait *wait)
{
	size_t i;

	if (!wait->ons_count)
		relieve(wait, RELIEF_SIGNAL); /* an empty set: only a signal ends it */
	for (i = 0; i < wait->ons_count; i++)
		if (on_find(model, wait, &wait->ons[i]))
			return -ENOMEM;
	if (wait->ons_count > 1 && (wait->row.what == WAIT_POLL || wait->row.what == WAIT_SELECT ||
				    wait->row.what == WAIT_EPOLL))
		wait->object = NULL;
	return 0;
}

/* --- locks ------------------------------------------------------------------------------------ */

static const struct description *description_at(const struct model *model,
						const struct wait_on *on)
{
	return description_find(model, on->facts.file);
}

/* Whoever shares the description that bears the lock; where that isn't known, any other of the file. */
static int flock_holders(const struct model *model, struct wait *wait, const struct wait_on *on,
			 struct object *object, const struct process *taker, int fd)
{
	const struct slot *slot;

	struct search search = {
		.model = model, .wait = wait, .object = object,
		.but = description_at(model, on),
	};

	slot = taker && taker->table && fd >= 0 ? table_slot(taker->table, fd) : NULL;
	if (slot && slot->description && slot->description->object == object) {
		search.only = slot->description;
		return holders_find(&search, 0);
	}
	return holders_find(&search, 0);
}

static int lock_find(const struct model *model, struct wait *wait)
{
	const struct wait_on *on = wait->ons_count ? &wait->ons[0] : NULL;
	struct object *object = on ? object_at(model, &on->facts) : NULL;
	struct process *taker;
	const struct lock *lock;

	wait->object = object;
	wait->all = true;
	if (!object) {
		relieve(wait, RELIEF_UNKNOWN);
		return 0;
	}
	DL_FOREACH(model->locks, lock) {
		if (lock->row.ino != on->facts.ino || lock->row.dev != on->facts.dev ||
		    (lock->row.kind == LOCK_FLOCK) != (wait->row.what == WAIT_FLOCK))
			continue;
		taker = lock->row.head.pid ? model_process_by_pid(model, lock->row.head.pid) : NULL;
		if (lock->row.kind == LOCK_POSIX) {
			if (taker && !taker->exited && taker != wait->process &&
			    !waker_add(wait, taker))
				return -ENOMEM;
		} else if (flock_holders(model, wait, on, object, taker, lock->row.fd)) {
			return -ENOMEM;
		}
	}
	return 0;
}

/* --- what has no descriptor -------------------------------------------------------------------- */

static const struct wait *task_wait(const struct model *model, uint32_t tid)
{
	const struct wait *wait;

	HASH_FIND(hh, model->waits, &tid, sizeof(tid), wait);
	return wait && wait->look == model->wait_looks ? wait : NULL;
}

/* A word with an owner in it, as priority-inheriting and robust mutexes have: only that task can
 * unlock. The kernel demands it of the first; of the second the bit for waiters tells. */
static uint32_t futex_owner(const struct wait *wait)
{
	uint32_t command = wait->row.arg[1] & FUTEX_COMMAND, value = wait->row.value;

	if (!(wait->row.flags & WAIT_FUTEX_READ) || !(value & FUTEX_WAITERS))
		return 0;
	if (command == FUTEX_LOCK_PI || command == FUTEX_LOCK_PI2 ||
	    (uint32_t)wait->row.arg[2] == value)
		return value & FUTEX_OWNER;
	return 0;
}

static int futex_find(const struct model *model, struct wait *wait)
{
	uint32_t owner = futex_owner(wait);
	const struct wait *other = owner ? task_wait(model, owner) : NULL;
	struct waker *waker;

	if (wait->row.flags & WAIT_CUT)
		relieve(wait, RELIEF_UNKNOWN);
	if (other && other->process) {
		waker = waker_add(wait, other->process);
		if (!waker)
			return -ENOMEM;
		waker->tid = owner;
		wait->all = true;
		return 0;
	}
	if (!(wait->row.flags & WAIT_FUTEX_PRIVATE))
		relieve(wait, RELIEF_OUTSIDE);
	if (wait->row.flags & WAIT_MEMORY_SHARED)
		relieve(wait, RELIEF_HIDDEN);
	return waker_add(wait, wait->process) ? 0 : -ENOMEM;
}

static bool traces(const struct model *model, const struct process *process)
{
	const struct wait *wait;

	for (wait = model->waits; wait; wait = wait->hh.next)
		if (wait->process == process && wait->row.flags & WAIT_TRACES)
			return true;
	return false;
}

/* waitid(P_PID, pid, …), wait4(pid, …): one child; otherwise each of them may be the one. */
static int child_find(const struct model *model, struct wait *wait)
{
	int32_t target = (int32_t)wait->row.arg[0];
	struct process *process, *only = NULL;

	if (traces(model, wait->process))
		relieve(wait, RELIEF_OUTSIDE);
	for (process = model->processes; process; process = process->hh.next) {
		if (process->exited || process->ppid != wait->process->key.pid)
			continue;
		if (target > 0 && process->key.pid == (uint32_t)target)
			only = process;
	}
	if (only)
		return waker_add(wait, only) ? 0 : -ENOMEM;
	for (process = model->processes; process; process = process->hh.next)
		if (!process->exited && process->ppid == wait->process->key.pid &&
		    !waker_add(wait, process))
			return -ENOMEM;
	return 0;
}

int wakers_find(const struct model *model, struct wait *wait)
{
	int err = 0;

	if (wait->row.flags & WAIT_CUT)
		relieve(wait, RELIEF_UNKNOWN);
	switch (wait->row.what) {
	case WAIT_RUNNING:
	case WAIT_DISK: relieve(wait, RELIEF_AWAKE); break;
	case WAIT_STOPPED: relieve(wait, RELIEF_STOPPED); break;
	case WAIT_SLEEP: relieve(wait, RELIEF_TIMEOUT); break;
	case WAIT_SIGNAL: relieve(wait, RELIEF_SIGNAL); break;
	case WAIT_SEM:
	case WAIT_MSG_SEND:
	case WAIT_MSG_RECEIVE: relieve(wait, RELIEF_OUTSIDE); break;
	case WAIT_FUTEX: err = futex_find(model, wait); break;
	case WAIT_CHILD:
	case WAIT_VFORK: err = child_find(model, wait); break;
	case WAIT_FLOCK:
	case WAIT_FCNTL: err = lock_find(model, wait); break;
	case WAIT_OPEN: /* without a FIFO it is a file system that waits */
		relieve(wait, RELIEF_OUTSIDE);
		err = ons_find(model, wait);
		break;
	case WAIT_OTHER: relieve(wait, RELIEF_UNKNOWN); break;
	default: err = ons_find(model, wait);
	}
	if (!wait->wakers_count)
		relieve(wait, RELIEF_UNKNOWN);
	return err;
}
