// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mechanism "fd": descriptors made, duplicated, passed and closed, whatever they lead to. Those
 * of plain files are a mechanism of their own, since few who trace IPC want to see them.
 */
#include "mechanism/wording.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

static void event_about(struct event *event, const struct description *description,
			const struct record_slot *slot)
{
	event->object = description->object;
	event->end = description_end(description);
	event->has_result = true;
	event->result = slot->result;
	event_add_fd(event, slot->fd);
}

/* --- open and close -------------------------------------------------------------------------- */

static const struct {
	int nr;
	const char *name;
} makers[] = {
	{ SYS_socket, "socket" },
	{ SYS_socketpair, "socketpair" },
	{ SYS_accept, "accept" },
	{ SYS_accept4, "accept" },
#ifdef SYS_eventfd
	{ SYS_eventfd, "eventfd" },
#endif
	{ SYS_eventfd2, "eventfd" },
#ifdef SYS_epoll_create
	{ SYS_epoll_create, "epoll_create" },
#endif
	{ SYS_epoll_create1, "epoll_create" },
#ifdef SYS_signalfd
	{ SYS_signalfd, "signalfd" },
#endif
	{ SYS_signalfd4, "signalfd" },
	{ SYS_timerfd_create, "timerfd_create" },
#ifdef SYS_inotify_init
	{ SYS_inotify_init, "inotify_init" },
#endif
	{ SYS_inotify_init1, "inotify_init" },
	{ SYS_memfd_create, "memfd_create" },
	{ SYS_mq_open, "mq_open" },
	{ SYS_pidfd_open, "pidfd_open" },
	{ SYS_io_uring_setup, "io_uring_setup" },
	{ SYS_clone, "clone" },
	{ SYS_clone3, "clone" },
};

static const char *maker_name(int nr)
{
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
		if (makers[i].nr == nr)
			return makers[i].name;
	return "open";
}

/* "open 5 /path", "accept 7" */
static bool open_event(const struct record_slot *slot, const struct change *change,
		       struct event *event)
{
	if (!change->description)
		return false;
	event->name = "fd.open";
	event_about(event, change->description, slot);
	event_say(event, "%s %d", maker_name(slot->nr), slot->fd);
	if (!slot->text_len)
		return true;
	event_say(event, " %s", slot->text);
	event_fact_text(event, "path", slot->text);
	return true;
}

/* True when nobody the model knows holds such an end of the object any more. */
static bool is_last_end(const struct object *object, uint32_t access)
{
	const struct description *description;

	DL_FOREACH2(object->descriptions, description, object_next)
		if ((description->fmode & access) && (description->slots || description->in_flight))
			return false;
	return true;
}

static bool ends_lost(const struct description *closed)
{
	uint32_t access = closed->fmode & 3;

	return ((access & 1) && is_last_end(closed->object, 1)) ||
	       ((access & 2) && is_last_end(closed->object, 2));
}

/* close 4 */
static bool close_event(const struct record_slot *slot, const struct change *change,
			struct event *event)
{
	const struct description *closed = change->old_description;

	if (!closed || !change->changed)
		return false;
	event->name = "fd.close";
	event_about(event, closed, slot);
	event_say(event, "close %d", slot->fd);
	if (event->end && ends_lost(closed))
		event_fact_bool(event, "last", true);
	return true;
}

/* close_range, 5 closed */
static bool close_range_event(const struct record_table *table, const struct change *change,
			      struct event *event)
{
	if (table->nr != SYS_close_range || !change->closed)
		return false;
	event->name = "fd.close";
	event_say(event, "close_range, %u closed", change->closed);
	event_fact_int(event, "closed", change->closed);
	return true;
}

/* --- copies ---------------------------------------------------------------------------------- */

static const char *dup_name(int nr)
{
	switch (nr) {
	case SYS_dup: return "dup";
	case SYS_dup3: return "dup3";
	case SYS_fcntl: return "F_DUPFD";
	}
	return "dup2";
}

/* dup2 4 → 0 */
static bool dup_event(const struct record_slot *slot, const struct change *change,
		      struct event *event)
{
	if (!change->description)
		return false;
	event->name = "fd.dup";
	event_about(event, change->description, slot);
	event_say(event, "%s %lld → %d", dup_name(slot->nr), (long long)slot->arg[0], slot->fd);
	event->fds[event->fds_count++] = (int)slot->arg[0];
	event_fact_int(event, "from_fd", slot->arg[0]);
	if (change->changed && change->old_object)
		event_fact_object(event, "replaced", change->old_object);
	return true;
}

/* " from sender[99]", " from ?" */
static void say_from(struct event *event, const struct change *change)
{
	const struct process *from = change->slot.from;

	if (from)
		event_say(event, " from %s[%u]", from->comm, from->key.pid);
	else
		event_say(event, " from ?");
	event_fact_process(event, "from", from);
	if (change->slot.from_fd >= 0)
		event_fact_int(event, "from_fd", change->slot.from_fd);
}

/* "receive 7 from sender[99]", "take 7 from server[80]" */
static bool arrive_event(const struct record_slot *slot, const struct change *change,
			 struct event *event)
{
	bool taken = slot->nr == SYS_pidfd_getfd;

	if (!change->description)
		return false;
	event->name = taken ? "fd.take" : "fd.receive";
	event_about(event, change->description, slot);
	event_say(event, "%s %d", taken ? "take" : "receive", slot->fd);
	say_from(event, change);
	if (taken)
		return true;
	event_fact_object(event, "socket", change->socket);
	if (change->in_flight.known)
		event_fact_int(event, "in_flight_ns", (int64_t)change->in_flight.value);
	else
		event_fact_null(event, "in_flight_ns");
	return true;
}

/* pass 5 over socket 3 */
static bool pass_event(const struct record_pass *pass, const struct change *change,
		       struct event *event)
{
	if (!change->description)
		return false;
	event->name = "fd.pass";
	event->object = change->object;
	event->end = description_end(change->description);
	event_add_fd(event, pass->fd);
	event_say(event, "pass %d over socket %d", pass->fd, pass->socket_fd);
	event_fact_int(event, "socket_fd", pass->socket_fd);
	event_fact_object(event, "socket", change->socket);
	return true;
}

/* --- flags ----------------------------------------------------------------------------------- */

/* "close-on-exec 5 on", "flags 5: nonblock append" */
static bool flags_event(const struct record_slot *slot, const struct change *change,
			bool of_descriptor, struct event *event)
{
	if (!change->description)
		return false;
	event->name = "fd.flags";
	event_about(event, change->description, slot);
	event_fact_bool(event, "cloexec", slot->cloexec);
	event_fact_bool(event, "nonblock", slot->facts.fflags & O_NONBLOCK);
	event_fact_bool(event, "append", slot->facts.fflags & O_APPEND);
	if (of_descriptor) {
		event_say(event, "close-on-exec %d %s", slot->fd, slot->cloexec ? "on" : "off");
		return true;
	}
	event_say(event, "flags %d:%s%s%s", slot->fd,
		  slot->facts.fflags & O_NONBLOCK ? " nonblock" : "",
		  slot->facts.fflags & O_APPEND ? " append" : "",
		  slot->facts.fflags & (O_NONBLOCK | O_APPEND) ? "" : " none");
	return true;
}

static bool fcntl_event(const struct record_slot *slot, const struct change *change,
			struct event *event)
{
	switch (slot->arg[1]) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC: return dup_event(slot, change, event);
	case F_SETFD: return flags_event(slot, change, true, event);
	case F_SETFL: return flags_event(slot, change, false, event);
	}
	return false;
}

static bool ioctl_event(const struct record_slot *slot, const struct change *change,
			struct event *event)
{
	switch ((uint32_t)slot->arg[1]) {
	case FIOCLEX:
	case FIONCLEX: return flags_event(slot, change, true, event);
	case FIONBIO: return flags_event(slot, change, false, event);
	}
	return change->changed && open_event(slot, change, event);
}

/* --- all ------------------------------------------------------------------------------------- */

bool slot_is_first_of_pair(const struct record_slot *slot)
{
	switch (slot->nr) {
#ifdef SYS_pipe
	case SYS_pipe:
#endif
	case SYS_pipe2:
	case SYS_socketpair: return slot->fd != slot->arg[1];
	}
	return false;
}

static bool slot_event(const struct record_slot *slot, const struct change *change,
		       struct event *event)
{
	switch (slot->nr) {
	case -1: return false;
	case SYS_close:
	case SYS_close_range: return close_event(slot, change, event);
	case SYS_dup:
#ifdef SYS_dup2
	case SYS_dup2:
#endif
	case SYS_dup3: return dup_event(slot, change, event);
	case SYS_fcntl: return fcntl_event(slot, change, event);
	case SYS_ioctl: return ioctl_event(slot, change, event);
	case SYS_recvmsg:
	case SYS_recvmmsg:
	case SYS_pidfd_getfd: return arrive_event(slot, change, event);
	}
	return open_event(slot, change, event);
}

bool descriptor_event(const struct model *model, const struct record *record,
		      const struct change *change, struct event *event)
{
	const void *whole = record;

	switch (record->type) {
	case RECORD_SLOT: return slot_event(whole, change, event);
	case RECORD_TABLE: return close_range_event(whole, change, event);
	case RECORD_PASS: return pass_event(whole, change, event);
	}
	return false;
}

const struct mechanism descriptor_mechanism = {
	.name = "fd",
	.help = "descriptors opened, duplicated, passed and closed",
	.is_default = true,
	.event = descriptor_event,
};

#define KIND(kind) (1ull << (kind))

const struct mechanism file_mechanism = {
	.name = "file",
	.help = "descriptors of plain files, directories and devices",
	.kinds = KIND(FILE_UNKNOWN) | KIND(FILE_REGULAR) | KIND(FILE_DIRECTORY) | KIND(FILE_CHAR) |
		 KIND(FILE_BLOCK) | KIND(FILE_SYMLINK),
	.event = descriptor_event,
	.facts = memory_facts,
};
